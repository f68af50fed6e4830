"""A request in the form in which it goes over the wire; what does not change between calls is encoded once.

Two bounded caches, shared by all users of the process: header blocks, and whole heads. A body is never part of the
key, so a request whose body differs from call to call still finds its head ready.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.drive.client.cache import RecentCache
from perfgate.drive.client.headers import Fields, check_method, encode, merge

if TYPE_CHECKING:
    from perfgate.drive.client.address import Origin
    from perfgate.drive.client.body import Body

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})  # RFC 9110, section 9.2.2
_LENGTHLESS = frozenset({"GET", "HEAD"})  # requests sends `Content-Length: 0` with all others
_END = b"\r\n"


@dataclass(frozen=True, slots=True)
class Block:
    """The header lines of a request, `Host` first, framing and cookies of the session excluded."""

    fields: Fields
    lines: bytes
    has_cookie: bool
    closes: bool


@dataclass(slots=True)
class Call:
    """A request without its body.

    Attributes:
        path: path and query as they go over the wire.
        head: request line and header lines.
        plain: the whole request, for when it has neither body nor cookies.
        is_idempotent: sending it twice does what sending it once does.
        url: the absolute URL.
    """

    method: str
    origin: Origin
    path: str
    url: str
    block: Block
    head: bytes
    plain: bytes
    is_idempotent: bool

    def wire(self, body: Body, cookies: str | None) -> bytes:
        """The whole request."""
        if body.data is None and not cookies:
            return self.plain
        data = body.data or b""
        cookie_line = f"Cookie: {cookies}\r\n".encode("latin-1", "replace") if cookies else b""
        if body.chunked:
            return b"%b%bTransfer-Encoding: chunked\r\n\r\n%b" % (self.head, cookie_line, data)
        if body.data is None:
            return b"%b%b%b" % (self.head, cookie_line, self.plain[len(self.head) :])
        return b"%b%bContent-Length: %d\r\n\r\n%b" % (self.head, cookie_line, len(data), data)


def basic_auth(user: str | bytes, password: str | bytes) -> str:
    """The value of an `Authorization` header (RFC 7617)."""
    raw = b":".join(part.encode("latin-1", "replace") if isinstance(part, str) else part for part in (user, password))
    return f"Basic {b64encode(raw).decode('ascii')}"


_blocks: RecentCache[Block] = RecentCache(4096)


def block_of(origin: Origin, *layers: Fields) -> Block:
    """The header lines for `layers` of fields laid over each other.

    Raises:
        InvalidRequestError: a field cannot be sent.
    """
    key = (origin, layers)
    block = _blocks.get(key)
    if block is None:
        block = _new_block(origin, layers)
        _blocks.put(key, block)
    return block


def _new_block(origin: Origin, layers: tuple[Fields, ...]) -> Block:
    fields = merge([("Host", origin.authority)], *layers)
    values = {name.lower(): value for name, value in fields}
    return Block(fields, encode(fields), "cookie" in values, values.get("connection", "").lower() == "close")


def build_call(method: str, origin: Origin, path: str, block: Block, target: str | None = None) -> Call:
    """Put a request together.

    Args:
        target: what the request line names instead of the path: the whole URL, when it goes through a proxy.

    Raises:
        InvalidRequestError: the method is none.
    """
    check_method(method)
    line = f"{method} {target or path} HTTP/1.1\r\n".encode("latin-1")
    head = line + block.lines
    plain = head + (_END if method in _LENGTHLESS else b"Content-Length: 0\r\n\r\n")
    return Call(method, origin, path, origin.base + path, block, head, plain, method in _IDEMPOTENT)
