"""The parent's end of all engines that share one load: starts them together, and hears them as one."""

from __future__ import annotations

import selectors
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from perfgate.drive.condition import StopCondition
from perfgate.drive.driver import Driver
from perfgate.drive.order import INTERRUPTED, Done, Event, Order, Progress, Ready, Refused, Workers
from perfgate.drive.share import Share
from perfgate.drive.together import Together
from perfgate.errors import EngineError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from perfgate.plan.plan import Load, Plan

LEAD_S = 0.05  # how far ahead the common start of several engines lies, so that the order to go reaches each in time
_SPREADING = frozenset({"refused", "error"})  # one engine that ends so ends the others


class Fleet:
    """The engines of one load; to its caller it is one engine.

    Args:
        drivers: started engines.
        workers: the machines that drive, in which case the only engine is their master.
    """

    def __init__(self, drivers: list[Driver], workers: Workers | None = None) -> None:
        self._drivers = drivers
        self._workers = workers
        self._selector = selectors.DefaultSelector()
        for driver in drivers:
            self._selector.register(driver, selectors.EVENT_READ, driver)
        self._ready: list[Ready] = []
        self._done: list[Done] = []
        self._error: EngineError | None = None
        self._refused: Refused | None = None
        self._begun = False
        self._stopped = False
        self._ended = False
        self._seconds: Together[Progress] = Together(range(len(drivers)))
        self._condition = StopCondition({})

    def send(self, order: Order) -> None:
        """Give every engine its share of the order."""
        self._condition = StopCondition(order.stop_when)
        count = len(self._drivers)
        for index, driver in enumerate(self._drivers):
            if count > 1:
                driver.name = f"engine {index + 1} of {count} (process {driver.pid})"
            driver.send(replace(order, share=Share(index, count), workers=self._workers))

    def stop(self, reason: str = "stopped", detail: str = INTERRUPTED) -> None:
        """Ask every engine to end the load now, gracefully; `Done` follows."""
        self._stopped = True
        for driver in self._drivers:
            if not driver.ended:
                driver.stop(reason, detail)

    def events(self, timeout_s: float) -> Iterator[Event]:
        """What the engines say as one, waiting at most `timeout_s` for the first of them.

        Raises:
            EngineError: an engine was lost. It is raised when the others have ended, so that what they drove is kept.
        """
        self._selector.select(timeout_s)
        for index, driver in enumerate(self._drivers):
            if not driver.ended:
                yield from self._hear(index, driver)
        if not self._ended and all(driver.ended for driver in self._drivers):
            self._ended = True
            yield self._end()

    def _hear(self, index: int, driver: Driver) -> Iterator[Event]:
        try:
            for event in driver.events(0):
                yield from self._take(index, event)
        except EngineError as error:
            driver.ended = True
            self._error = self._error or error
            self._end_others(str(error))
        if driver.ended:
            yield from map(self._second, self._seconds.leave(index))
            self._selector.unregister(driver)  # its end of file must not wake us again and again

    def _take(self, index: int, event: Event) -> Iterator[Event]:
        if isinstance(event, Ready):
            self._ready.append(event)
            if len(self._ready) == len(self._drivers):
                yield self._go()
        elif isinstance(event, Progress):
            yield from map(self._second, self._seconds.add(index, event.second, event))
        elif isinstance(event, Done):
            self._done.append(event)
            if event.reason in _SPREADING:
                self._end_others(event.detail)
        elif isinstance(event, Refused):
            self._refused = self._refused or event
            self._end_others(event.message)
        else:
            yield event

    def _go(self) -> Ready:
        """All have loaded the scenario: they begin at the same moment, so that their seconds are the same."""
        self._begun = True
        at_s = time.monotonic() + (LEAD_S if len(self._drivers) > 1 else 0.0)
        for driver in self._drivers:
            driver.go(at_s)
        return self._ready[0]

    def _second(self, parts: list[Progress]) -> Progress:
        why = self._condition.holds(parts)
        if why and not self._stopped:
            self.stop("stop_when", why)
        return merged(parts)

    def _end_others(self, detail: str) -> None:
        """Part of the load is lost: the rest of it proves nothing more."""
        if not self._begun:
            for driver in self._drivers:
                driver.ended = True  # nothing was driven, so nothing has to be kept
        elif not self._stopped:
            self.stop("stopped", detail)

    def _end(self) -> Event:
        if self._error:
            raise self._error
        if self._refused:
            return self._refused
        worst = min(self._done, key=lambda done: done.reason not in _SPREADING)
        return replace(worst, cut_off=sum(done.cut_off for done in self._done))

    def close(self) -> None:
        """Let all engines go."""
        for driver in self._drivers:
            driver.close()
        self._selector.close()

    def __enter__(self) -> Fleet:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def merged(parts: list[Progress]) -> Progress:
    """What several engines said of one second, as one: sums, and the highest p95."""
    if len(parts) == 1:
        return parts[0]
    return replace(
        parts[0],
        users=sum(part.users for part in parts),
        requests=sum(part.requests for part in parts),
        failures=sum(part.failures for part in parts),
        waiting=sum(part.waiting for part in parts),
        p95_ms=max((part.p95_ms for part in parts if part.p95_ms is not None), default=None),
    )


class Engines:
    """Makes the fleet of each load, and keeps one started ahead, so that importing Locust overlaps with other work.

    Args:
        processes: how many engines share each load on this machine.
        workers: drive with workers on other machines instead.
        ahead: start the first fleet at once.
    """

    def __init__(self, processes: int = 1, workers: Workers | None = None, *, ahead: bool = False) -> None:
        self._processes = processes
        self._workers = workers
        self._spare = self._start() if ahead else None

    def _start(self) -> Fleet:
        return Fleet([Driver() for _ in range(self._processes)], self._workers)

    def take(self) -> Fleet:
        """The fleet that was started ahead, or else a new one."""
        fleet, self._spare = self._spare, None
        return fleet or self._start()

    def check(self, plan: Plan) -> None:
        """Refuse, before anything is driven, what cannot be shared.

        Raises:
            UsageError: says which load, and why.
        """
        count = self._workers.count if self._workers else self._processes
        if self._workers and plan.gate.together and len(plan.services) > 1:
            raise UsageError(
                "services that are driven together (together = true) cannot be driven by workers",
                hint="use --processes, or choose one service with --service",
            )
        for load in plan.loads.values():
            _check_load(load, count, by_workers=self._workers is not None)

    def __enter__(self) -> Engines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._spare:
            self._spare.close()


def _check_load(load: Load, count: int, *, by_workers: bool) -> None:
    if load.profile is None and (count > 1 or by_workers):
        raise UsageError(
            f'load {load.name} says shape = "scenario": only the scenario\'s own code knows how many users there are, '
            "so it cannot be shared",
            hint="drive it in one process, or describe the load in the budgets file",
        )
    if load.model == "open" and load.max_users < count:
        raise UsageError(
            f"load {load.name} has max_users = {load.max_users}: fewer than the {count} engines that share it",
            hint="each engine needs at least one user: raise max_users, or use fewer",
        )
