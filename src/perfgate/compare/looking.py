"""When a comparison looks at its pairs, and when it stops: the same while it is driven and when it is read back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.judge.figures import figure_changes
from perfgate.judge.paired import Rules, Sequential

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.judge.paired import Change, CheckKey, Decisions
    from perfgate.measure.blocks import Pair
    from perfgate.plan.plan import Gate

DECIDED = "every check is decided"
SETTLED = "more pairs would decide nothing more"


def rules_of(gate: Gate, loads: int) -> Rules:
    """What is tolerated, and this load's part of how often the whole verdict may err.

    Args:
        gate: of the plan.
        loads: how many loads at services are compared in all.
    """
    return Rules(gate.max_slowdown_percent, gate.false_alarm_rate / max(loads, 1))


@dataclass
class Looks:
    """Follows the pairs of one load.

    Attributes:
        decisions: as of the last look; None before the first.
        stopped: why no more pairs are needed; empty while they are.
    """

    rules: Rules
    max_pairs: int

    def __post_init__(self) -> None:
        self._sequential = Sequential(self.rules, self.max_pairs)
        self._pairs: list[Pair] = []
        self._counted = 0
        self.decisions: Decisions | None = None
        self.stopped = ""

    def add(self, pair: Pair) -> bool:
        """A pair is there; returns whether it was looked at all pairs."""
        self._pairs.append(pair)
        self._counted += not pair.disturbed
        if self.stopped or pair.disturbed or not self._sequential.due(self._counted):
            return False
        self.decisions = self._sequential.look(self._pairs)
        if self.decisions.decided:
            self.stopped = DECIDED
        elif self.decisions.settled:
            self.stopped = SETTLED
        return True

    def estimates(self, keys: Sequence[CheckKey]) -> Sequence[Change]:
        """Some checks as of the last look; none of whole loads, which are looked at once, in the end."""
        return [] if self._is_of_whole_loads else self._sequential.estimates(keys)

    @property
    def _is_of_whole_loads(self) -> bool:
        return any(pair.base.figures or pair.head.figures for pair in self._pairs)

    def end(self) -> list[Change]:
        """No more pairs will come: all findings."""
        if self._is_of_whole_loads:
            return figure_changes(self._pairs, self.rules)  # whole loads: as many as were planned, looked at once
        if not self.stopped:
            self.decisions = self._sequential.look(self._pairs, final=True)
        return self._sequential.changes(self._pairs)


def findings(pairs: Sequence[Pair] | Iterable[Pair], rules: Rules, max_pairs: int) -> list[Change]:
    """The findings of pairs that were driven, looked at as they were then."""
    looks = Looks(rules, max_pairs)
    for pair in pairs:
        looks.add(pair)
        if looks.stopped:
            break
    return looks.end()
