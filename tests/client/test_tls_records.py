"""TLS records that reach the client in one piece: what follows an answer in them is not always another answer."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.client.certificates import Certificates
from tests.client.wire_server import OK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.client.scenarios import Child

CLOSE_NOTIFY = b""
"""In an answer: the alert with which TLS ends a stream."""
ENDED = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
OPEN_END = b"HTTP/1.1 200 OK\r\n\r\nok"
HEAD_OF_MORE = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n"
METHODS = pytest.mark.parametrize("method", ["GET", "POST"])


@dataclass
class RecordServer:
    """Answers each request with records of its own choice, all of them in one write to the socket."""

    context: ssl.SSLContext
    answers: list[list[bytes]] = field(default_factory=list)
    received: int = 0

    def __enter__(self) -> RecordServer:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.context.wrap_bio(incoming, outgoing, server_side=True)
        shaken, request = False, b""
        with connection, contextlib.suppress(OSError):
            while raw := connection.recv(65536):
                incoming.write(raw)
                try:
                    if not shaken:
                        tls.do_handshake()
                        shaken = True
                    while True:
                        request += tls.read(65536)
                        if not request.endswith(b"\r\n\r\n"):
                            continue
                        request = b""
                        if not self._answer(tls, outgoing, connection):
                            return
                except ssl.SSLWantReadError:
                    connection.sendall(outgoing.read())

    def _answer(self, tls: ssl.SSLObject, outgoing: ssl.MemoryBIO, connection: socket.socket) -> bool:
        records = self.answers[self.received % len(self.answers)]
        self.received += 1
        for record in records:
            if record == CLOSE_NOTIFY:
                with contextlib.suppress(ssl.SSLError):
                    tls.unwrap()
            else:
                tls.write(record)
        connection.sendall(outgoing.read())
        return CLOSE_NOTIFY not in records


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority and a server's names."""
    return Certificates.create(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def server(certificates: Certificates) -> Iterator[RecordServer]:
    """A server behind TLS."""
    with RecordServer(certificates.server_context("127.0.0.1")) as server:
        yield server


@METHODS
@pytest.mark.parametrize("last", [OK, ENDED, OPEN_END], ids=["kept", "connection: close", "no length"])
def test_a_stream_that_ends_right_behind_the_answer_is_nothing_odd(
    child: Child, server: RecordServer, certificates: Certificates, method: str, last: bytes
) -> None:
    """The alert is no answer: nothing came unasked, nothing is sent again, no request fails."""
    server.answers = [[OK], [last, CLOSE_NOTIFY]]
    code = f"for _ in range(6): self.client.request('{method}', '/', verify={certificates.authority!r})"
    seen = child.run(server.url, code)
    assert (seen.kinds, server.received) == ([None] * 6, 6)
    assert [(event["timing"]["retried"], event["timing"]["unsolicited"]) for event in seen.events] == [(0, 0)] * 6


@METHODS
def test_a_streamed_body_in_several_records_is_read_whole(
    child: Child, server: RecordServer, certificates: Certificates, method: str
) -> None:
    """What has come behind the head belongs to the body, on a kept connection too."""
    server.answers = [[HEAD_OF_MORE, b"abc", b"def"]]
    code = f"""
    seen = []
    for _ in range(3):
        answer = self.client.request("{method}", "/", stream=True, verify={certificates.authority!r})
        seen.append([answer.text, answer.timing.retried, answer.timing.unsolicited])
    return seen
    """
    assert child.value(server.url, code) == [["abcdef", 0, 0]] * 3
    assert server.received == 3


def test_a_streamed_body_that_is_given_up_came_not_unasked(
    child: Child, server: RecordServer, certificates: Certificates
) -> None:
    """The connection is closed, since the rest of the body is still on it; the service did nothing odd."""
    server.answers = [[HEAD_OF_MORE, b"abc", b"def"]]
    code = f"""
    for _ in range(4):
        self.client.get("/", stream=True, verify={certificates.authority!r}).close()
    """
    seen = child.run(server.url, code)
    assert (seen.kinds, server.received) == ([None] * 4, 4)
    assert [event["timing"]["unsolicited"] for event in seen.events] == [0] * 4
