"""Which pull request and commit are told: GitHub's event says it, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from perfgate.errors import UsageError
from perfgate.publish.github.client import Client, GitHubError
from perfgate.publish.github.event import Origin, read_event
from perfgate.publish.github.pulls import pull_request_of
from tests.publish import events
from tests.publish.events import HEAD, environment

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.github import GitHub


@pytest.mark.parametrize(
    ("name", "payload", "number"),
    [
        ("pull_request", events.pull_request(), 7),
        ("pull_request_target", events.pull_request(), 7),
        ("push", events.push(), None),
        ("schedule", events.schedule(), None),
        ("merge_group", events.merge_group(), None),
        ("workflow_run", events.workflow_run(), 7),
    ],
)
def test_each_event_names_its_commit_and_its_pull_request(
    tmp_path: Path, name: str, payload: dict[str, Any], number: int | None
) -> None:
    """Of a pull request the head, not the merge commit that GitHub makes for the job."""
    event = read_event(environment(name, payload, tmp_path))
    assert (event.name, event.repository, event.commit, event.pull_request) == (name, "octo/shop", HEAD, number)


def test_the_run_that_measured_is_the_one_that_the_event_names(tmp_path: Path) -> None:
    """Not the trusted one, which only comments."""
    event = read_event(environment("workflow_run", events.workflow_run(conclusion="failure"), tmp_path))
    assert (event.run, event.ended_with) == (30433642, "failure")
    assert event.run_url == "https://github.test/octo/shop/actions/runs/30433642"


def test_a_pull_request_of_another_repository_or_commit_is_not_taken_from_the_event(tmp_path: Path) -> None:
    """The list in the event holds those of other repositories, too, and those whose branch has moved on."""
    payload = events.workflow_run()
    payload["workflow_run"]["pull_requests"][0]["base"]["repo"]["id"] = 666
    assert read_event(environment("workflow_run", payload, tmp_path)).pull_request is None
    payload = events.workflow_run()
    payload["workflow_run"]["pull_requests"][0]["head"]["sha"] = "9" * 40
    assert read_event(environment("workflow_run", payload, tmp_path)).pull_request is None


def test_a_workflow_run_after_a_push_has_no_pull_request(tmp_path: Path, client: Client) -> None:
    """There is nothing to comment on."""
    event = read_event(environment("workflow_run", events.workflow_run(event="push", pull_requests=[]), tmp_path))
    assert event.origin is None
    assert pull_request_of(event, client) is None


def pull(number: int, sha: str = HEAD, repository: str = "mallory/shop") -> dict[str, Any]:
    """An open pull request of the fork's branch."""
    return {"number": number, "head": {"label": "mallory:topic", "sha": sha, "repo": {"full_name": repository}}}


def test_the_pull_request_of_a_fork_is_found_by_its_branch_and_commit(
    tmp_path: Path, github: GitHub, client: Client
) -> None:
    """In one request."""
    event = read_event(environment("workflow_run", events.of_fork(), tmp_path))
    assert event.origin == Origin("mallory/shop", "topic")
    github.state.pulls += [pull(8)]
    assert pull_request_of(event, client) == 8
    assert len(github.state.requests) == 1


@pytest.mark.parametrize(
    ("pulls", "words"),
    [
        ([], "no open pull request is at it any more"),
        ([pull(8, "9" * 40)], "no open pull request is at it any more"),
        ([pull(8, repository="mallory/other")], "no open pull request"),
        ([pull(8), pull(9)], "several pull requests are"),
        ([{"number": 8, "head": {"label": "mallory:topic", "sha": HEAD, "repo": None}}], "no open pull request"),
    ],
)
def test_a_pull_request_that_is_not_at_the_measured_commit_is_not_told(
    tmp_path: Path, github: GitHub, client: Client, pulls: list[dict[str, Any]], words: str
) -> None:
    """What it says now has not been measured."""
    github.state.pulls += pulls
    event = read_event(environment("workflow_run", events.of_fork(), tmp_path))
    with pytest.raises(GitHubError, match=words):
        pull_request_of(event, client)


def test_a_fork_that_was_deleted_is_told_in_words(tmp_path: Path, client: Client) -> None:
    """GitHub says null then."""
    event = read_event(environment("workflow_run", events.of_fork(head_repository=None), tmp_path))
    with pytest.raises(GitHubError, match="the fork is gone"):
        pull_request_of(event, client)


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("pull_request", {}),
        ("pull_request", events.pull_request(number="7; rm -rf /")),
        ("pull_request", events.pull_request(number=True)),
        ("pull_request", events.pull_request(head={"sha": "main"})),
        ("pull_request", {"pull_request": []}),
        ("workflow_run", {"workflow_run": None}),
        ("merge_group", {"merge_group": {"head_sha": 3}}),
        ("push", "not JSON"),
        ("push", "[" * 100_000),
        ("push", []),
    ],
)
def test_an_event_of_another_form_is_an_error_in_words(tmp_path: Path, name: str, payload: object) -> None:
    """Exit code 2, and no traceback."""
    with pytest.raises(UsageError) as caught:
        read_event(environment(name, payload, tmp_path))
    assert caught.value.slug == "github-event"


def test_outside_of_github_actions_there_is_no_event() -> None:
    """And it says what is missing."""
    with pytest.raises(UsageError, match="GITHUB_EVENT_NAME"):
        read_event({})


def test_a_repository_that_is_none_is_refused(tmp_path: Path) -> None:
    """It becomes part of URLs."""
    env = environment("push", events.push(), tmp_path) | {"GITHUB_REPOSITORY": "octo/shop/../../user"}
    with pytest.raises(UsageError):
        read_event(env)
