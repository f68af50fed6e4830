"""A gzipped stream that gives all that it can before it tells that it ends too early, so that the line is known."""

from __future__ import annotations

import gzip
import zlib
from io import RawIOBase
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAGIC = b"\x1f\x8b"


class Unzipped(RawIOBase):
    """What a gzipped stream holds; where it can be read no further, it ends, and `error` says why.

    Args:
        stream: the compressed bytes.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._gzip = gzip.GzipFile(fileobj=stream)
        self.error: Exception | None = None

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the beginning of `buffer`; 0 at the end, or where it can be read no further."""
        room = memoryview(buffer).cast("B")
        try:
            data = self._gzip.read1(len(room))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            self.error = error
            return 0
        room[: len(data)] = data
        return len(data)
