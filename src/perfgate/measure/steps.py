"""Steps of the realtime clock: seconds in which durations cannot be trusted, taken out of a recording.

A request's times are read off the realtime clock, as the kernel's are. When that clock steps, each request that was
under way has a wrong duration. The moment of the step is known to the second, so what is left out is: all that was
intended in the second of the step or in the one before it, which most of those under way began in, and whatever began
earlier and ended after the step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.measure.journals import Recording
    from perfgate.measure.recording import Second


@dataclass(frozen=True)
class LeftOut:
    """What a clock's steps spoil.

    Attributes:
        steps: the entries in which the clock stepped, in order.
        seconds: the seconds of the load that are left out whole.
        requests: how many requests are left out.
    """

    steps: tuple[Second, ...] = ()
    seconds: frozenset[int] = frozenset()
    requests: int = 0


def without_steps(recording: Recording, limit_ms: float) -> tuple[Recording, LeftOut]:
    """The recording without the seconds in which the clock stepped further than `limit_ms`, and what those were.

    Users, arrivals and the generator's own figures stay: they are counts, or of the monotonic clock.
    """
    steps = tuple(second for second in recording.seconds if abs(second.health.clock_step_ms) > limit_ms)
    if not steps:
        return recording, LeftOut()
    numbers = [second.second for second in recording.seconds]
    spans = [_span_of(step.second, numbers) for step in steps]
    seconds = frozenset(second for first, end in spans for second in range(first, end))
    kept = [_cleaned(entry, spans, seconds) for entry in recording.seconds]
    requests = _requests(recording.seconds) - _requests(kept)
    return replace(recording, seconds=kept), LeftOut(steps, seconds, requests)


def _span_of(step: int, numbers: Sequence[int]) -> tuple[int, int]:
    """The seconds [first, end) that are left out; an entry also covers seconds that had none of their own after it."""
    end = min((number for number in numbers if number > step), default=step + 1)
    return max(step - 1, 0), end


def _cleaned(entry: Second, spans: Sequence[tuple[int, int]], seconds: frozenset[int]) -> Second:
    def is_kept(second: int) -> bool:
        return second not in seconds and not _crosses(second, entry.second, spans)

    return replace(
        entry,
        cells=[cell for cell in entry.cells if is_kept(cell.second)],
        failures=[failure for failure in entry.failures if is_kept(failure.second)],
        metrics=[cell for cell in entry.metrics if is_kept(cell.second)],
        slowest=[slow for slow in entry.slowest if is_kept(int(slow.at_s))],
    )


def _crosses(began: int, ended: int, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether it began before a span and was written down after it had begun: it was under way at the step."""
    return any(began < first < ended for first, _ in spans)


def _requests(entries: Iterable[Second]) -> int:
    return sum(cell.response_ms.count for entry in entries for cell in entry.cells)
