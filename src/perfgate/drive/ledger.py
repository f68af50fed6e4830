"""Merges what workers report into one journal, second by second."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from importlib.metadata import version
from typing import TYPE_CHECKING

from perfgate.drive.condition import to_text
from perfgate.drive.order import Order, Progress
from perfgate.drive.together import Together
from perfgate.measure.histogram import Histogram
from perfgate.measure.merge import merge_ends, merge_seconds
from perfgate.measure.recording import BEGIN, END, SECOND, Begin, End, Second, second_to_body

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfgate.drive.order import Event
    from perfgate.measure.journal import JournalWriter

_PHASE_END = 1e-6  # a second's phase is the one at its very end


class Ledger:
    """Writes the one journal, and tells the parent how it goes.

    Args:
        order: the load.
        journal: where to.
        send: where events go.
    """

    def __init__(self, order: Order, journal: JournalWriter, send: Callable[[Event], None]) -> None:
        self._order = order
        self._journal = journal
        self._send = send
        self._seconds: Together[Second] = Together([])

    def begin(self, user_classes: list[str], ids: list[str]) -> None:
        """The load begins now, on this machine's clock."""
        self._seconds = Together(ids)
        entry = Begin(time.time(), user_classes, self._order.model, version("locust"), workers=len(ids))
        self._journal.append(BEGIN, asdict(entry))

    def add(self, worker: str, second: Second) -> None:
        """A worker's second."""
        self._write(self._seconds.add(worker, second.second, second))

    def leave(self, worker: str) -> None:
        """A worker has no more to say."""
        self._write(self._seconds.leave(worker))

    def _write(self, whole: list[list[Second]]) -> None:
        for parts in whole:
            second = merge_seconds(parts, parts[0].second)
            self._journal.append(SECOND, second_to_body(second))
            self._send(self._progress(second))

    def finish(self, ends: list[End], lost: str) -> End:
        """The last entry: a worker that was lost makes the whole an error."""
        end = merge_ends(ends) if ends else End("error", "", 0.0)
        if lost:
            end = replace(end, reason="error", detail=lost)
        self._journal.append(END, asdict(end))
        return end

    def _progress(self, second: Second) -> Progress:
        profile = self._order.profile
        phase = profile.phase_at(second.second + 1 - _PHASE_END) if profile else "steady"
        good = Histogram.merged(cell.response_ms for cell in second.cells if cell.outcome == "ok")
        failed = [cell for cell in second.cells if cell.outcome == "failed"]
        failures = sum(cell.requests for cell in failed)
        progress = Progress(
            second.second,
            phase,
            second.users,
            good.count + failures,
            failures,
            good.quantile(0.95) if good.count else None,
            second.waiting,
        )
        if not self._order.stop_when:
            return progress
        own = Histogram.merged(c.response_ms for c in second.cells if (c.outcome, c.phase) == ("ok", phase))
        bad = sum(cell.requests for cell in failed if cell.phase == phase)
        return replace(progress, good=to_text(own), bad=bad)
