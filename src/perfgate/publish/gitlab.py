"""Telling GitLab: one note on the merge request, found again by its marker, and a file for the metrics report.

https://docs.gitlab.com/api/notes/#merge-requests
https://docs.gitlab.com/ci/testing/metrics_reports/
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from perfgate.errors import PerfgateError, UsageError
from perfgate.report import prometheus
from perfgate.report.comment import marker, read_record, render
from perfgate.report.finite import finite

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitlab import Gitlab

    from perfgate.judge.result import Result
    from perfgate.report.comment import Context, Part

LONGEST = 900_000  # characters of a note; GitLab takes 1,000,000
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_PAGE, _MOST_PAGES = 100, 100
_TRIES = 4
_TIMEOUT_S = 20


class GitLabError(PerfgateError):
    """GitLab could not be told. It never changes a verdict."""

    slug = "gitlab"


@dataclass(frozen=True)
class MergeRequest:
    """Where the note goes, from the variables of the pipeline.

    Attributes:
        url: of GitLab.
        project: its number.
        number: the merge request's own (`iid`); None when the pipeline belongs to none.
        commit: the head commit of the source branch.
        pipeline: its number.
        job_url: the page of this job.
    """

    url: str
    project: int
    number: int | None
    commit: str | None
    pipeline: int
    job_url: str | None


def read_pipeline(env: Mapping[str, str]) -> MergeRequest:
    """The merge request that this pipeline belongs to.

    Raises:
        UsageError: slug `gitlab-pipeline`; a variable of GitLab's is missing.
    """
    head = env.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or env.get("CI_COMMIT_SHA") or ""
    try:
        return MergeRequest(
            url=env["CI_SERVER_URL"],
            project=int(env["CI_PROJECT_ID"]),
            number=int(env["CI_MERGE_REQUEST_IID"]) if env.get("CI_MERGE_REQUEST_IID") else None,
            commit=head if _SHA.fullmatch(head) else None,
            pipeline=int(env.get("CI_PIPELINE_ID") or 0),
            job_url=env.get("CI_JOB_URL"),
        )
    except (KeyError, ValueError) as error:
        raise UsageError(
            f"the pipeline's variables cannot be read: {error}",
            hint="run it in a job of GitLab CI, which sets CI_SERVER_URL and CI_PROJECT_ID",
            slug="gitlab-pipeline",
        ) from error


def connect(request: MergeRequest, env: Mapping[str, str]) -> Gitlab:
    """python-gitlab with the token of the environment.

    Raises:
        UsageError: slugs `gitlab-token`, `gitlab-extra`.
    """
    token = env.get("GITLAB_TOKEN", "")
    if not token:
        raise UsageError(
            "there is no token to talk to GitLab with",
            place="GITLAB_TOKEN",
            hint="make a project access token with the scope api, and add it as a masked variable; the job's own token "
            "may not write notes",
            slug="gitlab-token",
        )
    try:
        from gitlab import Gitlab
    except ImportError as error:
        raise UsageError(
            "python-gitlab is not installed", hint="pip install python-gitlab", slug="gitlab-extra"
        ) from error
    return Gitlab(request.url, private_token=token, timeout=_TIMEOUT_S)


def write_note(api: Gitlab, request: MergeRequest, parts: Sequence[Part], context: Context) -> str:
    """Create the note of the merge request, or update it; returns `created`, `updated` or `kept`.

    Raises:
        GitLabError: slugs `gitlab`, `gitlab-permission`.
    """
    if request.number is None:
        raise GitLabError("this pipeline belongs to no merge request", hint="run the job in merge request pipelines")
    notes = api.projects.get(request.project, lazy=True).mergerequests.get(request.number, lazy=True).notes
    mark = marker(context.budgets)
    found = _ours(api, notes, mark)
    before = read_record(found.body) if found else None
    if before and any(entry.run > context.run > 0 and entry.commit != context.commit for entry in before.entries):
        return "kept"
    body = render(parts, context, before, longest=LONGEST)
    if found:
        found.body = body
        _asked("update the note", lambda: found.save(retry_transient_errors=True))
        return "updated"
    _create(api, notes, body, mark)
    return "created"


def _create(api: Gitlab, notes: Any, body: str, mark: str) -> None:
    """Write a note; when the answer was lost, it is looked for before it is written again."""
    for left in reversed(range(_TRIES)):
        try:
            _asked("write the note", lambda: notes.create({"body": body}))
        except GitLabError as error:
            if error.slug != GitLabError.slug or not left:
                raise
            if not _ours(api, notes, mark):
                continue
        return


def _ours(api: Gitlab, notes: Any, mark: str) -> Any:
    """The oldest note with the marker that the token's own user has written; None when there is none."""
    author = ""
    for number in range(1, _MOST_PAGES + 1):
        page = _asked("read the notes", partial(_page, notes, number))
        for note in page:
            if mark not in (note.body or ""):
                continue
            author = author or _asked("ask whose token it is", lambda: _whose(api))
            if note.author["username"] == author:
                return note
        if len(page) < _PAGE:
            return None
    return None


def _page(notes: Any, number: int) -> list[Any]:
    options = {"sort": "asc", "order_by": "created_at", "get_all": False, "retry_transient_errors": True}
    return list(notes.list(page=number, per_page=_PAGE, **options))


def _whose(api: Gitlab) -> str:
    api.auth()
    return str(api.user.username) if api.user else ""


def _asked(what: str, request: Callable[[], Any]) -> Any:
    from gitlab import GitlabError

    try:
        return request()
    except GitlabError as error:
        said = f"{error.response_code or ''} {str(error.error_message)[:300]}".strip()
        if error.response_code in (401, 403, 404):
            raise GitLabError(
                f"GitLab did not let perfgate {what}: {said}",
                hint="the token needs the scope api and the role Reporter at least",
                slug="gitlab-permission",
            ) from error
        raise GitLabError(f"perfgate could not {what}: {said}", hint="run the job again") from error
    except OSError as error:  # `requests` has all its errors from it
        raise GitLabError(f"perfgate could not {what}: {str(error)[:300]}", hint="run the job again") from error


def metrics(result: Result) -> str:
    """The figures as OpenMetrics text, for `artifacts: reports: metrics`.

    https://prometheus.io/docs/specs/om/open_metrics_spec/
    """
    counters = re.compile(r"^# (HELP|TYPE) (\S+)_total ", re.MULTILINE)
    return counters.sub(r"# \1 \2 ", prometheus.render(finite(result))) + "# EOF\n"
