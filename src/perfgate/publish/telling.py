"""`perfgate comment`: which of GitHub's and GitLab's places are told, and what becomes of it.

Nothing here changes a verdict. What could not be told is reported, and the verdict is printed first.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from perfgate.errors import ExitCode, PerfgateError, RecordingError, StorageError, UsageError
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
        at=time.time(),
    )


def _tell_github(findings: _Findings, budgets: Path, wishes: Wishes, env: Mapping[str, str]) -> Told:
    from perfgate.publish.github.client import connect

    event = _event(env)
    told = findings.told(event.ended_with)
    client = connect(env, event.repository)
    context = replace(_context_of(event, budgets, wishes, env), problem=findings.problem)
    teller = _Teller(client, event, findings.parts, context, told)
    places = {"comment": wishes.comment, "check_run": wishes.check_run, "status": wishes.status}
    for place in (name for name, wished in places.items() if wished):
        teller.attempt(getattr(teller, place), wishes)
    return told


class _Teller:
    """Tells the places on GitHub, one after the other: that one of them fails keeps no other from being told."""

    def __init__(self, client: Client, event: Event, parts: Sequence[Part], context: Context, told: Told) -> None:
        self._client = client
        self._event = event
        self._parts = parts
        self._context = context
        self.told = told

    def attempt(self, what: Callable[[Wishes], str], wishes: Wishes) -> None:
        """Do it, and note what became of it."""
        from perfgate.publish.github.client import GitHubError

        try:
            self.told.done.append(what(wishes))
        except GitHubError as error:
            self.told.problems.append(error)
        except Exception as error:  # noqa: BLE001  (a proxy may answer anything, and PyGithub meets it unprepared)
            words = f"GitHub's answer cannot be understood: {type(error).__name__}: {str(error)[:200]}"
            self.told.problems.append(GitHubError(words, hint="is there a proxy that answers in GitHub's place?"))

    def comment(self, wishes: Wishes) -> str:
        """Write the comment."""
        from perfgate.publish.github.comment import CommentWriter
        from perfgate.publish.github.pulls import pull_request_of

        number = pull_request_of(self._event, self._client)
        if number is None:
            return f"a {self._event.name} event has no pull request to comment on"
        written = CommentWriter(self._client, number, wishes.author).write(self._parts, self._context)
        return f"comment {written.done}: {written.url}"

    def check_run(self, wishes: Wishes) -> str:
        """Write the check run."""
        from perfgate.publish.github.checks import Check, write_check

        context = self._context
        check = Check(
            name=self._name("perfgate"),
            commit=self._event.commit,
            key=f"perfgate-{context.run}-{context.at:.6f}-{context.job}"[:200],
            conclusion=conclusion(self.told.verdict, self._parts, neutral_on_invalid=wishes.neutral_on_invalid),
            title=f"{self.told.verdict.upper()}: {WORDS[self.told.verdict]}",
            summary=render(self._parts, context, longest=_SUMMARY),
            url=context.report_url,
            annotations=broken(self._parts, context.budgets),
        )
        return f"check run written: {write_check(self._client, check).html_url}"

    def status(self, wishes: Wishes) -> str:  # noqa: ARG002  (all places are told alike)
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


def _tell_gitlab(findings: _Findings, budgets: Path, wishes: Wishes, env: Mapping[str, str]) -> Told:
    from perfgate.publish import gitlab

    request = gitlab.read_pipeline(env)
    context = Context(
        budgets=in_repository(budgets, env),
        commit=request.commit,
        run=request.pipeline,
        job=wishes.job,
        report_url=wishes.report_url or request.job_url,
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
