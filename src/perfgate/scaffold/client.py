"""Asks the service itself, and nobody else: one allowed origin, no proxy, no redirect to another host."""

from __future__ import annotations

import http.client
import ssl
import time
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from perfgate.errors import UsageError
from perfgate.plan.hosts import check_host, host_of, is_allowed

_TIMEOUT_S = 5.0  # of one read
_ANSWER_TIMEOUT_S = 15.0  # of a whole answer; a service that drips must not hold us
_MOST_BYTES = 20_000_000
_MOST_REDIRECTS = 3
_LOOPBACK = ("127.0.0.1", "localhost")


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        url: where it came from, after redirects.
        kind: the media type without parameters.
    """

    url: str
    status: int
    kind: str
    body: bytes = field(repr=False)

    @property
    def good(self) -> bool:
        """Whether the service did what was asked."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as text, whatever is in it."""
        return self.body.decode("utf-8", errors="replace")


class Client:
    """Sends GET and HEAD requests to one origin, and at most a login.

    Args:
        url: an absolute URL of the service.
        allowed: the entries of `allowed_hosts`.

    Raises:
        HostNotAllowedError: `allowed` does not name the URL's host.
        UsageError: it is no URL that HTTP could be spoken to, or it holds a password.
    """

    def __init__(self, url: str, allowed: tuple[str, ...]) -> None:
        check_host(url, allowed, place="TARGET")
        self.origin = origin_of(url)
        self._trusted = is_allowed(host_of(url), _LOOPBACK)

    def get(self, path: str, method: str = "GET", headers: dict[str, str] | None = None) -> Answer | None:
        """The answer to one request, or None when there is none: nobody listens, a time-out, not HTTP.

        Args:
            path: with its query, or a URL of the same origin.
            method: GET or HEAD.
            headers: to send.
        """
        url = urljoin(f"{self.origin}/", path)
        for _ in range(_MOST_REDIRECTS + 1):
            try:
                answer, location = self._ask(url, method, headers or {})
            except (OSError, http.client.HTTPException, ValueError):
                return None
            if not location or not self.owns(location):
                return answer
            url = location
        return None

    def sign_in(self, path: str, headers: dict[str, str], body: str) -> Answer | None:
        """The answer to a login, which is a POST; None when there is none. It is not followed anywhere."""
        try:
            return self._ask(urljoin(f"{self.origin}/", path), "POST", headers, body)[0]
        except (OSError, http.client.HTTPException, ValueError):
            return None

    def owns(self, url: str) -> bool:
        """Whether a URL belongs to this origin."""
        try:
            return origin_of(url) == self.origin
        except UsageError:
            return False

    def _ask(self, url: str, method: str, headers: dict[str, str], body: str | None = None) -> tuple[Answer, str]:
        parts = urlsplit(url)
        if not self.owns(url):
            raise ValueError(f"{url} is not of {self.origin}")
        connection = self._connection(parts.hostname or "", parts.port, parts.scheme)
        try:
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            sent = {"Connection": "close", "Accept": "*/*", **headers}
            connection.request(method, target or "/", None if body is None else body.encode(), sent)
            response = connection.getresponse()
            kind = response.headers.get_content_type()
            location = response.headers.get("Location", "") if response.status in {301, 302, 303, 307, 308} else ""
            answer = Answer(url, response.status, kind, _body(response))
        finally:
            connection.close()
        return answer, urljoin(url, location) if location else ""

    def _connection(self, host: str, port: int | None, scheme: str) -> http.client.HTTPConnection:
        if scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=_TIMEOUT_S)
        context = ssl.create_default_context()
        if self._trusted:  # this machine's own service has a certificate of its own making, if any
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection(host, port, timeout=_TIMEOUT_S, context=context)


def _body(response: http.client.HTTPResponse) -> bytes:
    end = time.monotonic() + _ANSWER_TIMEOUT_S
    chunks: list[bytes] = []
    size = 0
    while size < _MOST_BYTES and time.monotonic() < end:
        chunk = response.read1(1 << 16)
        if not chunk:
            break
        chunks.append(chunk)
        size += len(chunk)
    return b"".join(chunks)


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, without a default port.

    Raises:
        UsageError: it is no http or https URL, or it holds a user and password.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise _not_a_url(url) from error
    if parts.scheme not in {"http", "https"} or not host:
        raise _not_a_url(url)
    if "@" in parts.netloc:
        raise UsageError(
            f"the URL of {host} holds a user or a password, which would be written to a file",
            place="TARGET",
            hint="leave them out and let the scenario read them from the environment",
            slug="target",
        )
    shown = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{shown}" + (f":{port}" if port not in {None, default} else "")


def _not_a_url(url: str) -> UsageError:
    return UsageError(
        f"{url[:100]!r} is no URL of a service", place="TARGET", hint="write http://127.0.0.1:8000", slug="target"
    )
