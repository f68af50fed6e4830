"""A bounded cache for what is looked up with every request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

V = TypeVar("V")


class RecentCache(Generic[V]):
    """Keeps about the `size` values that were used last, at the price of one look-up in a dict.

    Two generations: when the young one is full it becomes the old one, and what was in the old one is forgotten.

    Attributes:
        young: the values of the young generation by key; where a call of `get` would count, look here first.
    """

    def __init__(self, size: int) -> None:
        self._half = size // 2
        self.young: dict[Hashable, V] = {}
        self._old: dict[Hashable, V] = {}

    def get(self, key: Hashable) -> V | None:
        """The value, or None."""
        value = self.young.get(key)
        if value is None:
            value = self._old.get(key)
            if value is not None:
                self.put(key, value)
        return value

    def put(self, key: Hashable, value: V) -> None:
        """Remember a value."""
        if len(self.young) >= self._half:
            self._old, self.young = self.young, {}
        self.young[key] = value

    def __len__(self) -> int:
        return len(self.young) + len(self._old)
