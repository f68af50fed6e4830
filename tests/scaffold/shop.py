"""A real HTTP service on loopback whose answers each test chooses."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class Shop(ThreadingHTTPServer):
    """Answers from `pages`: path without query -> (status, content type, body); all else is 404."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages: dict[str, tuple[int, str, str]] = {}
        self.redirects: dict[str, str] = {}
        self.seen: list[tuple[str, str]] = []
        self.bodies: list[tuple[str, bytes]] = []
        self.headers_seen: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def page(self, path: str, html: str = "<p>hello</p>") -> None:
        self.pages[path] = (200, "text/html; charset=utf-8", html)

    def json(self, path: str, value: Any, status: int = 200) -> None:
        self.pages[path] = (status, "application/json", json.dumps(value))


class _Handler(BaseHTTPRequestHandler):
    server: Shop
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.server.bodies.append((self.headers.get("Content-Type", ""), self.rfile.read(length)))
        self._answer(with_body=True)

    do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815  (http.server finds them by these names)

    def _answer(self, *, with_body: bool) -> None:
        self.server.seen.append((self.command, self.path))
        self.server.headers_seen.append(dict(self.headers))
        path = self.path.partition("?")[0]
        status, kind, text = self.server.pages.get(path, (404, "text/plain", "no such page"))
        location = self.server.redirects.get(path)
        body = text.encode()
        self.send_response(302 if location else status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name is http.server's)
        """Say nothing."""


@contextmanager
def serving() -> Iterator[Shop]:
    with Shop() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
