"""Puts the right number of users to work at each moment: along a profile (closed model) or behind arrivals (open)."""

from __future__ import annotations

import math
import random
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gevent
from gevent.queue import Queue
from locust.exception import StopUser
from locust.runners import STATE_STOPPED
from locust.user.task import LOCUST_STATE_RUNNING, LOCUST_STATE_STOPPING, LOCUST_STATE_WAITING, DefaultTaskSet, TaskSet

from perfgate.drive.alarm import Alarm
from perfgate.drive.arrivals import iteration_random
from perfgate.drive.outcomes import begin_iteration
from perfgate.measure.histogram import Histogram

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from locust.runners import LocalRunner, Runner

    from perfgate.drive.share import Share
    from perfgate.drive.spawning import SpawningComplete
    from perfgate.plan.profile import Profile

TICK_S = 0.1
FIRST_POOL = 10
GROWTH_INTERVAL_S = 0.05
_WAKE_AHEAD_S = 0.0001  # alarms go off late rather than early; below this it is not worth going to sleep


class UserCount:
    """Has as many users as asked for, as soon as can be.

    Args:
        start: begins to have this many users of the whole load; returns at once.
        spawning: is told before each start what it is.
    """

    def __init__(self, start: Callable[[int], None], spawning: SpawningComplete | None = None) -> None:
        self._start = start
        self._spawning = spawning
        self._total: int | None = None

    def set(self, total: int, *, reached: bool = True) -> None:
        """From now on the whole load, of which this engine drives its share, has `total` users.

        `reached`: it is the level that is aimed at, not a step to it.
        """
        if total != self._total:
            self._total = total
            if self._spawning:
                self._spawning.expect(total, reached=reached)
            self._start(total)


def locally(runner: LocalRunner, spawning: SpawningComplete | None = None) -> UserCount:
    """Users of this process alone; Locust's dispatcher spreads them over the user classes."""
    # In one dispatch: the ramp is made of many small ones, so the spawn rate is no limit here.
    return UserCount(lambda total: runner.start(total, spawn_rate=max(total, runner.user_count, 1)), spawning)


def follow_profile(users: UserCount, profile: Profile, now_s: Callable[[], float]) -> None:
    """Closed model: keep `profile.level_at(now)` users until the profile ends. Returns at its end."""
    while (now := now_s()) < profile.duration_s:
        segment = profile.segment_at(now)
        total = round(profile.level_at(now))
        users.set(total, reached=total > 0 and segment is not None and total == round(segment.end_level))
        gevent.sleep(min(TICK_S, profile.duration_s - now))


def follow_shape(runner: Runner, max_duration_s: float | None, now_s: Callable[[], float]) -> None:
    """The scenario's own LoadTestShape decides; returns when it ends, or at the upper bound."""
    runner.start_shape()
    limit_s = math.inf if max_duration_s is None else max_duration_s
    while runner.state != STATE_STOPPED and now_s() < limit_s and runner.shape_greenlet:
        gevent.sleep(min(TICK_S, max(limit_s - now_s(), 0.001)))


@dataclass(slots=True)
class Arrival:
    """One arrival.

    Attributes:
        released_s: when the schedule let it go, seconds from the load's start.
        queued: there was no idle user for it then.
        waited_s: from then until its user began, if it was queued, else 0: handing it to an idle user is the
            generator's own doing, and must not look like the service's.
        late_s: what else passed between the moment it was due and its beginning: the generator's own part.
    """

    number: int
    due_s: float
    released_s: float
    queued: bool
    waited_s: float = 0.0
    late_s: float = 0.0
    begun: bool = False
    recorded: bool = False


class ArrivalQueue:
    """Open model: arrivals fall due on a schedule and wait here until a user is free.

    Attributes:
        seed: from which, with an arrival's number, the random numbers of its iteration derive.
        now_s: gives the seconds since the load's start.
        idle: users that wait for an arrival.
        arrivals: fallen due since `take_counts` was last called.
        iterations: begun since then.
    """

    def __init__(self, seed: int, now_s: Callable[[], float] = time.monotonic) -> None:
        self.seed = seed
        self.now_s = now_s
        self._queue: Queue[Arrival] = Queue()
        self._lags_ms: list[float] = []
        self.idle = 0
        self.arrivals = 0
        self.iterations = 0

    @property
    def waiting(self) -> int:
        """Arrivals that no user has taken yet."""
        return int(self._queue.qsize())

    def release(self, number: int, due_s: float) -> None:
        """An arrival falls due. How late it is released is the generator's fault, and kept as its schedule lag."""
        now_s = self.now_s()
        self._lags_ms.append(max(now_s - due_s, 0.0) * 1000)
        self.arrivals += 1
        self._queue.put(Arrival(number, due_s, now_s, queued=self.idle <= self.waiting))

    def drop(self) -> int:
        """Forget the arrivals that wait; returns how many these were."""
        dropped = self.waiting
        while self.waiting:
            self._queue.get_nowait()
        return dropped

    def take_counts(self) -> tuple[int, int, Histogram | None]:
        """(arrivals, iterations, schedule lags in ms) since the previous call."""
        counts = self.arrivals, self.iterations, Histogram.of(self._lags_ms) if self._lags_ms else None
        self.arrivals, self.iterations, self._lags_ms = 0, 0, []
        return counts

    def ensure(self, user: Any) -> Arrival:
        """The arrival that `user` works on next: the one it holds but has not begun, else the next due one."""
        arrival: Arrival | None = getattr(user, "perfgate_arrival", None)
        if arrival is None or arrival.begun:
            arrival = self._wait(user)
            user.perfgate_arrival = arrival
            user.random = iteration_random(self.seed, arrival.number)
        return arrival

    def begin(self, user: Any) -> None:
        """`user` begins its iteration now."""
        arrival = self.ensure(user)
        arrival.begun = True
        now_s = self.now_s()
        arrival.waited_s = now_s - arrival.released_s if arrival.queued else 0.0
        arrival.late_s = now_s - arrival.due_s - arrival.waited_s
        self.iterations += 1
        current: Any = gevent.getcurrent()  # a Greenlet carries attributes; its type does not say so
        current.perfgate_arrival = arrival
        begin_iteration()

    def delays_s(self) -> tuple[float, float]:
        """How long the calling greenlet's arrival had waited, and was late, for its first request; 0 for all others."""
        arrival: Arrival | None = getattr(gevent.getcurrent(), "perfgate_arrival", None)
        if arrival is None or arrival.recorded:
            return 0.0, 0.0
        arrival.recorded = True
        return arrival.waited_s, arrival.late_s

    def _wait(self, user: Any) -> Arrival:
        _stop_if_asked(user)
        # As in a wait between tasks: Locust may stop a waiting user at once.
        user._state = LOCUST_STATE_WAITING  # noqa: SLF001
        self.idle += 1
        try:
            arrival: Arrival = self._queue.get()
        finally:
            self.idle -= 1
        _stop_if_asked(user)
        user._state = LOCUST_STATE_RUNNING  # noqa: SLF001
        return arrival


def _stop_if_asked(user: Any) -> None:
    if user._state == LOCUST_STATE_STOPPING:  # noqa: SLF001
        raise StopUser


def pace_by_arrivals(queue: ArrivalQueue) -> None:
    """Make every task of every user begin on an arrival instead of after a wait.

    Locust has no seam for this: its task sets choose a task, run it, and wait. So the three steps are replaced, in
    this process only: choosing and running both need an arrival (a task set of the user's own kind may replace the
    choosing), and waiting does nothing. A task is one leaf task; entering a nested task set takes no arrival.
    """
    run_next: Any = TaskSet.execute_next_task

    def execute_next_task(tasks: Any) -> None:
        task = tasks._task_queue[0]  # noqa: SLF001
        if not hasattr(task, "tasks"):
            queue.begin(tasks.user)
        run_next(tasks)

    def wait(tasks: Any) -> None:
        _stop_if_asked(tasks.user)

    setattr(TaskSet, "execute_next_task", execute_next_task)  # noqa: B010  (mypy knows no replaced methods)
    setattr(TaskSet, "wait", wait)  # noqa: B010
    for kind in (TaskSet, DefaultTaskSet):
        setattr(kind, "get_next_task", _choosing_by_arrival(kind.get_next_task, queue))  # noqa: B010


def _choosing_by_arrival(choose: Callable[[Any], Any], queue: ArrivalQueue) -> Callable[[Any], Any]:
    """The choice of a task drawn from the iteration's own random numbers: the same whichever user serves it."""

    def get_next_task(tasks: Any) -> Any:
        queue.ensure(tasks.user)
        random.seed(tasks.user.random.random())
        return choose(tasks)

    return get_next_task


def follow_arrivals(pool: Pool, queue: ArrivalQueue, arrivals: Iterable[tuple[int, float]], end_s: float) -> None:
    """Open model: release each arrival when it is due, and grow the pool of users when none is idle.

    Args:
        pool: the users that serve them.
        queue: where arrivals wait.
        arrivals: their numbers and due times, in order; see `arrivals_of`.
        end_s: the profile's end, at which this returns.
    """
    pool.ensure_idle()
    with closing(Alarm()) as alarm:
        for number, due_s in arrivals:
            delay = due_s - queue.now_s()
            if delay > _WAKE_AHEAD_S:
                alarm.sleep(delay)
            queue.release(number, due_s)
            pool.ensure_idle()
        alarm.sleep(end_s - queue.now_s())


class Pool:
    """The open model's users: as many as keep arrivals from waiting, up to a limit.

    Args:
        users: has them.
        queue: what they serve.
        share: this engine's part of the load: the engines' pools grow each on its own, but to the same limit together.
        max_users: the limit of the whole load.
    """

    def __init__(self, users: UserCount, queue: ArrivalQueue, share: Share, max_users: int) -> None:
        self._users = users
        self._queue = queue
        self._share = share
        self._max_users = share.of(max_users)
        self._target = 0
        self._grown_at = 0.0

    @property
    def size(self) -> int:
        """How many users it has, or will have in a moment."""
        return self._target

    def grow_to(self, size: int) -> None:
        """Have this many users at least, within the limit."""
        if (target := min(size, self._max_users)) > self._target:
            is_first, self._target = not self._target, target
            self._grown_at = time.monotonic()
            # Each engine's share of this many is `target`. Later growth is how the pool breathes, no level of the load.
            self._users.set(target * self._share.count, reached=is_first)

    def ensure_idle(self) -> None:
        """Grow when arrivals outnumber idle users; by a tenth at least, so that a burst is met in few steps."""
        short = self._queue.waiting - self._queue.idle
        if self._target and (short <= 0 or time.monotonic() - self._grown_at < GROWTH_INTERVAL_S):
            return
        self.grow_to(max(FIRST_POOL, self._target + max(short, self._target // 10)))
