"""A file to import, gzipped or not: its lines, what it looks like, and errors that name the line."""

from __future__ import annotations

import csv
import json
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from io import BufferedReader
from typing import TYPE_CHECKING, Any, NoReturn

from perfgate.errors import ImportFileError
from perfgate.importers.unzipped import MAGIC, Unzipped
from perfgate.reading import open_file, storable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BUFFER = 1 << 20
LONGEST_LINE = 16 * 1024 * 1024
LARGEST_DOCUMENT = 256 * 1024 * 1024  # bytes of JSON that is one value and has to be parsed whole
CUT_OFF = "import-cut-off"
_AGAIN = "let the tool write it again"


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON")


# `json.loads` with an option makes a decoder each time, which takes longer than decoding a short line.
_decode = json.JSONDecoder(parse_constant=_no_constant).decode


def decode_line(line: str) -> Any:
    """The JSON value of a line; lone surrogates in it, which nothing could write, are shown as escapes."""
    value = _decode(line)
    return storable(value) if "\\u" in line else value


@dataclass(frozen=True)
class Look:
    """What a file begins with, to tell whose it is.

    Attributes:
        first_line: without its end.
        value: the first line as a JSON value, or else the whole file as one; None when it is not JSON.
        of_lines: the first line alone is a JSON value, and more follows.
    """

    first_line: str
    value: Any = None
    of_lines: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The first line as CSV; empty when the file is JSON."""
        return (
            () if self.value is not None else tuple(next(csv.reader([self.first_line[:10_000].replace("\r", " ")]), []))
        )

    @property
    def keys(self) -> frozenset[str]:
        """The keys of the JSON object; of the first one, when it is a list of them."""
        value = self.value[0] if isinstance(self.value, list) and self.value else self.value
        return frozenset(value) if isinstance(value, dict) else frozenset()

    def beginning(self) -> str:
        """The beginning, short enough for a message."""
        if isinstance(self.value, dict):
            return f"a JSON object with the keys {', '.join(repr(key) for key in [*self.value][:6])}"
        return repr(self.first_line[:60])


class ResultFile:
    """A file to import, UTF-8 text.

    Args:
        path: the file; gzipped when its first bytes say so, whatever its name.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def wrong(self, line: int | None, message: str, *, hint: str = _AGAIN, slug: str = "") -> ImportFileError:
        """The error about a line (counted from 1), to be raised."""
        return ImportFileError(message, place=f"{self.path}:{line}" if line else str(self.path), hint=hint, slug=slug)

    def cut_off(self, line: int | None, message: str) -> ImportFileError:
        """The error of a file that ends too early, to be raised."""
        return self.wrong(
            line, message, hint="was the tool stopped, or the copy? Let it write the file again", slug=CUT_OFF
        )

    @contextmanager
    def _opened(self) -> Iterator[BufferedReader[Any]]:
        try:
            with open_file(self.path, buffering=_BUFFER) as plain:
                zipped = plain.peek(len(MAGIC)).startswith(MAGIC)
                yield BufferedReader(Unzipped(plain), _BUFFER) if zipped else plain
        except OSError as error:
            raise ImportFileError(
                f"cannot read the file: {error.strerror or error}",
                place=str(self.path),
                hint="check its name and its permissions",
                slug="import-missing",
            ) from error

    def lines(self) -> Iterator[str]:
        """The lines with their ends; the byte order mark that some programs write is left out.

        Raises:
            ImportFileError: missing, not readable, not text, or its compression ends too early; with the line.
        """
        number = 0
        with self._opened() as stream:
            while raw := stream.readline(LONGEST_LINE + 1):
                number += 1
                if not raw.endswith(b"\n"):
                    self._check_zipped(stream, number)
                yield self._text_of(raw, number)
            self._check_zipped(stream, number + 1)

    def _check_zipped(self, stream: BufferedReader[Any], line: int) -> None:
        error = stream.raw.error if isinstance(stream.raw, Unzipped) else None
        if isinstance(error, EOFError):
            raise self.cut_off(line, "the compressed file ends too early") from error
        if error is not None:
            raise self.wrong(line, f"its gzip compression is damaged: {error}") from error

    def _text_of(self, raw: bytes, number: int) -> str:
        if len(raw) > LONGEST_LINE:
            raise self.wrong(number, f"the line is longer than {LONGEST_LINE // 1024 // 1024} MB")
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            raise self.wrong(number, "this is not UTF-8 text", hint="save it as UTF-8") from error
        return text.removeprefix("\ufeff") if number == 1 else text

    @cached_property
    def look(self) -> Look:
        """What the file begins with.

        Raises:
            ImportFileError: it cannot be read, is empty, or begins like JSON and is not; with the line.
        """
        lines = self.lines()
        first = next(lines, "")
        more = next(lines, "")
        lines.close()  # type: ignore[attr-defined]  # a generator: closes the file
        line = first.rstrip("\r\n")
        if not line.strip() and not more:
            raise self.cut_off(1, "the file is empty")
        if not line.lstrip().startswith(("{", "[")):
            return Look(line)
        try:
            return Look(line, decode_line(line), of_lines=bool(more.strip()))
        except (ValueError, RecursionError):
            return Look(line, self.value)

    def text(self) -> str:
        """The whole file.

        Raises:
            ImportFileError: as `lines`, and when it is too large to be one JSON value.
        """
        parts: list[str] = []
        size = 0
        for part in self.lines():
            size += len(part)
            if size > LARGEST_DOCUMENT:
                raise self.wrong(None, f"it is larger than {LARGEST_DOCUMENT // 1024 // 1024} MB")
            parts.append(part)
        return "".join(parts)

    @cached_property
    def value(self) -> Any:
        """The whole file as one JSON value.

        Numbers may be NaN or infinite here, as Python's own `json` writes them: only where a time or a count is meant
        they are refused.

        Raises:
            ImportFileError: it is not JSON, with the line where reading stopped.
        """
        text = self.text()
        try:
            value = json.loads(text)
            return storable(value) if "\\u" in text else value
        except json.JSONDecodeError as error:
            if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated"):
                raise self.cut_off(error.lineno, "the JSON ends too early") from error
            raise self.wrong(error.lineno, f"this is not JSON: {error.msg}") from error
        except (RecursionError, ValueError) as error:  # nested too deep, or a number of thousands of digits
            raise self.wrong(None, f"this JSON cannot be read: {error}") from error
