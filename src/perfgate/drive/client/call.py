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
    from perfgate.drive.client.address import Origin, Target
    from perfgate.drive.client.body import Body

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})  # RFC 9110, section 9.2.1
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
        is_safe: it changes nothing, so that sending it twice does no harm.
        target: where it goes.
        url: the absolute URL, its fragment included, which is never sent.
    """

    method: str
    origin: Origin
    path: str
    target: Target
    url: str
    block: Block
    head: bytes
    plain: bytes
    is_safe: bool

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
    parts = (part if isinstance(part, bytes) else str(part).encode("latin-1", "replace") for part in (user, password))
    raw = b":".join(parts)
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
    if "accept-encoding" not in values:  # without it a server may choose any (RFC 9110, section 12.5.3)
        fields = (*fields, ("Accept-Encoding", "identity"))
    return Block(fields, encode(fields), "cookie" in values, values.get("connection", "").lower() == "close")


def build_call(method: str, target: Target, block: Block, named: str | None = None) -> Call:
    """Put a request together.

    Args:
        named: what the request line names instead of the path: the whole URL, when it goes through a proxy.

    Raises:
        InvalidRequestError: the method is none.
    """
    check_method(method)
    line = f"{method} {named or target.path} HTTP/1.1\r\n".encode("latin-1")
    head = line + block.lines
    plain = head + (_END if method in _LENGTHLESS else b"Content-Length: 0\r\n\r\n")
    url = target.origin.base + target.path + target.fragment
    return Call(method, target.origin, target.path, target, url, block, head, plain, method in _SAFE)
