"""The gate that holds the users of one side while the other is driven."""

from __future__ import annotations

import time

import gevent

from perfgate.drive.gate import Gate


def test_nobody_passes_while_it_is_closed() -> None:
    """And all that wait pass when it opens, those excepted who come to their turn when it has closed again."""
    gate, passed = Gate(), list[int]()

    def go_through(number: int) -> None:
        gate.wait()
        passed.append(number)

    greenlets = [gevent.spawn(go_through, number) for number in range(3)]
    gevent.sleep(0.01)
    assert passed == []
    gate.open()
    gate.close()
    gevent.sleep(0.01)
    assert passed == []
    gate.open()
    gevent.joinall(greenlets)
    assert sorted(passed) == [0, 1, 2]


def test_sleep_counts_only_the_time_for_which_it_is_open() -> None:
    """It tells how long it was closed in between."""
    gate, seconds, closed_s = Gate(), 0.05, 0.03
    began = time.monotonic()
    sleeper = gevent.spawn(gate.sleep, seconds)
    gevent.sleep(closed_s)
    gate.open()
    gevent.sleep(seconds / 2)
    gate.close()
    gevent.sleep(closed_s)
    assert not sleeper.ready() or time.monotonic() - began > seconds + closed_s
    gate.open()
    told_s = sleeper.get()
    elapsed_s = time.monotonic() - began
    assert elapsed_s >= seconds + told_s - 0.005  # libev's timers may fire some milliseconds early
    assert told_s >= closed_s - 0.005


def test_a_sleep_of_nothing_waits_for_the_gate_alone() -> None:
    """A user without think time is held like any other."""
    gate = Gate()
    sleeper = gevent.spawn(gate.sleep, 0.0)
    gevent.sleep(0.01)
    assert not sleeper.ready()
    gate.open()
    assert sleeper.get() > 0
