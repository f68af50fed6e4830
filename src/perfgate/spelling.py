"""The next step for a name that is not known: what was probably meant."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_LISTED = 20
_LIKE = 0.6  # as in difflib


def did_you_mean(name: str) -> str:
    """The next step when a name is a misspelling of `name`."""
    return f'did you mean "{name}"?'


def nearest(name: str, known: Iterable[str]) -> str:
    """The next step for a name that is not known: the nearest spelling, else what is known; empty without any."""
    choices = list(known)
    if closest := most_like(name, choices):
        return did_you_mean(closest)
    return f"known: {', '.join(choices)}" if 0 < len(choices) <= _MOST_LISTED else ""


def most_like(name: str, known: Iterable[str]) -> str:
    """The name that is spelt most like it; empty where none is alike enough."""
    closest = max(known, key=lambda choice: _likeness(name, choice), default="")
    return closest if closest and _likeness(name, closest)[0] >= _LIKE else ""


def _likeness(name: str, choice: str) -> tuple[float, int]:
    """From 0 to 1, and a little more when only the order of letters differs: p59 is p95 rather than p99.

    Between equally like ones the nearer number decides: p96 is p95 rather than p90.
    """
    name, choice = name.casefold(), choice.casefold()
    alike = SequenceMatcher(None, name, choice).ratio() + (0.1 if sorted(name) == sorted(choice) else 0)
    return alike, -abs(_number(name) - _number(choice))


def _number(name: str) -> int:
    found = re.search(r"[0-9]{1,9}", name)
    return int(found[0]) if found else 0
