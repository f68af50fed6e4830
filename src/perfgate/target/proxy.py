"""A TCP proxy on the loopback interface that keeps answers back for a fixed time: a known delay before a real service.

Runs in a process of its own, so that neither the generator's loop nor the service's waits for it. The delay is added to
every chunk that the service sends, in order; chunks that follow each other are not delayed more than the first.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from perfgate.errors import ServiceError

if TYPE_CHECKING:
    from types import TracebackType

_CHUNK = 65_536
_END_S = 5.0


class Proxy:
    """A proxy process; a context manager.

    Args:
        url: of the service.
        delay_ms: by which answers are kept back.

    Attributes:
        url: of the proxy.

    Raises:
        ServiceError: `proxy`: it could not be started.
    """

    def __init__(self, url: str, delay_ms: float) -> None:
        parts = urlsplit(url)
        port = parts.port or 80
        self._process = subprocess.Popen(
            [sys.executable, "-m", "perfgate.target.proxy", parts.hostname or "", str(port), str(delay_ms)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None  # a pipe
        line = self._process.stdout.readline().strip()
        if not line.isdigit():
            self.close()
            raise ServiceError(
                f"the proxy before {url} could not be started", hint="look for its own words above", slug="proxy"
            )
        self.url = f"http://127.0.0.1:{line}"

    def close(self) -> None:
        """End it."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()  # the end of its input is its sign to go
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Delayed(asyncio.Protocol):
    """The service's end of a connection: what it sends goes to the client later."""

    def __init__(self, client: asyncio.Transport, delay_s: float) -> None:
        self._client = client
        self._delay_s = delay_s
        self._loop = asyncio.get_running_loop()

    def data_received(self, data: bytes) -> None:
        self._loop.call_later(self._delay_s, self._pass, data) if self._delay_s else self._pass(data)

    def _pass(self, data: bytes) -> None:
        if not self._client.is_closing():
            self._client.write(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  (asyncio's)
        self._loop.call_later(self._delay_s, self._client.close)


class _Client(asyncio.Protocol):
    """The client's end of a connection: what it sends goes to the service at once."""

    def __init__(self, host: str, port: int, delay_s: float) -> None:
        self._target = host, port
        self._delay_s = delay_s
        self._service: asyncio.WriteTransport | None = None
        self._early: list[bytes] = []
        self._connecting: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # TCP
        self._connecting = asyncio.get_running_loop().create_task(self._connect(transport))

    async def _connect(self, client: asyncio.Transport) -> None:
        try:
            service, _ = await asyncio.get_running_loop().create_connection(
                lambda: _Delayed(client, self._delay_s), *self._target
            )
        except OSError:  # the client sees what it would see without a proxy: a connection that ends
            client.close()
            return
        self._service = service
        for data in self._early:
            service.write(data)

    def data_received(self, data: bytes) -> None:
        if self._service is None:
            self._early.append(data)
        else:
            self._service.write(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  (asyncio's)
        if self._service is not None:
            self._service.close()


async def _serve(host: str, port: int, delay_ms: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Client(host, port, delay_ms / 1000), "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)  # until the parent lets go


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
