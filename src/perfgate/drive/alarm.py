"""An alarm that is on time: arrivals fall due between two milliseconds, and gevent's loop knows whole ones only.

libev waits in `epoll_wait`, whose timeout is counted in milliseconds and rounded up. A `timerfd` (timerfd_create(2),
Linux) makes the same loop wake within some ten microseconds.
"""

from __future__ import annotations

import ctypes
import os
import sys
from typing import TYPE_CHECKING, Any

import gevent
from gevent import getcurrent

if TYPE_CHECKING:
    from collections.abc import Callable

_MONOTONIC = 1
_READ = 1  # libev's event mask
_TICKS = 8  # bytes: how often it has gone off


class _Setting(ctypes.Structure):
    """`struct itimerspec`."""

    _fields_ = (
        ("every_s", ctypes.c_long),
        ("every_ns", ctypes.c_long),
        ("first_s", ctypes.c_long),
        ("first_ns", ctypes.c_long),
    )


def kernel_timer() -> tuple[Any, int | None]:
    """The function that sets a timer, and the timer's descriptor; None where there is none."""
    if not sys.platform.startswith("linux"):
        return None, None
    library: Any = ctypes.CDLL(None)
    create, set_time = getattr(library, "timerfd_create", None), getattr(library, "timerfd_settime", None)
    file = create(_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC) if create else -1
    return set_time, file if file >= 0 else None


class Alarm:
    """Lets one greenlet at a time sleep; where there is no timerfd, as `gevent.sleep` does.

    Args:
        timer: gives `timerfd_settime` and a timerfd, None where there is none.
    """

    def __init__(self, timer: Callable[[], tuple[Any, int | None]] = kernel_timer) -> None:
        self._greenlet: Any = None
        self._setting = _Setting()
        self._hub: Any = gevent.get_hub()
        self._set, self._file = timer()
        if self._file is not None:
            self._watcher: Any = self._hub.loop.io(self._file, _READ)
            self._watcher.start(self._on_time)

    @property
    def is_exact(self) -> bool:
        """Whether the kernel's timer is used."""
        return self._file is not None

    def sleep(self, seconds: float) -> None:
        """Sleep for so long, and as little longer as can be; not at all for 0 and less."""
        if seconds <= 0:
            return
        if self._file is None:
            gevent.sleep(seconds)
            return
        self._setting.first_s, self._setting.first_ns = divmod(max(int(seconds * 1e9), 1), 1_000_000_000)
        self._set(self._file, 0, ctypes.byref(self._setting), None)
        self._greenlet = getcurrent()
        try:
            self._hub.switch()
        finally:
            self._greenlet = None

    def _on_time(self) -> None:
        try:
            os.read(self._file or 0, _TICKS)
        except BlockingIOError:  # set anew in the meantime
            return
        if self._greenlet is not None:  # else the sleeper was killed
            self._greenlet.switch()

    def close(self) -> None:
        """Give the timer back; harmless when it is closed already."""
        if self._file is not None:
            self._watcher.stop()
            self._watcher.close()
            os.close(self._file)
            self._file = None
