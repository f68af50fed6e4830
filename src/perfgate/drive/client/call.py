"""A request in the form in which it goes over the wire; what does not change between calls is encoded once.

Two bounded caches, shared by all users of the process: header blocks, and whole heads. A body is never part of the
key, so a request whose body differs from call to call still finds its head ready.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from perfgate.drive.client.headers import Fields, check_method, encode, merge

if TYPE_CHECKING:
    from collections.abc import Hashable

    from perfgate.drive.client.address import Origin
    from perfgate.drive.client.body import Body

V = TypeVar("V")

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})  # RFC 9110, section 9.2.2
_LENGTHLESS = frozenset({"GET", "HEAD"})  # requests sends `Content-Length: 0` with all others
_END = b"\r\n"


class RecentCache(Generic[V]):
    """Keeps about the `size` values that were used last, at the price of one look-up in a dict.

    Two generations: when the young one is full it becomes the old one, and what was in the old one is forgotten.
    """

    def __init__(self, size: int) -> None:
        self._half = size // 2
        self._young: dict[Hashable, V] = {}
        self._old: dict[Hashable, V] = {}

    def get(self, key: Hashable) -> V | None:
        """The value, or None."""
        value = self._young.get(key)
        if value is None:
            value = self._old.get(key)
            if value is not None:
                self.put(key, value)
        return value

    def put(self, key: Hashable, value: V) -> None:
        """Remember a value."""
        if len(self._young) >= self._half:
            self._old, self._young = self._young, {}
        self._young[key] = value

    def __len__(self) -> int:
        return len(self._young) + len(self._old)


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
        url: the absolute URL.
    """

    method: str
    origin: Origin
    path: str
    url: str
    block: Block
    head: bytes
    plain: bytes

    @property
    def is_idempotent(self) -> bool:
        """Whether sending it twice does what sending it once does."""
        return self.method in IDEMPOTENT

    def wire(self, body: Body, cookies: str | None) -> bytes:
        """The whole request."""
        if body.data is None and not cookies:
            return self.plain
        cookie_line = f"Cookie: {cookies}\r\n".encode("latin-1", "replace") if cookies else b""
        if body.chunked:
            return b"%b%bTransfer-Encoding: chunked\r\n\r\n%b" % (self.head, cookie_line, body.data)
        if body.data is None:
            return b"%b%b%b" % (self.head, cookie_line, self.plain[len(self.head) :])
        return b"%b%bContent-Length: %d\r\n\r\n%b" % (self.head, cookie_line, len(body.data), body.data)


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
    return Call(method, origin, path, origin.base + path, block, head, plain)
