"""`perfgate comment`, as a job runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from perfgate.report import json as result_json
from perfgate.report.comment import read_record
from tests.publish import events
from tests.report import results
from tests.servers.github import REPOSITORY, Fault, GitHub

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_S = 120  # a bound against hanging


@pytest.fixture
def result(tmp_path: Path) -> Path:
    path = tmp_path / "result.json"
    path.write_text(result_json.render(results.result()), encoding="utf-8")
    return path


def comment(
    folder: Path, github: GitHub, *words: str, event: str = "pull_request", payload: object = None
) -> subprocess.CompletedProcess[str]:
    """The command, in a job of GitHub Actions."""
    env = {**os.environ, **events.environment(event, payload or events.pull_request(), folder)}
    env |= {"GITHUB_API_URL": github.url, "GITHUB_TOKEN": "ghs_token", "NO_COLOR": "1"}
    return started(folder, env, *words)


def started(folder: Path, env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "perfgate", "comment", *words]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=LONGEST_S, check=False)


def test_the_pull_request_is_told_in_three_places(tmp_path: Path, github: GitHub, result: Path) -> None:
    """And the command ends well: the verdict is the exit code of the one that measured."""
    done = comment(tmp_path, github, str(result), "--check-run", "--status")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "verdict: fail"
    (body,) = github.state.bodies
    assert body.startswith("### ❌ perfgate FAIL")
    assert read_record(body).entries[0].commit == events.HEAD
    (check,) = github.state.checks.values()
    assert (check["conclusion"], check["head_sha"]) == ("failure", events.HEAD)
    assert {one["start_line"] for one in check["annotations"]} >= {57, 61}
    assert github.state.statuses[0]["state"] == "failure"


def test_the_number_and_the_commit_in_the_artifact_are_not_looked_at(tmp_path: Path, github: GitHub) -> None:
    """A fork's result names another commit and pull request; what GitHub's event says counts."""
    hostile = results.hostile("octo/shop#1").model_copy(update={"revision": results.result().revision})
    folder = tmp_path / "artifact"
    folder.mkdir()
    (folder / "result.json").write_text(result_json.render(hostile), encoding="utf-8")
    (folder / "event.json").write_text(json.dumps(events.pull_request(number=1)))
    github.state.pulls.append(
        {"number": 9, "head": {"label": "mallory:topic", "sha": events.HEAD, "repo": {"full_name": "mallory/shop"}}}
    )
    payload = events.of_fork(conclusion="failure")
    done = comment(tmp_path, github, "--artifact", "artifact", event="workflow_run", payload=payload)
    assert done.returncode == 0, done.stderr
    assert [request.split()[1] for request in github.state.sent("POST")] == [f"/repos/{REPOSITORY}/issues/9/comments"]
    assert read_record(github.state.bodies[0]).entries[0].commit == events.HEAD


def test_a_missing_artifact_is_told_so_that_no_older_verdict_is_left_standing(tmp_path: Path, github: GitHub) -> None:
    """Red in the comment, and exit code 3."""
    done = comment(tmp_path, github, "--artifact", "nowhere", event="workflow_run", payload=events.workflow_run())
    assert done.returncode == 3
    assert "error[artifact]" in done.stderr
    assert github.state.bodies[0].startswith("### 🚫 perfgate INVALID: not known whether it is fast enough. The result")


@pytest.mark.parametrize(("option", "code"), [([], 0), (["--require-comment"], 3)])
def test_failing_to_comment_is_reported_and_fails_by_choice(
    tmp_path: Path, github: GitHub, result: Path, option: list[str], code: int
) -> None:
    """The verdict is printed first, whatever happens."""
    fault = Fault("POST .*/comments", 403, message="Resource not accessible by integration")
    github.state.faults.append(fault)
    done = comment(tmp_path, github, str(result), "--status", *option)
    assert done.returncode == code
    assert done.stdout.startswith("verdict: fail\n")
    assert "error[github-permission]" in done.stderr
    assert "the token lacks pull-requests: write; add it to `permissions:`" in done.stderr
    assert len(github.state.statuses) == 1


def test_a_push_has_no_pull_request_to_comment_on(tmp_path: Path, github: GitHub, result: Path) -> None:
    """It can have a status."""
    done = comment(tmp_path, github, str(result), "--status", event="push", payload=events.push())
    assert (done.returncode, github.state.bodies) == (0, [])
    assert "a push event has no pull request to comment on" in done.stdout
    assert len(github.state.statuses) == 1


def test_results_of_a_matrix_become_one_comment(tmp_path: Path, github: GitHub) -> None:
    """Twenty of them."""
    for number in range(20):
        one = results.result() if number == 13 else results.passed()
        (tmp_path / f"job-{number}.json").write_text(result_json.render(one), encoding="utf-8")
    paths = [path.name for path in sorted(tmp_path.glob("job-*.json"))]
    assert comment(tmp_path, github, *paths).returncode == 2
    done = comment(tmp_path, github, "--merge", *paths)
    assert done.returncode == 0, done.stderr
    (body,) = github.state.bodies
    assert body.startswith("### ❌ perfgate FAIL")
    assert all(f"| job-{number}: catalog / normal |" in body for number in range(20))
    assert len(github.state.requests) == 3


def test_a_dry_run_prints_the_comment_and_asks_nobody(tmp_path: Path, github: GitHub, result: Path) -> None:
    """Outside of CI, too."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "GITLAB_", "CI"))}
    command = [sys.executable, "-m", "perfgate", "comment", "--dry-run", str(result)]
    done = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=LONGEST_S, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("### ❌ perfgate FAIL")
    assert github.state.requests == []


def test_without_a_token_it_says_where_to_get_one(tmp_path: Path, result: Path) -> None:
    """Exit code 2."""
    env = {**os.environ, **events.environment("push", events.push(), tmp_path), "GITHUB_TOKEN": "", "GH_TOKEN": ""}
    command = [sys.executable, "-m", "perfgate", "comment", str(result)]
    done = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=LONGEST_S, check=False
    )
    assert done.returncode == 2
    assert "error[github-token]" in done.stderr


@pytest.mark.parametrize("text", ["<html>please log in</html>", "[]", "{}", "null", '[{"id": "x", "body": 3}]', '"x"'])
def test_a_proxy_that_answers_in_githubs_place_keeps_nobody_from_the_verdict(
    tmp_path: Path, github: GitHub, result: Path, text: str
) -> None:
    """The comment cannot be written; the rest is done."""
    github.state.faults.append(Fault(".*/comments", 200, text=text, times=99))
    done = comment(tmp_path, github, str(result), "--status", "--require-comment")
    assert done.returncode == 3
    assert done.stdout.startswith("verdict: fail\n")
    assert "error[github]" in done.stderr
    assert len(github.state.statuses) == 1


def test_the_token_is_in_no_message(tmp_path: Path, github: GitHub, result: Path) -> None:
    """Whatever goes wrong."""
    github.state.faults.append(Fault(".*", 401, message="Bad credentials", times=99))
    done = comment(tmp_path, github, str(result), "--check-run")
    assert "the token is not valid" in done.stderr
    assert "ghs_token" not in done.stdout + done.stderr


def test_on_gitlab_the_merge_request_is_told(tmp_path: Path, result: Path) -> None:
    """By the same command."""
    from tests.publish.test_gitlab import pipeline
    from tests.servers import gitlab

    with gitlab.serving() as server:
        env = {**os.environ, **pipeline(server, CI_PROJECT_DIR=str(tmp_path)), "NO_COLOR": "1"}
        done = started(tmp_path, env, str(result), "--openmetrics", "metrics.txt")
        assert done.returncode == 0, done.stderr
        assert "note created" in done.stdout
        assert (tmp_path / "metrics.txt").read_text().endswith("# EOF\n")
        assert server.notes[0]["body"].startswith("### ❌ perfgate FAIL")


def test_init_writes_workflows_alone_where_budgets_are_there(tmp_path: Path) -> None:
    """Nothing else is touched."""
    (tmp_path / "budgets.toml").write_text("version = 1\n")
    command = [sys.executable, "-m", "perfgate", "init", "--github"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=LONGEST_S, check=False)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == [".github", "budgets.toml"]
