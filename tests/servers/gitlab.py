"""A small GitLab on this machine: it keeps the notes of a merge request."""

from __future__ import annotations

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

NOTES = "/api/v4/projects/4711/merge_requests/7/notes"


class GitLab(ThreadingHTTPServer):
    """The server; `fail` holds (method, status, carried out all the same) of the requests that fail next."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.username = "perfgate-bot"
        self.notes: list[dict[str, Any]] = []
        self.fail: list[tuple[str, int, bool]] = []
        self.requests: list[str] = []

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def add(self, body: str, username: str) -> dict[str, Any]:
        """Somebody writes a note."""
        note = {"id": len(self.notes) + 1, "body": body, "author": {"username": username}}
        self.notes.append(note)
        return note


@contextmanager
def serving() -> Iterator[GitLab]:
    """A server of its own, while inside."""
    server = GitLab()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: GitLab

    def do_GET(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        url = urlsplit(self.path)
        self.server.requests.append(f"{self.command} {url.path}")
        fault = next((one for one in self.server.fail if one[0] == self.command), None)
        if fault:
            self.server.fail.remove(fault)
        status, answer = (500, {}) if fault and not fault[2] else self._answer(url.path, parse_qs(url.query), body)
        self._send(*((fault[1], {"message": "failed"}) if fault else (status, answer)))

    do_POST = do_PUT = do_GET  # noqa: N815  (the names that http.server looks for)

    def _answer(self, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        server = self.server
        if self.headers.get("PRIVATE-TOKEN") != "glpat":
            return 401, {"message": "401 Unauthorized"}
        if path == "/api/v4/user":
            return 200, {"id": 1, "username": server.username}
        if path == NOTES and self.command == "POST":
            return 201, server.add(body["body"], server.username)
        if path == NOTES:
            size, number = int(query["per_page"][0]), int(query["page"][0])
            return 200, server.notes[size * (number - 1) : size * number]
        note = server.notes[int(path.rpartition("/")[2]) - 1]
        note["body"] = body["body"]
        return 200, note

    def _send(self, status: int, answer: Any) -> None:
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""
