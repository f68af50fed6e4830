"""One engine's share of a load: which users and which arrivals are its own.

Users and arrivals of the whole load are numbered from 0, and number n belongs to engine n % count. So the shares add
up to the whole exactly, at every moment and without bursts, and no engine has to ask another.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    """The share of engine `index` of `count` engines, both as whole numbers, the index from 0."""

    index: int = 0
    count: int = 1

    def owns(self, number: int) -> bool:
        """Whether the user or arrival of this number is this engine's."""
        return number % self.count == self.index

    def of(self, total: int) -> int:
        """How many of `total` users are this engine's: floor((total + count - 1 - index) / count)."""
        return (total + self.count - 1 - self.index) // self.count

    def __str__(self) -> str:
        """`2 of 3`, counted from 1."""
        return f"{self.index + 1} of {self.count}"
