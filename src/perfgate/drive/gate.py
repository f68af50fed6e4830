"""A gate that lets the users of one side work while it is open; their waits count only that time."""

from __future__ import annotations

import time

import gevent
import gevent.event


class Gate:
    """Closed at first."""

    def __init__(self) -> None:
        self._open = gevent.event.Event()
        self._shut = gevent.event.Event()
        self._shut.set()

    @property
    def is_open(self) -> bool:
        """Whether users may begin a task."""
        return bool(self._open.is_set())

    def open(self) -> None:
        """Let users begin."""
        self._shut.clear()
        self._open.set()

    def close(self) -> None:
        """Let none begin from now on; what has begun goes on."""
        self._open.clear()
        self._shut.set()

    def wait(self) -> None:
        """Return as soon as it is open."""
        while not self._open.is_set():  # it may have closed again before this greenlet had its turn
            self._open.wait()

    def sleep(self, seconds: float) -> float:
        """Sleep for so long while it is open; returns for how long, in between, it was closed.

        So a user whose think time is longer than a block neither loses it nor has it all at once: for it, the time in
        which the other side is driven does not exist.
        """
        closed_s, left = 0.0, seconds
        while True:
            came = time.monotonic()
            self.wait()
            began = time.monotonic()
            closed_s += began - came
            if not self._shut.wait(left):  # the time is over
                return closed_s
            left -= time.monotonic() - began
            if left <= 0:
                return closed_s
