"""`perfgate comment`: which of GitHub's and GitLab's places are told, and what becomes of it.

Nothing here changes a verdict. What could not be told is reported, and the verdict is printed first.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from perfgate.errors import ExitCode, PerfgateError, RecordingError
from perfgate.publish.artifact import read_parts
from perfgate.publish.github.broken import broken
from perfgate.publish.github.conclusion import WORDS, conclusion, state
from perfgate.publish.github.job import in_repository
from perfgate.report.comment import Context, Outcome, Part, outcome, render

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from perfgate.publish.github.client import Client
    from perfgate.publish.github.event import Event

_SUMMARY = 60_000  # characters of a check run's summary; GitHub takes 65,535


@dataclass(frozen=True)
class Wishes:
    """What the user asks for.

    Attributes:
        comment: write the comment on the pull request.
        check_run: write a check run; `status` a commit status.
        neutral_on_invalid: what could not be judged is neutral in the check run, not a failure.
        required: what could not be told fails the command.
        job: which of several jobs that share the comment this is.
        author: whose comments are ours; None finds it out.
        report_url: of the full report; None is the run's page.
    """

    comment: bool = True
    check_run: bool = False
    status: bool = False
    neutral_on_invalid: bool = False
    required: bool = False
    job: str = ""
    author: str | None = None
    report_url: str | None = None


@dataclass
class Told:
    """What became of it.

    Attributes:
        verdict: of all results together.
        done: a sentence for each place that was told.
        problems: of the places that could not be told.
        unreadable: why there was no result, if there was none.
    """

    verdict: Outcome
    done: list[str] = field(default_factory=list)
    problems: list[PerfgateError] = field(default_factory=list)
    unreadable: RecordingError | None = None

    def exit_code(self, *, required: bool) -> ExitCode:
        """Of the command: it tells, the verdict is the exit code of the command that measured."""
        if self.unreadable or (required and self.problems):
            return ExitCode.INVALID
        return ExitCode.PASS


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


def tell(paths: Sequence[Path], budgets: Path, wishes: Wishes, env: Mapping[str, str]) -> Told:
    """Tell GitHub, or GitLab when this is a job of GitLab CI.

    Raises:
        UsageError: this is no CI job that is known, or there is no token.
    """
    parts, unreadable = read_results(paths)
    problem = f"The result cannot be read: {unreadable.message}." if unreadable else ""
    if env.get("GITLAB_CI"):
        told = _tell_gitlab(parts, budgets, wishes, env, problem)
    else:
        told = _tell_github(parts, budgets, wishes, env, problem)
    told.unreadable = unreadable
    return told


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
        at=time.time(),
    )


def _tell_github(parts: Sequence[Part], budgets: Path, wishes: Wishes, env: Mapping[str, str], problem: str) -> Told:
    from perfgate.publish.github.client import connect

    event = _event(env)
    client = connect(env, event.repository)
    context = replace(_context_of(event, budgets, wishes, env), problem=problem)
    teller = _Teller(client, event, parts, context, wishes)
    for wished, what in (
        (wishes.comment, teller.comment),
        (wishes.check_run, teller.check_run),
        (wishes.status, teller.status),
    ):
        if wished:
            teller.attempt(what)
    return teller.told


class _Teller:
    """Tells the places on GitHub, one after the other: that one of them fails keeps no other from being told."""

    def __init__(self, client: Client, event: Event, parts: Sequence[Part], context: Context, wishes: Wishes) -> None:
        self._client = client
        self._event = event
        self._parts = parts
        self._context = context
        self._wishes = wishes
        verdict: Outcome = "invalid" if context.problem else outcome(parts, context.ended_with)
        self.told = Told(verdict)

    def attempt(self, what: Callable[[], str]) -> None:
        """Do it, and note what became of it."""
        from perfgate.publish.github.client import GitHubError

        try:
            self.told.done.append(what())
        except GitHubError as error:
            self.told.problems.append(error)

    def comment(self) -> str:
        """Write the comment."""
        from perfgate.publish.github.comment import CommentWriter
        from perfgate.publish.github.pulls import pull_request_of

        number = pull_request_of(self._event, self._client)
        if number is None:
            return f"a {self._event.name} event has no pull request to comment on"
        written = CommentWriter(self._client, number, self._wishes.author).write(self._parts, self._context)
        return f"comment {written.done}: {written.url}"

    def check_run(self) -> str:
        """Write the check run."""
        from perfgate.publish.github.checks import Check, write_check

        context = self._context
        check = Check(
            name=self._name("perfgate"),
            commit=self._event.commit,
            key=f"perfgate-{context.run}-{context.at:.6f}-{context.job}"[:200],
            conclusion=conclusion(self.told.verdict, self._parts, neutral_on_invalid=self._wishes.neutral_on_invalid),
            title=f"{self.told.verdict.upper()}: {WORDS[self.told.verdict]}",
            summary=render(self._parts, context, longest=_SUMMARY),
            url=context.report_url,
            annotations=broken(self._parts, context.budgets),
        )
        return f"check run written: {write_check(self._client, check).html_url}"

    def status(self) -> str:
        """Set the commit status."""
        from perfgate.publish.github.status import Status, write_status

        verdict = self.told.verdict
        status = Status(self._name("perfgate"), state(verdict, self._parts), WORDS[verdict], self._context.report_url)
        write_status(self._client, self._event.commit, status)
        return f"commit status set: {status.state}"

    def _name(self, name: str) -> str:
        """Of the check, by its budgets file and job where there may be several."""
        named = [name, *([] if self._context.budgets == "budgets.toml" else [self._context.budgets])]
        return " / ".join([*named, *([self._context.job] if self._context.job else [])])


def _tell_gitlab(parts: Sequence[Part], budgets: Path, wishes: Wishes, env: Mapping[str, str], problem: str) -> Told:
    from perfgate.publish import gitlab

    request = gitlab.read_pipeline(env)
    context = Context(
        budgets=in_repository(budgets, env),
        commit=request.commit,
        run=request.pipeline,
        job=wishes.job,
        report_url=wishes.report_url or request.job_url,
        problem=problem,
        at=time.time(),
    )
    told = Told("invalid" if problem else outcome(parts))
    try:
        done = gitlab.write_note(gitlab.connect(request, env), request, parts, context)
        told.done.append(f"note {done}")
    except gitlab.GitLabError as error:
        told.problems.append(error)
    return told
