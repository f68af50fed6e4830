"""Whether the kernel tells when it received bytes over TCP on loopback (SO_TIMESTAMPNS, socket(7))."""

from __future__ import annotations

import contextlib
import socket
import sys

# asm-generic/socket.h. The engine's client has the same number; its module cannot be imported here, since its package
# imports Locust.
_SO_TIMESTAMPNS = 35
_TIMEOUT_S = 1.0


def kernel_stamps() -> bool:
    """Send a byte to ourselves, and see whether a receive time comes with it."""
    if not sys.platform.startswith("linux"):
        return False
    with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(_TIMEOUT_S)
        with socket.create_connection(listener.getsockname(), timeout=_TIMEOUT_S) as sender:
            receiver, _ = listener.accept()
            with receiver:
                return _stamped(sender, receiver)
    return False


def _stamped(sender: socket.socket, receiver: socket.socket) -> bool:
    receiver.settimeout(_TIMEOUT_S)
    receiver.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    sender.sendall(b"x")
    _, ancillary, _, _ = receiver.recvmsg(16, socket.CMSG_SPACE(16))
    return any(level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS for level, kind, _ in ancillary)
