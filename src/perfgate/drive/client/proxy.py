"""HTTP proxies: off unless asked for; plain requests name the whole URL, TLS goes through a tunnel."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from requests.utils import get_environ_proxies, select_proxy

from perfgate.drive.client.call import basic_auth
from perfgate.drive.client.errors import InvalidRequestError, ProxyError
from perfgate.drive.client.link import Link

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perfgate.drive.client.address import Origin

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
_MOST = 64 * 1024


@dataclass(frozen=True)
class Proxy:
    """A proxy that speaks HTTP in the clear; `auth` is the value of its `Proxy-Authorization` header, or empty."""

    host: str
    port: int
    auth: str = ""

    @property
    def authority(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"


def find_proxy(url: str, proxies: Mapping[str, Any], *, trust_env: bool) -> Proxy | None:
    """The proxy for `url`, chosen as requests chooses.

    Args:
        url: what is requested.
        proxies: by scheme, or by scheme and host.
        trust_env: look at `HTTP_PROXY`, `NO_PROXY` and so on as well.

    Raises:
        InvalidRequestError: the proxy's URL is of no use.
    """
    known: dict[str, Any] = dict(get_environ_proxies(url)) if trust_env else {}
    known.update(proxies)
    chosen = select_proxy(url, known)
    return parse_proxy(chosen) if chosen else None


def parse_proxy(url: str) -> Proxy:
    """A proxy from its URL.

    Raises:
        InvalidRequestError: it is none, or not an HTTP proxy.
    """
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme != "http" or not parts.hostname:
        raise InvalidRequestError(f"the proxy {url!r} is not an http:// URL", kind="proxy")
    auth = basic_auth(unquote(parts.username), unquote(parts.password or "")) if parts.username else ""
    return Proxy(parts.hostname, parts.port or 80, auth)


def open_tunnel(link: Link, proxy: Proxy, origin: Origin) -> None:
    """Ask the proxy for a tunnel to `origin` (RFC 9110, section 9.3.6).

    Raises:
        ProxyError: it refuses, or does not speak HTTP.
    """
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    target = f"{host}:{origin.port}"
    auth = f"Proxy-Authorization: {proxy.auth}\r\n" if proxy.auth else ""
    Link.send(link, f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{auth}\r\n".encode("latin-1"))
    answer = b""
    while b"\r\n\r\n" not in answer and len(answer) <= _MOST:
        data = Link.receive(link)  # in the clear, also when the link will be encrypted
        if not data:
            raise ProxyError(f"the proxy {proxy.authority} closed the connection")
        answer += data
    status = _STATUS.match(answer)
    if status is None or not status[1].startswith(b"2"):
        raise ProxyError(f"the proxy {proxy.authority} refused a tunnel to {target}: {answer[:60]!r}")
