"""A server that records what came over the wire byte for byte, and answers with whatever bytes a test wants."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CLOSE = object()
"""In an answer: close the connection here."""
RESET = object()
"""In an answer: reset the connection here."""


@dataclass
class Sent:
    """One request as it came over the wire; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int = 0

    @property
    def form(self) -> tuple[str, str, bytes, str | None, str | None]:
        """What must be the same whatever client sent it."""
        kind = self.headers.get("content-type")
        return self.method, self.path, self.body, kind, self.headers.get("cookie")


Part = Any  # bytes, a number of seconds to wait, CLOSE or RESET
Answer = Callable[[Sent], bytes | Iterable[Part]]


def always(*parts: Part) -> Answer:
    """The same answer to every request."""
    return lambda _request: parts


@dataclass
class WireServer:
    """Listens on loopback, or on a Unix socket; set `answer` to what shall be answered.

    Attributes:
        requests: everything that was received, in order.
        connections: how many connections were accepted.
        log: gets a line for each request, and one when its answer has been said, and the connection closed.
    """

    answer: Answer = field(default=always(OK))
    family: int = socket.AF_INET
    address: Any = ("127.0.0.1", 0)
    tls: ssl.SSLContext | None = None
    requests: list[Sent] = field(default_factory=list)
    connections: int = 0
    log: Path | None = None

    def __enter__(self) -> WireServer:
        self._open: list[socket.socket] = []
        self._listener = socket.socket(self.family)
        self._listener.bind(self.address)
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        if self.family == socket.AF_UNIX:
            Path(self.address).unlink()

    def reset(self) -> None:
        """Forget what was received, and answer normally again."""
        self.requests.clear()
        self.connections = 0
        self.answer = always(OK)
        self.log = None

    @property
    def url(self) -> str:
        """Where it listens."""
        if self.family == socket.AF_UNIX:
            return f"unix://{self.address}"
        host, port = self._listener.getsockname()[:2]
        host = f"[{host}]" if ":" in host else host
        return f"{'https' if self.tls else 'http'}://{host}:{port}"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            if self.family != socket.AF_UNIX:  # what a test says comes early must not wait for an acknowledgement
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError, ValueError):
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            with connection.makefile("rb") as stream:
                for request in read_requests(stream):
                    request.connection = number
                    self.requests.append(request)
                    if not self._answer(connection, request):
                        break
        connection.close()

    def _answer(self, connection: socket.socket, request: Sent) -> bool:
        """Say the answer; whether the connection goes on."""
        log = self.log
        self._note(log, "asked")
        goes_on = False
        try:
            goes_on = self._say(connection, self.answer(request))
        finally:
            if not goes_on:
                connection.close()
            self._note(log, "said")
        return goes_on

    @staticmethod
    def _note(path: Path | None, what: str) -> None:
        if path:
            with path.open("a") as log:
                log.write(f"{what}\n")

    @staticmethod
    def _say(connection: socket.socket, answer: bytes | Iterable[Part]) -> bool:
        for part in [answer] if isinstance(answer, bytes) else answer:
            if part is CLOSE:
                connection.shutdown(socket.SHUT_RDWR)
                return False
            if part is RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                return False
            if isinstance(part, bytes):
                connection.sendall(part)
            else:
                time.sleep(part)
        return True


def read_requests(stream: Any) -> Iterator[Sent]:
    """Parse requests as strictly as a recorder must: by their stated lengths."""
    while line := stream.readline():
        method, path, _ = line.decode("latin-1").split(" ", 2)
        headers: dict[str, str] = {}
        while (field_line := stream.readline()).strip():
            name, _, value = field_line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        yield Sent(method, path, headers, _read_body(stream, headers))


def _read_body(stream: Any, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding") != "chunked":
        return bytes(stream.read(int(headers.get("content-length", 0))))
    body = b""
    while size := int(stream.readline(), 16):
        body += stream.read(size)
        stream.readline()
    stream.readline()
    return body
