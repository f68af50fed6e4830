"""The closed model's iterations, numbered: what a user does and draws depends on the seed, and on nothing else.

A user has a number in the whole load, and counts its own iterations. From these two and the seed come `self.random`,
anew for each iteration, and the choice of tasks, one stream for each user.
"""

from __future__ import annotations

from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any

import gevent
from gevent import getcurrent
from locust import User
from locust.exception import StopUser
from locust.user.task import LOCUST_STATE_RUNNING, LOCUST_STATE_STOPPING, LOCUST_STATE_WAITING, DefaultTaskSet, TaskSet

from perfgate.drive.outcomes import begin_iteration

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfgate.drive.share import Share


class Course:
    """One user's way through its iterations.

    Attributes:
        user: its number in the whole load, from 0; one that starts when another has stopped has a number of its own.
        iteration: the number of its present iteration, from 0; -1 before the first.
    """

    __slots__ = ("_choices", "_drawn_for", "_random", "_seed", "iteration", "user")

    def __init__(self, seed: int, user: int) -> None:
        self._seed = seed
        self.user = user
        self.iteration = -1
        # Made when they are asked for: most scenarios draw none, and each takes 2.5 kB and some microseconds.
        self._choices: Random | None = None
        self._random: Random | None = None
        self._drawn_for = self.iteration

    @property
    def random(self) -> Random:
        """The random numbers of the present iteration."""
        if self._random is None or self._drawn_for != self.iteration:
            self._drawn_for = self.iteration
            self._random = Random(f"iteration/{self._seed}/{self.user}/{self.iteration}")
        return self._random

    def draw(self) -> float:
        """The next number of its choices, in [0, 1)."""
        if self._choices is None:
            self._choices = Random(f"choices/{self._seed}/{self.user}")
        return self._choices.random()


class _OwnRandom:
    """`user.random`, unless the scenario has set one: an attribute of its own counts."""

    def __get__(self, user: Any, owner: type | None = None) -> Any:
        return self if user is None else user.perfgate_course.random


def number_iterations(seed: int, share: Share) -> None:
    """Give every user that is made from now on its course; call it once in a process, before the load begins.

    Locust has no seam for this, so its steps are replaced, in this process only, by ones that do the same and count.
    An iteration is one leaf task; entering a nested task set is none.
    """
    numbers = count(share.index, share.count)
    make: Any = User.__init__

    def __init__(user: Any, environment: Any) -> None:  # noqa: N807  (it takes its place)
        user.perfgate_course = Course(seed, next(numbers))
        make(user, environment)

    def execute_next_task(tasks: Any) -> None:
        task = tasks._task_queue.popleft()  # noqa: SLF001
        if not hasattr(task, "tasks"):
            tasks.user.perfgate_course.iteration += 1
            begin_iteration()
        tasks.execute_task(task)

    _replace(User, "__init__", __init__)
    _replace(User, "random", _OwnRandom())
    _replace(TaskSet, "execute_next_task", execute_next_task)
    _replace(TaskSet, "get_next_task", _choosing(TaskSet.get_next_task, lambda tasks: tasks.tasks))
    _replace(DefaultTaskSet, "get_next_task", _choosing(DefaultTaskSet.get_next_task, lambda tasks: tasks.user.tasks))
    _quicken_empty_waits()


def _choosing(choose: Callable[[Any], Any], tasks_of: Callable[[Any], list[Any]]) -> Callable[[Any], Any]:
    """Locust's choice, drawn from the user's own stream."""

    def get_next_task(tasks: Any) -> Any:
        known = tasks_of(tasks)
        if len(known) > 1:
            return known[int(tasks.user.perfgate_course.draw() * len(known))]
        return known[0] if known else choose(tasks)  # which says what is wrong

    return get_next_task


def _quicken_empty_waits() -> None:
    """A wait of 0 s gives way to all who are ready, as with Locust, in half the steps that `gevent.sleep(0)` takes."""
    hub: Any = gevent.get_hub()
    call_soon, give_way = hub.loop.run_callback, hub.switch

    def wait(tasks: Any) -> None:
        user = tasks.user
        _stop_if_asked(user)
        seconds = tasks.wait_time()
        user._state = LOCUST_STATE_WAITING  # noqa: SLF001
        if seconds > 0:
            tasks._sleep(seconds)  # noqa: SLF001
        else:
            current: Any = getcurrent()
            turn = call_soon(current.switch)
            try:
                give_way()
            except BaseException:  # killed: it must not be woken where it waits next
                turn.stop()
                raise
        _stop_if_asked(user)
        user._state = LOCUST_STATE_RUNNING  # noqa: SLF001

    _replace(TaskSet, "wait", wait)


def _stop_if_asked(user: Any) -> None:
    if user._state == LOCUST_STATE_STOPPING:  # noqa: SLF001
        raise StopUser


def _replace(kind: type, name: str, value: Any) -> None:
    setattr(kind, name, value)  # mypy knows no replaced methods
