"""The alarm that wakes the schedule: never early, never in the way of others, and dispensable."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import gevent
import pytest

from perfgate.drive.alarm import Alarm, kernel_timer

if TYPE_CHECKING:
    from collections.abc import Callable

WAYS = [pytest.param(kernel_timer, id="kernel"), pytest.param(lambda: (None, None), id="without a timerfd")]
Timer = Any


@pytest.mark.parametrize("timer", WAYS)
@pytest.mark.parametrize("seconds", [0.0, 0.0001, 0.0007, 0.0123])
def test_it_does_not_wake_before_its_time(timer: Timer, seconds: float) -> None:
    """An arrival is not released before it is due."""
    with closing(Alarm(timer)) as alarm:
        began = time.monotonic()
        alarm.sleep(seconds)
        # gevent's own timer counts from when the loop last looked at the clock, and may be a millisecond early
        assert time.monotonic() - began >= seconds - (0 if alarm.is_exact else 0.001)


@pytest.mark.parametrize("timer", WAYS)
def test_others_work_while_one_sleeps(timer: Timer) -> None:
    """It waits in gevent's loop."""
    done: list[str] = []
    with closing(Alarm(timer)) as alarm:
        gevent.spawn(done.append, "another greenlet")
        alarm.sleep(0.001)
    assert done == ["another greenlet"]


@pytest.mark.parametrize("timer", WAYS)
def test_a_sleeper_that_is_killed_leaves_the_alarm_as_it_was(timer: Timer) -> None:
    """The old time, when it comes, wakes nobody who sleeps for another."""
    with closing(Alarm(timer)) as alarm:
        sleeper = gevent.spawn(alarm.sleep, 0.002)
        gevent.sleep(0)
        sleeper.kill()
        began = time.monotonic()
        alarm.sleep(0.01)
        assert time.monotonic() - began >= 0.009


def test_moments_that_have_passed_are_not_waited_for() -> None:
    """A schedule that is late catches up without giving way."""
    others: list[Callable[[], None]] = []
    with closing(Alarm()) as alarm:
        gevent.spawn(others.append, print)
        alarm.sleep(-1.0)
        assert not others


def test_closing_twice_is_harmless() -> None:
    """As closing a file is."""
    alarm = Alarm()
    alarm.close()
    alarm.close()
