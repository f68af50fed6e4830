"""Nothing that a scenario starts outlives its load: not in a session of its own, and not when it forks twice.

The engine adopts what its children leave behind, and ends all of that at its own end. Where it was killed instead,
those that are left are known by a mark in the environment that they were given.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MARK = "PERFGATE_ENGINE"  # an environment variable; its value is the engine's own
_PR_SET_CHILD_SUBREAPER = 36
_GRACE_S = 1.0
_KILLED_S = 5.0  # one that is still there then hangs in the kernel, or is another user's
_TICK_S = 0.02


def adopt_orphans() -> None:
    """From now on what descends from this process is below it, though its parents have ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def below(pid: int) -> list[psutil.Process]:
    """The living descendants of a process."""
    try:
        return living(psutil.Process(pid).children(recursive=True))
    except psutil.Error:  # it has ended
        return []


def living(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Those that have not ended; a zombie has."""
    return [process for process in processes if _lives(process)]


def marked(value: str) -> list[psutil.Process]:
    """The living processes that were given this mark."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):  # ended meanwhile, or another user's
            if process.pid != os.getpid() and process.environ().get(MARK) == value and _lives(process):
                found.append(process)
    return found


def end_all(look: Callable[[], Iterable[psutil.Process]]) -> None:
    """Ask what `look` finds to end, and kill what has not after a moment; those that appear meanwhile, too."""
    for number, patience_s in ((signal.SIGTERM, _GRACE_S), (signal.SIGKILL, _KILLED_S)):
        deadline = time.monotonic() + patience_s
        told: set[int] = set()
        while left := list(look()):
            for process in left:
                if process.pid not in told:
                    told.add(process.pid)
                    with contextlib.suppress(psutil.Error, OSError):
                        process.send_signal(number)
            if time.monotonic() > deadline:
                break
            time.sleep(_TICK_S)
        else:
            return


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() not in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
    except psutil.Error:
        return False
