"""When a request was sent and when its answer arrived: the kernel's receive stamps, and what stands in for them.

`SO_TIMESTAMPNS` (socket(7)) makes `recvmsg` give the time at which the kernel received the bytes, on the realtime
clock; `time.time_ns()` reads the same clock. So the generator's own delay between arrival and reading drops out.
"""

from __future__ import annotations

import socket
import struct
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

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
        retried: how often a kept connection turned out to be closed and the request was sent again.
    """

    sent_ns: int
    received_ns: int
    connect_ms: float = 0.0
    tls_ms: float = 0.0
    clock: Clock = "user"
    retried: int = 0


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
