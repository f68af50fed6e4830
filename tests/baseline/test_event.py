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
    assert event == Event("GitHub merge_group", HEAD, onto=BASE, target="main", pull_request="merge queue")


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


MERGE_REQUEST = {
    "GITLAB_CI": "true",
    "CI_MERGE_REQUEST_IID": "7",
    "CI_MERGE_REQUEST_DIFF_BASE_SHA": BASE,
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
}


def test_a_merge_request_on_gitlab_names_its_merge_base() -> None:
    """Its pipeline runs on the source branch's own head, and the two SHAs of the branches are empty."""
    empty = {f"CI_MERGE_REQUEST_{side}_BRANCH_SHA": "" for side in ("SOURCE", "TARGET")}
    event = read_event({**MERGE_REQUEST, **empty, "CI_COMMIT_SHA": HEAD})
    assert event == Event("GitLab merge request", HEAD, merge_base=BASE, target="main", pull_request="7")


def test_merged_results_and_merge_trains_on_gitlab_name_what_the_change_was_put_on() -> None:
    """`CI_COMMIT_SHA` is then what GitLab made of the two."""
    branches = {"CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": HEAD, "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": "d" * 40}
    event = read_event({**MERGE_REQUEST, **branches, "CI_COMMIT_SHA": "c" * 40})
    assert (event.head, event.merged, event.onto, event.merge_base) == (HEAD, "c" * 40, "d" * 40, BASE)


def test_a_pipeline_of_a_branch_on_gitlab_names_the_branch() -> None:
    """GitLab checks out a detached head; of a new branch there is no commit before."""
    environ = {"GITLAB_CI": "true", "CI_COMMIT_SHA": HEAD, "CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}
    event = read_event({**environ, "CI_COMMIT_BEFORE_SHA": "0" * 40})
    assert event == Event("GitLab pipeline", HEAD, target="main", branch="main")


def test_other_cis_are_read_by_the_variables_that_they_document() -> None:
    """Bitbucket cuts the commit of the destination to 12 digits; Azure names branches by their references."""
    bitbucket = {"BITBUCKET_BUILD_NUMBER": "3", "BITBUCKET_COMMIT": HEAD, "BITBUCKET_BRANCH": "faster"}
    request = {"BITBUCKET_PR_ID": "4", "BITBUCKET_PR_DESTINATION_COMMIT": BASE[:12]}
    assert read_event(bitbucket) == Event("Bitbucket pipeline", HEAD, branch="faster")
    event = read_event({**bitbucket, **request, "BITBUCKET_PR_DESTINATION_BRANCH": "main"})
    assert event == Event("Bitbucket pull request", HEAD, BASE[:12], target="main", pull_request="4")
    jenkins = read_event({"JENKINS_URL": "http://ci", "CHANGE_ID": "5", "CHANGE_TARGET": "main", "BRANCH_NAME": "PR-5"})
    assert jenkins == Event("Jenkins pull request", target="main", pull_request="5")
    azure = {"TF_BUILD": "True", "BUILD_SOURCEBRANCH": "refs/pull/6/merge", "SYSTEM_PULLREQUEST_PULLREQUESTID": "6"}
    azure |= {"SYSTEM_PULLREQUEST_SOURCECOMMITID": HEAD, "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main"}
    assert read_event(azure) == Event("Azure Pipelines pull request", HEAD, target="main", pull_request="6")


def test_a_merge_queue_on_buildkite_names_what_the_change_was_put_on() -> None:
    """Where `BUILDKITE_PULL_REQUEST` is `false`, it is a build of the branch."""
    build = {"BUILDKITE": "true", "BUILDKITE_COMMIT": HEAD, "BUILDKITE_PULL_REQUEST": "false"}
    build |= {"BUILDKITE_PIPELINE_DEFAULT_BRANCH": "main", "BUILDKITE_BRANCH": "main"}
    assert read_event(build) == Event("Buildkite pipeline", HEAD, target="main", branch="main")
    queue = read_event({**build, "BUILDKITE_MERGE_QUEUE_BASE_COMMIT": BASE})
    assert queue == Event("Buildkite pull request", HEAD, onto=BASE, target="main", pull_request="merge queue")


def test_outside_a_ci_nothing_is_said() -> None:
    """Git is asked then."""
    assert read_event({"HOME": "/home/ada"}) == LOCAL
