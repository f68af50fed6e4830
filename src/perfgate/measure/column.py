"""Columns: a number for each second of a load, in eight bytes."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

_Number = TypeVar("_Number", int, float)


class Column(Generic[_Number]):
    """Numbers by second; it grows to the last second that is set.

    Args:
        kind: of the numbers, as `array.array` takes it: `q` for whole ones, `d` for floats.
        fill: what stands where nothing was set.
    """

    def __init__(self, kind: str, fill: _Number) -> None:
        self._numbers: array[_Number] = array(kind, [fill])
        self._fill: _Number = fill
        self._length = 0

    def __len__(self) -> int:
        """The last second that was set, plus one."""
        return self._length

    def __getitem__(self, second: int) -> _Number:
        return self._numbers[second] if second < self._length else self._fill

    def __setitem__(self, second: int, number: _Number) -> None:
        if second >= len(self._numbers):
            more = second + 1 - len(self._numbers)
            self._numbers.extend(array(self._numbers.typecode, [self._fill]) * more)
        self._length = max(self._length, second + 1)
        self._numbers[second] = number

    def __iter__(self) -> Iterator[_Number]:
        return (self._numbers[second] for second in range(self._length))
