"""The check run and the commit status."""

from __future__ import annotations

import pytest

from perfgate.publish.github.broken import broken
from perfgate.publish.github.checks import Check, write_check
from perfgate.publish.github.client import Client, GitHubError
from perfgate.publish.github.conclusion import conclusion, state
from perfgate.publish.github.status import Status, write_status
from perfgate.report.comment import Outcome, Part
from tests.report import results
from tests.servers.github import REPOSITORY, Fault, GitHub

SHA = "c" * 40
CHECKS = f"/repos/{REPOSITORY}/check-runs"


def failed(count: int) -> list[Part]:
    """A result with so many broken limits."""
    checks = [
        results.check("fail", endpoint=f"GET /{number}", observed=300.0, source=f"budgets.toml:{number + 1}")
        for number in range(count)
    ]
    return [Part("", results.passed(verdict="fail", exit_code=1, runs=[results.run(checks=checks)]))]


def check(count: int) -> Check:
    return Check("perfgate", SHA, "key", "failure", "FAIL", "words", None, broken(failed(count), "budgets.toml"))


@pytest.mark.parametrize(("count", "batches"), [(0, [0]), (1, [1]), (50, [50]), (51, [50, 1]), (120, [50, 50, 20])])
def test_annotations_are_sent_by_fifties(github: GitHub, client: Client, count: int, batches: list[int]) -> None:
    """GitHub takes no more at once."""
    write_check(client, check(count))
    (made,) = github.state.checks.values()
    assert github.state.batches == batches
    assert [one["start_line"] for one in made["annotations"]] == list(range(1, count + 1))
    assert (made["head_sha"], made["conclusion"], made["status"]) == (SHA, "failure", "completed")


@pytest.mark.parametrize("how", ["answer", "reset"])
def test_a_lost_answer_makes_no_second_check_run_and_no_annotation_twice(
    github: GitHub, client: Client, how: str
) -> None:
    """Both would be added to what is there."""
    faults = [Fault(f"POST {CHECKS}", 502, how, after=True), Fault(rf"PATCH {CHECKS}/\d+", 502, how, after=True)]  # type: ignore[arg-type]
    github.state.faults += faults
    write_check(client, check(120))
    (made,) = github.state.checks.values()
    assert len(made["annotations"]) == 120


def test_annotations_that_did_not_arrive_are_sent_again(github: GitHub, client: Client) -> None:
    """The other half of it."""
    github.state.faults += [Fault(f"POST {CHECKS}", 503), Fault(rf"PATCH {CHECKS}/\d+", 503)]
    write_check(client, check(120))
    (made,) = github.state.checks.values()
    assert len(made["annotations"]) == 120


def test_a_missing_permission_is_named(github: GitHub, client: Client) -> None:
    """So that it can be copied into the workflow."""
    github.state.faults.append(Fault(f"POST {CHECKS}", 403, message="Resource not accessible by integration"))
    with pytest.raises(GitHubError) as caught:
        write_check(client, check(1))
    assert caught.value.hint == "the token lacks checks: write; add it to `permissions:`"


def test_a_commit_status_is_set(github: GitHub, client: Client) -> None:
    """With the first 140 characters of its words."""
    github.state.faults.append(Fault(rf"POST /repos/{REPOSITORY}/statuses/\w+", 500, times=2))
    write_status(client, SHA, Status("perfgate", "failure", "x" * 200, "https://github.test/runs/1"))
    (status,) = github.state.statuses
    assert (status["sha"], status["state"], len(status["description"])) == (SHA, "failure", 140)
    assert status["target_url"] == "https://github.test/runs/1"


def test_no_request_is_needed_for_the_commit_itself(github: GitHub, client: Client) -> None:
    """One for the status, one for the check run."""
    write_status(client, SHA, Status("perfgate", "success", "fast enough"))
    write_check(client, check(3))
    assert len(github.state.requests) == 2


@pytest.mark.parametrize(
    ("verdict", "exit_code", "neutral", "expected"),
    [
        ("pass", 0, False, ("success", "success")),
        ("warn", 0, False, ("success", "success")),
        ("warn", 1, False, ("failure", "failure")),
        ("fail", 1, True, ("failure", "failure")),
        ("invalid", 3, False, ("failure", "error")),
        ("invalid", 3, True, ("neutral", "error")),
        ("undecided", 3, False, ("failure", "error")),
        ("undecided", 0, True, ("neutral", "error")),
        ("pass", 1, False, ("failure", "failure")),
    ],
)
def test_what_is_unknown_is_never_a_success(
    verdict: Outcome, exit_code: int, neutral: bool, expected: tuple[str, str]
) -> None:
    """The whole table."""
    parts = [Part("", results.passed(exit_code=exit_code))]
    assert (conclusion(verdict, parts, neutral_on_invalid=neutral), state(verdict, parts)) == expected
