"""The same scenario sends the same requests, whether Locust's users run it or ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.client.wire_server import OK, Sent, always

if TYPE_CHECKING:
    from tests.client.scenarios import Child
    from tests.client.wire_server import WireServer

SHOP = """
self.client.get("/")
self.client.get("/items?limit=20&q=blue+shoes")
self.client.get("/items/17", name="/items/[id]")
self.client.post("/login", data={"user": "jo", "password": "a&b=c ü"})
self.client.get("/account")
self.client.post("/cart", json={"item": 17, "note": "ü", "nested": [1, {"a": None}]})
self.client.put("/cart/1", data="plain text")
self.client.patch("/cart/1", json={"count": 2})
self.client.delete("/cart/1")
self.client.options("/cart")
self.client.get("/logout")
self.client.get("/old")
self.client.get("/secret", auth=("jo", "pw"))
with self.client.get("/missing", catch_response=True) as response:
    response.success()
"""


def answer(request: Sent) -> bytes:
    """A shop with a login, a logout and a redirect."""
    if request.path == "/login":
        return OK.replace(
            b"\r\n", b"\r\nSet-Cookie: session=abc; Path=/; HttpOnly\r\nSet-Cookie: deep=1; Path=/cart\r\n", 1
        )
    if request.path == "/logout":
        return OK.replace(b"\r\n", b"\r\nSet-Cookie: session=; Path=/; Max-Age=0\r\n", 1)
    if request.path == "/old":
        return b"HTTP/1.1 302 Found\r\nLocation: /new\r\nContent-Length: 0\r\n\r\n"
    return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n" if request.path == "/missing" else OK


@pytest.mark.parametrize("by", ["locust", "fast"])
def test_a_scenario_sends_the_same_requests(child: Child, wire: WireServer, by: str) -> None:
    """Methods, paths, bodies, their types, and cookies, as the server recorded them."""
    wire.answer = answer
    sent: dict[str, list[Any]] = {}
    for who in ("perfgate", by):
        wire.requests.clear()
        assert child.run(wire.url, SHOP, who).raised is None
        sent[who] = [(r.method, r.path, r.body, _cookies(r), r.headers.get("authorization")) for r in wire.requests]
    assert len(sent["perfgate"]) == 15
    assert sent["perfgate"] == sent[by]


def _cookies(request: Sent) -> list[str]:
    return sorted(request.headers.get("cookie", "").split("; "))


def test_a_scenario_is_recorded_the_same(child: Child, wire: WireServer) -> None:
    """Types, names, lengths and which requests failed, as with Locust's HttpUser."""
    wire.answer = answer
    recorded = [
        [
            (e["type"], e["name"], e["url"], e["length"], e["error"] is None)
            for e in child.run(wire.url, SHOP, by).events
        ]
        for by in ("perfgate", "locust")
    ]
    assert recorded[0] == recorded[1]


def test_one_import_is_enough_for_a_locustfile(child: Child) -> None:
    """What a locustfile needs most is importable from perfgate, and is Locust's own."""
    code = """
    import locust, perfgate
    names = "between constant constant_pacing constant_throughput events tag task TaskSet SequentialTaskSet".split()
    return [getattr(perfgate, name) is getattr(locust, name) for name in names], perfgate.HttpUser.abstract
    """
    assert child.value("http://x", code) == [[True] * 9, True]


def test_a_session_has_what_locusts_sessions_have(child: Child, wire: WireServer) -> None:
    """Its user, its event, its connections, and that it can be used in a with-block."""
    code = """
    seen = [self.client.user is self, self.client.request_event is self.environment.events.request]
    self.client.get("/")
    self.client.client.clientpool.close()
    self.client.get("/")
    self.client.client.cookiejar.set("a", "1")
    self.client.client.max_redirects = 3
    with self.client as client:
        client.get("/")
    self.client.get("/")
    return [*seen, self.client.max_redirects, client is self.client]
    """
    assert child.value(wire.url, code) == [True, True, 3, True]
    assert [(r.connection, r.headers.get("cookie")) for r in wire.requests] == [
        (1, None),
        (2, None),
        (2, "a=1"),
        (3, "a=1"),
    ]


def test_what_was_recorded_can_be_read_without_a_with_block(child: Child, app_url: str) -> None:
    """`request_meta` is there on every response, as with Locust's HttpUser."""
    code = """
    meta = self.client.get("/status/404", name="named").request_meta
    return [meta["request_type"], meta["name"], meta["response_time"] > 0, meta["response_length"],
            meta["exception"] is not None, meta["url"].endswith("/status/404"), meta["response"].status_code]
    """
    assert child.value(app_url, code) == ["GET", "named", True, 10, True, True, 404]


def test_an_error_names_what_the_system_said(child: Child, wire: WireServer) -> None:
    """`r.error.original`, as with FastHttpUser; a timeout is a `socket.timeout`."""
    wire.answer = always(1.0, OK)
    code = """
    import socket
    refused = self.client.get("http://127.0.0.1:1/").error.original
    late = self.client.get("/", timeout=0.1).error.original
    return isinstance(refused, ConnectionRefusedError), isinstance(late, socket.timeout)
    """
    assert child.value(wire.url, code) == [True, True]


def test_a_redirect_that_was_not_followed_tells_the_next_request(child: Child, app_url: str) -> None:
    """`response.next`, as in requests; None where there is none."""
    code = """
    r = self.client.post("/redirect/303?to=/echo/on", data={"a": "1"}, allow_redirects=False)
    kept = self.client.post("/redirect/307", data="x", allow_redirects=False).next
    return [r.next.method, r.next.url.endswith("/echo/on"), r.next.body, kept.method, kept.body,
            self.client.get("/echo").next, self.client.get("/redirect/302").next]
    """
    assert child.value(app_url, code) == ["GET", True, None, "POST", "b'x'", None, None]


def test_a_stream_can_be_read_like_a_file(child: Child, app_url: str) -> None:
    """`stream` as with FastHttpUser, `raw` as with HttpUser, and iterating over the response."""
    code = """
    first = self.client.get("/lines/3", stream=True).stream
    second = self.client.get("/lines/3", stream=True).raw
    third = self.client.get("/lines/3", stream=True).iter_content(chunk_size=100, decode_content=True)
    return [first.read(4).decode(), first.read().decode(), second.read().decode(),
            "".join(piece if isinstance(piece, str) else piece.decode() for piece in third),
            b"".join(self.client.get("/bytes/300")).decode() == "x" * 300]
    """
    text = "line 0\nline 1\nline 2\n"
    assert child.value(app_url, code) == ["line", text[4:], text, text, True]


def test_settings_that_are_mappings_can_be_changed_in_place(child: Child, wire: WireServer) -> None:
    """`client.params` and `client.proxies` are mappings, as in requests; a change holds for the next request."""
    code = f"""
    self.client.get("/1")
    self.client.params["a"] = "1"
    self.client.get("/2")
    self.client.params.update(b="2")
    self.client.get("/3", params={{"a": "own", "b": None, "c": "3"}})
    self.client.params = None
    self.client.get("/4")
    self.client.proxies["http"] = "{wire.url}"
    self.client.get("http://elsewhere.example/5")
    del self.client.proxies["http"]
    self.client.get("/6")
    """
    child.value(wire.url, code)
    paths = [request.path for request in wire.requests]
    assert paths == ["/1", "/2?a=1", "/3?a=own&c=3", "/4", "http://elsewhere.example/5", "/6"]
