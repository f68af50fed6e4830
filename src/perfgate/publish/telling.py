"""`perfgate comment`: which of GitHub's and GitLab's places are told, and what becomes of it.

Nothing here changes a verdict. What could not be told is reported, and the verdict is printed first.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from perfgate.errors import RecordingError, StorageError, UsageError
from perfgate.publish.artifact import read_parts
from perfgate.publish.github.job import in_repository
from perfgate.publish.told import Told, Wishes
from perfgate.report.comment import Context, Outcome, Part, outcome, render

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from perfgate.publish.github.event import Event


def read_results(paths: Sequence[Path]) -> tuple[list[Part], RecordingError | None]:
    """The results, or why there is none: then that is what is told, so that no older verdict is left standing."""
    try:
        return read_parts(paths), None
    except RecordingError as error:
        return [], error


def preview(paths: Sequence[Path], budgets: Path, wishes: Wishes, env: Mapping[str, str]) -> str:
    """The comment as it would be written; nothing is asked of anybody.

    Raises:
        RecordingError: slug `artifact`; a result cannot be read.
    """
    parts = read_parts(paths)
    commit = parts[0].result.revision.commit if parts else None
    context = Context(in_repository(budgets, env), commit, job=wishes.job, report_url=wishes.report_url, at=time.time())
    if env.get("GITHUB_EVENT_PATH"):
        context = _context_of(_event(env), budgets, wishes, env)
    return render(parts, context)


def tell(
    paths: Sequence[Path], budgets: Path, wishes: Wishes, env: Mapping[str, str], say: Callable[[str], None]
) -> Told:
    """Tell GitHub, or GitLab when this is a job of GitLab CI.

    Args:
        paths: of the results.
        budgets: path of the budgets file.
        wishes: see there.
        env: of the CI job.
        say: is told the verdict before anybody is asked anything.

    Raises:
        UsageError: this is no CI job that is known, or there is no token.
    """
    parts, unreadable = read_results(paths)
    problem = f"The result cannot be read: {unreadable.message}." if unreadable else ""
    if env.get("GITLAB_CI"):
        told = _tell_gitlab(_Findings(parts, problem, say), budgets, wishes, env)
    else:
        told = _tell_github(_Findings(parts, problem, say), budgets, wishes, env)
    told.unreadable = unreadable
    return told


@dataclass(frozen=True)
class _Findings:
    """What there is to tell."""

    parts: Sequence[Part]
    problem: str
    say: Callable[[str], None]

    def told(self, ended_with: str | None = None) -> Told:
        """The verdict, said aloud."""
        verdict: Outcome = "invalid" if self.problem else outcome(self.parts, ended_with)
        self.say(f"verdict: {verdict}")
        return Told(verdict)


def _event(env: Mapping[str, str]) -> Event:
    from perfgate.publish.github.event import read_event

    return read_event(env)


def _context_of(event: Event, budgets: Path, wishes: Wishes, env: Mapping[str, str]) -> Context:
    return Context(
        budgets=in_repository(budgets, env),
        commit=event.commit,
        run=event.run,
        job=wishes.job,
        report_url=wishes.report_url or event.run_url,
        ended_with=event.ended_with,
        fetch=f"pull/{event.pull_request}/head" if event.pull_request else "",
        at=time.time(),
    )


def _tell_github(findings: _Findings, budgets: Path, wishes: Wishes, env: Mapping[str, str]) -> Told:
    from perfgate.publish.github.client import connect
    from perfgate.publish.github.teller import Teller

    event = _event(env)
    told = findings.told(event.ended_with)
    client = connect(env, event.repository)
    context = replace(_context_of(event, budgets, wishes, env), problem=findings.problem)
    teller = Teller(client, event, findings.parts, context, told)
    places = {"comment": wishes.comment, "check_run": wishes.check_run, "status": wishes.status}
    for place in (name for name, wished in places.items() if wished):
        teller.attempt(getattr(teller, place), wishes)
    return told


def _tell_gitlab(findings: _Findings, budgets: Path, wishes: Wishes, env: Mapping[str, str]) -> Told:
    from perfgate.publish import gitlab

    request = gitlab.read_pipeline(env)
    context = Context(
        budgets=in_repository(budgets, env),
        commit=request.commit,
        run=request.pipeline,
        job=wishes.job,
        report_url=wishes.report_url or request.job_url,
        fetch=f"merge-requests/{request.number}/head" if request.number else "",
        problem=findings.problem,
        at=time.time(),
    )
    told = findings.told()
    try:
        done = gitlab.write_note(gitlab.connect(request, env), request, findings.parts, context)
        told.done.append(f"note {done}")
    except gitlab.GitLabError as error:
        told.problems.append(error)
    return told


def write_metrics(paths: Sequence[Path], path: Path) -> None:
    """Write the figures of one result as OpenMetrics, for GitLab's metrics report.

    Raises:
        UsageError: there are several results.
        RecordingError: slug `artifact`; the result cannot be read.
        StorageError: the file cannot be written.
    """
    from perfgate.publish.gitlab import metrics

    parts = read_parts(paths)
    if len(parts) != 1:
        raise UsageError("--openmetrics wants one result", hint="give one result.json", place="--openmetrics")
    try:
        path.write_text(metrics(parts[0].result), encoding="utf-8")
    except OSError as error:
        raise StorageError(f"cannot write the metrics: {error.strerror}", place=str(path)) from error
