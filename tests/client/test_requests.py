"""What a scenario asks for is what the service gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.client.scenarios import Child
    from tests.client.wire_server import WireServer


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
def test_each_method_is_sent_under_its_name(child: Child, app_url: str, method: str) -> None:
    """`self.client.get` sends GET, and so on."""
    assert child.value(app_url, f"return self.client.{method}('/echo').json()['method']") == method.upper()


def test_head_has_headers_and_no_body(child: Child, app_url: str) -> None:
    """The length that a HEAD's answer states is not waited for, and the connection can be used again."""
    code = """
    first = self.client.head("/bytes/5000")
    second = self.client.get("/bytes/3")
    return first.status_code, first.headers["content-length"], first.content.decode(), second.text
    """
    assert child.value(app_url, code) == [200, "5000", "", "xxx"]


def test_params_are_appended_to_the_query(child: Child, app_url: str) -> None:
    """A list repeats its name, None is left out, and what the URL had stays."""
    code = "return self.client.get('/echo?a=1', params={'b': ['x y', 'ü'], 'c': None, 'd': 4}).json()['args']"
    assert child.value(app_url, code) == {"a": ["1"], "b": ["x y", "ü"], "d": ["4"]}


@pytest.mark.parametrize(
    ("data", "body", "content_type"),
    [
        ("{'a': '1', 'b': ['2', '3']}", "a=1&b=2&b=3", "application/x-www-form-urlencoded"),
        ("[('a', '1'), ('a', 2)]", "a=1&a=2", "application/x-www-form-urlencoded"),
        ("'text ü'", "text ü", None),
        ("b'bytes'", "bytes", None),
        ("__import__('io').BytesIO(b'from a file')", "from a file", None),
        ("iter([b'in ', 'chunks'])", "in chunks", None),
    ],
)
def test_data_becomes_the_body(child: Child, wire: WireServer, data: str, body: str, content_type: str | None) -> None:
    """A mapping or pairs make a form; text, bytes, files and iterators go as they are."""
    child.value(wire.url, f"self.client.post('/', data={data})")
    assert (wire.requests[0].body.decode(), wire.requests[0].headers.get("content-type")) == (body, content_type)


def test_json_becomes_the_body(child: Child, app_url: str) -> None:
    """`json=` is encoded, and says so."""
    code = "r = self.client.post('/echo', json={'a': [1, None]}).json(); return r['body'], r['headers']['Content-Type']"
    assert child.value(app_url, code) == ['{"a": [1, null]}', "application/json"]


def test_json_that_is_none_but_data_counts_first(child: Child, wire: WireServer) -> None:
    """`data` counts before `json`, and an empty list is JSON as well."""
    child.value(wire.url, "self.client.post('/', data='d', json=[1]); self.client.post('/', json=[])")
    assert [request.body for request in wire.requests] == [b"d", b"[]"]


def test_files_are_uploaded(child: Child, app_url: str) -> None:
    """`files=` makes a multipart body, with the form's fields beside the files."""
    code = """
    files = {"f": ("name.txt", b"content", "text/plain")}
    sent = self.client.post("/echo", files=files, data={"field": "value"}).json()
    return sent["files"], sent["form"]
    """
    assert child.value(app_url, code) == [{"f": ["name.txt", "content"]}, {"field": ["value"]}]


def test_headers_of_the_request_are_laid_over_those_of_the_session(child: Child, wire: WireServer) -> None:
    """Names are compared without regard to case, and None takes a field away."""
    code = """
    self.client.headers.update({"X-One": "session", "X-Two": "session"})
    self.client.headers["X-Three"] = "session"
    self.client.get("/", headers={"x-one": "request", "X-Two": None})
    self.client.get("/")
    """
    child.value(wire.url, code)
    found = [{name: request.headers.get(name) for name in ("x-one", "x-two", "x-three")} for request in wire.requests]
    assert found == [
        {"x-one": "request", "x-two": None, "x-three": "session"},
        {"x-one": "session", "x-two": "session", "x-three": "session"},
    ]


def test_a_user_class_can_have_default_headers(child: Child, wire: WireServer) -> None:
    """`default_headers` works as in FastHttpUser."""
    child.run(wire.url, "self.client.get('/')", default_headers={"X-Team": "shop"})
    assert wire.requests[0].headers["x-team"] == "shop"


@pytest.mark.parametrize(
    "code",
    [
        "return self.client.get('/basic-auth', auth=('jo', 'p:ss')).json()",
        "self.client.auth = ('jo', 'p:ss'); return self.client.get('/basic-auth').json()",
        """
from requests.auth import HTTPBasicAuth
self.client.auth = HTTPBasicAuth("jo", "p:ss")
return self.client.get("/basic-auth").json()
""",
        "return self.client.get(self.host.replace('://', '://jo:p%3Ass@') + '/basic-auth').json()",
        """
def sign(request):
    from requests.auth import HTTPBasicAuth
    return HTTPBasicAuth("jo", "p:ss")(request)
return self.client.get("/basic-auth", auth=sign).json()
""",
    ],
    ids=["pair", "session", "session's callable", "url", "callable"],
)
def test_credentials_are_sent(child: Child, app_url: str, code: str) -> None:
    """As a pair, for the session, in the URL, or by a callable that changes the request."""
    assert child.value(app_url, code) == {"user": "jo", "password": "p:ss"}


def test_credentials_in_the_host_are_sent_in_a_header(child: Child, app_url: str) -> None:
    """And they are not part of what is recorded."""
    seen = child.run(app_url.replace("://", "://jo:pw@"), "return self.client.get('/basic-auth').json()")
    assert (seen.result, seen.events[0]["url"]) == ({"user": "jo", "password": "pw"}, f"{app_url}/basic-auth")


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/a b", "/a%20b"),
        ("/ü?q=ü", "/%C3%BC?q=%C3%BC"),
        ("/a%7Eb%2fc", "/a~b%2Fc"),
        ("/a/../b", "/b"),
        ("/x#fragment", "/x"),
        ("/100%", "/100%25"),
        ("?q=1", "/?q=1"),
        ("/plain/path_1-2.3~4?a=b&c=%20", "/plain/path_1-2.3~4?a=b&c=%20"),
    ],
)
def test_paths_are_quoted_as_requests_quotes_them(child: Child, wire: WireServer, url: str, path: str) -> None:
    """Locust's own user sends the same path."""
    for by in ("perfgate", "locust"):
        child.run(wire.url, f"self.client.get({url!r})", by)
    assert [request.path for request in wire.requests] == [path, path]


def test_paths_are_appended_to_the_path_of_the_host(child: Child, wire: WireServer) -> None:
    """`host` may have a path of its own, and an absolute URL does without `host`."""
    child.run(f"{wire.url}/api", f"self.client.get('/a'); self.client.get('/ü'); self.client.get('{wire.url}/b')")
    assert [request.path for request in wire.requests] == ["/api/a", "/api/%C3%BC", "/b"]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (r"self.client.get('/', headers={'X': 'a\r\nInjected: yes'})", "invalid header"),
        (r"self.client.get('/', headers={'X\r\nInjected': 'yes'})", "invalid header"),
        (r"self.client.get('/', headers={'X': b'a\nb'})", "invalid header"),
        ("self.client.get('/', headers={'X': 5})", "invalid header"),
        (r"self.client.headers['X'] = 'a\nb'; self.client.get('/')", "invalid header"),
        (r"self.client.get('/a\r\nInjected: yes')", "invalid request"),
        (r"self.client.get(self.host + '/a\r\nb')", "invalid request"),
        (r"self.client.request('GET / HTTP/1.1\r\nInjected: yes\r\nX:', '/')", "invalid request"),
        ("self.client.get('ftp://127.0.0.1/')", "invalid request"),
        ("self.client.get('http://')", "invalid request"),
        ("self.client.post('/', json=float('nan'))", "invalid request"),
    ],
)
def test_what_cannot_be_sent_is_a_recorded_failure(child: Child, wire: WireServer, code: str, kind: str) -> None:
    """Nothing reaches the wire, and the user goes on."""
    host = "" if "ftp" in code or "http:" in code else wire.url
    seen = child.run(host, code)
    assert (seen.raised, seen.kinds, wire.requests) == (None, [kind], [])


def test_a_length_that_the_scenario_sets_is_not_sent(child: Child, wire: WireServer) -> None:
    """The client frames messages itself: a wrong length would make the rest of the body another request."""
    child.value(wire.url, "self.client.post('/', data='abcdef', headers={'Content-Length': '2'})")
    assert [(request.headers["content-length"], request.body) for request in wire.requests] == [("6", b"abcdef")]


def test_changing_bodies_share_an_encoded_head(child: Child, wire: WireServer) -> None:
    """What is cached is never the body."""
    code = "for number in range(3): self.client.post('/items', json={'number': number})"
    child.value(wire.url, code)
    assert [request.body for request in wire.requests] == [b'{"number": 0}', b'{"number": 1}', b'{"number": 2}']


def test_an_http_proxy_is_used_when_it_is_asked_for(child: Child, wire: WireServer) -> None:
    """The request names the whole URL and carries the proxy's credentials."""
    proxy = wire.url.replace("://", "://jo:pw@")
    child.value("http://service.example", f"self.client.get('/a?b=c', proxies={{'http': {proxy!r}}})")
    sent = wire.requests[0]
    assert (sent.path, sent.headers["host"], sent.headers["proxy-authorization"]) == (
        "http://service.example/a?b=c",
        "service.example",
        "Basic am86cHc=",
    )


def test_the_environments_proxy_is_used_only_when_it_is_trusted(child: Child, wire: WireServer) -> None:
    """`trust_env` is off by default, as in Locust."""
    code = """
    import os
    os.environ["http_proxy"] = "http://127.0.0.1:1"
    try:
        direct = self.client.get("/").status_code
        self.client.trust_env = True
        return direct, self.client.get("/").error.kind
    finally:
        del os.environ["http_proxy"]
    """
    assert child.value(wire.url, code) == [200, "connect: ConnectionRefusedError"]
