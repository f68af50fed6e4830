"""The fold: the requests of a recording, taken in entry by entry, in memory that does not grow with its length.

What it keeps is: a tally for each phase and endpoint, two small figures for each second, and whatever is still open.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from perfgate.measure.pile import Pile
from perfgate.measure.series import SecondTimes
from perfgate.measure.slowest import Slowest
from perfgate.measure.tally import MetricTally, Tally
from perfgate.measure.window import STEADY, is_judged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.measure.column import Column
    from perfgate.measure.recording import Cell, Second
    from perfgate.measure.steps import LeftOut
    from perfgate.measure.window import Window

FIRST_FIFTH = (0.0, 0.2)  # shares of the steady phase's time
LAST_FIFTH = (0.8, 1.0)


class Fold:
    """All that is known of the requests of a recording.

    Args:
        windows: the phases that were driven.
        final: by second: the number of the last entry with requests of it; see `outline.Reach`.
        left_out: what a clock's steps spoil.

    Attributes:
        left_out: how many requests are in no figure but the counts of the series.
        series: what is known of each second.
        slowest: the slowest requests of each endpoint.
        metrics: custom metrics by phase.
        lags: how late arrivals were released, by phase.
        judged_lags: the same, in all judged seconds.
        odd: how often what the scenario told could not be used as it was, by code; see `odd`.
        untimed: successful requests of each endpoint whose response time is not known.
        fifths: response times of the steady phase's first and last fifth, by their shares.
    """

    def __init__(self, windows: Sequence[Window], final: Column[int], left_out: LeftOut) -> None:
        self._windows = windows
        self._by_name = {window.name: window for window in windows}
        self._steps = left_out
        self._tallies: dict[tuple[str, str], Tally] = {}
        self.left_out = 0
        self.series = SecondTimes(final)
        self.slowest = Slowest(windows)
        self.metrics: dict[str, MetricTally] = defaultdict(MetricTally)
        self.lags: dict[str, Pile] = defaultdict(Pile)
        self.judged_lags = Pile()
        self.odd: Counter[str] = Counter()
        self.untimed: Counter[str] = Counter()
        self.fifths = {FIRST_FIFTH: Pile(), LAST_FIFTH: Pile()}

    @property
    def requests(self) -> int:
        """How many there were, those that are left out included."""
        return sum(self.series.requests)

    def add(self, entry: Second) -> None:
        """Take the next entry."""
        self._add_lags(entry)
        self.odd.update(entry.odd)
        kept = self._steps.kept(entry)
        self.left_out += self.series.add(entry, kept)
        for cell in kept.cells:
            self._add_cell(cell)
        for failure in kept.failures:
            if failure.phase in self._by_name:
                self._tally(failure.phase, failure.endpoint).add_failures(failure)
        for metric in kept.metrics:
            self.metrics[metric.phase].add(metric)
        self.slowest.add(kept.slowest)

    def _add_lags(self, entry: Second) -> None:
        if entry.schedule_lag_ms is None:
            return
        for window in self._windows:
            if window.holds(entry.second + 0.5):
                self.lags[window.name].add(entry.schedule_lag_ms)
        if is_judged(self._windows, entry.second):
            self.judged_lags.add(entry.schedule_lag_ms)

    def _add_cell(self, cell: Cell) -> None:
        self._tally(cell.phase, cell.endpoint).add(cell)
        if cell.untimed and cell.outcome == "ok":
            self.untimed[cell.endpoint] += cell.untimed
        if cell.phase == STEADY and cell.outcome == "ok":
            share = self._by_name[STEADY].share_at(cell.second)
            for (low, high), times in self.fifths.items():
                if low <= share < high:
                    times.add(cell.response_ms)

    def _tally(self, phase: str, endpoint: str) -> Tally:
        tally = self._tallies.get((phase, endpoint))
        if tally is None:
            tally = self._tallies[phase, endpoint] = Tally(self._by_name[phase])
        return tally

    def tallies(self, phase: str) -> dict[str, Tally]:
        """The tally of each endpoint that had requests in the phase, by name in order."""
        return {
            endpoint: tally
            for (of, endpoint), tally in sorted(self._tallies.items(), key=lambda item: item[0])
            if of == phase and tally.cells
        }
