"""The journal: an append-only file of framed, checksummed entries, which survives a kill at any moment.

Layout, format 1 (the history of the format stands here):

    format 1   the first release

A file is the eight bytes `PGJRNL` + format as two ASCII digits, then frames. A frame is the payload's length and its
CRC-32 (both unsigned 32-bit little-endian), then the payload: a zlib-compressed msgpack pair [kind, body]. A frame
that is cut short or whose checksum is wrong ends the readable part: it and all after it is the torn tail, and is
reported, never guessed at.
"""

from __future__ import annotations

import os
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgpack

from perfgate.errors import RecordingError, StorageError

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

FORMAT = 1
_MAGIC = b"PGJRNL"
_HEADER = _MAGIC + b"%02d" % FORMAT
_FRAME = struct.Struct("<II")
_LONGEST_FRAME = 256 * 1024 * 1024  # a length past this is garbage, not data


@dataclass(frozen=True)
class Entry:
    """One entry of a journal: what kind it is, and its body (a msgpack map)."""

    kind: str
    body: dict[str, Any]


class JournalWriter:
    """Appends entries; each is in the kernel's hands when `append` returns, so killing this process loses none.

    Raises:
        StorageError: when the file cannot be made, or the disk is full.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        except OSError as error:
            raise StorageError(f"cannot create the journal: {error.strerror}", place=str(path)) from error
        self._write(_HEADER)

    def append(self, kind: str, body: dict[str, Any]) -> None:
        """Append one entry.

        Args:
            kind: what the entry is.
            body: msgpack-able values (str keys, numbers, bytes, lists, None).
        """
        payload = zlib.compress(msgpack.packb([kind, body]), 1)
        self._write(_FRAME.pack(len(payload), zlib.crc32(payload)) + payload)

    def _write(self, data: bytes) -> None:
        try:
            while data:  # a write to a nearly full disk may be short
                data = data[os.write(self._fd, data) :]
        except OSError as error:
            raise StorageError(
                f"cannot write the journal: {error.strerror}",
                place=str(self._path),
                hint="free some space, or choose another folder with --out",
            ) from error

    def close(self) -> None:
        """Close the file; the journal needs no closing to be readable."""
        os.close(self._fd)

    def __enter__(self) -> JournalWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True)
class Journal:
    """What could be read of a journal.

    Attributes:
        entries: every whole entry, in order.
        torn_bytes: how many bytes at the end could not be read (0 for a journal that was closed in order).
    """

    entries: tuple[Entry, ...]
    torn_bytes: int

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        """The bodies of all entries of one kind, in order."""
        return [entry.body for entry in self.entries if entry.kind == kind]


def read_journal(path: Path) -> Journal:
    """Read a journal as far as it is whole.

    Raises:
        RecordingError: the file is missing, is not a journal, or has a format this version does not know.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RecordingError(f"cannot read the journal: {error.strerror}", place=str(path)) from error
    if _HEADER.startswith(data):  # cut before the first entry, or in the header itself
        return Journal((), len(data) % len(_HEADER))
    if not data.startswith(_MAGIC):
        raise RecordingError("this is not a perfgate journal", place=str(path))
    if data[: len(_HEADER)] != _HEADER:
        raise RecordingError(
            f"journal format {data[len(_MAGIC) : len(_HEADER)].decode('ascii', 'replace')} is not known",
            place=str(path),
            hint=f"this perfgate reads format {FORMAT}: read it with the version that wrote it",
        )
    entries: list[Entry] = []
    position = len(_HEADER)
    while (frame := _next_frame(data, position)) is not None:
        entry, position = frame
        entries.append(entry)
    return Journal(tuple(entries), len(data) - position)


def _next_frame(data: bytes, position: int) -> tuple[Entry, int] | None:
    """The entry at `position` and where the next one starts; None at the end or at a torn tail."""
    start = position + _FRAME.size
    if start > len(data):
        return None
    length, checksum = _FRAME.unpack_from(data, position)
    payload = data[start : start + length]
    if length > _LONGEST_FRAME or len(payload) < length or zlib.crc32(payload) != checksum:
        return None
    try:
        kind, body = msgpack.unpackb(zlib.decompress(payload), strict_map_key=False)
    except (zlib.error, ValueError, TypeError):  # the checksum held, yet the payload is not ours
        return None
    return Entry(kind, body), start + length
