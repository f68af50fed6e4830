"""Listings: where an answer lists things, and under which keys they have their ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from perfgate.scaffold import names

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 60  # of the arguments of an extraction, as they are written
_DEEPEST = 2  # tables around a list


@dataclass(frozen=True)
class Listing:
    """Where a JSON answer lists things.

    Attributes:
        path: the keys that lead to the list.
        key: under which each entry holds its id.
        example: such an id.
    """

    path: tuple[str, ...]
    key: str
    example: str | int


def listing_of(answer: Any, parameter: str, path: tuple[str, ...] = ()) -> Listing | None:
    """The list of things in an answer, by whose ids `parameter` may be filled in; None when there is none."""
    if isinstance(answer, dict) and len(path) < _DEEPEST:
        found = (listing_of(value, parameter, (*path, key)) for key, value in answer.items())
        return next((listing for listing in found if listing), None)
    entries = [entry for entry in answer if isinstance(entry, dict)] if isinstance(answer, list) else []
    key = id_key(entries[0], parameter) if entries else None
    if key is None or sum(len(repr(step)) + 2 for step in (*path, key)) > LONGEST:
        return None
    return Listing(path, key, entries[0][key])


def id_key(thing: dict[str, Any], parameter: str) -> str | None:
    """The key of a thing's id: as the parameter is called, as its last word is, or `id`."""
    last = (names.words(parameter) or [""])[-1]
    for key in dict.fromkeys([parameter, last, "id"]):
        value = thing.get(key)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return key
    return None


def tables_in(answer: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """The tables of an answer down to one level, that at its top first."""
    if isinstance(answer, dict):
        yield path, answer
        for key, value in answer.items() if not path else ():
            yield from tables_in(value, (key,))
