"""When a request was sent and when its answer arrived: the kernel's receive stamps, and what stands in for them.

`SO_TIMESTAMPNS` (socket(7)) makes `recvmsg` give the time at which the kernel received the bytes, on the realtime
clock; `time.time_ns()` reads the same clock. So the generator's own delay between arrival and reading drops out.
"""

from __future__ import annotations

import socket
import struct
import sys
from dataclasses import dataclass, replace
from time import time_ns
from typing import TYPE_CHECKING, Any, Literal

from perfgate.measure.shape import LONGEST_S

if TYPE_CHECKING:
    import _socket

Clock = Literal["kernel", "user"]

# asm-generic/socket.h; Python names it only where the C library does. Alpha, MIPS, PA-RISC and SPARC differ, but there
# the option is refused or no control message of this type comes: the user clock serves.
SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("@ll")
_unpack = _TIMESPEC.unpack_from
STAMP_SPACE = socket.CMSG_SPACE(_TIMESPEC.size) if hasattr(socket, "CMSG_SPACE") else 0
_SOL_SOCKET = socket.SOL_SOCKET

# By how much the realtime clock may run ahead of the monotonic one: reading the two takes time, and NTP slews the
# realtime clock by at most 500 ppm (adjtimex(2)); twice that is allowed.
_SLACK_NS = 1_000_000
_SLEW_SHIFT = 10
_LONGEST_MS = LONGEST_S * 1000.0


@dataclass(slots=True)
class Timing:
    """When one request was sent and received; the `request` event carries it as `perfgate`.

    Attributes:
        sent_ns: realtime clock right before the first byte was handed to the kernel, ns since the epoch.
        received_ns: realtime clock when the last byte of the answer arrived, ns since the epoch. Where redirects were
            followed it is `sent_ns` plus the service times of all hops: what the generator did in between is left out.
        connect_ms: time for name look-up and connecting, 0 on a kept connection; never part of the service time.
        tls_ms: time for the TLS handshake, likewise.
        clock: what `received_ns` was read from.
        retried: how often a kept connection turned out to be closed before the service could have read a byte, and the
            request was sent again; `sent_ns` is that of the first time.
        redirects: how many were followed; 1 where the answer is one, and following was not asked for.
        unsolicited: kept connections that were given up since the service had sent something that nobody had asked for.
    """

    sent_ns: int
    received_ns: int
    connect_ms: float = 0.0
    tls_ms: float = 0.0
    clock: Clock = "user"
    retried: int = 0
    unsolicited: int = 0
    redirects: int = 0


def with_own_times(meta: dict[str, Any], timing: Timing) -> dict[str, Any]:
    """What a `request` event carries, its `perfgate` made to agree with times that the scenario has set itself.

    A start of its own, or a time that is none (None, negative, not a number), is left to the recorder's own rule,
    without a `Timing`.
    """
    took: Any = meta.get("response_time")
    start: Any = meta.get("start_time")
    has_start = start == timing.sent_ns / 1e9
    if has_start and took == (timing.received_ns - timing.sent_ns) / 1e6:
        return meta
    if not (has_start and isinstance(took, int | float) and 0 <= took < _LONGEST_MS):
        return {key: value for key, value in meta.items() if key != "perfgate"}
    own = replace(timing, received_ns=timing.sent_ns + int(took * 1e6), clock="user")
    return {**meta, "perfgate": own}


def enable_kernel_clock(sock: _socket.socket) -> bool:
    """Ask the kernel to stamp what `sock` receives; False where that is not to be had."""
    if not sys.platform.startswith("linux") or not STAMP_SPACE or sock.family not in {socket.AF_INET, socket.AF_INET6}:
        return False
    try:
        sock.setsockopt(_SOL_SOCKET, SO_TIMESTAMPNS, 1)
    except OSError:  # a sandbox that does not know the option
        return False
    return True


def stamp_ns(ancillary: list[tuple[int, int, bytes]]) -> int:
    """The kernel's receive time among a read's control messages, in ns since the epoch; 0 when there is none."""
    for level, kind, data in ancillary:
        if level == _SOL_SOCKET and kind == SO_TIMESTAMPNS and len(data) >= _TIMESPEC.size:
            seconds, nanoseconds = _unpack(data)
            stamp: int = seconds * 1_000_000_000 + nanoseconds
            return stamp
    return 0


def is_before(stamp: int, sent_ns: int, elapsed_ns: int) -> bool:
    """Whether the kernel had received a read's bytes before the request was sent: then they are no answer to it.

    Args:
        stamp: the kernel's receive time, 0 when there is none.
        sent_ns: realtime clock right before sending.
        elapsed_ns: since then, on the monotonic clock.

    A realtime clock that was set back in between proves nothing.
    """
    stepped = abs(time_ns() - sent_ns - elapsed_ns) > (elapsed_ns >> _SLEW_SHIFT) + _SLACK_NS
    return 0 < stamp < sent_ns and not stepped


def service_time_ns(sent_ns: int, stamp: int, elapsed_ns: int) -> tuple[int, Clock]:
    """How long the service took, and by which clock.

    Args:
        sent_ns: realtime clock right before sending.
        stamp: the kernel's receive time, 0 when there is none.
        elapsed_ns: from right before sending to after reading, on the monotonic clock.

    A stamp before the sending, or after the reading, means that the realtime clock was stepped in between: then the
    monotonic clock is right, and the service time includes the generator's own delay.
    """
    service = stamp - sent_ns
    if stamp and 0 <= service <= elapsed_ns + (elapsed_ns >> _SLEW_SHIFT) + _SLACK_NS:
        return service, "kernel"
    return elapsed_ns, "user"
