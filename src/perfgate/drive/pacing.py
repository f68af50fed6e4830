"""Users begin their iterations only while their side is driven, and with the random numbers of the pair."""

from __future__ import annotations

import random
from random import Random
from typing import TYPE_CHECKING, Any

import gevent
from locust.exception import StopUser
from locust.user.task import LOCUST_STATE_RUNNING, LOCUST_STATE_STOPPING, LOCUST_STATE_WAITING, DefaultTaskSet, TaskSet

from perfgate.drive.outcomes import begin_iteration

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfgate.drive.side import Side

_GOLDEN = 0.6180339887498949  # multiples of it, whole numbers taken off, fill [0, 1) evenly from the first on


class Turn:
    """One iteration of a user of the closed model: a leaf task, and the task sets that were entered for it.

    Attributes:
        begun: its leaf task has begun.
    """

    __slots__ = ("begun",)

    def __init__(self) -> None:
        self.begun = False


def pace_by_blocks() -> None:
    """Replace the steps of Locust's task sets, in this process only; Locust has no seam for this.

    Choosing and running a task both need that the side is driven (closed model) or an arrival of it (open model), and
    so does the end of a wait: what is chosen and drawn then follows from the pair, not from when the wait ended.
    """
    run_next: Any = TaskSet.execute_next_task

    def execute_next_task(tasks: Any) -> None:
        task = tasks._task_queue[0]  # noqa: SLF001
        ensure(tasks)
        if not hasattr(task, "tasks"):  # entering a nested task set is no iteration
            _begin(tasks.user)
        run_next(tasks)

    def wait(tasks: Any) -> None:
        user = tasks.user
        user.perfgate_side.busy.discard(user)
        _stop_if_asked(user)
        if user.perfgate_side.queue is None:
            user._state = LOCUST_STATE_WAITING  # noqa: SLF001
            _sleep(tasks, tasks.wait_time())
            _stop_if_asked(user)
            user._state = LOCUST_STATE_RUNNING  # noqa: SLF001
        ensure(tasks)

    _replace(TaskSet, "execute_next_task", execute_next_task)
    _replace(TaskSet, "wait", wait)
    for kind in (TaskSet, DefaultTaskSet):
        _replace(kind, "get_next_task", _choosing(kind.get_next_task))


def _choosing(choose: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def get_next_task(tasks: Any) -> Any:
        ensure(tasks)
        return choose(tasks)

    return get_next_task


def _replace(kind: type, name: str, value: Any) -> None:
    setattr(kind, name, value)  # mypy knows no replaced methods


def ensure(tasks: Any) -> None:
    """Return once the user has an iteration that it may begin: the one that it holds, or the next that it is given."""
    user: Any = tasks.user
    side: Side = user.perfgate_side
    held = getattr(user, "perfgate_turn", None)
    if held is not None and not held.begun:
        return
    side.busy.discard(user)
    if held is None:
        side.settled += 1
        if side.queue is None:
            _first_wait(tasks)
    if side.queue is not None:
        user.perfgate_turn = side.queue.ensure(user)
    else:
        _pass_gate(user, side)
        user.perfgate_turn = Turn()
        user.random = _numbers_of(user, side)
    side.busy.add(user)
    random.seed(user.random.random())


def _first_wait(tasks: Any) -> None:
    """Users begin at different points of their first wait, as after a ramp: all at once, they would stay together."""
    user = tasks.user
    user._state = LOCUST_STATE_WAITING  # noqa: SLF001
    random.seed(f"first/{user.perfgate_side.seed}/{user.perfgate_number}")
    share = (user.perfgate_number + 1) * _GOLDEN % 1.0
    _sleep(tasks, tasks.wait_time() * share)
    _stop_if_asked(user)
    user._state = LOCUST_STATE_RUNNING  # noqa: SLF001


def _pass_gate(user: Any, side: Side) -> None:
    if side.gate.is_open:
        return
    _stop_if_asked(user)
    user._state = LOCUST_STATE_WAITING  # noqa: SLF001  (Locust may stop a waiting user at once)
    side.gate.wait()
    _stop_if_asked(user)
    user._state = LOCUST_STATE_RUNNING  # noqa: SLF001


def _numbers_of(user: Any, side: Side) -> Random:
    """The random numbers of the user's next iteration: counted anew in each pair, so that both sides have the same."""
    seed, number = getattr(user, "perfgate_iteration", (None, 0))
    number = number + 1 if seed == side.seed else 0
    user.perfgate_iteration = (side.seed, number)
    return Random(f"iteration/{side.seed}/{user.perfgate_number}/{number}")


def _begin(user: Any) -> None:
    queue = user.perfgate_side.queue
    if queue is not None:
        queue.begin(user)
    else:
        begin_iteration()
    user.perfgate_turn.begun = True


def _sleep(tasks: Any, seconds: float) -> None:
    gate = tasks.user.perfgate_side.gate
    if seconds <= 0 and gate.is_open:
        gevent.sleep(0)
        return
    closed_s = gate.sleep(seconds)
    for paced in (tasks, tasks.user):  # `constant_pacing` counts from here; the time of the other side is none
        paced._cp_last_run += closed_s  # noqa: SLF001


def _stop_if_asked(user: Any) -> None:
    if user._state == LOCUST_STATE_STOPPING:  # noqa: SLF001
        raise StopUser
