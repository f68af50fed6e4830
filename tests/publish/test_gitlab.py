"""The note on a merge request, and the metrics report."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from perfgate.errors import UsageError
from perfgate.publish.gitlab import GitLabError, MergeRequest, connect, metrics, read_pipeline, write_note
from perfgate.report.comment import Context, Part, render
from tests.report import results
from tests.servers.gitlab import GitLab, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST, SECOND = "a" * 40, "b" * 40
FAILED, PASSED = [Part("", results.result())], [Part("", results.passed())]
CONTEXT = Context(commit=FIRST, run=1, at=1_772_600_000.0)


@pytest.fixture
def gitlab() -> Iterator[GitLab]:
    with serving() as server:
        yield server


def pipeline(gitlab: GitLab, **changes: str) -> dict[str, str]:
    """The variables that GitLab sets in a merge request pipeline."""
    return {
        "GITLAB_CI": "true",
        "GITLAB_TOKEN": "glpat",
        "CI_SERVER_URL": gitlab.url,
        "CI_PROJECT_ID": "4711",
        "CI_MERGE_REQUEST_IID": "7",
        "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "",
        "CI_COMMIT_SHA": FIRST,
        "CI_PIPELINE_ID": "1000",
        "CI_JOB_URL": "https://gitlab.test/octo/shop/-/jobs/1",
        **changes,
    }


def told(gitlab: GitLab, parts: list[Part], context: Context = CONTEXT, **changes: str) -> str:
    env = pipeline(gitlab, **changes)
    request = read_pipeline(env)
    return write_note(connect(request, env), request, parts, context)


def test_one_note_is_written_and_updated(gitlab: GitLab) -> None:
    """Found again among many."""
    for number in range(250):
        gitlab.add(f"note {number}", "somebody")
    assert told(gitlab, FAILED) == "created"
    assert told(gitlab, PASSED, replace(CONTEXT, commit=SECOND, run=2)) == "updated"
    assert len(gitlab.notes) == 251
    assert gitlab.notes[-1]["body"].startswith("### ✅ perfgate PASS")
    assert "Earlier commits (1)" in gitlab.notes[-1]["body"]
    assert told(gitlab, FAILED, replace(CONTEXT, run=1)) == "kept"


def test_a_note_of_somebody_else_with_our_marker_is_not_ours(gitlab: GitLab) -> None:
    """They could change it afterwards."""
    gitlab.add(render(PASSED, CONTEXT), "mallory")
    assert told(gitlab, FAILED) == "created"


def test_a_note_whose_answer_was_lost_is_not_written_twice(gitlab: GitLab) -> None:
    """It looks before it writes again."""
    gitlab.fail.append(("POST", 502, True))
    told(gitlab, FAILED)
    assert len(gitlab.notes) == 1
    gitlab.notes.clear()
    gitlab.fail.append(("POST", 502, False))
    told(gitlab, FAILED)
    assert len(gitlab.notes) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_may_not_write_is_told_in_words(gitlab: GitLab, status: int) -> None:
    """With what it needs."""
    gitlab.fail.append(("POST", status, False))
    with pytest.raises(GitLabError) as caught:
        told(gitlab, FAILED)
    assert caught.value.slug == "gitlab-permission"
    assert "scope api" in caught.value.hint


def test_a_pipeline_without_a_merge_request_is_told(gitlab: GitLab) -> None:
    """There is nowhere to write to."""
    with pytest.raises(GitLabError, match="belongs to no merge request"):
        told(gitlab, FAILED, CI_MERGE_REQUEST_IID="")


def test_a_missing_variable_or_token_is_a_usage_error(gitlab: GitLab) -> None:
    """Exit code 2."""
    with pytest.raises(UsageError) as caught:
        read_pipeline({"GITLAB_CI": "true"})
    assert caught.value.slug == "gitlab-pipeline"
    with pytest.raises(UsageError) as caught:
        connect(MergeRequest(gitlab.url, 1, 1, None, 0, None), {})
    assert caught.value.slug == "gitlab-token"


def test_the_metrics_report_is_openmetrics() -> None:
    """Read by the parser of the format's own library."""
    families = list(text_string_to_metric_families(metrics(results.result())))  # type: ignore[no-untyped-call]
    assert "perfgate_verdict" in {family.name for family in families}
    requests = next(family for family in families if family.name == "perfgate_requests")
    assert requests.samples[0].name == "perfgate_requests_total"
