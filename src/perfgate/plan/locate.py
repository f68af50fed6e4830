"""The line on which a key of a TOML document stands; `tomllib` gives values without places.

The scanner only runs over text that `tomllib` has accepted, so it need not find errors: it only has to know where
strings, comments, arrays and inline tables begin and end.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_COMMENT = re.compile(r"#[^\n]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE = re.compile(r"[^,\]}\r\n#]*")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}'  # up to two quotes may stand right before the closing three
    r"|'''(?:[^']|'(?!''))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)


class Lines:
    """The places of all keys of a document.

    Args:
        text: valid TOML.
    """

    def __init__(self, text: str) -> None:
        self._lines = _Scanner(text).scan()

    def of(self, path: Sequence[str | int]) -> int:
        """The line, from 1, of the key at `path`; of the nearest table around it when the file has no such key."""
        for end in range(len(path), 0, -1):
            line = self._lines.get(tuple(path[:end]))
            if line is not None:
                return line
        return 1


def strings_and_comments(text: str) -> tuple[list[tuple[Path, int, int]], list[tuple[int, int]]]:
    """Where the strings of a valid TOML document stand, with the paths of their keys, and where its comments do."""
    scanner = _Scanner(text)
    scanner.scan()
    return scanner.strings, scanner.comments


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._lines: dict[Path, int] = {}
        self._last_index: dict[Path, int] = {}  # of each array of tables
        self.strings: list[tuple[Path, int, int]] = []
        self.comments: list[tuple[int, int]] = []

    def scan(self) -> dict[Path, int]:
        table: Path = ()
        self._skip_blank()
        while self._at < len(self._text):
            if self._peek("["):
                table = self._header()
            else:
                self._pair(table)
            self._skip_blank()
        return self._lines

    def _header(self) -> Path:
        line, array = self._line, self._peek("[[")
        self._move(2 if array else 1)
        keys = self._keys()
        self._move(2 if array else 1)
        path: Path = ()
        for key in keys[:-1]:
            path = self._inside((*path, key), line)
        path = (*path, keys[-1])
        if not array:
            self._lines[path] = line  # its own header is a better place than a table below it that came first
            return path
        self._lines.setdefault(path, line)
        self._last_index[path] = self._last_index.get(path, -1) + 1
        return self._inside(path, line)

    def _inside(self, path: Path, line: int) -> Path:
        """The table that `path` leads into: for an array of tables its latest element."""
        self._lines.setdefault(path, line)
        if path not in self._last_index:
            return path
        path = (*path, self._last_index[path])
        self._lines.setdefault(path, line)
        return path

    def _pair(self, table: Path) -> None:
        line = self._line
        path = table
        for key in self._keys():
            path = (*path, key)
            self._lines.setdefault(path, line)
        self._move(1)  # the equals sign
        self._value(path)

    def _keys(self) -> list[str]:
        keys = [self._key()]
        while self._peek("."):
            self._move(1)
            keys.append(self._key())
        return keys

    def _key(self) -> str:
        self._skip_blank()
        start = self._at
        quoted = self._peek('"') or self._peek("'")
        self._skip(_STRING if quoted else _BARE_KEY)
        key = self._text[start : self._at]
        self._skip_blank()
        return str(tomllib.loads(f"key = {key}")["key"]) if quoted else key

    def _value(self, path: Path) -> None:
        self._skip_blank()
        if self._peek("["):
            self._array(path)
        elif self._peek("{"):
            self._inline_table(path)
        elif self._peek('"') or self._peek("'"):
            start = self._at
            self._skip(_STRING)
            self.strings.append((path, start, self._at))
        else:
            self._skip(_BARE_VALUE)

    def _array(self, path: Path) -> None:
        index = 0
        self._move(1)
        while not self._closes("]"):
            self._lines[*path, index] = self._line
            self._value((*path, index))
            index += 1

    def _inline_table(self, path: Path) -> None:
        self._move(1)
        while not self._closes("}"):
            self._pair(path)

    def _closes(self, bracket: str) -> bool:
        """Move to the next element, or past the closing bracket."""
        self._skip_blank()
        if self._peek(","):
            self._move(1)
            self._skip_blank()
        closed = self._peek(bracket)
        if closed:
            self._move(1)
        return closed

    def _peek(self, mark: str) -> bool:
        return self._text.startswith(mark, self._at)

    def _skip_blank(self) -> None:
        start = self._at
        self._skip(_BLANK)
        self.comments += [match.span() for match in _COMMENT.finditer(self._text, start, self._at)]

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._at)
        if match is None or (pattern is not _BLANK and match.end() == self._at):
            raise ValueError(f"not TOML at line {self._line}")
        self._move(match.end() - self._at)

    def _move(self, count: int) -> None:
        end = self._at + count
        self._line += self._text.count("\n", self._at, end)
        self._at = end
