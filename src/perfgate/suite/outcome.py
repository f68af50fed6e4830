"""What several checks came to as one test: one failure that names all its broken budgets, however many there are.

People count tests, so one red load is one red item. Who wants to count broken budgets asks for `--perfgate-each-check`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from perfgate.judge.words import counted
from perfgate.suite.warn import PerfgateWarning
from perfgate.suite.words import check_title, failure_words, metric_title, subject_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from perfgate.judge.result import Check

ToldStatus = Literal["pass", "fail", "invalid"]
_WORST_FIRST: tuple[ToldStatus, ...] = ("fail", "invalid")  # a proven red goes before an unknown, as in the verdict

_AS_ERROR = "It is a warning, and the filters of this project's pytest make errors of warnings."


class Told(NamedTuple):
    """A check as pytest hears of it.

    Attributes:
        title: what is checked: `GET /items p95`.
        subject: what it is about: `GET /items`; empty where the words need none.
        words: why it did not hold; empty where it did.
    """

    title: str
    subject: str
    status: ToldStatus
    words: str


@dataclass(frozen=True)
class Outcome:
    """Checks that are one test.

    Attributes:
        told: those that were judged, in their order. Broken warning limits are warnings of pytest's instead, unless the
            project makes errors of warnings.
        judged: how many checks were, those that only warned among them.
        budgets: all of them are budgets, and none a comparison with earlier runs.
    """

    told: tuple[Told, ...]
    judged: int
    budgets: bool = True

    @property
    def status(self) -> ToldStatus:
        """Of the whole."""
        found = {one.status for one in self.told}
        return next((status for status in _WORST_FIRST if status in found), "pass")

    @property
    def broken(self) -> list[Told]:
        """Those that did not hold, the proven ones first."""
        return [one for status in _WORST_FIRST for one in self.told if one.status == status]

    @property
    def line(self) -> str:
        """All that did not hold in one line: `2 of 14 budgets broken: GET /items p95, POST /cart p99`."""
        noun, broken = ("budget", "broken") if self.budgets else ("check", "failed")
        said = {"fail": broken, "invalid": "could not be judged"}
        of = f" of {counted(self.judged, noun)}"
        parts = []
        for status in _WORST_FIRST:
            titles = [one.title for one in self.told if one.status == status]
            if titles:
                parts.append(f"{len(titles)}{of} {said[status]}: {', '.join(titles)}")
                of = ""
        return "; ".join(parts)

    @property
    def words(self) -> str:
        """The line, and of each that did not hold what was observed, the limit, and what to do."""
        return "\n\n".join([self.line, *(_about(one, one.words) for one in self.broken)])

    @property
    def short(self) -> str:
        """The line, and a line of each that did not hold, where it has a report of its own."""
        return "\n".join([self.line, *(f"  {_about(one, one.words.partition(chr(10))[0])}" for one in self.broken)])


def _about(told: Told, words: str) -> str:
    """The words begin with the metric, so that what they are about is all that has to go before."""
    return f"{told.subject}: {words}" if told.subject else words


def outcome_of(checks: Sequence[Check], warn: Callable[[Check], None], *, of_one: bool = False) -> Outcome:
    """Checks as one test.

    Args:
        checks: all of it; skipped ones say nothing.
        warn: makes a warning of pytest's of a broken warning limit.
        of_one: all are about the same, which has been named already.
    """
    judged = [check for check in checks if check.status != "skipped"]
    budgets = all(check.kind == "budget" for check in judged)
    return Outcome(tuple(_told(judged, warn, of_one=of_one)), len(judged), budgets)


def _told(checks: Sequence[Check], warn: Callable[[Check], None], *, of_one: bool) -> Iterator[Told]:
    for check in checks:
        title = metric_title(check) if of_one else check_title(check)
        subject = "" if of_one else subject_of(check)
        if check.status == "warn":
            try:
                warn(check)
            except PerfgateWarning:
                yield Told(title, subject, "fail", f"{failure_words(check)}\n  {_AS_ERROR}")
        elif check.status != "skipped":
            yield Told(title, subject, check.status, "" if check.status == "pass" else failure_words(check))
