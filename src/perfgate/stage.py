"""One stage of the work: one load driven at one service, or, when services run together, at several at once."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Protocol

from perfgate import errors
from perfgate.drive.order import INTERRUPTED, Done, Event, Note, Order, Progress, Ready, Refused
from perfgate.errors import EngineError, PerfgateError, ServiceError, StoppedError, last_words
from perfgate.target.readiness import address_of
from perfgate.target.resources import ResourceSampler

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from perfgate.drive.fleet import Engines, Fleet
    from perfgate.measure.recording import ServiceSample
    from perfgate.plan.plan import Load, Plan, Service
    from perfgate.target.service import RunningService

POLL_S = 0.2
_STOP_GRACE_S = 5.0


class Watcher(Protocol):
    """Who is told how the work goes, for people to see; nothing depends on it."""

    def service_starting(self, name: str) -> None:
        """A service is being started, or waited for."""

    def service_ready(self, name: str, startup_s: float | None) -> None:
        """It is ready; None when perfgate did not start it."""

    def load_starting(self, service: Service, load: Load) -> None:
        """The load's first second begins."""

    def second(self, service: str, load: str, progress: Progress, sample: ServiceSample | None) -> None:
        """A second has passed."""

    def load_ended(self, service: str, load: str, detail: str) -> None:
        """The load has ended; `detail` says why when it was not by itself."""

    def doing(self, text: str) -> None:
        """What is being done now: progress, which a quiet view leaves out."""

    def message(self, text: str) -> None:
        """Something that a person must read, in a quiet view too: what went wrong, and what it means for the result."""


class Unwatched:
    """A watcher that nobody looks at."""

    def service_starting(self, name: str) -> None:
        """Nothing."""

    def service_ready(self, name: str, startup_s: float | None) -> None:
        """Nothing."""

    def load_starting(self, service: Service, load: Load) -> None:
        """Nothing."""

    def second(self, service: str, load: str, progress: Progress, sample: ServiceSample | None) -> None:
        """Nothing."""

    def load_ended(self, service: str, load: str, detail: str) -> None:
        """Nothing."""

    def doing(self, text: str) -> None:
        """Nothing."""

    def message(self, text: str) -> None:
        """Nothing: what went wrong stands in the result."""


@dataclass(frozen=True)
class Seat:
    """One load at one service.

    Attributes:
        running: the service, ready.
        folder: where the run's journals go; it exists.
        other_sides: base URLs of the service's other side, in a comparison.
    """

    service: Service
    load: Load
    running: RunningService
    folder: Path
    other_sides: tuple[str, ...] = ()


def order_of(seat: Seat, plan: Plan, *, more: bool = False) -> Order:
    """What the engines are told for a seat; `more`: another load follows."""
    load = seat.load
    stop_when = load.stop_when
    limits = {} if stop_when is None else {k: v for k, v in asdict(stop_when).items() if v is not None}
    metrics = [m for m in seat.service.metrics.values() if m.header or m.json_field]
    return Order(
        scenario=str(seat.service.scenario),
        host=seat.running.url,
        folder=str(seat.folder),
        model=load.model,
        profile=load.profile,
        seed=plan.seed,
        allowed_hosts=list(plan.gate.allowed_hosts),
        user_classes=list(seat.service.user_classes),
        tags=list(seat.service.tags),
        exclude_tags=list(seat.service.exclude_tags),
        metrics=[{k: v for k, v in asdict(m).items() if k != "better"} for m in metrics],
        budgeted=sorted({*seat.service.budget.endpoints, *(name for name, _ in seat.service.budget.endpoint_loads)}),
        stop_when=limits,
        stop_timeout_s=load.stop_timeout_s,
        max_users=load.max_users,
        arrivals=load.arrivals,
        max_duration_s=load.max_duration_s,
        more=more,
        own_hosts=seat.service.own_hosts,
        other_sides=list(seat.other_sides),
    )


class Lane:
    """A seat at work: its engines, and the sampler of its service.

    Attributes:
        error: what went wrong, when something did.
        driven: the load began.
        hosts: of User classes that have hosts of their own, as `Ready` tells it.
        ended: nothing more will come.
    """

    def __init__(self, seat: Seat, fleet: Fleet, watcher: Watcher) -> None:
        self.seat = seat
        self.error: PerfgateError | None = None
        self.driven = False
        self.hosts: list[dict[str, str]] = []
        self.ended = False
        self._fleet = fleet
        self._watcher = watcher
        self._sampler: ResourceSampler | None = None

    def begin(self, order: Order) -> None:
        """Send the engines to work."""
        self._fleet.send(order)

    def advance(self, timeout_s: float) -> None:
        """Take what the engines say, waiting at most `timeout_s`."""
        try:
            for event in self._fleet.events(timeout_s):
                self._take(event)
        except EngineError as error:
            self._end(error)
        self._check_service()

    def stop(self, detail: str = INTERRUPTED) -> None:
        """Ask the engines to end the load; `advance` goes on until they have."""
        self._fleet.stop("stopped", detail)

    def _take(self, event: Event) -> None:
        names = self.seat.service.name, self.seat.load.name
        if isinstance(event, Ready):
            self.hosts = event.hosts
            self._begin_load()
        elif isinstance(event, Progress):
            self._watcher.second(*names, event, self._sampler.latest if self._sampler else None)
        elif isinstance(event, Note):
            self._watcher.doing(event.text)
        elif isinstance(event, Done):
            self._watcher.load_ended(*names, event.detail)
            self._end(None)
        elif isinstance(event, Refused):
            self._end(error_of(event))

    def _begin_load(self) -> None:
        self.driven = True
        if self.seat.running.pid is not None:
            running = self.seat.running
            self._sampler = ResourceSampler(
                self.seat.running.pid, self.seat.folder, running.poll, running.reaper, address_of(running.url)
            )
            self._sampler.start(time.monotonic())
        self._watcher.load_starting(self.seat.service, self.seat.load)

    def _check_service(self) -> None:
        if self.ended or self.error or self.seat.running.poll() is None:
            return
        name, output = self.seat.service.name, self.seat.running.last_output()
        self.error = ServiceError(
            f"service {name} ended by itself during {self.seat.load.name}, with code {self.seat.running.poll()}; "
            f"{last_words(output)}",
            place=str(self.seat.running.log),
            slug="service-died",
            output=output,
        )
        self.stop("the service ended by itself")

    def _end(self, error: PerfgateError | None) -> None:
        self.error = self.error or error
        self.ended = True

    def close(self) -> None:
        """Let engines and sampler go."""
        self._fleet.close()
        if self._sampler:
            self._sampler.stop()
            self.error = self.error or self._sampler.error

    def __enter__(self) -> Lane:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def error_of(refused: Refused) -> PerfgateError:
    """The engine's error, as the class that it was there."""
    kind = getattr(errors, refused.kind, EngineError)
    error: PerfgateError = kind(refused.message, place=refused.place, hint=refused.hint, slug=refused.slug)
    return error


def drive_stage(seats: list[Seat], plan: Plan, watcher: Watcher, engines: Engines, *, more: bool = False) -> list[Lane]:
    """Drive all seats at once until each has ended; returns their lanes, closed.

    Args:
        seats: what to drive.
        plan: what they belong to.
        watcher: is told how it goes.
        engines: drive it.
        more: another stage follows, so workers on other machines should stay.

    A `StoppedError` (Ctrl-C, SIGTERM) that is raised meanwhile ends the loads gracefully and is raised again.
    """
    with ExitStack() as stack:
        lanes = [stack.enter_context(Lane(seat, engines.take(), watcher)) for seat in seats]
        for lane in lanes:
            lane.begin(order_of(lane.seat, plan, more=more))
        try:
            _advance(lanes, deadline=None)
        except StoppedError:
            watcher.message("stopping: requests in flight are let finish, then what was measured is judged")
            for lane in lanes:
                lane.stop()
            _advance(lanes, time.monotonic() + max(seat.load.stop_timeout_s for seat in seats) + _STOP_GRACE_S)
            raise
    return lanes


def _advance(lanes: list[Lane], deadline: float | None) -> None:
    while busy := [lane for lane in lanes if not lane.ended]:
        if deadline is not None and time.monotonic() > deadline:
            return
        for lane in busy:
            lane.advance(POLL_S / len(busy))
