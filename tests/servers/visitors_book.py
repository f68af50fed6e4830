"""A small real HTTP/1.1 server that writes down each request: when it came, when it was answered, and its path.

python -m tests.servers.visitors_book PORT BOOK [--die-after-requests N]

`/slow?s=0.1` takes so long; `/hang` is never answered; `/ready` is not written down.
"""

from __future__ import annotations

import argparse
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import IO
from urllib.parse import parse_qs, urlparse


class Handler(BaseHTTPRequestHandler):
    """Answers 200 to everything."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet, else delayed acknowledgements add 40 ms
    book: IO[str]
    lock = threading.Lock()
    requests = count(1)
    last: float = float("inf")

    def do_GET(self) -> None:
        """Answer, and write it down."""
        came = time.monotonic_ns()
        url = urlparse(self.path)
        if url.path == "/hang":
            self._note(came, came)
            time.sleep(3600)
        if url.path == "/slow":
            time.sleep(float(parse_qs(url.query)["s"][0]))
        body = url.path.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        if url.path != "/ready":
            self._note(came, time.monotonic_ns())
            if next(self.requests) >= self.last:
                os._exit(7)

    def do_POST(self) -> None:
        """As a GET."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def _note(self, came: int, left: int) -> None:
        with self.lock:
            self.book.write(f"{came} {left} {self.path}\n")
            self.book.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Many connections at once."""

    request_queue_size = 512
    daemon_threads = True


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("book")
    parser.add_argument("--die-after-requests", type=float, default=float("inf"))
    options = parser.parse_args()
    Handler.last = options.die_after_requests
    with open(options.book, "a", encoding="utf-8") as Handler.book:  # noqa: PTH123
        Server(("127.0.0.1", options.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
