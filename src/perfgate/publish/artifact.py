"""Reads results that somebody else may have written: every byte is checked before it means anything.

A pull request from a fork runs its own code, so the `result.json` that its job leaves can hold anything. What is read
here is limited in size, taken out of archives without touching the disk, and held against the published models. Only
what is stored or deflated in an archive is read: other methods can make gigabytes of a kilobyte at once.
"""

from __future__ import annotations

import json
import math
import stat
import zipfile
import zlib
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from perfgate.errors import RecordingError
from perfgate.reading import LARGEST_DOCUMENT, MB, open_file, read_bytes
from perfgate.report.comment import Part
from perfgate.report.tables import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from perfgate.judge.result import Result, RunResult, ServiceResult
LARGEST_FILE = 64 * 1024 * 1024  # bytes of one result.json; a day's soak has about 10 MB, 40,000 checks 27 MB
LARGEST_TOTAL = 128 * 1024 * 1024  # bytes of all of them
MOST_RESULTS = 100
MOST_MEMBERS = 10_000  # of an archive, or files of a folder
DEEPEST = 64  # levels of JSON; a result has 9
MOST_ITEMS = 100_000  # checks and reasons of all results together: a line is laid out for each, in 0.1 ms
MOST_LOADS = 10_000
_TOO_MANY = f"more than {MOST_LOADS:,} services, loads and doubts"
_RANK = {"fail": 0, "invalid": 1, "warn": 2, "pass": 3, "skipped": 4}
_MOST_NESTED = 1_000_000  # objects and arrays of one result; a result with 20,000 checks has some 30,000
_MOST_VALUES = 5_000_000
_LARGEST_DIRECTORY = 4 * MB  # bytes of an archive's list of its files
_ARCHIVE = (b"PK\x03\x04", b"PK\x05\x06")  # how one begins; an empty one
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_PIECE = 64 * 1024
_BEYOND_INT = 2**63
_LONGEST_WORDS = 500  # characters of a message or a place
_NAME = "result.json"


def read_parts(paths: Sequence[Path], *, name: str = _NAME) -> list[Part]:
    """The results at these paths: JSON files, folders, or zip archives.

    Args:
        paths: of folders and archives, each `result.json` in them is read, however deep it lies.
        name: of the files that are looked for in folders and archives.

    Returns:
        One part for each; named by what tells them apart when there are several.

    Raises:
        RecordingError: slug `artifact`; one cannot be read, is too large, or is not a result.
    """
    try:
        return _parts(paths, name)
    except MemoryError as error:
        raise _error("there is not enough memory to read it", ", ".join(map(str, paths)), "") from error


def _parts(paths: Sequence[Path], name: str) -> list[Part]:
    texts = list(_limited(_texts(paths, name)))
    if not texts:
        raise _error(f"there is no {name}", ", ".join(map(str, paths)), "give the file that `perfgate run` wrote")
    names = distinct([place for place, _ in texts]) if len(texts) > 1 else [""]
    parts = [Part(name, parse_untrusted(text, place)) for name, (place, text) in zip(names, texts, strict=True)]
    room = MOST_ITEMS // len(parts)
    return [Part(part.name, trimmed(part.result, room)) for part in parts]


def parse_untrusted(text: bytes, place: str) -> Result:
    """The result in a file that anybody may have written.

    Raises:
        RecordingError: slug `artifact`; not UTF-8, not strict JSON, too deep, a number that is not finite, or not a
            result of this format.
    """
    from perfgate.report import json as result_json

    if len(text) > LARGEST_FILE:
        raise _too_large(place)
    try:
        decoded = text.decode("utf-8")
        _check_size(decoded)
        _check(json.loads(decoded, parse_constant=_refuse, object_pairs_hook=_object), 0)
        return _countable(result_json.parse(decoded))
    except RecordingError as error:
        raise _error(error.message, place, error.hint) from error
    except (ValueError, RecursionError, OverflowError) as error:
        raise _error(f"not a result: {str(error)[:200]}", place, "") from error


def _check_size(text: str) -> None:
    """Refuse what would need a hundred times its size in memory: empty arrays by the million."""
    if text.count("[") + text.count("{") > _MOST_NESTED or text.count(",") > _MOST_VALUES:
        raise ValueError("more values than a result can have")


def _countable(result: Result) -> Result:
    """The result, if it has no more loads than a real one can have."""
    loads = sum(1 + len(run.doubts) for run in result.runs)
    slowest = sum(len(run.slowest) for run in result.runs)
    if loads + len(result.services) + len(result.acceptances) > MOST_LOADS or slowest > MOST_ITEMS:
        raise ValueError(_TOO_MANY)
    return result


def trimmed(result: Result, most: int) -> Result:
    """The result with so many checks at most, and as many reasons, the worst ones; a note says how many were left out.

    Whatever perfgate has written can be commented on: a suite has thousands of names, and each may fail.
    """
    parts: list[ServiceResult | RunResult] = [*result.services, *result.runs]
    checks = [*result.checks]
    reasons = len(result.reasons)
    for part in parts:
        checks += part.checks
        reasons += len(part.reasons)
    if len(checks) + reasons <= most:
        return result
    worst = sorted(checks, key=lambda check: _RANK[check.status])[: most // 2]
    kept, room = {id(check) for check in worst}, most // 2

    def lists(one: Result | ServiceResult | RunResult) -> dict[str, Any]:
        nonlocal room
        told = one.reasons[:room]
        room -= len(told)
        return {"checks": [check for check in one.checks if id(check) in kept], "reasons": told}

    note = (
        f"{len(checks):,} checks and {reasons:,} reasons are too many to be told of here: the {len(worst):,} worst "
        "checks are counted and shown, and the full report has all."
    )
    return result.model_copy(
        update={
            **lists(result),
            "services": [service.model_copy(update=lists(service)) for service in result.services],
            "runs": [run.model_copy(update=lists(run)) for run in result.runs],
            "notes": [note, *result.notes],
        }
    )


def distinct(places: Sequence[str]) -> list[str]:
    """Short names for files, by the parts of their paths that differ: `a/result.json`, `b/result.json` are `a`, `b`."""
    split = [PurePosixPath(place.replace("::", "/").removesuffix(".json")).parts or ("",) for place in places]
    while len({parts[-1] for parts in split if parts}) == 1 and min(map(len, split)) > 1:
        split = [parts[:-1] for parts in split]
    while len({parts[0] for parts in split}) == 1 and min(map(len, split)) > 1:
        split = [parts[1:] for parts in split]
    return ["/".join(parts) for parts in split]


def _limited(texts: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    total = 0
    for count, (place, text) in enumerate(texts, 1):
        total += len(text)
        if count > MOST_RESULTS:
            raise _error(f"more than {MOST_RESULTS} results", place, "comment on fewer at once")
        if total > LARGEST_TOTAL:
            raise _error(f"the results have more than {LARGEST_TOTAL:,} bytes together", place, "")
        yield place, text


def _texts(paths: Sequence[Path], name: str) -> Iterator[tuple[str, bytes]]:
    for path in paths:
        if path.is_dir():
            for file in _files_in(path, name):
                yield from _file(file)
        else:
            yield from _file(path, name)


def _files_in(folder: Path, name: str) -> list[Path]:
    """Real files below a folder, in order; links are not followed: they could lead anywhere."""
    found: list[Path] = []
    for count, path in enumerate(folder.rglob("*"), 1):
        if count > MOST_MEMBERS:
            raise _error(f"more than {MOST_MEMBERS:,} files", str(folder), "give the folder of the results alone")
        if path.name in (name, "artifact.zip") and path.is_file() and not _linked(path, folder):
            found.append(path)
    return sorted(found)


def _linked(path: Path, folder: Path) -> bool:
    steps = [path, *path.parents]
    return any(step.is_symlink() for step in steps[: steps.index(folder)])


def _file(path: Path, name: str = _NAME) -> Iterator[tuple[str, bytes]]:
    try:
        if path.name != name and _is_archive(path):  # what is called a result is one, or nothing
            yield from _members(path, name)
            return
        text = read_bytes(path, LARGEST_FILE)
    except OSError as error:
        raise _error(f"cannot be read: {error.strerror}", str(path), "") from error
    yield path.as_posix(), text


def _is_archive(path: Path) -> bool:
    with open_file(path) as file:
        return file.peek(len(_ARCHIVE[0])).startswith(_ARCHIVE)


class _Directory(BufferedReader):
    """An archive's file, of which `zipfile` reads the list of its files at once, however long it says that is."""

    def read(self, size: int | None = -1, /) -> bytes:
        """As any file; only that nobody reads more at once than the list may have."""
        wanted = _LARGEST_DIRECTORY + 1 if size is None or size < 0 else size
        content = super().read(min(wanted, _LARGEST_DIRECTORY + 1))
        if len(content) > _LARGEST_DIRECTORY:
            raise zipfile.BadZipFile("its list of files is too long")
        return content


def _members(path: Path, name: str) -> Iterator[tuple[str, bytes]]:
    """The results in an archive, read into memory: nothing is ever written where a member's name says."""
    try:
        opened = open_file(path, most=LARGEST_DOCUMENT)
        with _Directory(opened.detach()) as file, zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) > MOST_MEMBERS:
                raise _error(f"more than {MOST_MEMBERS:,} files in the archive", str(path), "")
            for member in members:
                if PurePosixPath(member.filename).name == name and not member.is_dir():
                    yield f"{path.as_posix()}::{member.filename}", _member(archive, member, path)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError, zlib.error) as error:
        raise _error(f"not an archive that can be read: {str(error)[:200]}", str(path), "") from error


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> bytes:
    place = f"{path}::{member.filename[:200]!a}"
    parts = PurePosixPath(member.filename.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or ":" in member.filename:
        raise _error("a name in the archive leads out of it", place, "")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise _error("a file in the archive is a link", place, "")
    if member.compress_type not in _METHODS:
        raise _error("it is neither stored nor deflated", place, "pack it with another program")
    pieces, size = [], 0
    with archive.open(member) as file:  # what the archive says of its sizes is not believed
        while piece := file.read(_PIECE):
            pieces.append(piece)
            size += len(piece)
            if size > LARGEST_FILE:
                raise _too_large(place)
    return b"".join(pieces)


def _check(value: Any, depth: int) -> None:
    """Refuse what is valid JSON and no result: endless depth, numbers out of all bounds."""
    if depth > DEEPEST:
        raise ValueError(f"deeper than {DEEPEST} levels")
    if isinstance(value, dict):
        for item in value.values():
            _check(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth + 1)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number is not finite")
    elif isinstance(value, int) and abs(value) >= _BEYOND_INT:
        raise ValueError("a number is too large")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; with a key twice, readers do not agree on what it says."""
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("an object has a key twice")
    return value


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _too_large(place: str) -> RecordingError:
    return _error(f"larger than {LARGEST_FILE:,} bytes", place, "no result is that large")


def _error(message: str, place: str, hint: str) -> RecordingError:
    # Names of files and keys come from whoever made it, and GitHub reads commands from lines of a job's output.
    told = printable(message, longest=_LONGEST_WORDS)
    return RecordingError(told, place=printable(place, longest=_LONGEST_WORDS), hint=hint, slug="artifact")
