"""A page of text that stays within a number of characters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def length(text: str) -> int:
    """Characters as a site counts them: those beyond U+FFFF, such as most emoji, as two."""
    return len(text) + sum(character > "\uffff" for character in text)


@dataclass
class Page:
    """Lines that together stay within a number of characters; what does not fit is counted, not written."""

    room: int
    lines: list[str] = field(default_factory=list)
    cut: int = 0

    def add(self, *lines: str) -> bool:
        """Add lines that belong together; False when there is no room for them."""
        needed = sum(length(line) + 1 for line in lines)
        if needed > self.room:
            return False
        self.room -= needed
        self.lines += lines
        return True

    def add_all(self, opening: Sequence[str], rows: Sequence[str], ending: Sequence[str] = ("",)) -> None:
        """Add rows between an opening and an ending, as many as fit."""
        if not rows:
            return
        if not self.add(*opening, *ending):
            self.cut += len(rows)
            return
        del self.lines[len(self.lines) - len(ending) :]
        for number, row in enumerate(rows):
            if not self.add(row):
                self.cut += len(rows) - number
                break
        self.lines += ending
