"""The live view of a comparison: one line that is written over on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from perfgate.cli.lines import Lines
from perfgate.judge.words import counted, lasting

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from perfgate.judge.paired import Decisions
    from perfgate.measure.blocks import Pair

_EVERY_S = 5.0  # where lines cannot be written over
_REDRAWN_S = 0.2


class ComparisonView:
    """Tells how a comparison goes.

    Args:
        stream: where to.
        quiet: only what a person must read.
        clock: seconds.
    """

    def __init__(self, stream: TextIO, *, quiet: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self._lines = Lines(stream, quiet=quiet)
        self._pairs = self._dropped = self._most = 0
        self._known = "nothing decided yet"
        self._clock = clock
        self._told = self._began = 0.0

    def load_starting(self, service: str, load: str, max_pairs: int) -> None:
        """The pairs of a load begin."""
        self._pairs = self._dropped = 0
        self._told = self._began = self._clock()
        self._most = max_pairs
        self._known = "nothing decided yet"
        self._lines.write(f"{service}/{load}: base and head in turn, at most {counted(max_pairs, 'pair')}")

    def pair(self, service: str, load: str, pair: Pair) -> None:
        """A pair is whole."""
        self._pairs += 1
        self._dropped += bool(pair.disturbed)
        now = self._clock()
        if now - self._told >= (_REDRAWN_S if self._lines.in_place else _EVERY_S):
            self._told = now
            dropped = f", {self._dropped} disturbed" if self._dropped else ""
            self._lines.over(
                f"{service}/{load}: pair {self._pairs} of {self._most}{dropped}; {self._known}; {self._left(now)}"
            )

    def _left(self, now: float) -> str:
        """About how long it still takes at most, should it go on as it did."""
        left_s = (now - self._began) / max(self._pairs, 1) * max(self._most - self._pairs, 0)
        return f"at most {lasting(left_s)} left"

    def looked(self, service: str, load: str, decisions: Decisions) -> None:  # noqa: ARG002
        """The pairs so far were looked at."""
        made = list(decisions.by_check.values())
        open_ = sum(decision == "undecided" for decision in made)
        worse = sum(decision == "worse" for decision in made)
        self._known = f"{len(made) - open_} of {counted(len(made), 'check')} decided"
        self._known += f", {worse} proven worse" if worse else ""

    def load_ended(self, service: str, load: str, why: str) -> None:
        """No more pairs of the load are driven."""
        self._lines.write(f"{service}/{load}: {counted(self._pairs, 'pair')}; {why.replace('_', ' ')}")

    def doing(self, text: str) -> None:
        """What is being done now."""
        self._lines.write(text)

    def message(self, text: str) -> None:
        """Something that a person must read, line by line, in quiet too."""
        for line in text.splitlines():
            self._lines.keep(line)

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._lines.close()
