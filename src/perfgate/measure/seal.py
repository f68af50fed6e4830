"""The seal of a recording: what its files were as it was ended, so that whatever befalls them later is noticed.

A frame's checksum tells that its own bytes are whole. It does not tell that frames are missing, came twice, or belong
to another run, nor that a whole file is gone; and what is missing may be what was too slow, or too large. So the
manifest, which has a checksum itself, notes the length and the digest of every file that a verdict rests on. A
recording without a seal was never ended: it is partial, and judged as such.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from perfgate.errors import StorageError
from perfgate.reading import open_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

HISTORY = "history.json"  # what the run was compared with
_JOURNALS = "*.journal"
_CHUNK = 1 << 20


def seal_of(folder: Path) -> dict[str, str]:
    """Each file that a verdict rests on, by its path in the recording: its length and its digest.

    Raises:
        StorageError: one cannot be read.
    """
    return {path.relative_to(folder).as_posix(): _stamp(path) for path in _files(folder)}


def damage_of(folder: Path, seal: Mapping[str, str], only: str = "") -> dict[str, str]:
    """What befell files of a sealed recording, in words, by their path in it; empty when all are as they were.

    Args:
        folder: the recording.
        seal: of `seal_of`.
        only: look at this file alone.

    Raises:
        StorageError: one cannot be read.
    """
    if only:
        now = {only: _stamp(folder / only)} if (folder / only).is_file() else {}
        seal = {only: seal[only]} if only in seal else {}
    else:
        now = seal_of(folder)
    changed = {
        name: _words(name, seal[name], now[name]) for name in seal.keys() & now.keys() if seal[name] != now[name]
    }
    gone = {name: f"{name} is missing" for name in seal.keys() - now.keys()}
    added = {name: f"{name} is no part of the recording" for name in now.keys() - seal.keys()}
    return dict(sorted((changed | gone | added).items()))


def damage_below(damage: Mapping[str, str], folder: str) -> list[str]:
    """What befell the files in one folder of the recording."""
    return [words for name, words in damage.items() if name.startswith(f"{folder}/")]


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob(_JOURNALS) if path.is_file())
    if (folder / HISTORY).is_file():
        yield folder / HISTORY


def _stamp(path: Path) -> str:
    digest, length = hashlib.sha256(), 0
    try:
        with open_file(path) as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                length += len(chunk)
    except OSError as error:
        raise StorageError(f"cannot read a file of the recording: {error.strerror}", place=str(path)) from error
    return f"{length} {digest.hexdigest()}"


def _words(name: str, before: str, now: str) -> str:
    had, has = (int(stamp.partition(" ")[0]) for stamp in (before, now))
    how = "other bytes in it" if had == has else f"{has:,} bytes instead of {had:,}"
    return f"{name} is not as it was recorded: it has {how}"
