"""What a CI says of the change comes before what it happened to check out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from perfgate.baseline.event import LOCAL, Event, read_event

if TYPE_CHECKING:
    from pathlib import Path

HEAD, BASE = "a" * 40, "b" * 40


def _github(folder: Path, payload: Any, **environ: str) -> Event:
    (folder / "event.json").write_text(json.dumps(payload), encoding="utf-8")
    return read_event({"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(folder / "event.json"), **environ})


def test_a_pull_request_on_github_names_its_head_and_base(tmp_path: Path) -> None:
    """Not the merge commit of `GITHUB_SHA`."""
    payload = {
        "number": 12,
        "pull_request": {"number": 12, "head": {"sha": HEAD, "ref": "faster"}, "base": {"sha": BASE, "ref": "main"}},
        "repository": {"default_branch": "trunk"},
    }
    event = _github(
        tmp_path, payload, GITHUB_SHA="c" * 40, GITHUB_EVENT_NAME="pull_request", GITHUB_REF_NAME="12/merge"
    )
    assert event == Event("GitHub pull_request", HEAD, BASE, target="main", pull_request="12")


def test_a_push_on_github_names_where_the_branch_was_before(tmp_path: Path) -> None:
    """The branch that was pushed, and the default branch to compare with."""
    payload = {"before": BASE, "after": HEAD, "repository": {"default_branch": "main"}}
    event = _github(tmp_path, payload, GITHUB_SHA=HEAD, GITHUB_EVENT_NAME="push", GITHUB_REF_NAME="faster")
    assert event == Event("GitHub push", HEAD, BASE, target="main", branch="faster")


def test_a_merge_queue_on_github_is_no_part_of_the_branch_yet(tmp_path: Path) -> None:
    """It is measured as a pull request is."""
    group = {"head_sha": HEAD, "base_sha": BASE, "base_ref": "refs/heads/main"}
    event = _github(tmp_path, {"merge_group": group}, GITHUB_EVENT_NAME="merge_group")
    assert event == Event("GitHub merge_group", HEAD, BASE, target="main", pull_request="merge queue")


@pytest.mark.parametrize("payload", [[], {}, {"pull_request": 3}, {"pull_request": {"head": {"sha": "--x"}}}, "text"])
def test_a_payload_that_says_nothing_leaves_what_the_variables_say(tmp_path: Path, payload: Any) -> None:
    """And nothing odd in it gets anywhere."""
    event = _github(tmp_path, payload, GITHUB_BASE_REF="main")
    assert (event.head, event.base, event.target) == (None, None, "main")
    assert event.pull_request is not None


def test_a_payload_that_cannot_be_read_leaves_what_the_variables_say(tmp_path: Path) -> None:
    """A tag was pushed: there is no branch."""
    environ = {"GITHUB_EVENT_PATH": str(tmp_path / "nothing"), "GITHUB_SHA": HEAD, "GITHUB_REF_NAME": "v1"}
    assert read_event({**environ, "GITHUB_REF_TYPE": "tag"}) == Event("GitHub", HEAD)
    assert read_event(environ) == Event("GitHub", HEAD, branch="v1")


def test_a_merge_request_on_gitlab_names_its_merge_base() -> None:
    """In a pipeline of merged results `CI_COMMIT_SHA` is a merge commit; the source branch's head is taken then."""
    environ = {
        "GITLAB_CI": "true",
        "CI_COMMIT_SHA": "c" * 40,
        "CI_MERGE_REQUEST_IID": "7",
        "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": HEAD,
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": BASE,
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": "d" * 40,
    }
    expected = Event("GitLab merge request", HEAD, "d" * 40, BASE, target="main", pull_request="7")
    assert read_event(environ) == expected
    assert read_event({**environ, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": ""}).head == "c" * 40


def test_a_pipeline_of_a_branch_on_gitlab_names_the_branch() -> None:
    """GitLab checks out a detached head; of a new branch there is no commit before."""
    environ = {"GITLAB_CI": "true", "CI_COMMIT_SHA": HEAD, "CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}
    event = read_event({**environ, "CI_COMMIT_BEFORE_SHA": "0" * 40})
    assert event == Event("GitLab pipeline", HEAD, target="main", branch="main")


def test_outside_a_ci_nothing_is_said() -> None:
    """Git is asked then."""
    assert read_event({"HOME": "/home/ada"}) == LOCAL
