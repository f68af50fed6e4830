"""Whether what was read has the shape that was written: keys, types and plain bounds.

A journal's checksum tells that its bytes are as they were written, not by which version, nor that a program wrote
them at all. So nothing of an entry is used before it was looked at here.
"""

from __future__ import annotations

from math import isfinite
from operator import call
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Test = Callable[[Any], bool]

_T = TypeVar("_T")
LONGEST_S = 100 * 86_400  # a hundred days: no load lasts so long, and no list of seconds grows past all memory
LATEST_S = 253_402_300_799  # the year 9999, seconds since the epoch
MOST = 2**63
_NUMBER = (float, int)


class MisfitError(ValueError):
    """It is not what it should be; the message says which part of it."""


def is_text(value: Any) -> bool:
    """A string."""
    return isinstance(value, str)


def is_count(value: Any) -> bool:
    """A whole number from 0."""
    return isinstance(value, int) and 0 <= value < MOST


def is_number(value: Any) -> bool:
    """A finite number; true and false, which Python counts among them, are none."""
    return isinstance(value, float | int) and not isinstance(value, bool) and -MOST < value < MOST and isfinite(value)


def is_second(value: Any) -> bool:
    """The index of a second of a load."""
    return isinstance(value, int) and 0 <= value < LONGEST_S


def is_moment(value: Any) -> bool:
    """Seconds from a load's start, or to it."""
    return isinstance(value, float | int) and -LONGEST_S < value < LONGEST_S


def is_date(value: Any) -> bool:
    """Seconds since the epoch."""
    return isinstance(value, float | int) and 0 <= value <= LATEST_S


def is_texts(value: Any) -> bool:
    """A list of strings."""
    return isinstance(value, list) and all(map(is_text, value))


def is_counts_by_text(value: Any) -> bool:
    """A map from strings to whole numbers."""
    return isinstance(value, dict) and all(is_text(key) and is_count(count) for key, count in value.items())


def is_histogram(value: Any) -> bool:
    """What `Histogram.to_wire` gives."""
    if not isinstance(value, list) or len(value) != 5:
        return False
    bins, counts, total, low, high = value
    both = isinstance(bins, bytes) and isinstance(counts, bytes)
    numbers = isinstance(total, _NUMBER) and isinstance(low, _NUMBER) and isinstance(high, _NUMBER)
    return both and numbers and len(bins) == len(counts) and len(bins) % 4 == 0


def or_none(test: Test) -> Test:
    """Either nothing or what passes the test."""
    return lambda value: value is None or test(value)


def one_of(*texts: str) -> Test:
    """One of these strings."""
    return lambda value: value in texts if isinstance(value, str) else False


def mapping(value: object, tests: Mapping[str, Test]) -> dict[str, Any]:
    """The keys of `tests` out of a map, each of which has to be there; others, of a later version, are left out.

    Raises:
        MisfitError: it is no map, or one of its values fails its test.
    """
    if not isinstance(value, dict):
        raise MisfitError("it is no map")
    for name, test in tests.items():
        if name not in value:
            raise MisfitError(f"{name!r} is missing")
        if not test(value[name]):
            raise MisfitError(f"{name!r} has the wrong type or is out of range")
    return {name: value[name] for name in tests}


def instance(kind: Callable[..., _T], value: object, tests: Mapping[str, Test]) -> _T:
    """A dataclass made of a map; see `mapping`."""
    return kind(**mapping(value, tests))


def rows(value: object, name: str, tests: tuple[Test, ...]) -> list[list[Any]]:
    """A list of rows, each with a value for each test.

    Raises:
        MisfitError: it is no such list.
    """
    if not isinstance(value, list):
        raise MisfitError(f"{name!r} is no list")
    width = len(tests)
    for row in value:
        fits = isinstance(row, list) and len(row) == width
        if not fits or not all(map(call, tests, row)):  # a master looks at many thousands of cells a second
            raise MisfitError(f"a row of {name!r} has the wrong length, a wrong type or a value out of range")
    return value
