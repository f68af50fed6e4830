"""The proxy of the self-test: what passes through it comes later, and is otherwise the same."""

from __future__ import annotations

import socket
import threading
import time
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from perfgate.errors import ServiceError
from perfgate.target.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def parrot(chunks: int = 1) -> Iterator[str]:
    """A server that answers each line in `chunks` parts, and closes after an empty one."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    def talk(connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            for line in lines:
                for _ in range(chunks):
                    connection.sendall(line)
                if line == b"\n":
                    return

    threading.Thread(target=serve, daemon=True).start()
    with listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


def _connect(url: str) -> socket.socket:
    host, port = url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=30)


@pytest.mark.parametrize("delay_ms", [0.0, 40.0])
def test_every_answer_comes_at_least_so_much_later(delay_ms: float) -> None:
    """The first as well as those that follow on the same connection."""
    with parrot() as url, Proxy(url, delay_ms) as proxy, _connect(proxy.url) as client:
        lines = client.makefile("rb")
        for number in range(5):
            began = time.monotonic()
            client.sendall(b"%d\n" % number)
            assert lines.readline() == b"%d\n" % number
            assert (time.monotonic() - began) * 1000 >= delay_ms


def test_what_is_large_arrives_whole_and_in_order() -> None:
    """However it is cut into chunks."""
    line = bytes(range(32, 127)) * 20_000 + b"\n"
    with parrot(chunks=3) as url, Proxy(url, 5.0) as proxy, _connect(proxy.url) as client:
        threading.Thread(target=client.sendall, args=(line,), daemon=True).start()
        lines = client.makefile("rb")
        assert [lines.readline() for _ in range(3)] == [line] * 3


def test_an_end_of_the_service_is_passed_on_after_what_it_had_said() -> None:
    """A connection that is closed is closed at the other end too."""
    with parrot() as url, Proxy(url, 20.0) as proxy, _connect(proxy.url) as client:
        client.sendall(b"last\n\n")
        assert client.makefile("rb").read() == b"last\n\n"


def test_a_service_that_is_not_there_is_a_connection_that_ends() -> None:
    """As it would be without the proxy."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with Proxy(f"http://127.0.0.1:{port}", 0.0) as proxy, pytest.raises(OSError):  # noqa: PT011  (of several kinds)
        urllib.request.urlopen(proxy.url, timeout=30)


def test_it_ends_with_its_owner() -> None:
    """Nothing listens there any more."""
    with parrot() as url:
        proxy = Proxy(url, 0.0)
        proxy.close()
        with pytest.raises(ConnectionRefusedError):
            _connect(proxy.url)


def test_one_that_cannot_be_started_says_so() -> None:
    """An address that is none."""
    with pytest.raises(ServiceError, match=r"the proxy before http://127\.0\.0\.1:1 could not be started"):
        Proxy("http://127.0.0.1:1", "soon")  # type: ignore[arg-type]
