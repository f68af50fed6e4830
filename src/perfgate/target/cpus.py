"""On which CPUs processes run."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from perfgate.target.system import System

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


def usable(system: System | None = None) -> list[int]:
    """The CPUs among which processes can be divided, in order.

    None where the platform cannot choose, nor in a container that may use less than all that it sees: there its quota
    decides, and the CPUs are others' too.
    """
    if sys.platform != "linux":
        return []
    cpus = sorted(os.sched_getaffinity(0))
    quota = (system or System()).quota()
    return [] if quota and quota.cores is not None and quota.cores < len(cpus) else cpus


def may_run_on(pids: Iterable[int], cpus: Collection[int]) -> bool:
    """Whether all processes, with all their threads, may run on all of these CPUs: nobody has chosen for them."""
    try:
        threads = [_threads(pid) for pid in pids]
        return all(os.sched_getaffinity(thread) == set(cpus) for own in threads for thread in own) and all(threads)
    except OSError:  # one has just ended
        return False


def bind(pids: Iterable[int], cpus: Collection[int]) -> bool:
    """Let processes, with all threads that they have now, run on these CPUs only; what they start later does likewise.

    Returns:
        False when that is not allowed, or there was nothing to bind. Threads and processes that end meanwhile are
        left out.
    """
    bound = False
    for pid in pids:
        for thread in _threads(pid):
            try:
                with suppress(ProcessLookupError):
                    os.sched_setaffinity(thread, cpus)
                    bound = True
            except OSError:  # not ours, or the container has fewer CPUs than it was told
                return False
    return bound


def _threads(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(path.name) for path in Path(f"/proc/{pid}/task").iterdir()]
    return []
