"""Writes the journal's `second` entries, tells the parent how it goes, and ends a load whose condition holds."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict
from typing import TYPE_CHECKING

import gevent

from perfgate.drive.order import Order, Progress
from perfgate.measure.histogram import Histogram
from perfgate.measure.recording import END, SECOND, Cell, End, Second, second_to_body
from perfgate.plan.profile import RAMP

if TYPE_CHECKING:
    from collections.abc import Callable

    from locust.runners import LocalRunner

    from perfgate.drive.health import HealthMonitor
    from perfgate.drive.order import Event
    from perfgate.drive.recorder import Recorder
    from perfgate.drive.users import ArrivalQueue
    from perfgate.measure.journal import JournalWriter

STOP_WINDOW = 5  # seconds that a stop condition looks back over
STOP_REQUESTS = 20  # fewer requests than this in the window stop nothing


class Journalist:
    """One load's journal."""

    def __init__(  # noqa: PLR0913  (what a second is made of)
        self,
        journal: JournalWriter,
        recorder: Recorder,
        health: HealthMonitor,
        runner: LocalRunner,
        queue: ArrivalQueue | None,
        order: Order,
        send: Callable[[Event], None],
    ) -> None:
        self._journal = journal
        self._recorder = recorder
        self._health = health
        self._runner = runner
        self._queue = queue
        self._order = order
        self._send = send
        self._second = 0
        self._recent = StopCondition(order)

    def write_each_second(self, stop: Callable[[str, str], None]) -> None:
        """Write an entry at the end of each second, for ever; `stop` is called when the stop condition holds.

        Raises:
            StorageError: the journal cannot be written.
        """
        while True:
            gevent.sleep(max(self._second + 1 - self._recorder.now_s(), 0))
            cells = self.write()
            if why := self._recent.holds(cells, self._phase()):
                stop("stop_when", why)

    def write(self) -> list[Cell]:
        """Write what happened since the previous entry; returns the requests of it."""
        flushed = self._recorder.flush()
        arrivals, iterations, lags = self._queue.take_counts() if self._queue else (0, 0, None)
        waiting = self._queue.waiting if self._queue else 0
        users = self._runner.user_count
        entry = Second(
            second=self._second,
            users=users,
            cells=flushed.cells,
            failures=flushed.failures_by_kind,
            metrics=flushed.metrics,
            health=self._health.sample(),
            iterations=iterations,
            arrivals=arrivals,
            waiting=waiting,
            schedule_lag_ms=lags,
            slowest=flushed.slowest,
            stamped=flushed.stamped,
            retried=flushed.retried,
        )
        self._journal.append(SECOND, second_to_body(entry))
        self._send(
            Progress(self._second, self._phase(), users, flushed.requests, flushed.failures, flushed.p95_ms, waiting)
        )
        # A second that was missed because the loop was busy is part of this entry, not an entry of its own.
        self._second = max(self._second + 1, int(self._recorder.now_s()))
        return flushed.cells

    def write_rest(self, end: End) -> None:
        """Write what came after the last whole second, and the journal's last entry."""
        self.write()
        self._journal.append(END, asdict(end))

    def _phase(self) -> str:
        return self._recorder.phase_now()


class StopCondition:
    """`stop_when`: holds when the last seconds of the present phase, ramps excepted, pass a limit."""

    def __init__(self, order: Order) -> None:
        self._limits = order.stop_when
        self._phase = ""
        self._window: deque[list[Cell]] = deque(maxlen=STOP_WINDOW)

    def holds(self, cells: list[Cell], phase: str) -> str:
        """Why the load should end now, in words; empty when it should not."""
        if not self._limits or phase == RAMP:
            return ""
        if phase != self._phase:
            self._phase = phase
            self._window.clear()
        self._window.append([cell for cell in cells if cell.phase == phase])
        recent = [cell for second in self._window for cell in second]
        good = Histogram.merged(cell.response_ms for cell in recent if cell.outcome == "ok")
        failed = sum(cell.response_ms.count for cell in recent if cell.outcome == "failed")
        if good.count + failed < STOP_REQUESTS:
            return ""
        return self._past(failed / (good.count + failed), good.quantile(0.95))

    def _past(self, error_rate: float, p95_ms: float) -> str:
        limit = self._limits.get("error_rate")
        if limit is not None and error_rate > limit:
            return f"error rate {error_rate:.1%} passed stop_when {limit:.1%} in {self._phase}"
        limit = self._limits.get("p95_ms")
        if limit is not None and p95_ms > limit:
            return f"p95 {p95_ms:.0f} ms passed stop_when {limit:.0f} ms in {self._phase}"
        return ""
