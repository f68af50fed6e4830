"""Collects what several engines say of each second until all have said it; none of them waits for another."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

_Part = TypeVar("_Part")


class Together(Generic[_Part]):
    """The seconds of several engines.

    Args:
        engines: what names each engine.
    """

    def __init__(self, engines: Iterable[Hashable]) -> None:
        self._heard: dict[Hashable, int] = dict.fromkeys(engines, -1)
        self._parts: dict[int, list[_Part]] = defaultdict(list)

    def add(self, engine: Hashable, second: int, part: _Part) -> list[list[_Part]]:
        """Take one engine's second; returns what was said of each second that is whole now, in order.

        An engine whose event loop was late skips a second: what it says of a later one holds for both.
        """
        self._parts[second].append(part)
        self._heard[engine] = second
        return self._whole()

    def leave(self, engine: Hashable) -> list[list[_Part]]:
        """This engine says no more; returns the seconds that were waiting for it alone."""
        self._heard.pop(engine, None)
        return self._whole()

    def _whole(self) -> list[list[_Part]]:
        known = min(self._heard.values(), default=None)
        numbers = sorted(number for number in self._parts if known is None or number <= known)
        return [self._parts.pop(number) for number in numbers]
