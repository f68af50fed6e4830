"""A small shop to try perfgate on: `python shop.py PORT`. Change something, and ask whether it became slower."""

from __future__ import annotations

import json
import random
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

COLORS = ("amber", "black", "blue", "green", "grey", "red", "silver", "white")
THINGS = ("bench", "bottle", "chair", "desk", "kettle", "lamp", "mug", "shelf", "stool", "table")
CHANCE = random.Random(1)
ITEMS = [
    {"id": number, "name": f"{CHANCE.choice(COLORS)} {CHANCE.choice(THINGS)}", "cents": CHANCE.randrange(199, 9_999)}
    for number in range(20_000)
]


def item(number: int) -> object:
    """One item, with the cheapest things of the same name."""
    found = ITEMS[number]
    alike = sorted((other["cents"], other["id"]) for other in ITEMS[:500] if other["name"] == found["name"])
    return {**found, "alike": alike[:5]}


def search(word: str) -> object:
    """The items whose names hold a word."""
    return [item for item in ITEMS if word in str(item["name"])][:20]


class Shop(BaseHTTPRequestHandler):
    """`GET /health`, `GET /items/7` and `GET /search?q=lamp`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer one request."""
        url = urlsplit(self.path)
        number = url.path.removeprefix("/items/")
        if url.path == "/health":
            self.answer(200, "ok")
        elif url.path == "/search":
            self.answer(200, search(parse_qs(url.query).get("q", [""])[0]))
        elif number.isdecimal() and int(number) < len(ITEMS):
            self.answer(200, item(int(number)))
        else:
            self.answer(404, "there is no such thing")

    def answer(self, status: int, value: object) -> None:
        """Send a value as JSON."""
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *values: object) -> None:  # noqa: A002  (its name in the standard library)
        """Say nothing of requests: there are thousands."""


class Server(ThreadingHTTPServer):
    """A thread for each connection."""

    daemon_threads = True
    request_queue_size = 128


if __name__ == "__main__":
    Server(("127.0.0.1", int(sys.argv[1])), Shop).serve_forever()
