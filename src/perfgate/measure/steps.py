"""Steps of the realtime clock: seconds in which durations cannot be trusted, taken out of a recording.

A request's times are read off the realtime clock, as the kernel's are. When that clock steps, each request that was
under way has a wrong duration. The moment of the step is known to the second, so what is left out is: all that was
intended in the second of the step or in the one before it, which most of those under way began in, and whatever began
earlier and ended after the step.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.measure.recording import Second, Tick


@dataclass(frozen=True)
class LeftOut:
    """What a clock's steps spoil.

    Attributes:
        steps: the ticks in which the clock stepped, in order.
        seconds: the seconds of the load that are left out whole.
        first: the first second of each stretch of them, in order.
    """

    steps: tuple[Tick, ...] = ()
    seconds: frozenset[int] = frozenset()
    first: tuple[int, ...] = ()

    def kept(self, entry: Second) -> Second:
        """The entry without what is left out, or itself where nothing is.

        Users, arrivals and the generator's own figures stay: they are counts, or of the monotonic clock.
        """
        if not self.steps:
            return entry

        def is_kept(second: int) -> bool:
            return second not in self.seconds and not self._crosses(second, entry.second)

        return replace(
            entry,
            cells=[cell for cell in entry.cells if is_kept(cell.second)],
            failures=[failure for failure in entry.failures if is_kept(failure.second)],
            metrics=[cell for cell in entry.metrics if is_kept(cell.second)],
            slowest=[slow for slow in entry.slowest if is_kept(int(slow.at_s))],
        )

    def _crosses(self, began: int, ended: int) -> bool:
        """Whether it began before a stretch and was written down after it had begun: it was under way at the step."""
        after = bisect_right(self.first, began)
        return after < len(self.first) and self.first[after] < ended


def left_out_of(ticks: Sequence[Tick], limit_ms: float) -> LeftOut:
    """What is left out because the clock stepped further than `limit_ms`.

    Args:
        ticks: of the whole load, in order.
        limit_ms: how far the realtime clock may move against the monotonic one in a second.
    """
    steps = tuple(tick for tick in ticks if abs(tick.health.clock_step_ms) > limit_ms)
    numbers = [tick.second for tick in ticks]
    spans = [_span_of(step.second, numbers) for step in steps]
    seconds = frozenset(second for first, end in spans for second in range(first, end))
    return LeftOut(steps, seconds, tuple(first for first, _ in spans))


def _span_of(step: int, numbers: Sequence[int]) -> tuple[int, int]:
    """The seconds [first, end) that are left out; an entry also covers seconds that had none of their own after it."""
    after = bisect_right(numbers, step)
    end = numbers[after] if after < len(numbers) else step + 1
    return max(step - 1, 0), end
