"""Bodies that are read while they come."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Any

from perfgate.drive.client.content import ContentDecoder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from perfgate.drive.client.connection import Connection


class Stream:
    """The rest of a response on its connection, which is given back when the body has been read.

    Args:
        timeout_s: bounds the wait for each piece.
        give_back: called with the connection at the end, or when the body is given up.

    Attributes:
        first: what has come already.
    """

    def __init__(
        self, connection: Connection, timeout_s: float | None, give_back: Callable[[Connection], None]
    ) -> None:
        self._connection: Connection | None = connection
        self.first = b""
        self._timeout_s = timeout_s
        self._give_back = give_back

    def pieces(self) -> Iterator[bytes]:
        """The body as it comes over the wire, once; the end of the iteration is the end of the body."""
        first, self.first = self.first, b""
        if first:
            yield first
        if self._connection is None:
            return
        try:
            yield from self._connection.read_on(self._timeout_s)
        finally:
            self.close()

    def close(self) -> None:
        """Give the connection back; one whose body has not come whole is of no use, and is closed."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._give_back(connection)


class BodyFile:
    """A body that is read like a file.

    Args:
        pieces: of the body, as they come.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def read(self, size: int | None = -1) -> bytes:
        """At most so many bytes; all that is left unless given. Empty at the end."""
        parts = [self._rest]
        have = len(self._rest)
        while size is None or size < 0 or have < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            parts.append(piece)
            have += len(piece)
        data = b"".join(parts)
        end = len(data) if size is None or size < 0 else size
        self._rest = data[end:]
        return data[:end]


def iter_decoded(stream: Stream | None, content_encoding: str | None) -> Iterator[bytes]:
    """The pieces of a body with its content encoding undone.

    Raises:
        ClientError: the body did not come whole, or is damaged.
    """
    if stream is None:
        return
    if not content_encoding:
        yield from stream.pieces()
        return
    decoder = ContentDecoder(content_encoding)
    for piece in stream.pieces():
        if decoded := decoder.decode(piece):
            yield decoded
    decoder.finish()


def iter_sized(pieces: Iterator[bytes], size: int | None, encoding: str | None) -> Iterator[Any]:
    """Cut pieces to at most `size` bytes, and decode them when an encoding is given."""
    decoder = codecs.getincrementaldecoder(encoding)("replace") if encoding else None
    for piece in pieces:
        step = size or len(piece) or 1
        for start in range(0, len(piece), step):
            part = piece[start : start + step]
            if decoded := decoder.decode(part) if decoder else part:
                yield decoded
    if decoder and (rest := decoder.decode(b"", True)):
        yield rest


def iter_lines(pieces: Iterator[Any], delimiter: Any) -> Iterator[Any]:
    """Lines without their ends, each as soon as it is whole; the last one may have no end."""
    pending = None
    for piece in pieces:
        text = piece if pending is None else pending + piece
        lines = text.split(delimiter) if delimiter else text.splitlines(keepends=True)
        if delimiter:
            pending = lines.pop()
        else:
            # A carriage return at the very end may be the first half of a line end.
            whole = bool(lines) and lines[-1][-1:] in {"\n", b"\n"}
            pending = None if whole or not lines else lines.pop()
            lines = [line.rstrip(b"\r\n" if isinstance(line, bytes) else "\r\n") for line in lines]
        yield from lines
    if pending:
        yield pending if delimiter else pending.rstrip(b"\r\n" if isinstance(pending, bytes) else "\r\n")
