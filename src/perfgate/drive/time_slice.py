"""The generator's time slice: a short one, so that it gets its turn at once when an arrival or an answer is there.

Linux gives a process that wakes up the CPU only when the one that runs has used up its slice, some milliseconds on a
busy machine; one with a shorter slice than the running one's comes first (EEVDF, Linux 6.12 and later). It gets no more
of the CPU for that, only sooner, and needs no privilege. Elsewhere nothing changes.
"""

from __future__ import annotations

import ctypes
import platform
import sys

SHORTEST_NS = 100_000  # the kernel takes no less
_CALLS = {"x86_64": (314, 315), "aarch64": (274, 275), "riscv64": (274, 275)}  # sched_setattr, sched_getattr
_ORDINARY = 0  # SCHED_OTHER


class _Attributes(ctypes.Structure):
    """`struct sched_attr`; of an ordinary process `runtime_ns` is the slice."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("policy", ctypes.c_uint32),
        ("flags", ctypes.c_uint64),
        ("nice", ctypes.c_int32),
        ("priority", ctypes.c_uint32),
        ("runtime_ns", ctypes.c_uint64),
        ("deadline_ns", ctypes.c_uint64),
        ("period_ns", ctypes.c_uint64),
    )


def ask_for_short_slices() -> bool:
    """Have short slices from now on, in the calling thread and in what it starts; whether the kernel agreed."""
    calls = _CALLS.get(platform.machine())
    if calls is None or not sys.platform.startswith("linux"):
        return False
    attributes = _Attributes()
    size = ctypes.sizeof(attributes)
    set_attributes, get_attributes = calls
    system_call = ctypes.CDLL(None).syscall
    if system_call(get_attributes, 0, ctypes.byref(attributes), size, 0) or attributes.policy != _ORDINARY:
        return False  # whoever started it under another policy knows better
    attributes.size, attributes.runtime_ns = size, SHORTEST_NS
    return not system_call(set_attributes, 0, ctypes.byref(attributes), 0)
