"""Writes the journal's `second` entries, and tells the parent how it goes."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Protocol

import gevent

from perfgate.drive.condition import to_text
from perfgate.drive.order import Order, Progress
from perfgate.measure.histogram import Histogram
from perfgate.measure.recording import END, SECOND, Cell, End, Second, second_to_body

if TYPE_CHECKING:
    from collections.abc import Callable

    from locust.runners import Runner

    from perfgate.drive.health import HealthMonitor
    from perfgate.drive.order import Event
    from perfgate.drive.recorder import Flushed, Recorder
    from perfgate.drive.users import ArrivalQueue


class Entries(Protocol):
    """Where entries go: a journal, or a master on another machine."""

    def append(self, kind: str, body: dict[str, Any]) -> None:
        """Take one entry.

        Raises:
            StorageError: it cannot be written.
        """


class Journalist:
    """One load's journal.

    Attributes:
        failures: failed requests in what was written.
        classes_at_work: user classes that had a user as a second ended.
    """

    def __init__(  # noqa: PLR0913  (what a second is made of)
        self,
        journal: Entries,
        recorder: Recorder,
        health: HealthMonitor,
        runner: Runner,
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
        self.failures = 0
        self.classes_at_work: set[str] = set()

    def write_each_second(self) -> None:
        """Write an entry at the end of each second, for ever.

        Raises:
            StorageError: the journal cannot be written.
        """
        while True:
            gevent.sleep(max(self._second + 1 - self._recorder.now_s(), 0))
            self.write()

    def write(self) -> None:
        """Write what happened since the previous entry."""
        flushed = self._recorder.flush()
        self.failures += flushed.failures
        arrivals, iterations, lags = self._queue.take_counts() if self._queue else (0, 0, None)
        waiting = self._queue.waiting if self._queue else 0
        users = self._runner.user_count
        self._look_for_classes()
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
            unsolicited=flushed.unsolicited,
            odd=flushed.odd,
        )
        self._journal.append(SECOND, second_to_body(entry))
        self._send(self._progress(flushed, users, waiting))
        # A second that was missed because the loop was busy is part of this entry, not an entry of its own.
        self._second = max(self._second + 1, int(self._recorder.now_s()))

    def _look_for_classes(self) -> None:
        """Until all have been seen: it looks at every user."""
        if len(self.classes_at_work) < len(self._runner.user_classes):
            self.classes_at_work |= {name for name, count in self._runner.user_classes_count.items() if count}

    def _progress(self, flushed: Flushed, users: int, waiting: int) -> Progress:
        phase = self._recorder.phase_now()
        good, bad = _outcomes(flushed.cells, phase) if self._order.stop_when else ("", 0)
        return Progress(
            self._second, phase, users, flushed.requests, flushed.failures, flushed.p95_ms, waiting, good, bad
        )

    def write_rest(self, end: End) -> None:
        """Write what came after the last whole second, and the journal's last entry."""
        self.write()
        self._journal.append(END, asdict(end))


def _outcomes(cells: list[Cell], phase: str) -> tuple[str, int]:
    """What a stop condition asks: response times of the phase's successful requests, and how many failed."""
    own = [cell for cell in cells if cell.phase == phase]
    good = Histogram.merged(cell.response_ms for cell in own if cell.outcome == "ok")
    return to_text(good), sum(cell.requests for cell in own if cell.outcome == "failed")
