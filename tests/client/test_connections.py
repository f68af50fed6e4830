"""How connections are opened, kept, found closed, and encrypted."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.client.certificates import Certificates
from tests.client.wire_server import CLOSE, OK, RESET, Part, Sent, WireServer, always

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.client.scenarios import Child

HEAD_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"


def settling(server: WireServer, folder: Path, *, busy: bool = False) -> str:
    """The beginning of a scenario: `settle(answer)` waits until all that the server says behind an answer has arrived.

    With `busy` the scenario keeps its process busy meanwhile: what comes is there, and nobody has looked.
    """
    server.log = folder / f"log {len(list(folder.iterdir()))}"  # an earlier scenario's answers go to an earlier one
    server.log.touch()
    pause = "pass" if busy else "gevent.sleep(0.002)"
    return f"""
    import time
    asked = 0
    def settle(answer):
        nonlocal asked
        latest = time.perf_counter() + 20
        while time.perf_counter() < latest:
            lines = open({str(server.log)!r}).read().split()
            if lines.count("asked") > asked and lines.count("said") == lines.count("asked"):
                break
            {pause}
        asked = lines.count("asked")
        {pause}
        {pause}
    """


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


ENDS = pytest.mark.parametrize("end", [CLOSE, RESET], ids=["close", "reset"])
METHODS = pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "POST"])


@ENDS
@METHODS
def test_a_connection_closed_while_idle_is_opened_again(
    child: Child, wire: WireServer, tmp_path: Path, method: str, end: object
) -> None:
    """The user does not notice, and nothing is sent twice: the close was seen before the sending."""
    wire.answer = always(OK if method != "HEAD" else HEAD_OK, end)
    code = f"""{settling(wire, tmp_path)}
    for _ in range(3):
        settle(self.client.request("{method}", "/", data=b"x"))
    """
    seen = child.run(wire.url, code)
    assert (seen.kinds, len(wire.requests), wire.connections) == ([None] * 3, 3, 3)
    assert [event["timing"]["retried"] for event in seen.events] == [0, 0, 0]


@ENDS
@METHODS
def test_a_request_that_met_a_closed_connection_is_sent_again(
    child: Child, wire: WireServer, tmp_path: Path, method: str, end: object
) -> None:
    """Closed in the moment between looking and sending: not a byte can have been read, so any method will do."""
    wire.answer = always(OK if method != "HEAD" else HEAD_OK, end)
    code = f"""{settling(wire, tmp_path, busy=True)}
    for _ in range(3):
        settle(self.client.request("{method}", "/", data=b"x"))
    """
    seen = child.run(wire.url, code)
    assert (seen.kinds, len(wire.requests), wire.connections) == ([None] * 3, 3, 3)
    asked = method in {"PUT", "DELETE", "POST"}  # for these the kernel is asked right before sending
    assert [event["timing"]["retried"] for event in seen.events] == ([0, 0, 0] if asked else [0, 1, 1])


def test_the_time_of_a_request_that_was_sent_again_counts_from_the_first_sending(
    child: Child, wire: WireServer, tmp_path: Path
) -> None:
    """Opening the new connection is a part of what the user waited for."""
    wire.answer = always(OK, CLOSE)
    code = f"""{settling(wire, tmp_path, busy=True)}
    for _ in range(2):
        settle(self.client.get("/"))
    """
    timing = child.run(wire.url, code).events[1]["timing"]
    assert timing["retried"] == 1
    assert timing["received_ns"] - timing["sent_ns"] > timing["connect_ms"] * 1e6


@METHODS
def test_a_request_that_the_service_read_and_dropped_is_a_failure(child: Child, wire: WireServer, method: str) -> None:
    """Whatever its method: it is not sent again, and the time that it took counts."""
    first = OK if method != "HEAD" else HEAD_OK
    answers: Iterator[list[Part]] = iter([[first], [0.4, CLOSE], [first]])
    wire.answer = lambda _request: next(answers)
    seen = child.run(wire.url, f"for _ in range(3): self.client.request('{method}', '/')")
    assert (seen.kinds, len(wire.requests)) == ([None, "closed early", None], 3)
    assert seen.events[1]["response_time"] >= 400


@ENDS
@METHODS
def test_a_service_that_dies_at_once_is_a_failure(child: Child, wire: WireServer, method: str, end: object) -> None:
    """Without a moment's work, and by a reset as well."""
    first = OK if method != "HEAD" else HEAD_OK
    answers: Iterator[list[Part]] = iter([[first], [end], [first]])
    wire.answer = lambda _request: next(answers)
    seen = child.run(wire.url, f"for _ in range(3): self.client.request('{method}', '/')")
    assert (seen.kinds, len(wire.requests)) == ([None, "closed early", None], 3)


NOTHING = b"HTTP/1.1 204 No Content\r\n\r\n"
UNASKED: dict[str, tuple[bytes, bytes]] = {  # the answer, and what comes late
    "a body after 204": (NOTHING, b"late"),
    "the answer once more": (OK, OK),
    "half an answer": (OK, b"HTTP/1.1 200 OK\r\nContent-Le"),
    "an interim answer": (OK, b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "garbage": (OK, b"\x00\xff" * 20),
}
SECURE = pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])


@dataclass
class Servers:
    """One in the clear, one behind TLS, and what to write into a request for the latter."""

    wire: WireServer
    tls: WireServer
    verify: str

    def of(self, *, secure: bool) -> WireServer:
        """One of the two."""
        return self.tls if secure else self.wire


@pytest.fixture
def servers(wire: WireServer, tls: WireServer, certificates: Certificates) -> Servers:
    """Both."""
    return Servers(wire, tls, f"verify={certificates.authority!r}")


@SECURE
@pytest.mark.parametrize("name", UNASKED)
def test_what_comes_on_an_idle_connection_answers_nothing(
    child: Child, servers: Servers, tmp_path: Path, name: str, secure: bool
) -> None:
    """It is given up and counted; the next request has its own answer, on a connection of its own."""
    server = servers.of(secure=secure)
    first, late = UNASKED[name]
    server.answer = always(first, 0.02, late)
    code = f"""{settling(server, tmp_path)}
    for _ in range(3):
        settle(self.client.get("/", {servers.verify}))
    """
    seen = child.run(server.url, code)
    assert seen.kinds == [None] * 3
    assert [event["status"] for event in seen.events] == [204 if first == NOTHING else 200] * 3
    assert sum(event["timing"]["unsolicited"] for event in seen.events) == 2


@SECURE
def test_a_body_after_head_is_not_the_next_answer(child: Child, servers: Servers, tmp_path: Path, secure: bool) -> None:
    """In the same packet or later."""
    server = servers.of(secure=secure)
    server.answer = always(HEAD_OK, 0.02, b"ok")
    code = f"""{settling(server, tmp_path)}
    for _ in range(3):
        settle(self.client.head("/", {servers.verify}))
    """
    seen = child.run(server.url, code)
    assert (seen.kinds, sum(event["timing"]["unsolicited"] for event in seen.events)) == ([None] * 3, 2)
    server.answer = always(OK)
    seen = child.run(server.url, f"for _ in range(3): self.client.head('/', {servers.verify})")
    assert seen.kinds == [None] * 3
    assert [event["timing"]["unsolicited"] for event in seen.events][1:] == [1, 1]


@SECURE
def test_a_timeout_that_the_server_announces_is_nothing_odd(
    child: Child, servers: Servers, tmp_path: Path, secure: bool
) -> None:
    """Some servers say 408 and close when a connection was idle for long: as if they had closed it only."""
    server = servers.of(secure=secure)
    # After so long that the client has read the answer by then: in one piece with it nobody could call it an idle one.
    server.answer = always(OK, 0.25, b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n", CLOSE)
    code = f"""{settling(server, tmp_path)}
    for method in ["GET", "POST", "GET"]:
        settle(self.client.request(method, "/", {servers.verify}))
    """
    seen = child.run(server.url, code)
    assert ([event["status"] for event in seen.events], seen.kinds) == ([200] * 3, [None] * 3)
    assert sum(event["timing"]["unsolicited"] + event["timing"]["retried"] for event in seen.events) == 0


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_what_comes_unasked_never_costs_a_request_that_changes_something(
    child: Child, wire: WireServer, tmp_path: Path, method: str
) -> None:
    """The kernel is asked right before sending, so that it is not sent on such a connection."""
    wire.answer = always(OK, 0.02, OK)
    code = f"""{settling(wire, tmp_path, busy=True)}
    for _ in range(3):
        settle(self.client.request("{method}", "/", data=b"x"))
    """
    seen = child.run(wire.url, code)
    assert (seen.kinds, len(wire.requests)) == ([None] * 3, 3)


@SECURE
def test_two_answers_at_once_on_a_kept_connection_are_no_answer(child: Child, servers: Servers, secure: bool) -> None:
    """Which is whose cannot be told: a GET is sent again, a POST is a failure."""
    server = servers.of(secure=secure)
    answers = iter([OK, OK + OK, OK, OK + OK, OK])
    server.answer = lambda _request: next(answers)
    code = f"for method in ['GET', 'GET', 'POST']: self.client.request(method, '/', {servers.verify})"
    seen = child.run(server.url, code)
    assert (seen.kinds, len(server.requests)) == ([None, None, "unsolicited answer"], 4)
    assert [event["timing"]["unsolicited"] for event in seen.events] == [0, 1, 1]


def test_session_tickets_are_nothing_that_came_unasked(child: Child, servers: Servers) -> None:
    """TLS servers send them when they like; the connection is kept."""
    code = f"""
    for _ in range(4):
        self.client.post("/", data=b"x", {servers.verify})
        gevent.sleep(0.05)
    """
    seen = child.run(servers.tls.url, code)
    assert (servers.tls.connections, seen.kinds) == (1, [None] * 4)


def _numbered(number: int) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n%02d" % number


ANOTHERS = st.integers(50, 99)
JUNK = st.one_of(
    st.just(b""),
    ANOTHERS.map(_numbered),
    ANOTHERS.map(lambda number: _numbered(number) * 2),
    st.builds(lambda number, length: _numbered(number)[:length], ANOTHERS, st.integers(1, 37)),
    st.sampled_from([b"\r\n", b"0\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 408 x\r\n\r\n", NOTHING]),
    st.binary(min_size=1, max_size=60),
)


@SECURE
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(junk=st.lists(JUNK, min_size=1, max_size=3), busy=st.booleans())
def test_no_bytes_on_a_kept_connection_give_a_request_anothers_answer(
    child: Child, servers: Servers, tmp_path: Path, secure: bool, junk: list[bytes], busy: bool
) -> None:
    """Whatever comes between two requests: each has its own answer, or is a failure."""
    server = servers.of(secure=secure)
    server.answer = lambda request: [_numbered(own := int(request.path[1:])), 0.005, junk[own % len(junk)]]
    code = f"""{settling(server, tmp_path, busy=busy)}
    seen = []
    for number in range({len(junk) + 1}):
        answer = self.client.get(f"/{{number}}", timeout=3.0, {servers.verify})
        seen.append((answer.status_code, answer.text))
        settle(answer)
    return seen
    """
    for number, (status, text) in enumerate(child.value(server.url, code)):
        assert (status, text) in {(200, f"{number:02}"), (0, "")}


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
