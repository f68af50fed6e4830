"""Where a request goes: the origin (scheme, host, port or Unix socket) and the path, from what a scenario gives.

A path in plain characters, by far the most common, is taken as it is; everything else goes through the URL handling
of requests, so that quoting, international names and dot segments come out as they do in Locust.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

from requests import PreparedRequest
from requests.exceptions import RequestException
from requests.utils import get_auth_from_url, requote_uri

from perfgate.drive.client.errors import InvalidRequestError

_DEFAULT_PORTS = {"http": 80, "https": 443}
_ABSOLUTE = re.compile(r"(https?|https?\+unix)://", re.IGNORECASE)
# What `requote_uri` leaves alone: percent signs only in front of upper-case digits that stand for no unreserved sign.
_PLAIN_PATH = re.compile(
    r"/(?:[A-Za-z0-9_~!$&'()*+,;=:@/?.-]"
    r"|%(?!2[DE]|3[0-9]|[46][1-9A-F]|5[0-9AF]|7[0-9AE])[0-9A-F]{2})*"
)
_DOT_SEGMENT = "/."
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """Who answers; one object per origin, so that comparing and hashing is by identity.

    Attributes:
        authority: host and port as in the `Host` header.
        unix_path: the Unix socket's path, or None.
    """

    scheme: str
    host: str
    port: int
    unix_path: str | None

    @property
    def is_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        """Host and, where it is not the scheme's own, port: as in the `Host` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def cookie_base(self) -> str:
        """The URL without a path as a cookie jar understands it: a Unix socket is `localhost`."""
        return f"{self.scheme}://{self.authority}"

    @property
    def base(self) -> str:
        """The URL without a path."""
        if self.unix_path is not None:
            return f"{self.scheme}+unix://{quote(self.unix_path, safe='')}"
        return f"{self.scheme}://{self.authority}"


@lru_cache(maxsize=4096)
def origin_of(scheme: str, host: str, port: int | None, unix_path: str | None = None) -> Origin:
    """The one object for this origin."""
    port = port or _DEFAULT_PORTS[scheme]
    return Origin(scheme, host, port, unix_path)


class Target(NamedTuple):
    """What a URL says: the origin, the path with its query as it goes over the wire, and credentials if it has any.

    The fragment is never sent; it has its `#`, or is empty.
    """

    origin: Origin
    path: str
    auth: tuple[str, str] | None = None
    fragment: str = ""


@dataclass(frozen=True)
class Base:
    """The `host` of a user class, in parts: paths are appended to `path`, or to `url` when that needs care."""

    url: str
    origin: Origin | None
    path: str
    auth: tuple[str, str] | None

    @classmethod
    def of(cls, url: str) -> Base:
        """Take `host` apart; one that is no URL is kept, and the requests say what is wrong."""
        if url.startswith("unix://"):
            return cls(url, origin_of("http", "localhost", None, url.removeprefix("unix://")), "", None)
        try:
            target = parse_url(url)
        except InvalidRequestError:
            return cls(url, None, "", None)
        plain = _ABSOLUTE.sub("", url)
        path = plain[plain.find("/") :] if "/" in plain else ""
        if target.auth:  # credentials go into a header
            url = target.origin.base + path
        return cls(url, target.origin, path, target.auth)


def resolve(base: Base, url: str) -> Target:
    """The target of a request.

    Args:
        base: what paths are appended to.
        url: a path, or an absolute URL.

    Raises:
        InvalidRequestError: it is no URL, or has control characters in it.
    """
    if _CONTROL.search(url):
        raise InvalidRequestError(f"a URL cannot contain control characters: {url!r}")
    if _ABSOLUTE.match(url):
        return parse_url(url)
    path = base.path + url
    if base.origin is not None:
        if _PLAIN_PATH.fullmatch(path) and _DOT_SEGMENT not in path and not path.endswith("?"):
            return Target(base.origin, path)
        if base.origin.unix_path is not None:
            return Target(base.origin, _unix_request_path(path))
    return parse_url(base.url + url)


def parse_url(url: str) -> Target:
    """Take an absolute URL apart.

    Raises:
        InvalidRequestError: it is none.
    """
    scheme, _, rest = url.partition("://")
    if scheme.lower().endswith("+unix"):
        socket_path, slash, path = rest.partition("/")
        if not socket_path:
            raise InvalidRequestError(f"{url!r} names no Unix socket")
        origin = origin_of(scheme.lower().removesuffix("+unix"), "localhost", None, unquote(socket_path))
        return Target(origin, _unix_request_path(slash + path))
    prepared = PreparedRequest()
    try:
        prepared.prepare_url(url, None)
        parts = urlsplit(prepared.url or "")
        port = parts.port
        (parts.hostname or "").encode("idna")  # the resolver would do it, in a thread, and fail there
    except (RequestException, ValueError) as error:
        raise InvalidRequestError(f"{url!r} is no URL: {error}") from error
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise InvalidRequestError(f"{url!r} is neither http nor https")
    user, password = get_auth_from_url(prepared.url or "")
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    auth = (user, password) if user else None
    return Target(origin_of(parts.scheme, parts.hostname, port), prepared.path_url, auth, fragment)


def _unix_request_path(path: str) -> str:
    quoted = requote_uri(path.partition("#")[0])
    return quoted if quoted.startswith("/") else f"/{quoted}"
