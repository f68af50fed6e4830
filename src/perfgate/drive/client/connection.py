"""A connection to an origin: opened with its times measured, carrying one exchange at a time."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from time import perf_counter, time_ns
from typing import TYPE_CHECKING, Any

import gevent
from gevent import socket as gevent_socket

from perfgate.drive.client.clock import Timing, is_before, service_time_ns
from perfgate.drive.client.content import MAX_BODY_BYTES
from perfgate.drive.client.errors import (
    ClientError,
    ClosedEarlyError,
    ConnectError,
    ConnectTimeoutError,
    UnreadError,
    UnsolicitedError,
    connect_error,
    tls_error,
)
from perfgate.drive.client.link import NEVER, Idle, Link
from perfgate.drive.client.proxy import Proxy, open_tunnel
from perfgate.drive.client.reader import ResponseReader
from perfgate.drive.client.tls import Cert, TlsLink, Verify, tls_context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from ssl import SSLContext

    from perfgate.drive.client.address import Origin


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """Everything that decides whether two requests can share a connection; one object for each, from `route_of`."""

    origin: Origin
    verify: Verify
    cert: Cert
    proxy: Proxy | None
    make_context: Callable[[], SSLContext] | None
    max_body_bytes: int


@lru_cache(maxsize=4096)
def route_of(  # noqa: PLR0913  (what a route is made of)
    origin: Origin,
    verify: Verify = True,
    cert: Cert = None,
    proxy: Proxy | None = None,
    make_context: Callable[[], SSLContext] | None = None,
    max_body_bytes: int = MAX_BODY_BYTES,
) -> Route:
    """The one object for this route, so that comparing and hashing is by identity."""
    return Route(origin, verify, cert, proxy, make_context, max_body_bytes)


class Connection:
    """A connection that stands.

    Attributes:
        reader: holds the last answer: `status`, `head`, and the body until it is taken.
        uses: how many exchanges it has carried.
    """

    __slots__ = ("_connect_ms", "_link", "_tls_ms", "reader", "route", "uses")

    def __init__(self, route: Route, link: Link, connect_ms: float, tls_ms: float) -> None:
        self.route = route
        self.reader = ResponseReader(route.max_body_bytes)
        self.uses = 0
        self._link = link
        self._connect_ms = connect_ms
        self._tls_ms = tls_ms

    def exchange(self, wire: bytes, is_head: bool, timeout_s: float | None, stream: bool) -> Timing:
        """Send a request and read its answer into `reader`; `timeout_s` bounds the two together.

        With `stream` it returns when the head is there; `read_on` gives the rest.

        Raises:
            UnreadError: a kept connection had been closed before the service could have read a byte of the request.
            UnsolicitedError: what came is not, or may not be, the answer to this request.
            ClosedEarlyError, BadResponseError, AnswerTimeoutError: what they say.

        The connection is of no use after any of them.
        """
        link, reader = self._link, self.reader
        reader.begin(is_head)
        self.uses += 1
        stamp = 0
        try:
            sealed = link.seal(wire)
            started = perf_counter()
            link.timeout_s = timeout_s
            link.deadline = NEVER if timeout_s is None else started + timeout_s
            sent_ns = time_ns()
            link.send(sealed)
            while not reader.complete:
                data = link.receive()
                if not data:
                    self._end(len(sealed), sent_ns)
                    break
                stamp = link.stamp_ns
                if stamp < sent_ns and not reader.started and self.uses > 1:
                    self._check_stamp(stamp, sent_ns, int((perf_counter() - started) * 1e9))
                reader.feed(data)
                if stream and reader.has_head:
                    break
        except ClientError:
            raise
        except OSError as error:
            raise self._lost(str(error), sent_ns) from error
        service_ns, clock = service_time_ns(sent_ns, stamp, int((perf_counter() - started) * 1e9))
        if self.uses > 1:
            self._look_behind()
            if reader.overfed:
                raise UnsolicitedError("more than one answer came: which of them is whose cannot be told", sent_ns)
            return Timing(sent_ns, sent_ns + service_ns, 0.0, 0.0, clock)  # opening is reported once
        return Timing(sent_ns, sent_ns + service_ns, self._connect_ms, self._tls_ms, clock)

    def _check_stamp(self, stamp: int, sent_ns: int, elapsed_ns: int) -> None:
        if is_before(stamp, sent_ns, elapsed_ns):
            raise UnsolicitedError("what came had been sent before the request was", sent_ns)

    def _end(self, size: int, sent_ns: int) -> None:
        if not self.reader.started:
            if self.uses > 1 and self._link.was_unread(size):
                raise UnreadError("the server closed the idle connection", sent_ns)
            raise ClosedEarlyError("the server closed the connection without an answer")
        self.reader.end()

    def _lost(self, why: str, sent_ns: int) -> ClosedEarlyError:
        if self.reader.started:
            return ClosedEarlyError(f"the connection broke within the answer: {why}")
        if self.uses > 1 and self._link.refused:
            return UnreadError(why, sent_ns)
        return ClosedEarlyError(why)

    def read_on(self, timeout_s: float | None) -> Iterator[bytes]:
        """The rest of a streamed body, as it comes; `timeout_s` bounds the wait for each piece.

        Raises:
            ClosedEarlyError, BadResponseError, AnswerTimeoutError: the body did not come whole.
        """
        reader = self.reader
        try:
            while not reader.complete:
                self._link.limit(timeout_s)
                data = self._link.receive()
                reader.feed(data) if data else reader.end()
                if piece := reader.take_body():
                    yield piece
        except ClientError:
            raise
        except OSError as error:
            raise ClosedEarlyError(f"the connection broke within the answer: {error}") from error

    def is_reusable(self) -> bool:
        """Whether another request can be sent on it."""
        self._look_behind()
        return self.reader.complete and self.reader.keep_alive

    def _look_behind(self) -> None:
        """Note what came with the end of a whole answer; before that, what comes belongs to the body."""
        reader = self.reader
        if reader.complete and (rest := self._link.rest()) != "quiet":
            reader.keep_alive = False
            reader.overfed = reader.overfed or rest == "talking"

    def idle_state(self, *, asking: bool) -> Idle:
        """Whether it is open and silent; with `asking` the kernel is asked, whatever is known already."""
        return self._link.peeked() if asking else self._link.idle_state()

    def close(self) -> None:
        """Close; harmless when closed already."""
        if not self._link.is_closed:
            self._link.close()
            self.reader.close()

    def __del__(self) -> None:
        self.close()


def open_connection(route: Route, timeout_s: float | None) -> Connection:
    """Look the name up, connect, open the proxy's tunnel and shake hands, all within `timeout_s`.

    Raises:
        ConnectError, TlsError, ProxyError, ConnectTimeoutError: what they say.
    """
    origin = route.origin
    timeout = gevent.Timeout(timeout_s, ConnectTimeoutError(f"{origin.authority}: no connection within {timeout_s} s"))
    links: list[Link] = []
    try:
        with timeout:
            return _open(route, links)
    except BaseException:
        for link in links:
            link.close()
        raise


def _open(route: Route, links: list[Link]) -> Connection:
    origin = route.origin
    started = perf_counter()
    context = None
    if origin.is_tls:
        context = route.make_context() if route.make_context else tls_context(route.verify, route.cert)
    link = _connect(route, links)
    if origin.is_tls and route.proxy:
        open_tunnel(link, route.proxy, origin)
    connected = perf_counter()
    if isinstance(link, TlsLink) and context is not None:
        try:
            link.handshake(context, origin.host)
        except ClientError:  # the timeout
            raise
        except OSError as error:
            raise tls_error(error, origin.authority) from error
    done = perf_counter()
    return Connection(route, link, (connected - started) * 1000, (done - connected) * 1000 if context else 0.0)


def _connect(route: Route, links: list[Link]) -> Link:
    """Try each address in turn; the last one's error is reported."""
    origin = route.origin
    where = origin.unix_path or (f"proxy {route.proxy.authority}" if route.proxy else origin.authority)
    failure: ConnectError | None = None
    try:
        for family, address in _addresses(route):
            link = TlsLink(family) if origin.is_tls else Link(family)
            links.append(link)
            try:
                link.connect(address)
            except (ClientError, PermissionError):
                # The timeout, which holds for all addresses together; or refused by a guard, which none may get around.
                raise
            except OSError as error:
                link.close()
                failure = connect_error(error, where)
            else:
                return link
    except ClientError:  # the timeout
        raise
    except (OSError, ValueError) as error:  # a name that cannot be encoded is a ValueError
        raise connect_error(error, where) from error
    raise failure or ConnectError(f"{where} has no address")


def _addresses(route: Route) -> Iterator[tuple[int, Any]]:
    if route.origin.unix_path is not None:
        yield socket.AF_UNIX, route.origin.unix_path
        return
    host, port = (route.proxy.host, route.proxy.port) if route.proxy else (route.origin.host, route.origin.port)
    try:
        version = ip_address(host).version
    except ValueError:  # a name; the resolver works in a thread, which an address need not wait for
        for family, _, _, _, address in gevent_socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM):
            yield family, address
    else:
        yield (socket.AF_INET6 if version == 6 else socket.AF_INET), (host, port)
