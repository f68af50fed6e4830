"""What a comment is about: the results, the commit that they belong to, and where it is told."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Literal

from perfgate.report.changes import sureness
from perfgate.report.tables import CheckRow, check_rows, group_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.judge.result import Result, RunResult, Status

Outcome = Literal["pass", "warn", "undecided", "invalid", "fail"]
WORST_FIRST: tuple[Outcome, ...] = ("fail", "invalid", "undecided", "warn", "pass")


@dataclass(frozen=True)
class Part:
    """One result of those that a comment holds.

    Attributes:
        name: of the job that measured it; empty when it is alone.
    """

    name: str
    result: Result


@dataclass(frozen=True)
class Context:
    """What the results do not know. All of it comes from whoever comments, never from the results.

    Attributes:
        budgets: path of the budgets file in the repository; a pull request has one comment for each.
        commit: the head commit that was measured; None when nobody told.
        run: number of the CI run; a later one has a larger number. 0 outside CI.
        job: which of several jobs that share the comment this is; empty when it stands alone.
        report_url: where the full report is.
        ended_with: how the job that measured ended, when another one comments: `success`, `failure`, ...
        fetch: what Git fetches the commit by, e.g. `pull/7/head`; empty when nobody told.
        problem: why there is no result to show; empty when there is one.
        at: now, in seconds since the epoch.
    """

    budgets: str = "budgets.toml"
    commit: str | None = None
    run: int = 0
    job: str = ""
    report_url: str | None = None
    ended_with: str | None = None
    fetch: str = ""
    problem: str = ""
    at: float = 0.0


@dataclass(frozen=True)
class Row:
    """A check, the job that it was made in, and its run."""

    part: Part
    row: CheckRow
    run: RunResult | None

    @property
    def status(self) -> Status:
        """The check's status."""
        return self.row.check.status

    @property
    def group(self) -> str:
        """`catalog / peak`, after the job's name where there are several."""
        return placed(self.part, self.row.group)

    @property
    def is_undecided(self) -> bool:
        """The comparison could not tell, and that counts."""
        return self.row.check.decision == "undecided" and self.status != "skipped"

    @property
    def severity(self) -> tuple[float, float]:
        """How bad it is, to show the worst first: how far it surely moved, or lies from its limit, as a share of that.

        The second number is the same by the estimate; it parts those that are alike.
        """
        check = self.row.check
        if check.kind != "budget":
            return sureness(check)
        if check.observed is None or not check.limit:
            return 0.0, 0.0
        least, most = check.observed_interval or (check.observed, check.observed)
        if check.direction == "at_least":
            beyond = check.limit - (inf if most is None else most)
        else:
            beyond = (-inf if least is None else least) - check.limit
        return beyond / abs(check.limit), abs(check.observed - check.limit) / abs(check.limit)


@dataclass(frozen=True)
class Subject:
    """All that a comment is about.

    Attributes:
        parts: the results.
        context: see there.
        rows: the checks of all parts.
    """

    parts: Sequence[Part]
    context: Context
    rows: Sequence[Row]

    @property
    def outcome(self) -> Outcome:
        """What the results say; not what other jobs said of the same commit."""
        return "invalid" if self.context.problem else outcome(self.parts, self.context.ended_with)

    @property
    def is_strict(self) -> bool:
        """A warning failed."""
        return _strict_warning(self.parts)

    def with_status(self, *statuses: Status) -> list[Row]:
        """The rows that have one of these statuses, the one that is surely farthest from its limit first."""
        found = (row for row in self.rows if row.status in statuses)
        return sorted(found, key=lambda row: row.severity, reverse=True)


def subject_of(parts: Sequence[Part], context: Context) -> Subject:
    """The results and what belongs to them."""
    return Subject(parts, context, [row for part in parts for row in _rows(part)])


def placed(part: Part, where: str) -> str:
    """Where something is, after the job's name when the part has one."""
    return f"{part.name}: {where}" if part.name else where


def _rows(part: Part) -> Iterator[Row]:
    runs = {group_name(run.service, run.load): run for run in part.result.runs}
    return (Row(part, row, runs.get(row.group)) for row in check_rows(part.result))


def outcome(parts: Sequence[Part], ended_with: str | None = None) -> Outcome:
    """What all parts together say.

    A result whose checks are all fine but for comparisons that could not tell is undecided: no fault has to be
    mended, it has to be measured for longer. A pass of a job that did not end well is not to be believed.
    """
    found = worst([_outcome(part) for part in parts])
    if ended_with not in (None, "success") and found in ("pass", "warn") and not _strict_warning(parts):
        return "invalid"
    return found


def _strict_warning(parts: Sequence[Part]) -> bool:
    return any(part.result.verdict == "warn" and part.result.strict for part in parts)


def worst(outcomes: Sequence[Outcome]) -> Outcome:
    """The one that decides; invalid when there is none."""
    return next((one for one in WORST_FIRST if one in outcomes), "invalid")


def _outcome(part: Part) -> Outcome:
    if part.result.verdict != "invalid":
        return part.result.verdict
    unknown = [row.check for row in check_rows(part.result) if row.status == "invalid"]
    unsound = any(not run.sound or (run.verdict == "invalid" and not run.checks) for run in part.result.runs)
    undecided = bool(unknown) and all(check.decision == "undecided" for check in unknown)
    return "undecided" if undecided and not unsound else "invalid"
