"""The CPU clock of another process, to the nanosecond; the kernel's files tell it in ticks of 10 ms.

POSIX gives every process such a clock. Linux names the one of process `pid` by a number that its C library's
`clock_getcpuclockid` would return: the complement of the pid, shifted by three, with 2 for "as scheduled".
"""

from __future__ import annotations

import sys
import time

_SCHEDULED = 2


def process_cpu_s(pid: int) -> float | None:
    """CPU seconds that a process, all its threads together, has used; None where this is not to be had."""
    if sys.platform != "linux":
        return None
    try:
        return time.clock_gettime((~pid << 3) | _SCHEDULED)
    except OSError:  # it has ended, or the sandbox has no such clocks
        return None
