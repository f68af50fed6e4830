"""The history as a file: one entry a line, as JSON, compressed when the name ends in `.gz`; and back."""

from __future__ import annotations

import gzip
import os
import zlib
from io import BufferedReader
from typing import TYPE_CHECKING

from perfgate.baseline.entry import damaged, from_json, to_json
from perfgate.baseline.store import ALL, Wanted
from perfgate.errors import StorageError, UsageError
from perfgate.reading import MB, open_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from perfgate.baseline.entry import Entry
    from perfgate.baseline.store import Store

_BATCH = 500
_LONGEST_LINE = 64 * MB  # of one entry; larger ones hold no figures
_GZIP = b"\x1f\x8b"


def export_entries(store: Store, path: Path, wanted: Wanted = ALL) -> int:
    """Write what is wanted to a file, histograms and promotions included; returns how many entries.

    The file is there whole or not at all.

    Raises:
        StorageError: the store cannot be read, or the file cannot be written.
    """
    names = [entry.id for entry in store.find(wanted)]
    fresh = path.with_name(f".{path.name}.new")
    count = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with fresh.open("wb") as raw, _packing(raw, path) as file:
            for name in names:
                entry = store.get(name)
                if entry is not None:  # another process may have dropped it
                    file.write(f"{to_json(entry)}\n".encode())
                    count += 1
        os.replace(fresh, path)  # noqa: PTH105  (atomic)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise StorageError(f"cannot write the export: {error.strerror}", place=str(path)) from error
    return count


def _packing(raw: BinaryIO, path: Path) -> BinaryIO:
    return gzip.GzipFile(path.stem, "wb", fileobj=raw, mtime=0) if path.suffix == ".gz" else raw  # type: ignore[return-value]


def import_entries(store: Store, path: Path) -> tuple[int, int]:
    """Read a file back into a store; entries that it has already stay as they are.

    Everything is read before anything is kept, so a damaged file changes nothing.

    Returns:
        How many entries were new, and how many the file has.

    Raises:
        UsageError: there is no such file.
        StorageError: the file is damaged, or the store cannot be written.
    """
    for _ in _entries(path):
        pass
    new = total = 0
    batch: list[Entry] = []
    for entry in _entries(path):
        batch.append(entry)
        total += 1
        if len(batch) == _BATCH:
            new += store.add(batch)
            batch = []
    return new + store.add(batch), total


def _entries(path: Path) -> Iterator[Entry]:
    try:
        with open_file(path) as raw:
            packed = raw.peek(len(_GZIP)).startswith(_GZIP)
            file = BufferedReader(gzip.GzipFile(fileobj=raw)) if packed else raw
            number = 0
            while line := file.readline(_LONGEST_LINE + 1):
                number += 1
                if len(line) > _LONGEST_LINE:
                    raise damaged(f"{path}:{number}", "a line is longer than any entry")
                if line.strip():
                    yield from_json(line.decode("utf-8"), f"{path}:{number}")
    except FileNotFoundError:
        raise UsageError("there is no such file", place=str(path)) from None
    except (EOFError, zlib.error, UnicodeDecodeError, gzip.BadGzipFile) as error:
        raise damaged(str(path), str(error)) from None
    except OSError as error:
        raise StorageError(f"cannot read: {error.strerror}", place=str(path)) from error
