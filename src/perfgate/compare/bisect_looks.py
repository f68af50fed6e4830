"""Who looks at the pairs of a bisection while they are driven: in what BAD is worse, and what a commit is nearer to."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, log
from typing import TYPE_CHECKING

from perfgate.judge.answers import answer_checks
from perfgate.judge.nearer import (
    FEWEST,
    FEWEST_WHOLE,
    Measured,
    boundary,
    cases_of,
    is_doubted,
    is_precise,
    is_waited_for,
    is_worse_again,
    log_ratio,
    measured,
    moved,
    nearer,
)
from perfgate.judge.sides import CheckKey

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perfgate.judge.nearer import Nearer
    from perfgate.judge.paired import Change, Decisions, Rules
    from perfgate.judge.result import Check, Status
    from perfgate.measure.blocks import Pair

FOUND = "what moved is known"
NEARER = "it is known which of the two it is nearer to"
_PROVING = 1.25  # each look at so many times the pairs of the last one
_DECIDING = 1.1


@dataclass
class _Look:
    """Pairs as they come, looked at whenever so many times more are there than last time.

    Attributes:
        settling_s: so long at each side the pairs at the beginning are left out: a service that has just started is
            still warming up.
    """

    max_pairs: int
    settling_s: float = 0.0
    decisions: Decisions | None = field(default=None, init=False)
    stopped: str = field(default="", init=False)
    counting: list[Pair] = field(default_factory=list, init=False)
    seen: int = field(default=0, init=False)
    disturbed: int = field(default=0, init=False)
    _due: int = field(default=0, init=False)
    _settled_s: float = field(default=0.0, init=False)

    def add(self, pair: Pair) -> bool:
        """A pair is there; returns False, as there are no decisions on all checks to be shown."""
        self.seen += 1
        if self._settled_s < self.settling_s and not pair.head.figures:
            self._settled_s += pair.head.measured_s
            return False
        if pair.disturbed:
            self.disturbed += 1
            return False
        self.counting.append(pair)
        self._due = self._due or self.fewest(pair)
        if not self.stopped and len(self.counting) >= self._due:
            self._due = max(ceil(self._due * self.growth), self._due + 1)
            self.look()
        return False

    growth = _DECIDING

    @staticmethod
    def fewest(pair: Pair) -> int:
        """Pairs before the first look: whole loads are few."""
        return FEWEST_WHOLE if pair.head.figures else FEWEST

    @property
    def enough(self) -> bool:
        """Whether there are the pairs that a look takes."""
        return bool(self.counting) and len(self.counting) >= self.fewest(self.counting[0])

    def look(self) -> None:
        """Look at all pairs that count."""
        raise NotImplementedError

    def estimates(self, keys: Sequence[CheckKey]) -> Sequence[Change]:  # noqa: ARG002
        """None: it makes no decisions that would be shown with them."""
        return ()

    def end(self) -> None:
        """No more pairs will come: look once more at what there is."""
        if not self.stopped and self.enough:
            self.look()

    def closest(self, most: int = 3) -> list[Measured]:
        """The checks with the largest changes against their errors, whether proven or not."""
        gating = [measured(case) for case in cases_of(self.counting) if case.gating] if self.counting else []
        return sorted(filter(None, gating), key=lambda one: -one.surety)[:most]

    def answers(self, most: Status, endpoint: str | None = None) -> list[Check]:
        """What is answered otherwise than by GOOD, where times may be those of something else.

        Args:
            most: what an endpoint is of which most answers are others.
            endpoint: only this one's; None: all.
        """
        found = answer_checks(self.counting, most)
        return [check for check in found if endpoint is None or check.endpoint == endpoint]


@dataclass
class WhatMoved(_Look):
    """BAD against GOOD: stops as soon as something is proven worse, and known well enough by how much.

    Attributes:
        rules: of the gate; its false-alarm rate is shared by all looks.
        found: the checks that are worse, the surest first; empty while nothing is.
    """

    rules: Rules = field(kw_only=True)
    found: list[Measured] = field(default_factory=list, init=False)
    _first: int = field(default=0, init=False)
    growth = _PROVING

    def look(self) -> None:
        """See what is proven worse by now."""
        looks = max(log(max(self.max_pairs, FEWEST) / FEWEST) / log(_PROVING), 0) + 2
        now = moved(self.counting, self.rules, self.rules.false_alarm_rate / looks)
        if not now:
            return  # what was proven stays so, as it was measured then
        self.found = now
        self._first = self._first or len(self.counting)
        # A change that was just proven looks larger than it is, and what machines need is often proven before what
        # people wait for: both get as many pairs again.
        if (is_precise(now[0]) and is_waited_for(now[0])) or len(self.counting) >= 2 * self._first:
            self.stopped = FOUND


@dataclass
class SeenAgain(_Look):
    """BAD against GOOD once more, with another start of BAD: in what of that it is worse again, and by how much.

    What moved was chosen by the pairs that show it, so that chance has made it look larger than it is, and one start of
    a program may be slow for as long as it lives. These pairs have chosen nothing.

    Attributes:
        aims: what was seen the first time, the surest first.
        wanted: pairs before it is looked at.
        found: what was seen again, in the same order.
    """

    aims: Sequence[Measured] = field(kw_only=True)
    wanted: int = field(kw_only=True)
    found: list[Measured] = field(default_factory=list, init=False)

    def look(self) -> None:
        """See what is worse again."""
        if len(self.counting) < min(self.wanted, self.max_pairs):
            return
        self._see()
        if self.found:
            self.stopped = FOUND

    def estimates(self, keys: Sequence[CheckKey]) -> Sequence[Change]:  # noqa: ARG002
        """None: it makes no decisions that would be shown with them."""
        return ()

    def end(self) -> None:
        """No more pairs will come: so many have to do."""
        if not self.stopped and self.enough:
            self._see()

    def _see(self) -> None:
        seen = {case.key: measured(case) for case in cases_of(self.counting)}
        self.found = [found for aim in self.aims if (found := seen.get(aim.key)) is not None and is_worse_again(found)]


@dataclass
class NearerTo(_Look):
    """A commit against GOOD: stops as soon as it is known to which of the two it belongs.

    Attributes:
        aims: BAD against GOOD, the check that is searched by first.
        error: how often the step may be wrong.
        tell: is told of each look.
        found: what was seen in that check; None when there was nothing to be seen.
        answer: so far.
        others: other checks that tell the two apart, and what is known of them now.
        doubted: it is nearer to GOOD only because requests failed that may have been the slow ones.
    """

    aims: Sequence[Measured] = field(kw_only=True)
    error: float = field(kw_only=True)
    tell: Callable[[NearerTo], None] = field(default=lambda _: None, kw_only=True)
    found: Measured | None = field(default=None, init=False)
    answer: Nearer = field(default="undecided", init=False)
    others: dict[CheckKey, Nearer] = field(default_factory=dict, init=False)
    doubted: bool = field(default=False, init=False)

    @property
    def certainty(self) -> float:
        """How much of the way to a decision is gone; negative towards GOOD."""
        if self.found is None:
            return 0.0
        return log_ratio(self.found, self.aims[0].change) / boundary(self.error)

    def look(self) -> None:
        """See to which of the two the pairs so far belong."""
        by_key = {case.key: case for case in cases_of(self.counting)}
        seen = {aim.key: measured(by_key[aim.key]) if aim.key in by_key else None for aim in self.aims}
        self.found = seen[self.aims[0].key]
        if self.found is not None:
            self.answer = nearer(self.found, self.aims[0], self.error)
            aim = self.aims[0]
            errors = by_key.get(CheckKey(aim.key.endpoint, "error_rate"))
            self.doubted = self.answer == "good" and is_doubted(by_key[aim.key], errors, aim.change, self.error)
            self.others = {
                aim.key: nearer(found, aim, self.error) for aim in self.aims[1:] if (found := seen[aim.key]) is not None
            }
        elif len(self.counting) >= 2 * self.fewest(self.counting[0]):
            self.stopped = "the check that moved cannot be compared there"
        if self.answer != "undecided":
            self.stopped = NEARER
        self.tell(self)
