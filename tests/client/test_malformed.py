"""Whatever a server sends, a user goes on: each answer that is not HTTP is a failure of a named kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.client.wire_server import CLOSE, RESET, always

if TYPE_CHECKING:
    from tests.client.scenarios import Child
    from tests.client.wire_server import WireServer

GET = "self.client.get('/', timeout=20)"
KINDS = {
    None,
    "bad content encoding",
    "closed early",
    "invalid request",
    "malformed response",
    "oversized headers",
    "timeout",
}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ([b"garbage that is not HTTP\r\n\r\n"], "malformed response"),
        ([b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"], "malformed response"),
        ([b"HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n"], "malformed response"),
        ([b"HTTP/1.1 abc OK\r\n\r\n"], "malformed response"),
        ([b"HTTP/1.1 200 OK\r\nBad Header\r\n\r\n"], "malformed response"),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"], "malformed response"),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\n"], "malformed response"),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"], "malformed response"),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n"], "malformed response"),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"], "malformed response"),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n"], "malformed response"),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n"], "malformed response"),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"], "malformed response"),
        ([b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000 + b"\r\n\r\n"], "oversized headers"),
        ([b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 70_000], "oversized headers"),
        ([b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 300 + b"\r\n"], "oversized headers"),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", CLOSE], "closed early"),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 900000000000\r\n\r\nabc", CLOSE], "closed early"),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", CLOSE], "closed early"),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", CLOSE], "closed early"),
        ([b"HTTP/1.1 200 OK\r\nContent-Le", CLOSE], "closed early"),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", 0.05, RESET], "closed early"),
        ([CLOSE], "closed early"),
        ([RESET], "closed early"),
        ([b"HTTP/1.1 100 Continue\r\n\r\n", CLOSE], "closed early"),
        ([b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"], "bad content encoding"),
        (
            [b"HTTP/1.1 200 OK\r\nContent-Encoding: " + b"gzip," * 9 + b"gzip\r\nContent-Length: 1\r\n\r\na"],
            "bad content encoding",
        ),
    ],
)
def test_a_malformed_answer_is_a_failure(child: Child, wire: WireServer, answer: list[object], kind: str) -> None:
    """The user goes on, and the next request gets a connection of its own and its own answer."""
    wire.answer = lambda request: answer if request.path == "/" else [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"]
    seen = child.run(wire.url, f"{GET}; return self.client.get('/next').text")
    assert (seen.raised, seen.result, seen.kinds) == (None, "ok", [kind, None])


@pytest.mark.parametrize("path", ["/bytes/501", "/encoded/gzip", "/encoded/deflate", "/encoded/br"])
def test_a_body_that_takes_too_much_memory_is_a_failure(child: Child, app_url: str, path: str) -> None:
    """As it is sent, or as it becomes: a few compressed bytes can become very many. A stream is read piece by piece."""
    if path.endswith("br"):
        pytest.importorskip("brotli")
    seen = child.run(app_url, f"self.client.get('{path}'); self.client.get('/bytes/500')", max_body_bytes=500)
    assert seen.kinds == ["oversized body", None]


def test_a_stream_may_be_larger(child: Child, app_url: str) -> None:
    """It is read piece by piece, and never as a whole in memory."""
    code = "return sum(len(piece) for piece in self.client.get('/bytes/5000000', stream=True).iter_content(None))"
    assert child.run(app_url, code, max_body_bytes=1_000_000).result == 5_000_000


@pytest.mark.parametrize(
    "rest",
    [b"garbage", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad", b"HTTP/1.1 2", b"\r\n\r\nx"],
)
def test_what_follows_an_answer_is_never_the_next_one(child: Child, wire: WireServer, rest: bytes) -> None:
    """The answer itself counts; its connection does not carry another request."""
    wire.answer = always(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + rest)
    seen = child.run(wire.url, "return [self.client.get('/').text for _ in range(3)]")
    assert (seen.result, seen.kinds, wire.connections) == (["ok"] * 3, [None] * 3, 3)


UPGRADE = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nrest"


def test_an_upgrade_that_nobody_asked_for_is_a_failure(child: Child, wire: WireServer) -> None:
    """101 is an answer to those who asked for another protocol alone; what follows it is no HTTP."""
    wire.answer = always(UPGRADE)
    seen = child.run(wire.url, "return [self.client.get('/').status_code for _ in range(2)]")
    assert (seen.result, seen.kinds, wire.connections) == ([101, 101], ["HTTP 101"] * 2, 2)
    asked = "return self.client.get('/', headers={'Connection': 'Upgrade', 'Upgrade': 'x'}).ok"
    seen = child.run(wire.url, asked)
    assert (seen.result, seen.kinds) == (True, [None])


@pytest.mark.parametrize("status", ["000", "042", "099", "101", "600", "700", "999"])
@pytest.mark.parametrize("options", ["", ", catch_response=True"])
def test_a_status_that_does_not_exist_is_a_failure(child: Child, wire: WireServer, status: str, options: str) -> None:
    """RFC 9110, section 15: what lies outside 100 to 599 is treated as a server's error; in a with-block too."""
    wire.answer = always(f"HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n".encode())
    code = f"r = self.client.get('/'{options})\n{'with r: pass' if options else ''}\nreturn r.ok, bool(r)"
    seen = child.run(wire.url, code)
    assert (seen.result, seen.kinds) == ([False, False], [f"HTTP {int(status)}"])


def test_header_values_cannot_be_taken_for_more_than_text(child: Child, wire: WireServer) -> None:
    """Odd bytes in headers, an unknown charset, a broken JSON: all readable."""
    head = b"HTTP/1.1 200 \xff\xfe\r\nX: \xe9\r\nContent-Type: text/html; charset=no-such\r\nContent-Length: 3\r\n\r\n"
    wire.answer = always(head + b"\xff\xfe{")
    seen = child.run(wire.url, "r = self.client.get('/'); return r.headers['x'], len(r.text) > 0, len(r.reason)")
    assert (seen.raised, seen.result) == (None, ["é", True, 2])


HEAD = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.0 200 OK\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 301 Moved\r\nLocation: /\r\n",
        b"HTTP/1.1 204 No Content\r\n",
        b"Content-Length: 3\r\n",
        b"Content-Length: 0\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: close\r\n",
        b"Connection: keep-alive\r\n",
        b"Content-Encoding: gzip\r\n",
        b"Set-Cookie: a=b; Path=/\r\n",
        b"Set-Cookie: =;;=\r\n",
        b"\r\n",
        b"3\r\nabc\r\n",
        b"0\r\n\r\n",
        b"abc",
        b"\n",
        b"\0",
    ]
)


@settings(max_examples=200)
@given(parts=st.lists(HEAD | st.binary(max_size=12), max_size=12), reset=st.booleans())
def test_no_answer_crashes_or_hangs_a_user(
    child: Child, shared_wire: WireServer, parts: list[bytes], reset: bool
) -> None:
    """Pieces of HTTP in any order, and any bytes between them, are a success or a failure of a known kind."""
    shared_wire.answer = always(*parts, RESET if reset else CLOSE)
    seen = child.run(shared_wire.url, f"{GET}; {GET}")
    assert seen.raised is None
    assert len(seen.events) == 2
    assert {str(kind) for kind in seen.kinds} <= {str(kind) for kind in KINDS} | {"too many redirects", *_statuses()}


def _statuses() -> set[str]:
    return {f"HTTP {status}" for status in range(1000)}
