"""The session's memory, and where it leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.client.wire_server import OK, Sent, always

if TYPE_CHECKING:
    from tests.client.scenarios import Child
    from tests.client.wire_server import WireServer


def test_cookies_are_kept_and_sent(child: Child, app_url: str) -> None:
    """They are sent with later requests, shown by the response that set them, and readable as a mapping."""
    code = """
    first = self.client.get("/cookies/set?session=abc&theme=dark")
    return self.client.get("/echo").json()["cookies"], dict(first.cookies), self.client.cookies["session"]
    """
    assert child.value(app_url, code) == [
        {"session": "abc", "theme": "dark"},
        {"session": "abc", "theme": "dark"},
        "abc",
    ]


@pytest.mark.parametrize(
    ("setting", "sent"),
    [
        ("path=/echo/deep", {"/echo": {}, "/echo/deep": {"a": "1"}, "/echo/deep/er": {"a": "1"}}),
        ("secure=", {"/echo": {}}),
        ("max_age=0", {"/echo": {}}),
        ("max_age=1000", {"/echo": {"a": "1"}}),
        ("domain=other.example", {"/echo": {}}),
    ],
)
def test_cookies_go_only_where_they_belong(
    child: Child, app_url: str, setting: str, sent: dict[str, dict[str, str]]
) -> None:
    """Path, secure, expiry and domain are respected."""
    code = f"""
    self.client.get("/cookies/set?a=1&{setting}")
    return {{path: self.client.get(path).json()["cookies"] for path in {list(sent)!r}}}
    """
    assert child.value(app_url, code) == sent


def test_a_cookie_expires_while_the_session_lives(child: Child, app_url: str) -> None:
    """What the jar decided is remembered only as long as it holds."""
    code = """
    self.client.get("/cookies/set?a=1&max_age=1")
    before = self.client.get("/echo").json()["cookies"]
    gevent.sleep(2.1)
    return before, self.client.get("/echo").json()["cookies"]
    """
    assert child.value(app_url, code) == [{"a": "1"}, {}]


def test_cookies_can_be_given_changed_and_cleared(child: Child, wire: WireServer) -> None:
    """For one request besides the session's, in the jar, by a header, or not at all."""
    code = """
    self.client.cookies.set("a", "1")
    self.client.get("/", cookies={"b": "2"})
    self.client.get("/")
    self.client.cookies.update({"a": "3"})
    self.client.get("/")
    self.client.get("/", headers={"Cookie": "mine=1"})
    self.client.cookies.clear()
    self.client.get("/")
    self.client.cookies = {"c": "4"}
    self.client.get("/")
    """
    child.value(wire.url, code)
    sent = [request.headers.get("cookie") for request in wire.requests]
    assert sent == ["a=1; b=2", "a=1", "a=3", "mine=1", None, "c=4"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "HEAD"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_as_requests_follows_them(
    child: Child, wire: WireServer, status: int, method: str
) -> None:
    """Method, path, body and cookies of both hops are those that Locust's own user sends."""

    def answer(request: Sent) -> bytes:
        if request.path.startswith("/next"):
            return OK if request.method != "HEAD" else OK[:-2]
        return f"HTTP/1.1 {status} x\r\nLocation: /next?a=ü\r\nSet-Cookie: c=1\r\nContent-Length: 0\r\n\r\n".encode()

    wire.answer = answer
    hops = []
    for by in ("perfgate", "locust"):
        wire.requests.clear()
        child.run(wire.url, f"self.client.request('{method}', '/first', data={{'d': '1'}}, allow_redirects=True)", by)
        hops.append([request.form for request in wire.requests])
    assert len(hops[0]) == 2
    assert hops[0] == hops[1]


def test_a_redirected_request_is_recorded_once(child: Child, app_url: str) -> None:
    """Under the name of what was asked for; the hops are in the history."""
    code = """
    r = self.client.get("/redirect/302?to=/redirect/307")
    return r.url.endswith("/echo"), [hop.status_code for hop in r.history], r.json()["path"]
    """
    seen = child.run(app_url, code)
    assert (seen.result, [event["name"] for event in seen.events]) == (
        [True, [302, 307], "/echo"],
        ["/redirect/302?to=/redirect/307"],
    )


def test_redirects_need_not_be_followed(child: Child, app_url: str) -> None:
    """A redirect that is not followed is a success; HEAD follows only when asked to."""
    code = """
    r = self.client.get("/redirect/301", allow_redirects=False)
    return r.status_code, r.is_redirect, r.is_permanent_redirect, self.client.head("/redirect/302").status_code
    """
    seen = child.run(app_url, code)
    assert (seen.result, seen.kinds) == ([301, True, True, 302], [None, None])


def test_redirects_without_end_are_a_failure(child: Child, app_url: str) -> None:
    """After `max_redirects`, 30 unless set."""
    assert child.run(app_url, "self.client.get('/endless')").kinds == ["too many redirects"]


@pytest.mark.parametrize("location", ["ftp://x/", "http://[::1", "http://127.0.0.1:99999/"])
def test_a_redirect_to_nowhere_is_a_failure(child: Child, wire: WireServer, location: str) -> None:
    """Not a crash of the user."""
    wire.answer = always(f"HTTP/1.1 302 x\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())
    seen = child.run(wire.url, "self.client.get('/')")
    assert (seen.raised, seen.kinds) == (None, ["invalid request"])


def test_credentials_stay_with_their_host(child: Child, wire: WireServer) -> None:
    """A redirect to another host, or another port, gets none."""
    port = wire.url.rpartition(":")[2]
    wire.answer = lambda request: (
        OK
        if request.path == "/end"
        else f"HTTP/1.1 302 x\r\nLocation: {request.path[1:]}\r\nContent-Length: 0\r\n\r\n".encode()
    )
    code = f"""
    self.client.get("/http://127.0.0.1:{port}/end", auth=("jo", "pw"))
    self.client.get("/http://localhost:{port}/end", auth=("jo", "pw"))
    """
    child.value(wire.url, code)
    assert ["authorization" in r.headers for r in wire.requests if r.path == "/end"] == [True, False]
    assert wire.requests[-1].headers["host"] == f"localhost:{port}"


def test_a_refused_host_is_a_recorded_failure(child: Child, wire: WireServer) -> None:
    """A guard that watches connects refuses by an exception: it is recorded under the guard's own kind."""
    code = """
    import sys

    class Refused(PermissionError):
        kind = "host not allowed"

    def guard(event, arguments):
        if event == "socket.connect" and arguments[1][0] == "127.7.7.7":
            raise Refused(f"{arguments[1][0]} is refused")
        if event == "socket.getaddrinfo" and arguments[0] == "refused.example":
            raise Refused("refused.example is refused")

    sys.addaudithook(guard)
    self.client.get("http://127.7.7.7/")
    self.client.get("http://refused.example/")
    self.client.get("/redirect")
    """
    wire.answer = always(b"HTTP/1.1 302 x\r\nLocation: http://127.7.7.7/\r\nContent-Length: 0\r\n\r\n")
    assert child.run(wire.url, code).kinds == ["host not allowed"] * 3
