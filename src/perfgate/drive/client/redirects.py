"""Where a redirect leads, and what is sent there: the rules of requests, so that a scenario sees the same hops."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from requests import Session
from requests.utils import requote_uri

from perfgate.drive.client.body import NO_BODY, Body
from perfgate.drive.client.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfgate.drive.client.headers import Fields
    from perfgate.drive.client.response import Response

_KEEPS_METHOD = frozenset({307, 308})
_OF_THE_BODY = frozenset({"content-type"})
_OF_THE_HOP = frozenset({"cookie"})  # made anew for each hop
_rules = Session()


def location_of(response: Response, url: str) -> str | None:
    """The absolute URL that a response redirects to; None when it does not.

    Raises:
        InvalidRequestError: what it redirects to is no URL.

    Args:
        url: what was requested; a relative location starts from there, and a fragment is inherited.
    """
    if not response.is_redirect:
        return None
    location = response.headers["location"].encode("latin-1").decode("utf-8", "replace")
    if not location:  # as in requests: it leads nowhere
        return None
    if location.startswith("//"):
        location = f"{urlsplit(url).scheme}:{location}"
    try:
        fragment = urlsplit(url).fragment
        if fragment and not urlsplit(location).fragment:  # RFC 9110, section 10.2.2
            location = f"{location}#{fragment}"
        return requote_uri(urljoin(url, location) if not urlsplit(location).netloc else location)
    except ValueError as error:
        raise InvalidRequestError(f"redirected to {location!r}, which is no URL: {error}") from error


def method_after(status: int, method: str) -> str:
    """The method of the next hop, as browsers and requests choose it."""
    if status in {302, 303} and method != "HEAD":
        return "GET"
    return "GET" if status == 301 and method == "POST" else method


def fields_after(status: int, fields: Fields, old_url: str, new_url: str, *, is_same_origin: bool) -> Fields:
    """The header fields of the next hop: without credentials when it leads to another host.

    A `Host` of the scenario's own names one of several services behind an origin, and holds there alone.
    """
    dropped = set(_OF_THE_HOP)
    if not is_same_origin:
        dropped.add("host")
    if status not in _KEEPS_METHOD:
        dropped |= _OF_THE_BODY
    if _rules.should_strip_auth(old_url, new_url):
        dropped.add("authorization")
    return tuple(_without(fields, dropped))


def _without(fields: Fields, names: set[str]) -> Iterable[tuple[str, str]]:
    return (field for field in fields if field[0].lower() not in names)


def body_after(status: int, body: Body) -> Body:
    """The body of the next hop."""
    return body if status in _KEEPS_METHOD else NO_BODY
