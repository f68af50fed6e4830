"""The series: what is seen of every second of a load, for charts."""

from __future__ import annotations

from math import ceil, isnan
from typing import TYPE_CHECKING

from perfgate.measure.column import Column
from perfgate.measure.histogram import Histogram
from perfgate.measure.percentile import percentiles
from perfgate.measure.pile import Pile
from perfgate.measure.summary import Series
from perfgate.measure.window import DRAIN, window_at

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perfgate.measure.outline import Outline
    from perfgate.measure.recording import Cell, Second, ServiceSample
    from perfgate.measure.window import Window


_SHOWN = ("p50", "p95", "p99")
_UNKNOWN = float("nan")


class SecondTimes:
    """Counts and response times of each second, in the memory of the seconds whose requests are still coming.

    Args:
        final: by second: the number of the last entry with requests of it; see `outline.Reach`.
    """

    def __init__(self, final: Column[int]) -> None:
        self._final = final
        self._number = 0
        self._open: dict[int, Pile] = {}
        self._percentiles = {name: Column("d", _UNKNOWN) for name in _SHOWN}
        self._most = Column("d", _UNKNOWN)
        self.requests = Column("q", 0)
        self.failed = Column("q", 0)

    def add(self, entry: Second, kept: Second) -> int:
        """Take the next entry, counts from all of it, times from what is kept; how many requests are not kept."""
        whole = 0
        for cell in entry.cells:
            count = cell.requests
            whole += count
            self.requests[cell.second] += count
            self.failed[cell.second] += count if cell.outcome == "failed" else 0
        for second, histogram in _good_by_second(kept.cells).items():
            self._open.setdefault(second, Pile()).add(histogram)
        for second in {cell.second for cell in entry.cells}:
            if self._final[second] <= self._number:
                self._close(second)
        self._number += 1
        return 0 if kept is entry else whole - sum(cell.requests for cell in kept.cells)

    def _close(self, second: int) -> None:
        """No more requests of this second will come."""
        pile = self._open.pop(second, None)
        if pile and (times := pile.histogram).bins.size:
            self._most[second] = times.maximum
            for name, value in zip(_SHOWN, percentiles(times, _SHOWN), strict=True):
                self._percentiles[name][second] = _UNKNOWN if value is None else value

    def percentile(self, name: str, seconds: range) -> list[float | None]:
        """p50, p95 or p99 of each second, in ms; None where too few requests carry it."""
        return _known(self._percentiles[name], seconds)

    def most(self, seconds: range) -> list[float | None]:
        """The longest of each second, in ms."""
        return _known(self._most, seconds)


def _known(column: Column[float], seconds: range) -> list[float | None]:
    return [None if isnan(value := column[second]) else value for second in seconds]


def _good_by_second(cells: Sequence[Cell]) -> dict[int, Histogram]:
    groups: dict[int, list[Histogram]] = {}
    for cell in cells:
        if cell.outcome == "ok":
            groups.setdefault(cell.second, []).append(cell.response_ms)
    return {second: Histogram.merged(group) for second, group in groups.items()}


def series_of(
    outline: Outline, service: Sequence[ServiceSample], times: SecondTimes, windows: Sequence[Window]
) -> Series:
    """Counts of the whole recording; response times of what is kept of it."""
    ticks = {tick.second: tick for tick in outline.ticks}
    samples = {int(sample.at_s): sample for sample in service if sample.at_s >= 0}
    length = max(ceil(outline.driven_s), len(times.requests), max(ticks, default=-1) + 1)
    seconds = range(length)
    return Series(
        second=list(seconds),
        phase=[_phase_name(windows, second) for second in seconds],
        users=[ticks[second].users if second in ticks else None for second in seconds],
        arrivals=[ticks[second].arrivals if second in ticks else 0 for second in seconds],
        requests=[times.requests[second] for second in seconds],
        failures=[times.failed[second] for second in seconds],
        p50_ms=times.percentile("p50", seconds),
        p95_ms=times.percentile("p95", seconds),
        p99_ms=times.percentile("p99", seconds),
        max_ms=times.most(seconds),
        cpu=_column(samples, seconds, lambda sample: sample.cpu),
        memory_bytes=_column(samples, seconds, lambda sample: float(sample.memory_bytes)),
    )


def _column(
    samples: dict[int, ServiceSample], seconds: range, read: Callable[[ServiceSample], float]
) -> list[float | None]:
    return [read(samples[second]) if second in samples else None for second in seconds]


def _phase_name(windows: Sequence[Window], second: int) -> str:
    window = window_at(windows, second + 0.5)
    return window.name if window else DRAIN
