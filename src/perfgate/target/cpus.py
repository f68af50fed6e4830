"""On which CPUs processes run."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


def usable() -> list[int]:
    """The CPUs that this process may use, in order; none where the platform cannot tell, or cannot choose."""
    return sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []


def may_run_on(pids: Iterable[int], cpus: Collection[int]) -> bool:
    """Whether all processes may run on all of these CPUs and no others: nobody has chosen for them."""
    try:
        return all(os.sched_getaffinity(pid) == set(cpus) for pid in pids)
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
