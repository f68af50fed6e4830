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
from perfgate.reading import open_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType
    from typing import BinaryIO

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
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        except OSError as error:
            raise StorageError(f"cannot create the journal: {error.strerror}", place=str(path)) from error
        self._write(_HEADER)

    def append(self, kind: str, body: dict[str, Any]) -> None:
        """Append one entry.

        Args:
            kind: what the entry is.
            body: msgpack-able values (str keys, numbers, bytes, lists, None).
        """
        # Texts come from anywhere: a lone surrogate in one must not cost the entry.
        payload = zlib.compress(msgpack.packb([kind, body], unicode_errors="backslashreplace"), 1)
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


class JournalReader:
    """Reads a journal entry by entry, as often as it is gone through, in the memory of the longest of them.

    Attributes:
        torn_bytes: once gone through, how many bytes at the end could not be read; these are left out ever after, even
            when the file has grown meanwhile.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._whole: int | None = None
        self.torn_bytes = 0

    def __iter__(self) -> Iterator[Entry]:
        """Every whole entry, in order.

        Raises:
            RecordingError: the file is missing, is not a journal, has a format this version does not know, or is not
                what it was when it was gone through before.
        """
        try:
            with open_file(self._path) as file:
                yield from self._entries(file)
        except OSError as error:
            raise RecordingError(f"cannot read the journal: {error.strerror}", place=str(self._path)) from error

    def _entries(self, file: BinaryIO) -> Iterator[Entry]:
        size = os.fstat(file.fileno()).st_size if self._whole is None else self._whole
        position = self._check_header(file.read(min(size, len(_HEADER))))
        while (entry := _next_frame(file, size - position)) is not None:
            yield entry
            position = file.tell()
        if self._whole is None:
            self._whole, self.torn_bytes = position, size - position
        elif position != self._whole:
            raise RecordingError("the journal has changed while it was read", place=str(self._path))

    def _check_header(self, header: bytes) -> int:
        """How long the header is; less than a whole one, which was cut, counts as torn."""
        if _HEADER.startswith(header):
            return len(header) if header == _HEADER else 0
        if not header.startswith(_MAGIC):
            raise RecordingError("this is not a perfgate journal", place=str(self._path))
        raise RecordingError(
            f"journal format {header[len(_MAGIC) :].decode('ascii', 'replace')} is not known",
            place=str(self._path),
            hint=f"this perfgate reads format {FORMAT}: read it with the version that wrote it",
        )


def read_journal(path: Path) -> Journal:
    """Read a journal as far as it is whole, all at once.

    Raises:
        RecordingError: as `JournalReader` does.
    """
    reader = JournalReader(path)
    entries = tuple(reader)
    return Journal(entries, reader.torn_bytes)


def _next_frame(file: BinaryIO, left: int) -> Entry | None:
    """The entry that begins here, of at most `left` bytes with its frame; None at the end or at a torn tail."""
    head = file.read(min(left, _FRAME.size))
    if len(head) < _FRAME.size:
        return None
    length, checksum = _FRAME.unpack(head)
    if length > min(_LONGEST_FRAME, left - _FRAME.size):
        return None
    payload = file.read(length)
    if len(payload) < length or zlib.crc32(payload) != checksum:
        return None
    try:
        kind, body = msgpack.unpackb(zlib.decompress(payload), strict_map_key=False)
    except (zlib.error, ValueError, TypeError):  # the checksum held, yet the payload is not ours
        return None
    return Entry(kind, body)


class JournalTail:
    """Reads a journal while another process writes it: what has been added since the last look.

    Raises:
        RecordingError: the file cannot be read, or is not a journal of this format.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0

    def take(self) -> list[Entry]:
        """The whole entries that are new, in order; what is being written at this moment comes with a later look.

        Raises:
            RecordingError: as the class does.
        """
        try:
            with open_file(self._path) as file:
                return self._new(file)
        except OSError as error:
            raise RecordingError(f"cannot read the journal: {error.strerror}", place=str(self._path)) from error

    def _new(self, file: BinaryIO) -> list[Entry]:
        size = os.fstat(file.fileno()).st_size
        if not self._position:
            header = file.read(len(_HEADER))
            if header != _HEADER:
                raise RecordingError("this is not a perfgate journal of this version", place=str(self._path))
            self._position = len(_HEADER)
        file.seek(self._position)
        entries: list[Entry] = []
        while (entry := _next_frame(file, size - self._position)) is not None:
            entries.append(entry)
            self._position = file.tell()
        return entries
