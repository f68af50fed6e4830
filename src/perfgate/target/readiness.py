"""Is the service ready? One look: a TCP connection, or one GET that answers below 400."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Answer:
    """What one look saw: whether it is ready, in words what was asked and answered, and the status if there was one."""

    ready: bool
    text: str
    status: int | None = None


def address_of(url: str) -> tuple[str, int]:
    """The host and port that a URL points to; the scheme's own port where it names none.

    Raises:
        ValueError: when the URL has no host, or its port is not a number.
    """
    parts = urlsplit(url)
    if not parts.hostname:
        raise ValueError(f"{url!r} has no host")
    return parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme, 80)


def port_in_use(host: str, port: int) -> bool:
    """Whether something accepts TCP connections there."""
    return _connect(host, port, timeout_s=1.0).ready


def probe(url: str, ready: str | None, *, timeout_s: float) -> Answer:
    """Look once.

    Args:
        url: the service's base URL.
        ready: a path below it, or a whole URL; None looks whether a TCP connection is accepted.
        timeout_s: how long this look may take.
    """
    if ready is None:
        return _connect(*address_of(url), timeout_s=timeout_s)
    return _get(ready if "://" in ready else f"{url.rstrip('/')}/{ready.lstrip('/')}", timeout_s)


def _connect(host: str, port: int, *, timeout_s: float) -> Answer:
    asked = f"connecting to {host} port {port}"
    try:
        with socket.create_connection((host, port), timeout=timeout_s):
            return Answer(True, asked)
    except OSError as error:
        return Answer(False, f"{asked}: {_words(error)}")


def _get(url: str, timeout_s: float) -> Answer:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection = _connection(parts, timeout_s)
        try:
            connection.request("GET", target, headers={"User-Agent": "perfgate", "Connection": "close"})
            # A redirect is an answer too, and is not followed: where it leads may be another host.
            status = connection.getresponse().status
        finally:
            connection.close()
    except (OSError, HTTPException) as error:
        return Answer(False, f"GET {url}: {_words(error)}")
    return Answer(status < 400, f"GET {url} answered {status}", status)


def _connection(parts: SplitResult, timeout_s: float) -> HTTPConnection:
    host, port = address_of(parts.geturl())
    if parts.scheme != "https":
        return HTTPConnection(host, port, timeout=timeout_s)
    # Certificates of services under test are often self-signed; this look sends no secret and trusts no content, it
    # only waits for an answer. Whether the certificate holds is between the scenario's own client and the service.
    unverified: Callable[[], ssl.SSLContext] = ssl._create_unverified_context  # noqa: SLF001
    return HTTPSConnection(host, port, timeout=timeout_s, context=unverified())


def _words(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
