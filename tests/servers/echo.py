"""A small real HTTP/1.1 server for the tests, with the ways a service can misbehave chosen by path or switch.

python -m tests.servers.echo PORT [--die-after S] [--start-delay S] [--hang-after S] [--fail]

`--die-after` and `--hang-after` count from the first request that is not for `/ready`, so that however long it takes
until the load begins, some of it is answered.
"""

from __future__ import annotations

import argparse
import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse


class Handler(BaseHTTPRequestHandler):
    """Answers by path; every path that it does not know is an echo of the path."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet, else delayed acknowledgements add 40 ms
    fail = False
    hang_after: float | None = None
    die_after: float | None = None
    first_at: float | None = None
    lock = threading.Lock()

    def do_GET(self) -> None:
        """Answer."""
        url = urlparse(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        if url.path != "/ready":
            self.misbehave()
        if url.path == "/missing":
            self.answer(404, "no")
        elif url.path == "/slow":
            time.sleep(float(query["s"]))
            self.answer(200, "slow")
        elif url.path == "/redirect":
            self.answer(302, "", {"Location": query["to"]})
        elif url.path == "/whoami":
            self.answer(200, self.headers.get("Cookie", "").partition("session=")[2])
        elif url.path == "/json":
            self.answer(200, json.dumps({"bar": 1, "usage": {"tokens": 17}}), {"X-Tokens": "23"})
        else:
            self.answer(500 if self.fail and url.path != "/ready" else 200, url.path)

    do_HEAD = do_DELETE = do_GET  # noqa: N815  (the names that http.server looks for)

    def do_POST(self) -> None:
        """Echo the body; `/login` sets a cookie."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        cookie = {"Set-Cookie": "session=foo"} if self.path == "/login" else {}
        self.answer(500 if self.fail else 200, body, cookie)

    def misbehave(self) -> None:
        """Hang, or set the end of the process, as long after the first request as it was asked to."""
        now = time.monotonic()
        with self.lock:
            if Handler.first_at is None:
                Handler.first_at = now
                if self.die_after is not None:
                    timer = threading.Timer(self.die_after, os._exit, [7])
                    timer.daemon = True
                    timer.start()
        if self.hang_after is not None and now > Handler.first_at + self.hang_after:
            time.sleep(3600)

    def answer(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        """Send one response."""
        body = text.encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

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
    parser.add_argument("--die-after", type=float)
    parser.add_argument("--hang-after", type=float)
    parser.add_argument("--start-delay", type=float, default=0.0)
    parser.add_argument("--fail", action="store_true")
    options = parser.parse_args()
    time.sleep(options.start_delay)
    Handler.fail = options.fail
    Handler.hang_after, Handler.die_after = options.hang_after, options.die_after
    print("echo server is up", flush=True)  # noqa: T201
    Server(("127.0.0.1", options.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
