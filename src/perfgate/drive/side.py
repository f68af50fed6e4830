"""One side of a comparison: its own Locust environment, users and recorder, in the engine that drives both."""

from __future__ import annotations

import logging
import traceback
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

import locust
from locust import log
from locust.event import EventHook, Events
from locust.runners import STATE_RUNNING

from perfgate.drive.faults import LONGEST
from perfgate.drive.gate import Gate
from perfgate.drive.hosts import hold_hosts, settle_hosts
from perfgate.drive.listening import hear_first
from perfgate.drive.recorder import Recorder
from perfgate.drive.scenario import Scenario, create_environment
from perfgate.drive.statistics import LateStatistics
from perfgate.drive.users import ArrivalQueue, Pool, UserCount, locally
from perfgate.drive.values import sentence_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from locust.runners import LocalRunner

    from perfgate.drive.block_order import BlocksOrder
    from perfgate.drive.share import Share
    from perfgate.measure.blocks import SideName

_OWN_HOOKS = frozenset({"request", "spawning_complete"})


class Side:
    """What drives one of the two services.

    Args:
        name: which one.
        order: the load.
        scenario: what is driven; each side has classes of its own, derived from its, as Locust sets `host` on classes.
        create_runner: makes Locust's runner of an environment.

    Attributes:
        gate: open while this side is driven.
        busy: users in the middle of an iteration.
        hosts: of classes that have hosts of their own.
        bases: classes that are not driven.
        settled: how many users have come to their first task.
        refusal: the first failure before that, such as that of a login.
        queue: the arrivals that wait (open model), else None.
        seed: of the present pair.
    """

    def __init__(
        self,
        name: SideName,
        order: BlocksOrder,
        scenario: Scenario,
        create_runner: Callable[..., LocalRunner],
    ) -> None:
        self.name = name
        self.gate = Gate()
        self.busy: set[Any] = set()
        self.settled = 0
        self.refusal = ""
        self.seed = order.seed
        self.queue = ArrivalQueue(order.seed) if order.model == "open" else None
        self.recorder = Recorder(order.profile, self.queue.delays_s if self.queue else None, budgeted=order.budgeted)
        if self.queue:
            self.queue.now_s = self.recorder.now_s
        numbers = count()
        here = replace(order, host=order.hosts[name], other_sides=list(order.hosts.values()))
        self.hosts = settle_hosts(here, scenario.user_classes)
        self.bases = scenario.bases
        classes = [_own(cls, self, numbers) for cls in scenario.user_classes]
        own = replace(scenario, user_classes=classes)
        self.environment = create_environment(here, own)
        self.environment.events = own_events()
        self.runner = create_runner(self.environment)
        hold_hosts(self.runner, self.hosts)
        self.requests: EventHook = self.environment.events.request
        hear_first(self.requests, self.recorder)
        self.requests.add_listener(self._hear_refusal)
        self.statistics = LateStatistics(self.environment, self.recorder)
        self.users: UserCount = locally(self.runner)

    def _hear_refusal(self, request_type: Any = "", name: Any = "", exception: Any = None, **_: Any) -> None:
        if exception and not self.settled and not self.refusal:
            why = (
                sentence_of(exception, LONGEST) if isinstance(exception, BaseException) else text_of(exception, LONGEST)
            )
            self.refusal = f"{text_of(request_type, LONGEST)} {text_of(name, LONGEST)} failed ({why})"

    @property
    def is_empty(self) -> bool:
        """Whether all its users have ended before their first task."""
        return self.runner.state == STATE_RUNNING and not self.settled and not self.runner.user_count

    def pool(self, share: Share, most: int) -> Pool:
        """The open model's users."""
        assert self.queue is not None
        return Pool(self.users, self.queue, share, most)

    @property
    def in_flight(self) -> int:
        """Iterations that have begun and not ended; users that have ended in the middle of one have none."""
        gone = {user for user in self.busy if user.greenlet is not None and user.greenlet.dead}
        self.busy -= gone
        return len(self.busy)


def _own(cls: Any, side: Side, numbers: count[int]) -> Any:
    """A class like the scenario's, whose users know their side and their number in it."""
    make = cls.__init__

    def __init__(user: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807  (it takes its place)
        user.perfgate_side = side
        user.perfgate_number = next(numbers)
        make(user, *args, **kwargs)

    body = {
        "__init__": __init__,
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
        "__doc__": cls.__doc__,
        "host": cls.host,  # of its own: Locust sets it, and the sides' differ
    }
    return type(cls)(cls.__name__, (cls,), body)


def own_events() -> Events:
    """Events of a side: the scenario's listeners, later ones too, hear both sides; requests and users are its own."""
    events, shared = Events(), locust.events
    for name, hook in vars(shared).items():
        if not isinstance(hook, EventHook):
            continue
        if name in _OWN_HOOKS:
            getattr(events, name)._handlers[:] = hook._handlers  # noqa: SLF001
        else:
            setattr(events, name, hook)
    return events


_Hook: Any = EventHook  # Locust leaves it untyped


class SharedRequests(_Hook):  # type: ignore[misc]
    """Takes the place of `locust.events.request`: what a scenario fires there itself belongs to the side at work.

    Args:
        before: the hook whose place it takes.
        sides: all sides.
    """

    def __init__(self, before: EventHook, sides: list[Side]) -> None:
        super().__init__()
        self._handlers = list(before._handlers)  # noqa: SLF001
        self._sides = sides

    def add_listener(self, handler: Any) -> Any:
        """Listen to the requests of all sides."""
        for side in self._sides:
            side.requests.add_listener(handler)
        return super().add_listener(handler)

    def remove_listener(self, handler: Any) -> None:
        """Listen no more."""
        for side in self._sides:
            side.requests.remove_listener(handler)
        super().remove_listener(handler)

    def fire(self, *, reverse: bool = False, **values: Any) -> None:
        """Tell all listeners, and the recorder of the side at work."""
        side = next((side for side in self._sides if side.gate.is_open or side.busy), None)
        if side is not None:
            try:
                side.recorder(**values)
            except Exception:  # noqa: BLE001  (as Locust treats any listener)
                logging.error("Uncaught exception in event handler: \n%s", traceback.format_exc())  # noqa: TRY400
                log.unhandled_greenlet_exception = True
        super().fire(reverse=reverse, **values)
