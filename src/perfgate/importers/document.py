"""A JSON document, walked with checks: whatever is not as it should be is named with its line."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from json.decoder import scanstring  # type: ignore[attr-defined]  # not in its stubs
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.errors import ImportFileError
    from perfgate.importers.result_file import ResultFile

LARGEST_MS = 1e12  # thirty years: a larger time is garbage
LARGEST_COUNT = 2**53
LARGEST = 1e300
_BLANK = re.compile(r"[ \t\r\n,:]*")
Key = str | int


class Node:
    """A value in the document, and where it stands.

    Args:
        file: the file whose value it is.
        value: the value itself.
        path: keys and positions that lead to it.
    """

    def __init__(self, file: ResultFile, value: Any, path: tuple[Key, ...] = ()) -> None:
        self.file = file
        self.value = value
        self.path = path

    def wrong(self, message: str, *, hint: str = "let the tool write it again") -> ImportFileError:
        """The error about this value, with its line, to be raised."""
        return self.file.wrong(_line_of(self.file.text(), self.path), f"{self._called()}{message}", hint=hint)

    def _called(self) -> str:
        called = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.path).lstrip(".")
        return f"{called}: " if called else "the file "

    def get(self, key: str) -> Node | None:
        """The member of this name; None when there is none, or it is null."""
        value = self.object().get(key)
        return None if value is None else Node(self.file, value, (*self.path, key))

    def __getitem__(self, key: str) -> Node:
        found = self.get(key)
        if found is None:
            raise self.wrong(f"has no {key!r}", hint="was it written by another version of the tool?")
        return found

    def object(self) -> dict[str, Any]:
        """This value, which has to be an object."""
        if not isinstance(self.value, dict):
            raise self.wrong("is no JSON object")
        return self.value

    def members(self) -> Iterator[tuple[str, Node]]:
        """The members of this object that are not null."""
        for key, value in self.object().items():
            if value is not None:
                yield key, Node(self.file, value, (*self.path, key))

    def items(self) -> Iterator[Node]:
        """The values of this list."""
        if not isinstance(self.value, list):
            raise self.wrong("is no list")
        for position, value in enumerate(self.value):
            yield Node(self.file, value, (*self.path, position))

    def text(self) -> str:
        """This value, which has to be a text."""
        if not isinstance(self.value, str):
            raise self.wrong("is no text")
        return self.value

    def count(self) -> int:
        """This value, which has to be a whole number from 0."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < LARGEST_COUNT or value % 1:
            raise self.wrong(f"{value!r} is no number of anything")
        return int(value)

    def time_ms(self, factor: float = 1.0) -> float:
        """This value, a time in units of `factor` ms.

        Raises:
            ImportFileError: NaN, infinite, negative, or no number.
        """
        if not is_time(self.value, factor):
            raise self.wrong(f"{self.value!r} is no time", hint="times are finite numbers from 0")
        return float(self.value) * factor

    def number(self) -> float:
        """This value, which has to be a finite number from 0, without a unit or with one that is no time's."""
        if not is_amount(self.value):
            raise self.wrong(f"{self.value!r} is no finite number from 0")
        return float(self.value)

    def times_ms(self, factor: float = 1.0) -> tuple[float, ...]:
        """This list of times, in its order; see `time_ms`."""
        return tuple(item.time_ms(factor) for item in self.items())

    def moment(self) -> datetime:
        """This value, a date and time in ISO 8601; without a time zone it is UTC."""
        try:
            moment = datetime.fromisoformat(self.text())
        except ValueError as error:
            raise self.wrong(f"{self.value!r} is no date") from error
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def is_time(value: object, factor: float = 1.0) -> bool:
    """Whether a value is a time in units of `factor` ms: finite and not negative."""
    return is_amount(value, LARGEST_MS / factor)


def is_amount(value: object, largest: float = LARGEST) -> bool:
    """Whether a value is a number from 0 to `largest`."""
    # NaN compares false with everything; an integer of any length is compared exactly.
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= largest


def _line_of(text: str, path: Sequence[Key]) -> int:
    """The line on which the value at `path` begins, in a text that is JSON; the nearest before it when it has none."""
    position = _past_blank(text, 0)
    for key in path:
        found = _member(text, position, key)
        if found is None:
            break
        position = found
    return text.count("\n", 0, position) + 1


def _past_blank(text: str, position: int) -> int:
    found = _BLANK.match(text, position)
    return found.end() if found else position


def _member(text: str, start: int, key: Key) -> int | None:
    """Where the value of `key` begins, in the object or list that begins at `start`.

    Of keys that occur twice the last one, as `json` reads it.
    """
    decoder = json.JSONDecoder()
    position, number, found = _past_blank(text, start + 1), 0, None
    while text[position] not in "]}":
        name: Key = number
        if isinstance(key, str):
            name, position = scanstring(text, position + 1)
            position = _past_blank(text, position)
        if name == key:
            found = position
        _, position = decoder.raw_decode(text, position)
        position, number = _past_blank(text, position), number + 1
    return found
