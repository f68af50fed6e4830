"""Side by side with requests, on which Locust's HttpUser stands: the same calls send the same and give the same.

Where the two differ on purpose, the other tests of this folder say so: `docs/compatibility.md` lists it.
"""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.client.wire_server import CLOSE, OK, Sent, always

if TYPE_CHECKING:
    from tests.client.scenarios import Child, Seen
    from tests.client.wire_server import Answer, WireServer

GET = "r = self.client.get({})\nreturn r.status_code, r.url, r.text"

PATHS = [
    *[
        "/a b",
        "/ü",
        "/%2F/x",
        "/a%2fb",
        "//double",
        "///x",
        "/a//b",
        "/./x",
        "/../x",
        "/a/../b",
        "/%zz",
        "/%",
        "/a;b=1",
    ],
    *[
        "/x?a=b c",
        "/x?ü=1",
        "/x?",
        "/x#frag",
        "/x?a=1#frag",
        "/x?a=%",
        "/x?a=[1]",
        "/a|b",
        "/a{b}",
        "/%7Ex",
        "/a+b",
        "",
    ],
    *["?q=1", "/x?a=1&&b", "/x?a=<b>", "/a^b`", "/x?a=b#c#d", "/:x", "/x:y@z", "/日本?ключ=значение", "/x\\y", "/x?#f"],
]
PARAMS = [
    *["{}", "None", "[]", "''", "{'a': None}", "{'a': ['1', '2']}", "{'a': []}", "[('a', '1'), ('a', '2')]", "'a=1&b'"],
    *["b'a=1'", "{'a': 1, 'b': 2.5, 'c': True}", "{'a': 'ü &='}", "{'a': ''}", "{1: 2}", "{'a': ('x', 'y')}"],
    *["{'a b': 'c d'}", "(('a', 'b'),)", "{'a': b'x'}", "{'a': {'n': 1}}", "{'s': None}", "{'s': 'own'}"],
]
HEADERS = [
    *["{'X-A': '1'}", "{'x-a': '1', 'X-A': '2'}", "{'Accept': None}", "{'Accept-Encoding': None}", "{'X': ''}"],
    *["{'Host': 'other.example'}", "{'X': b'bytes'}", "{b'X': 'a'}", "{'X': 'trail '}", "{'X': 'ü'}", "{'X': 1}"],
    *[
        "{'X': 'a\\r\\nb'}",
        "{'Cookie': 'a=1'}",
        "{'Content-Type': 'x/y'}",
        "{'Authorization': 'Bearer x'}",
        "{'S': None}",
    ],
]
BODIES = [
    *["'t'", "b'b'", "{}", "[]", "''", "{'a': ['1', '2']}", "[('a', '1'), ('a', '2')]", "{'a': 'ü'}", "'ü'", "None"],
    *["iter([b'a', b'b'])", "bytearray(b'x')", "{'a': b'x'}", "{'a': 1.5, 'b': True}", "(('a', 'b'),)"],
    *["__import__('io').BytesIO(b'file')", "__import__('io').StringIO('text')"],
]
JSON = ["{}", "[]", "None", "0", "False", "''", "{'a': 1}", "{'ü': 'é'}", "float('nan')", "{'a': (1, 2)}"]
AUTH = [
    *["('u', 'p')", "('ü', 'p')", "(b'u', b'p')", "('u', '')", "('', 'p')", "('u:x', 'p')", "(1, 2)", "None", "()"],
    *["__import__('requests').auth.HTTPBasicAuth('u', 'p')", "lambda request: request"],
]
COOKIES = ["{'a': '1'}", "{'a': 'x y'}", "{'a': '\"q\"'}", "{'a': ''}", "{}", "{'a': None}", "{'s': 'own'}"]
CALLS = {
    "paths": [GET.format(repr(path)) for path in PATHS],
    "params": [GET.format(f"'/x?z=1#f', params={params}") for params in PARAMS],
    "params of both": [
        "self.client.params = {'s': '1', 'a': 's'}\n" + GET.format(f"'/x', params={params}") for params in PARAMS
    ],
    "headers": [GET.format(f"'/x', headers={headers}") for headers in HEADERS],
    "headers of both": [
        f"self.client.headers['S'] = '1'\nreturn self.client.put('/x', data={{'a': '1'}}, headers={own}).status_code"
        for own in HEADERS
    ],
    "bodies": [f"return self.client.{m}('/x', data={data}).url" for data in BODIES for m in ("post", "delete")],
    "json": [f"return self.client.post('/x', json={json}).status_code" for json in JSON],
    "auth": [GET.format(f"'/x', auth={auth}") for auth in AUTH]
    + ["self.client.auth = ('s', 's')\n" + GET.format(f"'/x', auth={auth}") for auth in AUTH],
    "cookies": ["self.client.cookies.set('s', '1')\n" + GET.format(f"'/x', cookies={found}") for found in COOKIES],
}


@pytest.mark.parametrize("group", CALLS)
def test_the_same_calls_send_the_same(child: Child, wire: WireServer, group: str) -> None:
    """Paths, queries, header fields, bodies, credentials and cookies, in all the forms that requests takes."""
    different = {code: both for code in CALLS[group] if (both := _differing(child, wire, code, always(OK)))}
    assert not different


LOCATIONS = [
    *["/n", "//127.0.0.1:PORT/n", "http://127.0.0.1:PORT/n", "http://localhost:PORT/n", "/n#own", "/a b", "/ü", "../n"],
    *["HTTP://127.0.0.1:PORT/n", "", "/n?x= y", "/n?a=%zz"],
]


@pytest.mark.parametrize("location", LOCATIONS)
@pytest.mark.parametrize("options", ["", ", headers={'X-A': '1'}, auth=('u', 'p'), cookies={'own': '1'}"])
def test_redirects_lead_to_the_same(child: Child, wire: WireServer, location: str, options: str) -> None:
    """Path, fields, credentials, cookies, and the fragment that is inherited."""
    code = GET.format(f"'/start/x?a=1#frag'{options}")
    for status in (302, 307):
        assert not _differing(child, wire, code, _redirect(status, location.replace("PORT", wire.url.split(":")[-1])))


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 305, 307, 308])
def test_redirects_change_the_method_alike(child: Child, wire: WireServer, status: int) -> None:
    """And the body, and what belongs to it."""
    for method in ("GET", "POST", "PUT", "PATCH", "HEAD"):
        code = f"""
r = self.client.request('{method}', '/start', data={{'a': '1'}}, headers={{'X': '1'}}, allow_redirects=True)
return r.status_code, [hop.status_code for hop in r.history], r.url
"""
        assert not _differing(child, wire, code, _redirect(status, "/n"))


@pytest.mark.parametrize("same", [True, False], ids=["the same origin", "another origin"])
def test_a_host_of_the_scenarios_own_holds_for_its_origin(child: Child, wire: WireServer, same: bool) -> None:
    """It names one of several services behind one address; requests keeps it everywhere, where it is wrong."""
    location = "/n" if same else f"http://localhost:{wire.url.split(':')[-1]}/n"
    wire.answer = _redirect(302, location)
    child.value(wire.url, "self.client.get('/start', headers={'Host': 'shop.example'})")
    expected = "shop.example" if same else location.split("/")[2]
    assert [request.headers["host"] for request in wire.requests] == ["shop.example", expected]


def _answer(*fields: str, body: bytes) -> bytes:
    lines = "".join(f"{field}\r\n" for field in fields)
    return f"HTTP/1.1 200 OK\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body


A = gzip.compress(b"a", mtime=0)
ENCODED = [
    ("gzip", A + gzip.compress(b"b", mtime=0)),
    ("gzip", A + b"a tail that is none"),
    ("gzip", A + bytes(9)),
    ("gzip", b""),
    ("x-gzip", A),
    ("GZIP", A),
    ("deflate", zlib.compress(b"a")),
    ("deflate", zlib.compress(b"a")[2:-4]),
    ("gzip, deflate", zlib.compress(A)),
    ("deflate, gzip", gzip.compress(zlib.compress(b"a"), mtime=0)),
    ("identity", b"a"),
    ("unknown", b"a"),
    ("", b"a"),
]


@pytest.mark.parametrize(("encoding", "body"), ENCODED, ids=range(len(ENCODED)))
def test_encoded_bodies_are_read_alike(child: Child, wire: WireServer, encoding: str, body: bytes) -> None:
    """Members that follow each other, tails, encodings on top of each other, and both kinds of deflate."""
    answer = always(_answer(f"Content-Encoding: {encoding}", body=body))
    assert not _differing(child, wire, GET.format("'/x'"), answer)


R = b"HTTP/1.1 200 OK\r\n"
CHUNKS = b"\r\n2\r\nok\r\n0\r\n"
ODD = {
    "equal lengths": R + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nok",
    "a list of equal lengths": R + b"Content-Length: 2, 2\r\n\r\nok",
    "length and chunks": R + b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n" + CHUNKS + b"\r\n",
    "a folded line": R + b"X: a\r\n  b\r\nContent-Length: 2\r\n\r\nok",
    "line feeds alone": (R + b"Content-Length: 2\r\n\r\nok").replace(b"\r\n", b"\n"),
    "trailers": R + b"Transfer-Encoding: chunked\r\n" + CHUNKS + b"T: 1\r\n\r\n",
    "chunk extensions": R + b"Transfer-Encoding: chunked\r\n\r\n2;ext=1\r\nok\r\n0\r\n\r\n",
    "no blank after the colon": R + b"content-length:2\r\n\r\nok",
    "a blank after the length": R + b"Content-Length: 2 \r\n\r\nok",
    "an old version": b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "100 before it": b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
    "204": b"HTTP/1.1 204 No\r\n\r\n",
    "304 with a length": b"HTTP/1.1 304 N\r\nContent-Length: 9\r\n\r\n",
    "repeated fields": R + b"X: a\r\nX: b\r\nContent-Length: 2\r\n\r\nok",
    "cookies": R + b"Set-Cookie: a=1\r\nSet-Cookie: b=2; Path=/; Secure\r\nContent-Length: 2\r\n\r\nok",
    "a charset": R + b"Content-Type: text/html; charset=utf-16\r\nContent-Length: 4\r\n\r\na\0b\0",
    "text without a charset": R + b"Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n\xc3\xbc",
    "JSON": R + b'Content-Type: application/json\r\nContent-Length: 4\r\n\r\n"\xc3\xbc"',
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("split", [False, True], ids=["whole", "byte by byte"])
def test_odd_answers_are_read_alike(child: Child, wire: WireServer, name: str, split: bool) -> None:
    """What RFC 9112 lets a client accept is accepted, however it is cut on its way."""
    raw = ODD[name]
    parts = [raw[at : at + 1] for at in range(len(raw))] if split else [raw]
    code = GET.format("'/x'") + ", r.headers.get('x'), r.encoding, r.reason, dict(self.client.cookies)"
    assert not _differing(child, wire, code, always(*parts, 0.01, CLOSE))


@pytest.mark.parametrize("name", ["equal lengths", "length and chunks", "a folded line", "line feeds alone"])
def test_an_odd_answer_is_the_last_of_its_connection(child: Child, wire: WireServer, name: str) -> None:
    """Who writes one head in an odd way may mean the end of the body differently, too."""
    wire.answer = always(ODD[name])
    seen = child.run(wire.url, "return [self.client.get('/').text for _ in range(3)]")
    assert (seen.result, seen.kinds, wire.connections) == (["ok"] * 3, [None] * 3, 3)


def test_credentials_of_netrc_count_when_the_environment_is_trusted(
    child: Child, wire: WireServer, tmp_path: Any
) -> None:
    """As proxies do: only with `trust_env`, and only when there are no others."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login jo password pw\n")
    code = f"""
    import os
    os.environ["NETRC"] = "{tmp_path / "netrc"}"
    self.client.get("/1")
    self.client.trust_env = True
    self.client.get("/2")
    self.client.get("/3", auth=("own", "pw"))
    del os.environ["NETRC"]
    """
    child.value(wire.url, code)
    sent = [request.headers.get("authorization") for request in wire.requests]
    assert sent == [None, "Basic am86cHc=", "Basic b3duOnB3"]


def _redirect(status: int, location: str) -> Answer:
    head = f"HTTP/1.1 {status} x\r\nLocation: {location}\r\nSet-Cookie: c=1\r\nContent-Length: 0\r\n\r\n".encode()

    def answer(request: Sent) -> bytes:
        if request.path.startswith("/start"):
            return head
        return OK if request.method != "HEAD" else OK[:-2]

    return answer


def _differing(child: Child, wire: WireServer, code: str, answer: Answer) -> list[Any]:
    """What each gives, where they differ; nothing where they do not."""
    both = []
    for by in ("perfgate", "locust"):
        wire.requests.clear()
        wire.answer = answer
        both.append(_told(child.run(wire.url, code, by), wire.requests))
    return [] if both[0] == both[1] else both


def _told(seen: Seen, requests: list[Sent]) -> Any:
    result = seen.result
    if isinstance(result, list) and result[0] == 0:
        result = 0  # a failed request has no URL in requests
    recorded = [(event["url"], event["name"], event["length"], event["error"] is None) for event in seen.events]
    return [_sent(request) for request in requests], result, recorded, seen.raised is not None


def _sent(request: Sent) -> Any:
    fields = dict(request.headers)
    for usual in ("user-agent", "connection"):
        fields.pop(usual, None)
    if fields.get("accept-encoding", "").startswith("gzip"):
        del fields["accept-encoding"]
    if "cookie" in fields:
        fields["cookie"] = "; ".join(sorted(fields["cookie"].split("; ")))
    return request.method, request.path, fields, request.body
