"""Gets a response for a request: connection, cookies, redirects and content encoding, without recording anything."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from perfgate.drive.client import cookies as cookie_rules
from perfgate.drive.client.address import parse_url
from perfgate.drive.client.body import NO_BODY
from perfgate.drive.client.call import block_of, build_call
from perfgate.drive.client.clock import Timing
from perfgate.drive.client.errors import TooManyRedirectsError
from perfgate.drive.client.options import NO_WISHES
from perfgate.drive.client.pool import Pool
from perfgate.drive.client.redirects import body_after, fields_after, location_of, method_after
from perfgate.drive.client.response import REDIRECTS, Response
from perfgate.drive.client.settings import timeouts_of
from perfgate.drive.client.streaming import Stream

if TYPE_CHECKING:
    from perfgate.drive.client.body import Body
    from perfgate.drive.client.call import Call
    from perfgate.drive.client.options import Wishes
    from perfgate.drive.client.proxy import Proxy
    from perfgate.drive.client.settings import Settings


class Courier:
    """Carries the requests of one session."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.pool = Pool()

    def deliver(self, call: Call, body: Body, wishes: Wishes) -> Response:
        """Send a request, follow redirects, and return the last response.

        Raises:
            ClientError: there was no answer, at whichever hop.
        """
        settings = self._settings
        route = settings.route(call.origin, wishes)
        if body is NO_BODY and wishes is NO_WISHES and settings.cookies.is_empty and route.proxy is None:
            wire = call.plain  # by far the most common, and the same as below
        else:
            wire = self._wire(route.proxy, call, body, wishes)
        timeouts = settings.timeout if wishes.timeout is None else timeouts_of(wishes.timeout)
        connection, timing = self.pool.exchange(route, call, wire, timeouts, wishes.stream)
        reader = connection.reader
        response = Response(call, body, reader.status, reader.head, reader.take_body())
        response.timing = timing
        if not reader.is_plain:
            self._act_on_head(response)
        if wishes.stream:
            response.stream_from(Stream(connection, timeouts[1], self.pool.give_back))
        else:
            if call.block.closes:
                connection.close()
            self.pool.give_back(connection)
            if not reader.is_plain:
                response.decode(settings.max_body_bytes)
        if response.status_code in REDIRECTS:
            timing.redirects = 1
            if wishes.allow_redirects:
                return self._follow(response, call, body, wishes)
        return response

    def _follow(self, response: Response, call: Call, body: Body, wishes: Wishes) -> Response:
        history: list[Response] = []
        timing = response.timing
        most = self._settings.max_redirects
        one_hop = replace(wishes, allow_redirects=False)
        while (location := location_of(response, call.url)) is not None:
            if len(history) >= most:
                raise TooManyRedirectsError(f"more than {most} redirects, the next to {location}")
            _ = response.content  # read to its end, a streamed one too, so that the connection is free again
            history.append(response)
            call, body = _next(call, response.status_code, location), body_after(response.status_code, body)
            response = self.deliver(call, body, one_hop)
            timing = _sum(timing, response.timing)
        response.history, response.timing = history, timing
        return response

    def _wire(self, proxy: Proxy | None, call: Call, body: Body, wishes: Wishes) -> bytes:
        if proxy and not call.origin.is_tls:
            call = _through(proxy, call)
        return call.wire(body, self._cookies_for(call, wishes))

    def _cookies_for(self, call: Call, wishes: Wishes) -> str | None:
        if call.block.has_cookie:  # the scenario's own header counts
            return None
        jar = self._settings.cookies
        if wishes.cookies:
            return cookie_rules.cookie_header(
                cookie_rules.with_extra(jar, wishes.cookies), call.origin.cookie_base + call.path
            )
        return None if jar.is_empty else jar.header_for(call.origin.cookie_base, call.path)

    def _act_on_head(self, response: Response) -> None:
        fields = response.fields()
        if any(name.lower() == "set-cookie" for name, _ in fields):
            cookie_rules.extract(self._settings.cookies, response.cookie_url, fields)


def _sum(first: Timing, last: Timing) -> Timing:
    """The timing of several hops, whose service times add up; the user clock if either used it."""
    return Timing(
        first.sent_ns,
        first.received_ns + last.received_ns - last.sent_ns,
        first.connect_ms + last.connect_ms,
        first.tls_ms + last.tls_ms,
        "kernel" if first.clock == last.clock == "kernel" else "user",
        first.retried + last.retried,
        first.unsolicited + last.unsolicited,
        first.redirects + last.redirects,
    )


def _through(proxy: Proxy, call: Call) -> Call:
    """The same request as a proxy wants it: the request line names the whole URL (RFC 9112, section 3.2.2)."""
    auth = (("Proxy-Authorization", proxy.auth),) if proxy.auth else ()
    block = block_of(call.origin, call.block.fields, auth)
    return build_call(call.method, call.target, block, call.origin.base + call.path)


def _next(call: Call, status: int, location: str) -> Call:
    """The request that a redirect asks for.

    Raises:
        InvalidRequestError: the location is no URL that can be requested.
    """
    target = parse_url(location)
    is_same = target.origin is call.origin
    fields = fields_after(status, call.block.fields, call.url, location, is_same_origin=is_same)
    block = block_of(target.origin, fields)
    return build_call(method_after(status, call.method), target, block)
