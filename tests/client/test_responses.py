"""What the service answers is what a scenario sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.client.wire_server import CLOSE, always

if TYPE_CHECKING:
    from tests.client.scenarios import Child
    from tests.client.wire_server import WireServer


def test_a_response_shows_its_parts(child: Child, wire: WireServer) -> None:
    """Status, reason, headers without regard to case, repeated ones joined, body, URL, request."""
    wire.answer = always(
        b"HTTP/1.1 201 Made It\r\nX-A: 1\r\nx-a: 2\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc"
    )
    code = """
    r = self.client.post("/things", data="d", headers={"X-Sent": "yes"})
    return {
        "status": r.status_code, "reason": r.reason, "ok": r.ok, "true": bool(r),
        "headers": [r.headers["X-A"], len(r.headers)],
        "text": r.text, "encoding": r.encoding, "url": r.url, "history": r.history, "redirect": r.is_redirect,
        "request": [r.request.method, r.request.url, r.request.path_url, r.request.body.decode()],
        "sent": r.request.headers["x-sent"],
        "elapsed": r.elapsed.total_seconds() > 0, "repr": repr(r),
    }
    """
    assert child.value(wire.url, code) == {
        "status": 201,
        "reason": "Made It",
        "ok": True,
        "true": True,
        "headers": ["1, 2", 3],
        "text": "abc",
        "encoding": "ISO-8859-1",
        "url": f"{wire.url}/things",
        "history": [],
        "redirect": False,
        "request": ["POST", f"{wire.url}/things", "/things", "d"],
        "sent": "yes",
        "elapsed": True,
        "repr": "<Response [201]>",
    }


def test_a_response_shows_what_is_rarely_asked_for(child: Child, wire: WireServer) -> None:
    """Links, the encoding that the body looks like, and the jar under FastHttpUser's name."""
    wire.answer = always(
        b'HTTP/1.1 200 OK\r\nLink: </p/2>; rel="next"\r\nSet-Cookie: a=1\r\nContent-Length: 2\r\n\r\nok'
    )
    code = """
    r = self.client.get("/")
    return r.links["next"]["url"], r.apparent_encoding, self.client.cookiejar["a"], [len(p) for p in r.iter_content(1)]
    """
    assert child.value(wire.url, code) == ["/p/2", "ascii", "1", [1, 1]]


def test_json_is_decoded(child: Child, app_url: str) -> None:
    """And what is no JSON raises what requests raises, which is a `json.JSONDecodeError` too."""
    code = """
    import json
    try:
        self.client.get("/bytes/3").json()
    except json.JSONDecodeError as error:
        return self.client.get("/json").json(), type(error).__module__
    """
    assert child.value(app_url, code) == [{"items": [1, 2, 3]}, "requests.exceptions"]


def test_text_is_decoded_as_the_headers_say(child: Child, app_url: str) -> None:
    """And as the scenario says, when it sets `encoding`."""
    code = "r = self.client.get('/latin1'); first = r.text; r.encoding = 'cp1252'; return first, r.text"
    assert child.value(app_url, code) == ["Übergröße", "Übergröße"]


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "raw-deflate", "br"])
def test_content_encodings_are_undone(child: Child, app_url: str, encoding: str) -> None:
    """The recorded length is that of the content, as Locust records it."""
    if encoding == "br":
        pytest.importorskip("brotli")
    seen = child.run(app_url, f"return self.client.get('/encoded/{encoding}').text")
    assert (seen.result, seen.events[0]["length"], seen.kinds) == ("hello " * 100, 600, [None])


def test_frames_that_follow_each_other_are_all_read(child: Child) -> None:
    """As zstd has them: a second frame is no end, and a frame that is cut off is none; however the bytes arrive.

    Shown with a decompressor of the standard library that has the same interface: zstd's own comes with Python 3.14.
    """
    code = """
    import lzma
    from perfgate.drive.client.content import Frames
    from perfgate.drive.client.errors import BadResponseError
    data = lzma.compress(b"first") + lzma.compress(b"second")
    whole, bytewise, cut, small = (Frames(limit, lzma.LZMADecompressor) for limit in (100, 100, 100, 8))
    found = [whole.decode(data).decode(), b"".join(bytewise.decode(bytes([byte])) for byte in data).decode()]
    whole.finish(), bytewise.finish()
    cut.decode(data[:-1])
    for step in (cut.finish, lambda: small.decode(data)):
        try:
            step()
        except BadResponseError as error:
            found.append(error.kind)
    return found
    """
    assert child.value("http://x", code) == ["firstsecond", "firstsecond", "bad content encoding", "oversized body"]


def test_a_damaged_content_encoding_is_a_failure(child: Child, app_url: str) -> None:
    """What claims to be gzip and is not is no success."""
    seen = child.run(app_url, "return self.client.get('/encoded/broken').status_code")
    assert (seen.result, seen.kinds) == (200, ["bad content encoding"])


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (
            [
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
                b"2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\n",
            ],
            "abcde",
        ),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc", 0.05, b"def"], "abcdef"),
        ([b"HTTP/1.1 200 OK\r\n\r\nuntil ", 0.05, b"close", CLOSE], "until close"),
        ([b"HTTP/1.0 200 OK\r\n\r\nold", CLOSE], "old"),
        ([b"HTTP/1.1 204 No Content\r\n\r\n"], ""),
        ([b"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n"], ""),
        (
            [
                b"HTTP/1.1 100 Continue\r\n\r\n",
                b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
            ],
            "x",
        ),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"], ""),
        ([b"HT", 0.02, b"TP/1.1 200 OK\r\nContent-Le", 0.02, b"ngth: 2\r\n\r", 0.02, b"\nok"], "ok"),
    ],
    ids=["chunked", "two reads", "until close", "HTTP/1.0", "204", "304", "interim", "empty", "head in pieces"],
)
def test_each_way_to_end_a_body_is_understood(child: Child, wire: WireServer, answer: list[object], text: str) -> None:
    """And the next request gets the next answer, on the same connection or on a new one."""
    wire.answer = always(*answer)
    seen = child.run(wire.url, "return [self.client.get('/').text for _ in range(3)]")
    assert (seen.raised, seen.result, seen.kinds) == (None, [text] * 3, [None] * 3)


def test_a_head_that_was_seen_before_is_read_anew_where_it_must_be(child: Child, wire: WireServer) -> None:
    """Heads are remembered; a body in two reads, no body after HEAD and bytes too many are still told apart.

    On a kept connection bytes too many may mean that the answer is another's: it is asked again on a new one.
    """
    head = b"HTTP/1.1 200 OK\r\nX-Known: yes\r\nContent-Length: 4\r\n\r\n"
    answers: dict[str, list[object]] = {
        "/whole": [head + b"body"],
        "/two": [head + b"bo", 0.05, b"dy"],
        "/three": [head, 0.05, b"body"],
        "/head": [head],
        "/more": [head + b"bodybody"],
    }
    wire.answer = lambda request: answers[request.path]
    code = """
    paths = ["/whole", "/whole", "/two", "/three", "/whole", "/more", "/whole"]
    texts = [self.client.get(path).text for path in paths]
    return texts, self.client.head("/head").content.decode(), self.client.get("/whole").text
    """
    assert child.value(wire.url, code) == [["body"] * 7, "", "body"]
    assert [request.connection for request in wire.requests] == [1] * 6 + [2] + [3] * 3


def test_a_large_body_is_read_whole(child: Child, app_url: str) -> None:
    """Larger than any read."""
    assert child.value(app_url, "return len(self.client.get('/bytes/5000000').content)") == 5_000_000


def test_a_large_body_is_sent_whole(child: Child, app_url: str) -> None:
    """Larger than any socket buffer."""
    code = "return len(self.client.post('/echo', data=b'x' * 8_000_000).json()['body'])"
    assert child.value(app_url, code) == 8_000_000


def test_an_answer_before_the_whole_body_was_sent_is_read(child: Child, wire: WireServer) -> None:
    """A server may refuse a large upload and close; its answer counts, not the broken pipe."""
    code = """
    import socket
    listener = socket.create_server(("127.0.0.1", 0))
    def refuse():
        connection, _ = listener.accept()
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 413 Too Large\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n")
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(1 << 20):
            pass
        connection.close()
    gevent.spawn(refuse)
    port = listener.getsockname()[1]
    return self.client.post(f"http://127.0.0.1:{port}/", data=b"x" * 30_000_000).status_code
    """
    assert child.value(wire.url, code) == 413


def test_bodies_can_be_streamed(child: Child, app_url: str) -> None:
    """In pieces of a size, or line by line; then the connection is free again."""
    code = """
    with self.client.get("/lines/3", stream=True, catch_response=True) as r:
        lines = list(r.iter_lines(decode_unicode=True))
    pieces = [len(p) for p in self.client.get("/bytes/10", stream=True).iter_content(4)]
    whole = self.client.get("/bytes/10", stream=True).content.decode()
    packed = b"".join(self.client.get("/encoded/gzip", stream=True).iter_content(None)).decode()
    return lines, pieces, whole, len(packed), list(self.client.iter_lines("/lines/2"))
    """
    seen = child.run(app_url, code)
    assert seen.raised is None
    assert seen.result == [["line 0", "line 1", "line 2"], [4, 4, 2], "x" * 10, 600, ["line 0", "line 1"]]
    assert seen.kinds == [None] * 5


def test_a_streamed_line_is_given_as_soon_as_it_is_whole(child: Child, wire: WireServer) -> None:
    """A stream that never ends, as of events, can be read until the scenario has seen enough."""
    wire.answer = always(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\na\r\nb\r\n\r\n2\r\nc\n\r\n", 30.0)
    code = """
    with self.client.get("/events", stream=True, catch_response=True) as r:
        lines = r.iter_lines()
        found = [next(lines).decode() for _ in range(3)]
    return found
    """
    assert child.value(wire.url, code) == ["a", "b", "c"]


def test_a_stream_that_breaks_in_a_with_block_is_recorded(child: Child, wire: WireServer) -> None:
    """What was measured is not lost; the task ends as with any error."""
    wire.answer = always(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", 0.1, CLOSE)
    code = """
    with self.client.get("/", stream=True, catch_response=True) as r:
        list(r.iter_content(None))
    """
    seen = child.run(wire.url, code)
    assert (seen.kinds, "ClosedEarlyError" in str(seen.raised)) == (["closed early"], True)


def test_an_unread_stream_gives_its_connection_up(child: Child, wire: WireServer) -> None:
    """A body that was not read to its end would be the beginning of the next answer."""
    wire.answer = always(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234", 0.2, b"56789")
    code = """
    with self.client.get("/", stream=True, catch_response=True):
        pass
    return self.client.get("/").text
    """
    assert (child.value(wire.url, code), wire.connections) == ("0123456789", 2)
