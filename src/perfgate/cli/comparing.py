"""The live view of a comparison: one line that is written over on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from perfgate.judge.words import counted
from perfgate.report.tables import printable

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
        self._stream = stream
        self._quiet = quiet
        self._in_place = stream.isatty() and os.environ.get("TERM", "") not in ("dumb", "unknown")
        self._pairs = self._dropped = self._most = 0
        self._known = "nothing decided yet"
        self._open = False
        self._clock = clock
        self._told = 0.0

    def load_starting(self, service: str, load: str, max_pairs: int) -> None:
        """The pairs of a load begin."""
        self._pairs = self._dropped = 0
        self._told = self._clock()
        self._most = max_pairs
        self._known = "nothing decided yet"
        self._line(f"{service}/{load}: base and head in turn, at most {counted(max_pairs, 'pair')}")

    def pair(self, service: str, load: str, pair: Pair) -> None:
        """A pair is whole."""
        self._pairs += 1
        self._dropped += bool(pair.disturbed)
        now = self._clock()
        if now - self._told >= (_REDRAWN_S if self._in_place else _EVERY_S):
            self._told = now
            dropped = f", {self._dropped} disturbed" if self._dropped else ""
            self._over(f"{service}/{load}: pair {self._pairs} of {self._most}{dropped}; {self._known}")

    def looked(self, service: str, load: str, decisions: Decisions) -> None:  # noqa: ARG002
        """The pairs so far were looked at."""
        made = list(decisions.by_check.values())
        open_ = sum(decision == "undecided" for decision in made)
        worse = sum(decision == "worse" for decision in made)
        self._known = f"{len(made) - open_} of {counted(len(made), 'check')} decided"
        self._known += f", {worse} proven worse" if worse else ""

    def load_ended(self, service: str, load: str, why: str) -> None:
        """No more pairs of the load are driven."""
        self._line(f"{service}/{load}: {counted(self._pairs, 'pair')}; {why.replace('_', ' ')}")

    def message(self, text: str) -> None:
        """Something that a person should read."""
        self._line(text)

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._open:
            self._stream.write("\n")
            self._open = False

    def _over(self, text: str) -> None:
        if self._quiet:
            return
        if not self._in_place:
            self._line(text)
            return
        width = os.get_terminal_size(self._stream.fileno()).columns if self._stream.isatty() else 80
        self._stream.write(f"\r\x1b[2K{printable(text, longest=max(width - 1, 20))}")
        self._stream.flush()
        self._open = True

    def _line(self, text: str) -> None:
        if self._quiet:
            return
        start = "\r\x1b[2K" if self._open else ""
        self._stream.write(f"{start}{printable(text, longest=1000)}\n")
        self._stream.flush()
        self._open = False
