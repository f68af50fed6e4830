"""The comment on GitHub: one, found again, updated, whatever goes wrong on the way."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from perfgate.publish.github.client import Client, GitHubError
from perfgate.publish.github.comment import CommentWriter
from perfgate.publish.github.patience import Patience
from perfgate.report.comment import Context, Part, marker, read_record, render
from tests.publish.conftest import Clock, client_of
from tests.report import results
from tests.servers.github import BOT, REPOSITORY, Fault, GitHub

FIRST, SECOND = "a" * 40, "b" * 40
PASSED = [Part("", results.passed())]
FAILED = [Part("", results.result())]
ISSUE_COMMENTS = rf"/repos/{REPOSITORY}/issues/7/comments"
ONE_COMMENT = rf"/repos/{REPOSITORY}/issues/comments/\d+"


def context(commit: str = FIRST, run: int = 1, **changes: object) -> Context:
    return replace(Context(commit=commit, run=run, at=1_772_600_000.0 + run), **changes)  # type: ignore[arg-type]


def writer(client: Client, author: str | None = None) -> CommentWriter:
    return CommentWriter(client, 7, author, pause_s=0.0)


def test_the_first_time_a_comment_is_written_in_three_requests(github: GitHub, client: Client) -> None:
    """Look, write, and look whether somebody else has written at the same moment."""
    written = writer(client).write(FAILED, context())
    assert written.done == "created"
    assert github.state.bodies == [written.body]
    assert [request.split()[0] for request in github.state.requests] == ["GET", "POST", "GET"]


def test_the_next_time_it_is_updated_in_two_requests(github: GitHub, client: Client) -> None:
    """Never stacked."""
    writer(client).write(FAILED, context())
    github.state.requests.clear()
    assert writer(client).write(PASSED, context(SECOND, 2)).done == "updated"
    assert [request.split()[0] for request in github.state.requests] == ["GET", "PATCH"]
    assert len(github.state.bodies) == 1
    assert github.state.bodies[0].startswith("### ✅ perfgate PASS")


def test_verdicts_of_earlier_commits_are_kept_in_short(github: GitHub, client: Client) -> None:
    """Folded away."""
    writer(client).write(FAILED, context())
    body = writer(client).write(PASSED, context(SECOND, 2)).body
    folded = body[body.index("<summary>Earlier commits (1)</summary>") :]
    line = "| ❌ | `aaaaaaaaaaaa` | 2026-03-04 04:53:21 UTC | p95 of GET /items/{id} (catalog / peak) is 312.4 ms, "
    assert line in folded


def test_a_run_of_an_older_commit_that_ends_late_does_not_overwrite_a_newer_verdict(
    github: GitHub, client: Client
) -> None:
    """Runs of CI have numbers that grow."""
    writer(client).write(FAILED, context(SECOND, run=9))
    body = github.state.bodies
    assert writer(client).write(PASSED, context(FIRST, run=8)).done == "kept"
    assert github.state.bodies == body


def test_each_budgets_file_has_its_own_comment(github: GitHub, client: Client) -> None:
    """A repository with two services has two."""
    writer(client).write(PASSED, context(budgets="a/budgets.toml"))
    writer(client).write(PASSED, context(budgets="b/budgets.toml"))
    assert len(github.state.bodies) == 2


@pytest.mark.parametrize("before", [0, 99, 100, 250])
def test_it_is_found_again_however_many_comments_there_are(github: GitHub, client: Client, before: int) -> None:
    """On the third page, too."""
    for number in range(before):
        github.state.add_comment(f"comment {number}", login="somebody")
    writer(client).write(FAILED, context())
    assert writer(client).write(PASSED, context(SECOND, 2)).done == "updated"
    assert len(github.state.bodies) == before + 1


def test_a_comment_of_somebody_else_with_our_marker_is_not_ours(github: GitHub, client: Client) -> None:
    """The marker can be copied: were such a comment updated, its author could change the verdict afterwards."""
    forged = render(PASSED, context())
    github.state.add_comment(forged, login="mallory")
    writer(client).write(FAILED, context())
    assert len(github.state.bodies) == 2
    assert github.state.bodies[0] == forged


def test_a_comment_without_an_author_is_passed_over(github: GitHub, client: Client) -> None:
    """Of an account that was deleted."""
    github.state.add_comment(render(PASSED, context()))["user"] = None
    assert writer(client).write(FAILED, context()).done == "created"


def test_a_token_of_a_person_asks_who_it_is(github: GitHub, clock: Clock) -> None:
    """In three requests still."""
    github.state.login = "octocat"
    client = client_of(github, clock, token="ghp_token")
    writer(client).write(FAILED, context())
    github.state.requests.clear()
    writer(client_of(github, clock, token="ghp_token")).write(PASSED, context(SECOND, 2))
    assert len(github.state.requests) == 3
    assert len(github.state.bodies) == 1


def test_the_author_can_be_told(github: GitHub, client: Client) -> None:
    """An app of one's own has a name of its own."""
    github.state.login = "perf-app[bot]"
    for run in (1, 2):
        writer(client, "perf-app[bot]").write(PASSED, context(run=run))
    assert len(github.state.bodies) == 1


def test_a_record_that_was_tampered_with_is_forgotten(github: GitHub, client: Client) -> None:
    """Whoever may edit the comment can write anything into it."""
    writer(client).write(FAILED, context())
    comment = next(iter(github.state.comments.values()))
    comment["body"] = marker("budgets.toml") + "\n<!-- perfgate:record bm90IEpTT04= -->"
    assert "Earlier commits" not in writer(client).write(PASSED, context(SECOND, 2)).body


# What goes wrong on the way


@pytest.mark.parametrize(
    ("fault", "waits"),
    [
        (Fault(f"POST {ISSUE_COMMENTS}", 403, headers={"Retry-After": "7"}, message="secondary rate limit"), [7.0]),
        (Fault(f"POST {ISSUE_COMMENTS}", 429, headers={"Retry-After": "9"}, message="slow down"), [9.0]),
        (Fault(f"POST {ISSUE_COMMENTS}", 429, message="slow down"), [60.0]),
        (
            Fault(f"POST {ISSUE_COMMENTS}", 403, message="You have exceeded a secondary rate limit."),
            [60.0],
        ),
        (
            Fault(
                f"GET {ISSUE_COMMENTS}",
                403,
                headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1772600030"},
                message="API rate limit exceeded",
            ),
            [31.0],
        ),
        (Fault(f"GET {ISSUE_COMMENTS}", 502, times=3), [1.0, 2.0, 4.0]),
        (Fault(f"GET {ISSUE_COMMENTS}", 503, headers={"Retry-After": "5"}), [5.0]),
        (Fault(f"GET {ISSUE_COMMENTS}", how="reset", times=2), [1.0, 2.0]),
    ],
    ids=lambda value: value.request.split()[0] + str(value.status) if isinstance(value, Fault) else "",
)
def test_it_waits_as_github_asks_and_tries_again(
    github: GitHub, client: Client, clock: Clock, fault: Fault, waits: list[float]
) -> None:
    """One comment in the end."""
    github.state.faults.append(fault)
    writer(client).write(FAILED, context())
    assert len(github.state.bodies) == 1
    assert clock.waits == waits


@pytest.mark.parametrize("how", ["reset", "answer"])
@pytest.mark.parametrize("times", [1, 3])
def test_a_comment_whose_answer_was_lost_is_not_written_twice(
    github: GitHub, client: Client, how: str, times: int
) -> None:
    """It looks whether it is there before it writes again."""
    fault = Fault(f"POST {ISSUE_COMMENTS}", 502, how=how, after=True, times=times)  # type: ignore[arg-type]
    github.state.faults.append(fault)
    assert writer(client).write(FAILED, context()).done == "created"
    assert len(github.state.bodies) == 1
    assert len(github.state.sent("POST")) == 1


@pytest.mark.parametrize("how", ["reset", "answer"])
def test_a_comment_that_did_not_arrive_is_written_again(github: GitHub, client: Client, how: str) -> None:
    """The other half of it."""
    github.state.faults.append(Fault(f"POST {ISSUE_COMMENTS}", 502, how=how))  # type: ignore[arg-type]
    writer(client).write(FAILED, context())
    assert len(github.state.bodies) == 1
    assert len(github.state.sent("POST")) == 2


def test_an_update_whose_answer_was_lost_is_sent_again(github: GitHub, client: Client) -> None:
    """That harms nothing."""
    writer(client).write(FAILED, context())
    github.state.faults.append(Fault(f"PATCH {ONE_COMMENT}", how="reset", after=True))
    writer(client).write(PASSED, context(SECOND, 2))
    assert [body[:20] for body in github.state.bodies] == ["### ✅ perfgate PASS:"[:20]]


def test_it_gives_up_when_github_asks_for_more_than_there_is_time(github: GitHub, client: Client, clock: Clock) -> None:
    """And says how long it was asked to wait."""
    fault = Fault(f"GET {ISSUE_COMMENTS}", 403, headers={"Retry-After": "4000"}, message="secondary rate limit")
    github.state.faults.append(fault)
    with pytest.raises(GitHubError, match="without a wait of 4000 s") as caught:
        writer(client).write(FAILED, context())
    assert caught.value.slug == "github-limited"
    assert clock.waits == []


def test_it_does_not_try_for_ever(github: GitHub, client: Client, clock: Clock) -> None:
    """Six times, and five waits."""
    github.state.faults.append(Fault(f"GET {ISSUE_COMMENTS}", 500, times=1000))
    with pytest.raises(GitHubError, match="could not read the comments: 500"):
        writer(client).write(FAILED, context())
    assert len(github.state.requests) == 6
    assert clock.waits == [1.0, 2.0, 4.0, 8.0, 16.0]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (403, "the token lacks pull-requests: write; add it to `permissions:`"),
        (404, "the token lacks pull-requests: write; add it to `permissions:`, or there is no such"),
        (401, "the token is not valid"),
    ],
)
def test_a_missing_permission_is_told_in_clear_words(
    github: GitHub, client: Client, clock: Clock, status: int, words: str
) -> None:
    """At once: trying again would change nothing."""
    github.state.faults.append(
        Fault(f"POST {ISSUE_COMMENTS}", status, message="Resource not accessible by integration", times=9)
    )
    with pytest.raises(GitHubError) as caught:
        writer(client).write(FAILED, context())
    assert caught.value.slug == "github-permission"
    assert words in caught.value.hint
    assert clock.waits == []


# Several writers


def test_two_comments_that_were_written_at_once_become_one(github: GitHub, client: Client) -> None:
    """And nothing that either said is lost."""
    one = render(PASSED, context(job="linux"))
    two = render(FAILED, context(job="macos"))
    github.state.add_comment(one)
    github.state.add_comment(two)
    writer(client).write(PASSED, context(job="windows"))
    (body,) = github.state.bodies
    assert {entry.job for entry in read_record(body).entries} == {"linux", "macos", "windows"}
    assert body.startswith("### ❌ perfgate FAIL: not fast enough. Job `macos`")


def test_a_green_job_does_not_hide_a_red_one_at_the_same_commit(github: GitHub, client: Client) -> None:
    """The first line is the worst of all jobs."""
    writer(client).write(FAILED, context(job="linux"))
    body = writer(client).write(PASSED, context(job="macos")).body
    assert body.startswith("### ❌ perfgate FAIL")
    assert "| ✅ | `macos` |" in body


def test_twenty_jobs_at_once_end_with_one_comment_that_holds_all(github: GitHub) -> None:
    """Real threads, real requests, a race that is as bad as it gets: all of them start with no comment there."""

    def job(number: int) -> None:
        patience = Patience(sleep=time.sleep)
        client = Client("ghs_token", REPOSITORY, github.url, patience, seconds_between_writes=0)
        parts = FAILED if number == 13 else PASSED
        CommentWriter(client, 7, pause_s=0.05).write(parts, context(job=f"job {number}"))

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(job, range(20)))
    (body,) = github.state.bodies
    assert {entry.job for entry in read_record(body).entries} == {f"job {number}" for number in range(20)}
    assert body.startswith("### ❌ perfgate FAIL")
    assert github.state.comments.popitem()[1]["user"]["login"] == BOT


def test_twenty_jobs_at_once_update_one_comment_and_lose_nothing(github: GitHub, client: Client) -> None:
    """The next push: the comment is there already, and nobody may overwrite what another has just written."""
    writer(client).write(FAILED, context(FIRST, 1))

    def job(number: int) -> None:
        client = Client("ghs_token", REPOSITORY, github.url, Patience(sleep=time.sleep), seconds_between_writes=0)
        CommentWriter(client, 7, pause_s=0.05).write(PASSED, context(SECOND, 2, job=f"job {number}"))

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(job, range(20)))
    (body,) = github.state.bodies
    jobs = {entry.job for entry in read_record(body).entries if entry.commit == SECOND}
    assert jobs == {f"job {number}" for number in range(20)}
    assert github.state.reactions == {}


def test_a_job_that_was_killed_in_its_turn_does_not_keep_the_others_waiting_for_ever(
    github: GitHub, client: Client, clock: Clock
) -> None:
    """After a minute its turn is over."""
    writer(client).write(FAILED, context(job="linux"))
    github.state.reactions[next(iter(github.state.comments))] = 1
    CommentWriter(client, 7, pause_s=3.0).write(PASSED, context(job="macos"))
    assert {entry.job for entry in read_record(github.state.bodies[0]).entries} == {"linux", "macos"}
    assert 60 < sum(clock.waits) < 70


@pytest.mark.parametrize("others", [0, 1])
def test_a_comment_that_is_deleted_while_a_job_waits_for_its_turn_is_written_anew(
    github: GitHub, client: Client, others: int
) -> None:
    """Or another one that is there is taken."""
    writer(client).write(FAILED, context(job="linux"))
    (first,) = github.state.comments
    github.state.reactions[first] = 1

    def sleep(seconds: float) -> None:
        github.state.comments.pop(first, None)
        for _ in range(others if len(github.state.comments) < others else 0):
            github.state.add_comment(render(PASSED, context(job="windows")))

    client.patience.sleep = sleep
    writer(client).write(PASSED, context(job="macos"))
    (body,) = github.state.bodies
    jobs = {entry.job for entry in read_record(body).entries}
    assert jobs == ({"macos", "windows"} if others else {"macos"})


def test_the_turn_is_taken_at_the_comment_that_is_changed(github: GitHub, client: Client) -> None:
    """A comment of an older number may appear late: then the turn is taken there."""
    writer(client).write(FAILED, context(job="linux"))
    (late,) = github.state.comments
    github.state.reactions[late] = 1

    def sleep(seconds: float) -> None:
        github.state.reactions.pop(late, None)
        older = github.state.add_comment(render(PASSED, context(job="windows")))
        del github.state.comments[older["id"]]
        older |= {"id": 1, "url": older["url"].rpartition("/")[0] + "/1"}
        github.state.comments[1] = older

    client.patience.sleep = sleep
    writer(client).write(PASSED, context(job="macos"))
    assert list(github.state.comments) == [1]
    assert {entry.job for entry in read_record(github.state.bodies[0]).entries} == {"linux", "macos", "windows"}
    taken = [request for request in github.state.sent("POST") if "reactions" in request]
    assert "/comments/1/reactions" in taken[-1]


def test_racing_writers_that_do_not_know_of_each_other_settle_on_one_comment(github: GitHub) -> None:
    """Without names for the jobs, the last one counts."""

    def job(number: int) -> None:
        client = Client("ghs_token", REPOSITORY, github.url, Patience(sleep=time.sleep), seconds_between_writes=0)
        CommentWriter(client, 7, pause_s=0.05).write(PASSED, context(run=1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(job, range(8)))
    assert len(github.state.bodies) == 1
