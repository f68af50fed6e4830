"""A non-blocking socket that waits in gevent's loop under a deadline, and knows when the kernel received each read.

gevent's own socket class starts and stops a timer for every wait, and tries to read before it waits. Here one timer
per connection is armed lazily, and the first try is spared: right after sending, nothing has arrived yet.
"""

from __future__ import annotations

import _socket
import os
import re
import socket
import struct
import sys
from time import perf_counter
from typing import Any, Literal

import gevent
from gevent import getcurrent

from perfgate.drive.client.clock import STAMP_SPACE, enable_kernel_clock, stamp_ns
from perfgate.drive.client.errors import AnswerTimeoutError

NEVER = float("inf")
_READ, _WRITE = 1, 2  # libev's event masks
_FIRST_READ = 16 * 1024
_LARGE_READ = 256 * 1024
_PEEK = socket.MSG_PEEK | getattr(socket, "MSG_DONTWAIT", 0)
_FEW = 16
# Some servers say so before they close a connection that was idle for long (RFC 9110, section 15.5.9).
_SAYS_TIMEOUT = re.compile(rb"HTTP/1\.[01] 408")
Idle = Literal["quiet", "closed", "talking"]
# Of struct tcp_info (linux/tcp.h): bytes_acked, with the SYN counted as one; bytes_sent and bytes_retrans, since 4.19.
_TCP_INFO_BYTES = 216
_unpack_acked = struct.Struct("@Q").unpack_from
_unpack_sent = struct.Struct("@QQ").unpack_from
_ACKED_AT, _SENT_AT = 120, 200


class Link:
    """One connected stream, in the clear.

    Attributes:
        stamp_ns: when the kernel received the last read, ns since the epoch; 0 when it did not say.
        deadline: on `time.perf_counter()`, when waiting is over.
        timeout_s: what the deadline came from, for the message.
        kernel_clock: whether the kernel stamps what this socket receives.
        refused: the kernel took nothing of what was sent last: the connection had been closed before.
    """

    __slots__ = (
        "_armed_until",
        "_greenlet",
        "_hub",
        "_is_watching",
        "_readable",
        "_socket",
        "_switch",
        "_timer",
        "_try_first",
        "_writable",
        "deadline",
        "kernel_clock",
        "refused",
        "stamp_ns",
        "timeout_s",
    )

    def __init__(self, family: int, kind: int = socket.SOCK_STREAM) -> None:
        self._socket = _socket.socket(family, kind)
        self._socket.setblocking(False)
        self._hub: Any = gevent.get_hub()
        self._switch = self._hub.switch
        loop = self._hub.loop
        self._readable: Any = loop.io(self._socket.fileno(), _READ)
        self._writable: Any = loop.io(self._socket.fileno(), _WRITE)
        self._timer: Any = None
        self._greenlet: Any = None
        self.deadline = self._armed_until = NEVER
        self.timeout_s: float | None = None
        self._try_first = self._is_watching = self.refused = False
        self.stamp_ns = 0
        self.kernel_clock = enable_kernel_clock(self._socket)
        if family in {socket.AF_INET, socket.AF_INET6}:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connect(self, address: Any) -> None:
        """Connect; bound it from outside with a gevent timeout.

        Raises:
            OSError: as the socket says it.
        """
        try:
            self._socket.connect(address)
        except BlockingIOError:
            self._wait_writable()
            if error := self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise _os_error(error) from None

    def limit(self, timeout_s: float | None) -> None:
        """From now on, waits are over after `timeout_s` in all; None is no limit."""
        self.timeout_s = timeout_s
        self.deadline = NEVER if timeout_s is None else perf_counter() + timeout_s

    def seal(self, data: bytes) -> bytes:
        """What goes over the wire for `data`: here, the same."""
        return data

    def send(self, sealed: bytes) -> None:
        """Hand everything to the kernel.

        A peer that has closed is no error here: a server may answer and close without reading a large body, and then
        the answer is there to be read. When there is none, reading says so.

        Raises:
            AnswerTimeoutError: the peer does not read.
        """
        try:
            sent = self._socket.send(sealed)
        except BlockingIOError:
            sent = 0
        except ConnectionError:
            self.refused = True
            return
        if sent < len(sealed):
            self._send_rest(memoryview(sealed)[sent:])

    def _send_rest(self, rest: memoryview) -> None:
        while rest:
            self._wait_writable()
            try:
                rest = rest[self._socket.send(rest) :]
            except BlockingIOError:
                continue
            except ConnectionError:
                return

    def receive(self) -> bytes:
        """Wait for the next bytes; empty at the end of the stream. Sets `stamp_ns`.

        Raises:
            OSError: the connection was reset.
            AnswerTimeoutError: the deadline has passed.
        """
        size = _LARGE_READ
        if not self._try_first:
            size = _FIRST_READ
            self._wait_readable()
        while True:
            try:
                if self.kernel_clock:
                    data, ancillary, _, _ = self._socket.recvmsg(size, STAMP_SPACE)
                    self.stamp_ns = stamp_ns(ancillary) if ancillary else 0
                else:
                    data = self._socket.recv(size)
                break
            except BlockingIOError:
                self._wait_readable()
        self._try_first = len(data) >= _FIRST_READ  # a large body: more is likely there already
        return data

    def rest(self) -> Idle:
        """The state by what was read with the end of a whole answer: here, everything has been given out."""
        return "closed" if self.is_closed else "quiet"

    def idle_state(self) -> Idle:
        """Whether the idle connection is open and silent; what has come on it cannot be an answer.

        The watcher of the last wait is still active. While nothing has come the kernel need not be asked: only what
        came since the loop last looked is missed, and that is told by its receive time, or by `was_unread`.
        """
        if self._is_watching and self.kernel_clock:
            return "quiet"
        return self.peeked()

    def peeked(self) -> Idle:
        """The same, asked of the kernel: for requests that must not be sent in vain."""
        try:
            return state_by(self._socket.recv(_FEW, _PEEK))
        except BlockingIOError:
            return "quiet"
        except OSError:
            return "closed"

    def was_unread(self, size: int) -> bool:
        """Whether the peer had closed before one byte of the last `size` bytes sent could be read; asked at the end.

        The peer's FIN acknowledges all that it has received: what is not acknowledged then came to a closed socket. A
        reset acknowledges nothing, so it proves nothing. Where the kernel does not tell, nothing is proven either.
        """
        if self.refused:
            return True
        if not sys.platform.startswith("linux") or self._socket.family not in {socket.AF_INET, socket.AF_INET6}:
            return False
        try:
            info = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
        except OSError:
            return False
        if len(info) < _TCP_INFO_BYTES:
            return False
        (acked,), (sent, again) = _unpack_acked(info, _ACKED_AT), _unpack_sent(info, _SENT_AT)
        unacknowledged: int = sent - again - (acked - 1)
        return unacknowledged >= size

    def _wait_readable(self) -> None:
        """Wait until there is something to read.

        The watcher stays active from one wait to the next: stopping and starting it again would cost each request a
        system call (libev adds the descriptor to epoll anew).
        """
        if self._armed_until > self.deadline:
            self._arm()
        self._greenlet = getcurrent()
        if not self._is_watching:
            self._is_watching = True
            self._readable.start(self._on_readable)
        try:
            self._switch()
        finally:
            self._greenlet = None

    def _on_readable(self) -> None:
        waiting = self._greenlet
        if waiting is not None:
            waiting.switch()
        else:  # closed by the server while idle, say: nobody reads, so it would be reported for ever
            self._is_watching = False
            self._readable.stop()

    def _wait_writable(self) -> None:
        if self._armed_until > self.deadline:
            self._arm()
        current = self._greenlet = getcurrent()
        self._writable.start(current.switch)
        try:
            self._switch()
        finally:
            self._greenlet = None
            self._writable.stop()

    def _arm(self) -> None:
        """Start the timer for the present deadline.

        It is not stopped when an exchange ends, as that would cost each request a start and a stop: when it fires
        it looks whether someone waits past the deadline that holds then.
        """
        if self._timer is not None:
            self._timer.stop()
            self._timer.close()
        self._timer = self._hub.loop.timer(max(self.deadline - perf_counter(), 0.0), ref=False)
        self._armed_until = self.deadline
        self._timer.start(self._on_timer)

    def _on_timer(self) -> None:
        self._armed_until = NEVER
        if self._greenlet is None:
            return
        if perf_counter() >= self.deadline:
            self._greenlet.throw(AnswerTimeoutError(f"no complete answer within {self.timeout_s} s"))
        else:
            self._arm()

    def close(self) -> None:
        """Close; harmless when closed already."""
        for watcher in (self._timer, self._readable, self._writable):
            if watcher is not None:
                watcher.stop()
                watcher.close()
        self._timer = self._readable = self._writable = None
        self._socket.close()

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._readable is None


def state_by(data: bytes) -> Idle:
    """The state of an idle connection by the first bytes to be read; none are its end."""
    return "talking" if data and not _SAYS_TIMEOUT.match(data) else "closed"


def _os_error(number: int) -> OSError:
    return OSError(number, os.strerror(number))
