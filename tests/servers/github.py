"""A small GitHub on this machine: it keeps comments, checks and statuses, and can fail in the ways that GitHub does."""

from __future__ import annotations

import json
import re
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REPOSITORY = "octo/shop"
BOT = "github-actions[bot]"
CREATED = "2026-03-04T05:06:07Z"


@dataclass
class Fault:
    """What goes wrong, so many times, with requests that match.

    Attributes:
        request: a pattern for `METHOD /path`.
        how: `answer` answers `status`; `reset` ends the connection without an answer. With `after`, the request is
            carried out first: its answer is lost. `text` is what is answered instead of GitHub's JSON.
    """

    request: str
    status: int = 500
    how: Literal["answer", "reset"] = "answer"
    after: bool = False
    times: int = 1
    headers: dict[str, str] = field(default_factory=dict)
    message: str = "Server Error"
    text: str | None = None


@dataclass
class State:
    """All that the server knows; `shown` is called with each request."""

    url: str = ""
    login: str = BOT
    may_ask_who: bool = True
    comments: dict[int, dict[str, Any]] = field(default_factory=dict)
    checks: dict[int, dict[str, Any]] = field(default_factory=dict)
    reactions: dict[int, int] = field(default_factory=dict)  # the bot's, by comment
    statuses: list[dict[str, Any]] = field(default_factory=list)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    next_id: int = 1000
    shown: Callable[[str, str, bytes], None] | None = None

    def new_id(self) -> int:
        """A number that nothing has yet."""
        self.next_id += 1
        return self.next_id

    def add_comment(self, body: str, login: str | None = None) -> dict[str, Any]:
        """Somebody writes a comment."""
        number = self.new_id()
        comment = {"id": number, "body": body, "user": {"login": login or self.login, "type": "Bot", "id": 1}}
        comment |= {"created_at": CREATED, "updated_at": CREATED, "html_url": f"https://github.test/c/{number}"}
        comment["url"] = f"{self.url}/repos/{REPOSITORY}/issues/comments/{number}"
        self.comments[number] = comment
        return comment

    @property
    def bodies(self) -> list[str]:
        """Of all comments, the oldest first."""
        return [comment["body"] for _, comment in sorted(self.comments.items())]

    def sent(self, method: str) -> list[str]:
        """The requests with this method."""
        return [request for request in self.requests if request.startswith(f"{method} ")]


class _RefusedError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class GitHub(ThreadingHTTPServer):
    """The server; `state` is what it knows."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.state = State(url=self.url)

    @property
    def url(self) -> str:
        """Where its API is."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that a fault has ended is no error."""


@contextmanager
def serving() -> Iterator[GitHub]:
    """A server of its own, while inside."""
    server = GitHub()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
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
    server: GitHub

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        state = self.server.state
        line = f"{self.command} {url.path}"
        if state.shown:
            state.shown(self.command, self.path, body)
        with state.lock:
            state.requests.append(f"{self.command} {self.path}")
            fault = next((one for one in state.faults if one.times > 0 and re.fullmatch(one.request, line)), None)
            if fault:
                fault.times -= 1
            if fault is None or fault.after:
                status, answer, headers = self._answer(url.path, parse_qs(url.query), json.loads(body or b"{}"))
        if fault is not None and fault.how == "reset":
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        if fault is not None:
            status, answer, headers = fault.status, fault.text or {"message": fault.message}, fault.headers
        self._send(status, answer, headers)

    do_POST = do_PATCH = do_DELETE = do_PUT = do_GET  # noqa: N815  (the names that http.server looks for)

    def _send(self, status: int, answer: Any, headers: dict[str, str]) -> None:
        text = b"" if answer is None else (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        self.send_response(status)
        own = {"Content-Length": str(len(text)), "Content-Type": "application/json; charset=utf-8"}
        for name, value in {**own, **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def _answer(self, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any, dict[str, str]]:
        for pattern, route in _ROUTES:
            if found := re.fullmatch(pattern, f"{self.command} {path}"):
                try:
                    status, answer = route(self.server.state, found.groups(), query, body)
                except _RefusedError as refused:
                    return refused.status, {"message": refused.message}, {}
                if isinstance(answer, list):
                    return self._page(path, query, answer)
                return status, answer, {}
        return 404, {"message": "Not Found"}, {}

    def _page(self, path: str, query: dict[str, list[str]], every: list[Any]) -> tuple[int, Any, dict[str, str]]:
        size, number = int(query.get("per_page", ["30"])[0]), int(query.get("page", ["1"])[0])
        headers = {}
        if len(every) > size * number:
            more = f"{self.server.url}{path}?per_page={size}&page={number + 1}"
            headers["Link"] = f'<{more}>; rel="next"'
        return 200, every[size * (number - 1) : size * number], headers

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


Groups = tuple[str, ...]
Query = dict[str, list[str]]


def _user(state: State, groups: Groups, query: Query, body: Any) -> tuple[int, Any]:
    if not state.may_ask_who:
        raise _RefusedError(403, "Resource not accessible by integration")
    return 200, {"login": state.login, "id": 1, "type": "User"}


def _list_comments(state: State, groups: Groups, query: Query, body: Any) -> tuple[int, Any]:
    return 200, [comment for _, comment in sorted(state.comments.items())]


def _create_comment(state: State, groups: Groups, query: Query, body: Any) -> tuple[int, Any]:
    if len(body["body"]) > 65_536:
        raise _RefusedError(422, "Validation Failed: body is too long (maximum is 65536 characters)")
    return 201, state.add_comment(body["body"])


def _comment(state: State, number: str) -> dict[str, Any]:
    if int(number) not in state.comments:
        raise _RefusedError(404, "Not Found")
    return state.comments[int(number)]


def _edit_comment(state: State, groups: Groups, query: Query, body: Any) -> tuple[int, Any]:
    comment = _comment(state, groups[0])
    if len(body["body"]) > 65_536:
        raise _RefusedError(422, "Validation Failed: body is too long (maximum is 65536 characters)")
    comment["body"] = body["body"]
    return 200, comment


def _delete_comment(state: State, groups: Groups, query: Query, body: Any) -> tuple[int, Any]:
    del state.comments[_comment(state, groups[0])["id"]]
    return 204, None


def _react(state: State, groups: Groups, query: Query, body: Any) -> tuple[int, Any]:
    comment = _comment(state, groups[0])["id"]
    status = 200 if comment in state.reactions else 201
    number = state.reactions.setdefault(comment, state.new_id())
    return status, {"id": number, "content": body["content"], "created_at": CREATED}


def _delete_reaction(state: State, groups: Groups, query: Query, body: Any) -> tuple[int, Any]:
    if state.reactions.get(int(groups[0])) != int(groups[1]):
        raise _RefusedError(404, "Not Found")
    del state.reactions[int(groups[0])]
    return 204, None


def _add_annotations(state: State, check: dict[str, Any], output: dict[str, Any]) -> None:
    annotations = output.pop("annotations", [])
    if len(annotations) > 50:
        raise _RefusedError(422, "Validation Failed: annotations has too many items")
    state.batches.append(len(annotations))
    check["annotations"] += annotations
    check["output"] = {**output, "annotations_count": len(check["annotations"])}


def _create_check(state: State, groups: Groups, query: Query, body: Any) -> tuple[int, Any]:
    number = state.new_id()
    check = {**body, "id": number, "html_url": f"https://github.test/checks/{number}", "annotations": []}
    check["url"] = f"{state.url}/repos/{REPOSITORY}/check-runs/{number}"
    _add_annotations(state, check, dict(body["output"]))
    state.checks[number] = check
    return 201, _shown(check)


def _shown(check: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in check.items() if name != "annotations"}


def _edit_check(state: State, groups: Groups, query: Query, body: Any) -> tuple[int, Any]:
    _add_annotations(state, state.checks[int(groups[0])], dict(body["output"]))
    return 200, _shown(state.checks[int(groups[0])])


def _get_check(state: State, groups: Groups, query: Query, body: Any) -> tuple[int, Any]:
    return 200, _shown(state.checks[int(groups[0])])


def _list_checks(state: State, groups: Groups, query: Query, body: Any) -> tuple[int, Any]:
    runs = [_shown(check) for check in state.checks.values() if check["head_sha"] == groups[0]]
    return 200, {"total_count": len(runs), "check_runs": runs}


def _set_status(state: State, groups: Groups, query: Query, body: Any) -> tuple[int, Any]:
    status = {**body, "sha": groups[0], "id": state.new_id()}
    state.statuses.append(status)
    return 201, status


def _list_pulls(state: State, groups: Groups, query: Query, body: Any) -> tuple[int, Any]:
    return 200, [pull for pull in state.pulls if pull["head"]["label"] == query["head"][0]]


_REPO = f"/repos/{REPOSITORY}"
_ROUTES: list[tuple[str, Callable[[State, Groups, Query, Any], tuple[int, Any]]]] = [
    ("GET /user", _user),
    (rf"GET {_REPO}/issues/\d+/comments", _list_comments),
    (rf"POST {_REPO}/issues/\d+/comments", _create_comment),
    (rf"PATCH {_REPO}/issues/comments/(\d+)", _edit_comment),
    (rf"DELETE {_REPO}/issues/comments/(\d+)", _delete_comment),
    (rf"POST {_REPO}/issues/comments/(\d+)/reactions", _react),
    (rf"DELETE {_REPO}/issues/comments/(\d+)/reactions/(\d+)", _delete_reaction),
    (rf"POST {_REPO}/check-runs", _create_check),
    (rf"PATCH {_REPO}/check-runs/(\d+)", _edit_check),
    (rf"GET {_REPO}/check-runs/(\d+)", _get_check),
    (rf"GET {_REPO}/commits/(\w+)/check-runs", _list_checks),
    (rf"POST {_REPO}/statuses/(\w+)", _set_status),
    (rf"GET {_REPO}/pulls", _list_pulls),
]
