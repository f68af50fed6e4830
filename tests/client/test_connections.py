"""How connections are opened, kept, found closed, and encrypted."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from tests.client.certificates import Certificates
from tests.client.wire_server import CLOSE, OK, RESET, Part, Sent, WireServer, always

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.client.scenarios import Child


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority, a server's names and a client."""
    return Certificates.create(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def tls(certificates: Certificates) -> Iterator[WireServer]:
    """A server behind TLS, for 127.0.0.1 and localhost."""
    with WireServer(tls=certificates.server_context("127.0.0.1", "localhost")) as server:
        yield server


def test_a_connection_is_kept(child: Child, wire: WireServer) -> None:
    """Three requests of one user take one connection."""
    child.value(wire.url, "for _ in range(3): self.client.get('/')")
    assert [request.connection for request in wire.requests] == [1, 1, 1]


@pytest.mark.parametrize("header", [b"Connection: close\r\n", b"connection:  Close\r\n"])
def test_a_connection_that_the_server_ends_is_not_kept(child: Child, wire: WireServer, header: bytes) -> None:
    """`Connection: close` is heeded before the close is seen."""
    wire.answer = always(b"HTTP/1.1 200 OK\r\n" + header + b"Content-Length: 2\r\n\r\nok")
    seen = child.run(wire.url, "for _ in range(3): self.client.get('/')")
    assert ([request.connection for request in wire.requests], seen.kinds) == ([1, 2, 3], [None] * 3)


def test_a_connection_that_the_scenario_ends_is_not_kept(child: Child, wire: WireServer) -> None:
    """A request that says `Connection: close` is the last on its connection."""
    child.value(wire.url, "for _ in range(2): self.client.get('/', headers={'Connection': 'close'})")
    assert [request.connection for request in wire.requests] == [1, 2]


@pytest.mark.parametrize("end", [CLOSE, RESET], ids=["close", "reset"])
@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_a_connection_closed_while_idle_is_opened_again(
    child: Child, wire: WireServer, method: str, end: object
) -> None:
    """The user does not notice. A POST is never sent twice: the kernel is asked before it is sent."""
    wire.answer = always(OK, end)
    code = f"""
    for _ in range(3):
        self.client.request("{method}", "/", data=b"x")
        gevent.sleep(0.1)
    """
    seen = child.run(wire.url, code)
    assert (seen.kinds, len(wire.requests), wire.connections) == ([None] * 3, 3, 3)
    retried = [event["timing"]["retried"] for event in seen.events]
    assert retried == ([0, 0, 0] if method == "POST" else [0, 1, 1])


def test_a_request_is_sent_again_once_only(child: Child, wire: WireServer) -> None:
    """A server that closes without an answer, again, is a failure."""
    answers: Iterator[list[Part]] = iter([[OK], [CLOSE], [CLOSE], [OK]])
    wire.answer = lambda _request: next(answers)
    seen = child.run(wire.url, "for _ in range(3): self.client.get('/')")
    assert (seen.kinds, len(wire.requests)) == ([None, "closed early", None], 4)


def test_a_post_that_got_no_answer_is_not_sent_again(child: Child, wire: WireServer) -> None:
    """The service may have done it already."""
    answers: Iterator[list[Part]] = iter([[OK], [CLOSE], [OK]])
    wire.answer = lambda _request: next(answers)
    seen = child.run(wire.url, "for _ in range(3): self.client.post('/')")
    assert (seen.kinds, len(wire.requests)) == ([None, "closed early", None], 3)


def test_what_comes_on_an_idle_connection_answers_nothing(child: Child, wire: WireServer) -> None:
    """Some servers say 408 and close when a connection was idle for long; a POST is not taken for its cause."""
    wire.answer = always(OK, 0.05, b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
    code = """
    first = self.client.post("/").status_code
    gevent.sleep(0.3)
    return first, self.client.post("/").status_code
    """
    assert child.value(wire.url, code) == [200, 200]


def test_greenlets_of_one_user_have_connections_of_their_own(child: Child, wire: WireServer) -> None:
    """Requests of one user may overlap."""
    wire.answer = lambda request: [0.1, OK[:-2] + request.path[1:3].encode()]
    code = """
    jobs = [gevent.spawn(self.client.get, f"/{number}{number}") for number in range(5)]
    gevent.joinall(jobs)
    return [job.value.text for job in jobs]
    """
    assert child.value(wire.url, code) == ["00", "11", "22", "33", "44"]
    assert wire.connections == 5


@pytest.mark.parametrize(
    ("answer", "timeout", "kind"),
    [
        ([30.0], "0.2", "timeout"),
        ([b"HTTP/1.1 200 OK\r\n", 30.0], "(5, 0.2)", "timeout"),
        ([part for _ in range(200) for part in (b"\r\n", 0.05)], "0.3", "timeout"),
        (
            [b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", *[p for _ in range(200) for p in (b"x", 0.05)]],
            "0.3",
            "timeout",
        ),
    ],
    ids=["silence", "half a head", "slow head", "slow body"],
)
def test_a_timeout_bounds_the_whole_exchange(
    child: Child, wire: WireServer, answer: list[object], timeout: str, kind: str
) -> None:
    """A byte now and then does not keep a user busy for ever."""
    wire.answer = always(*answer)
    seen = child.run(wire.url, f"return self.client.get('/', timeout={timeout}).status_code")
    assert (seen.raised, seen.result, seen.kinds) == (None, 0, [kind])


def test_a_timeout_leaves_the_next_request_alone(child: Child, wire: WireServer) -> None:
    """Neither the late answer nor the old deadline reaches it; a longer deadline may follow a shorter one."""
    wire.answer = lambda request: [0.6, OK[:-2] + request.path[1:3].encode()]
    code = """
    late = self.client.get("/aa", timeout=0.1).status_code
    texts = [self.client.get("/bb", timeout=20).text, self.client.get("/cc").text]
    return late, texts, self.client.get("/dd", timeout=0.2).status_code
    """
    assert child.value(wire.url, code) == [0, ["bb", "cc"], 0]


def test_a_service_that_does_not_read_is_a_timeout(child: Child) -> None:
    """A large body that nobody takes ends with the timeout, too."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        host = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        seen = child.run(host, "self.client.post('/', data=b'x' * 50_000_000, timeout=0.5)")
    assert seen.kinds == ["timeout"]


def test_a_scenarios_own_timeout_does_not_mix_answers_up(child: Child, wire: WireServer) -> None:
    """A connection that was left in the middle of an answer is not used again."""
    wire.answer = lambda request: [0.3, OK[:-2] + request.path[1:3].encode()]
    code = """
    with gevent.Timeout(0.1, False):
        self.client.get("/aa")
    return self.client.get("/bb").text
    """
    assert child.value(wire.url, code) == "bb"


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        ("http://127.0.0.1:1", "connect: ConnectionRefusedError"),
        ("http://name.invalid", "connect: gaierror"),
        ("http://a..b/", "invalid request"),
        ("unix:///nowhere/at/all.sock", "connect: FileNotFoundError"),
        (f"unix:///{'long' * 100}", "connect: OSError"),
    ],
)
def test_a_connection_that_cannot_be_made_is_a_failure(child: Child, host: str, kind: str) -> None:
    """Named after what the system said."""
    seen = child.run(host, "r = self.client.get('/'); return r.status_code, r.content, r.text, bool(r)")
    assert (seen.raised, seen.result, seen.kinds) == (None, [0, None, "", False], [kind])


def test_connecting_has_a_timeout_of_its_own(child: Child) -> None:
    """A server whose queue is full does not answer to the first packet."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        seen = child.run(f"http://127.0.0.1:{address[1]}", "self.client.get('/', timeout=(0.3, 60))")
        for filler in fillers:
            filler.close()
    assert seen.kinds == ["connect timeout"]


def test_ipv6_works(child: Child) -> None:
    """And the `Host` header has its brackets."""
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    with WireServer(family=socket.AF_INET6, address=("::1", 0)) as server:
        assert child.value(server.url, "return self.client.get('/').text") == "ok"
        assert server.requests[0].headers["host"].startswith("[::1]:")


def test_names_are_looked_up(child: Child, wire: WireServer) -> None:
    """Each address of a name is tried in turn: localhost may be ::1 first, where nobody listens."""
    host = wire.url.replace("127.0.0.1", "localhost")
    assert child.value(host, "return self.client.get('/').text") == "ok"


def test_unix_sockets_work(child: Child, tmp_path: Path) -> None:
    """As the host, or in an absolute URL with the path quoted."""
    path = tmp_path / "s.sock"
    with WireServer(family=socket.AF_UNIX, address=str(path)) as server:
        quoted = str(path).replace("/", "%2F")
        code = f"return self.client.get('/a?b=c d').text, self.client.get('http+unix://{quoted}/e').text"
        seen = child.run(server.url, code)
        assert seen.result == ["ok", "ok"]
        assert [(r.path, r.headers["host"]) for r in server.requests] == [
            ("/a?b=c%20d", "localhost"),
            ("/e", "localhost"),
        ]
        assert {event["timing"]["clock"] for event in seen.events} == {"user"}


def test_tls_is_verified_by_default(child: Child, tls: WireServer, certificates: Certificates) -> None:
    """A certificate of an unknown authority is refused, and nothing is sent; a bundle of one's own makes it known."""
    code = f"""
    refused = self.client.get("/").error.kind
    self.client.verify = {certificates.authority!r}
    return refused, self.client.get("/").text, self.client.get("/", verify=False).text
    """
    seen = child.run(tls.url, code)
    assert (seen.raised, seen.result) == (None, ["tls certificate", "ok", "ok"])
    assert seen.kinds == ["tls certificate", None, None]


def test_tls_checks_the_name(child: Child, certificates: Certificates) -> None:
    """A certificate for another name is refused."""
    with WireServer(tls=certificates.server_context("other.example")) as server:
        code = f"return self.client.get('/', verify={certificates.authority!r}).error.kind"
        assert child.value(server.url, code) == "tls certificate"


def test_tls_sends_the_name(child: Child, certificates: Certificates) -> None:
    """The server learns whom the client wants (SNI)."""
    names: list[str | None] = []
    context = certificates.server_context("localhost")
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    with WireServer(tls=context) as server:
        host = server.url.replace("127.0.0.1", "localhost")
        child.value(host, f"self.client.get('/', verify={certificates.authority!r})")
    assert names == ["localhost"]


def test_tls_shows_a_client_certificate(child: Child, certificates: Certificates) -> None:
    """A server that demands one gets it; without it the request fails."""
    with WireServer(tls=certificates.server_context("127.0.0.1", demand_client=True)) as server:
        code = f"""
        self.client.verify = {certificates.authority!r}
        without = self.client.get("/").status_code
        self.client.cert = {certificates.client!r}
        return without, self.client.get("/").status_code
        """
        assert child.value(server.url, code) == [0, 200]


def test_tls_carries_large_bodies_both_ways(child: Child, tls: WireServer) -> None:
    """Over many records, in reads that do not end where records end."""
    tls.answer = lambda request: b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(request.body), request.body)
    code = "return len(self.client.post('/', data=b'x' * 3_000_000, verify=False).content)"
    assert child.value(tls.url, code) == 3_000_000


def test_tls_connections_are_kept_and_opened_again(child: Child, tls: WireServer) -> None:
    """As those in the clear."""
    answers: Iterator[list[Part]] = iter([[OK], [OK, CLOSE], [OK]])
    tls.answer = lambda _request: next(answers)
    code = """
    for _ in range(3):
        self.client.get("/", verify=False)
        gevent.sleep(0.1)
    """
    seen = child.run(tls.url, code)
    assert ([request.connection for request in tls.requests], seen.kinds) == ([1, 1, 2], [None] * 3)


def test_tls_with_a_server_that_speaks_none_is_a_failure(child: Child, wire: WireServer) -> None:
    """The handshake fails, and says so."""
    wire.answer = always(b"HTTP/1.1 400 Bad Request\r\n\r\n", CLOSE)
    seen = child.run(wire.url.replace("http:", "https:"), "self.client.get('/', timeout=5)")
    assert seen.kinds[0] is not None
    assert seen.kinds[0].startswith(("tls", "connect timeout"))


def test_tls_files_that_are_missing_are_named(child: Child, tls: WireServer) -> None:
    """A wrong path is the scenario's mistake, and a failure that names it."""
    seen = child.run(tls.url, "self.client.get('/', verify='/nowhere/ca.pem')")
    assert (seen.kinds, "/nowhere/ca.pem" in seen.events[0]["error"]) == (["tls files"], True)


def test_users_of_fast_http_user_keep_their_switch(child: Child, tls: WireServer) -> None:
    """`insecure = True` trusts every certificate; a context can be made by a function as well."""
    assert child.run(tls.url, "return self.client.get('/').text", insecure=True).result == "ok"
    code = """
    import ssl
    self.client.make_context = ssl._create_unverified_context
    return self.client.get("/").text
    """
    assert child.value(tls.url, code) == "ok"


def test_tls_goes_through_a_proxys_tunnel(child: Child, tls: WireServer) -> None:
    """The proxy is asked for a tunnel, with its credentials, and sees nothing else."""
    code = f"""
    import socket
    asked = []
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(source, target):
        while data := source.recv(65536):
            target.sendall(data)

    def serve():
        connection, _ = listener.accept()
        asked.append(connection.recv(65536).decode())
        target = socket.create_connection(("127.0.0.1", {tls.url.rpartition(":")[2]}))
        connection.sendall(b"HTTP/1.1 200 Connection established\\r\\n\\r\\n")
        gevent.spawn(pump, target, connection)
        pump(connection, target)

    gevent.spawn(serve)
    proxy = f"http://jo:pw@127.0.0.1:{{listener.getsockname()[1]}}"
    text = self.client.get("/", verify=False, proxies={{"https": proxy}}).text
    return text, asked
    """
    text, asked = child.value(tls.url, code)
    authority = tls.url.removeprefix("https://")
    expected = f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\nProxy-Authorization: Basic am86cHc=\r\n\r\n"
    assert (text, asked) == ("ok", [expected])


def test_a_proxy_that_refuses_is_a_failure(child: Child, wire: WireServer) -> None:
    """Nothing is sent around it."""

    def refuse(_request: Sent) -> bytes:
        return b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"

    wire.answer = refuse
    seen = child.run("https://service.example", f"self.client.get('/', proxies={{'https': {wire.url!r}}})")
    assert (seen.kinds, wire.requests[0].method) == (["proxy"], "CONNECT")
