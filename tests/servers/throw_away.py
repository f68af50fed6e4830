"""A small real service whose tokens, ids and cookies are new each time that it starts.

python -m tests.servers.throw_away PORT BOOK

An API with tokens (`/api/...`), pages with a session cookie and a token in each form (`/login`, `/account`, `/notes`),
and `/ready`. What was recorded with one of these is refused by the next. BOOK gets a line of JSON for each answer: who
asked (the login that the token or cookie came from), what for, and the status.
"""

from __future__ import annotations

import argparse
import json
import random
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

USER, PASSWORD = "ada", "correct horse"
_FORM = "<form method=post><input type='hidden' name='csrf_token' value=\"{csrf}\">"
_LOGIN = f"<h1>Sign in</h1>{_FORM}<input name=user><input name=password type=password></form>"


def _with(schema: Any, **more: Any) -> dict[str, Any]:
    return {"description": "good", "content": {"application/json": {"schema": schema}}, **more}


def _takes(**properties: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": {"type": "object", "properties": properties}}}}


_TEXT, _NUMBER = {"type": "string"}, {"type": "integer"}
_ITEM = {"type": "object", "properties": {"id": {**_NUMBER, "readOnly": True}, "name": _TEXT}}
_ONE = [{"name": "orderId", "in": "path", "required": True, "schema": _NUMBER}]
_MADE = {"type": "object", "properties": {"order": _ITEM}}
_TOKEN = {"type": "object", "properties": {"data": {"type": "object", "properties": {"access_token": _TEXT}}}}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Shop", "version": "1"},
    "security": [{"token": []}],
    "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    "paths": {
        "/api/login": {
            "post": {
                "security": [],
                "requestBody": _takes(username=_TEXT, password=_TEXT),
                "responses": {"200": _with(_TOKEN)},
            }
        },
        "/api/items": {
            "get": {
                "responses": {
                    "200": _with({"type": "object", "properties": {"items": {"type": "array", "items": _ITEM}}})
                }
            }
        },
        "/api/items/{id}": {
            "get": {
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": _NUMBER}],
                "responses": {"200": _with(_ITEM)},
            }
        },
        "/api/orders": {
            "post": {"requestBody": _takes(item_id=_NUMBER, count=_NUMBER), "responses": {"201": _with(_MADE)}}
        },
        "/api/orders/{orderId}": {
            "get": {"parameters": _ONE, "responses": {"200": _with(_ITEM)}},
            "put": {"parameters": _ONE, "requestBody": _takes(count=_NUMBER), "responses": {"200": _with(_ITEM)}},
            "delete": {"parameters": _ONE, "responses": {"204": {"description": "gone"}}},
        },
    },
}


class Service(ThreadingHTTPServer):
    """The state of one instance."""

    request_queue_size = 512
    daemon_threads = True

    def __init__(self, port: int, book: IO[str] | None = None) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.lock = threading.RLock()
        self.book = book
        self.logins = 0
        self.number = random.randrange(20, 900)  # of the next thing that is made
        self.tokens: dict[str, int] = {}  # token -> login
        self.sessions: dict[str, dict[str, Any]] = {}  # cookie -> its CSRF token and login
        self.items = [self.next_id() for _ in range(5)]
        self.owners: dict[str, int] = {}  # path of a thing -> login

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def next_id(self) -> int:
        with self.lock:
            self.number += random.randrange(1, 4)
            return self.number

    def login(self) -> int:
        with self.lock:
            self.logins += 1
            return self.logins

    def note(self, **line: Any) -> None:
        if self.book is not None:
            with self.lock:
                self.book.write(json.dumps(line) + "\n")
                self.book.flush()


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: Service
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet, else delayed acknowledgements add 40 ms

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.body = self.rfile.read(length).decode()
        self.url = urlsplit(self.path)
        self.login: int | None = None
        self.cookies: list[str] = []
        part = self._api if self.url.path.startswith("/api/") else self._page
        part()

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815  (http.server finds them by these names)

    # The API.

    def _api(self) -> None:
        route = f"{self.command} {self.url.path}"
        if route == "POST /api/login":
            self._api_login()
            return
        self.login = self.server.tokens.get(self.headers.get("Authorization", "").removeprefix("Bearer "))
        if self.login is None:
            self._json(401, {"error": "no such token"})
        elif route == "GET /api/items":
            self._json(200, {"items": [{"id": number, "name": f"item {number}"} for number in self.server.items]})
        elif self.command == "GET" and self.url.path.startswith("/api/items/"):
            known = self.url.path.rpartition("/")[2] in map(str, self.server.items)
            self._json(200 if known else 404, {"path": self.url.path})
        elif route == "POST /api/orders":
            self._new_order()
        else:
            self._own(self.url.path)

    def _api_login(self) -> None:
        sent = json.loads(self.body or "{}")
        if (sent.get("username"), sent.get("password")) != (USER, PASSWORD):
            self._json(401, {"error": "wrong password"})
            return
        self.login = self.server.login()
        token = secrets.token_urlsafe(24)
        self.server.tokens[token] = self.login
        self._json(200, {"data": {"access_token": token, "token_type": "bearer"}})

    def _new_order(self) -> None:
        sent = json.loads(self.body or "{}")
        if sent.get("item_id") not in self.server.items:
            self._json(422, {"error": "no such item"})
            return
        number = self.server.next_id()
        self.server.owners[f"/api/orders/{number}"] = self.login or 0
        self._json(201, {"order": {"id": number, "count": sent.get("count", 1)}})

    def _own(self, path: str) -> None:
        """Something that only who has made it may ask for."""
        owner = self.server.owners.get(path)
        if owner is None:
            self._json(404, {"error": "no such order"})
        elif owner != self.login:
            self._json(403, {"error": "somebody else's"})
        elif self.command == "DELETE":
            del self.server.owners[path]
            self._json(204, None)
        else:
            self._json(200, {"id": int(path.rpartition("/")[2])})

    # The pages.

    def _page(self) -> None:
        sent = dict(part.strip().partition("=")[::2] for part in self.headers.get("Cookie", "").split(";"))
        session = self.server.sessions.get(sent.get("sid", ""))
        self.login = session["login"] if session else None
        form = {name: values[0] for name, values in parse_qs(self.body).items()}
        route = f"{self.command} {self.url.path}"
        if route == "GET /ready":
            self._send(200, "text/plain", "ready")
        elif route == "GET /openapi.json":
            self._json(200, DOCUMENT)
        elif route == "GET /login":
            self._send(200, "text/html", _LOGIN.format(csrf=self._new_session(None)))
        elif route == "POST /login":
            self._page_login(session, form)
        elif session is None or self.login is None:
            self._redirect("/login")
        elif route == "POST /logout":
            del self.server.sessions[sent["sid"]]
            self._redirect("/login")
        elif self.command == "POST" and form.get("csrf_token") != session["csrf"]:
            self._send(403, "text/html", "<h1>Forbidden</h1>")
        else:
            self._own_page(route, session, sent)

    def _page_login(self, session: dict[str, Any] | None, form: dict[str, str]) -> None:
        right = session is not None and form.get("csrf_token") == session["csrf"]
        if right and (form.get("user"), form.get("password")) == (USER, PASSWORD):
            self._new_session(self.server.login())
            self._redirect("/account")
        else:
            self._redirect("/login")

    def _own_page(self, route: str, session: dict[str, Any], sent: dict[str, str]) -> None:
        if route == "GET /account":
            xsrf = session.setdefault("xsrf", secrets.token_urlsafe(12) + "==")
            self.cookies.append(f"XSRF-TOKEN={quote(xsrf, safe='')}; Path=/")
            self._send(200, "text/html", f"<meta name=csrf-token content='{session['csrf']}'><h1>Account</h1>")
        elif route == "POST /notes":
            path = f"/notes/{self.server.next_id()}"
            self.server.owners[path] = self.login or 0
            self._redirect(path, 303)
        elif route == "PUT /settings":
            same = self.headers.get("X-XSRF-TOKEN") == session.get("xsrf") == unquote(sent.get("XSRF-TOKEN", ""))
            self._json(200 if same else 403, {"saved": same})
        elif self.url.path.startswith("/notes/"):
            own = self.server.owners.get(self.url.path) == self.login
            self._send(
                200 if own else 404, "text/html", f"<h1>{self.url.path}</h1>" + _FORM.format(csrf=session["csrf"])
            )
        else:
            self._send(404, "text/html", "<h1>Not found</h1>")

    def _new_session(self, login: int | None) -> str:
        sid, csrf = secrets.token_urlsafe(18), secrets.token_urlsafe(18)
        self.server.sessions[sid] = {"csrf": csrf, "login": login}
        self.cookies.append(f"sid={sid}; Path=/; HttpOnly")
        self.login = login
        return csrf

    # Answers.

    def _json(self, status: int, value: Any) -> None:
        self._send(status, "application/json", "" if value is None else json.dumps(value))

    def _redirect(self, target: str, status: int = 302) -> None:
        self._send(status, "text/html", "", target)

    def _send(self, status: int, kind: str, text: str, location: str = "") -> None:
        body = text.encode()
        self.send_response(status)
        for cookie in self.cookies:
            self.send_header("Set-Cookie", cookie)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        if self.url.path != "/ready":
            self.server.note(login=self.login, method=self.command, path=self.url.path, status=status)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("book")
    options = parser.parse_args()
    with open(options.book, "a", encoding="utf-8") as book:  # noqa: PTH123
        Service(options.port, book).serve_forever()


if __name__ == "__main__":
    main()
