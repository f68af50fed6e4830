"""What is asked of `perfgate comment`, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from perfgate.errors import ExitCode, PerfgateError, RecordingError

if TYPE_CHECKING:
    from perfgate.report.comment import Outcome


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
