"""The same scenario sends the same requests, whether Locust's users run it or ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.client.wire_server import OK, Sent

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
