"""Places: where a request sends values, and what each of them names one of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from perfgate.scaffold import names
from perfgate.scaffold.fold import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.scaffold.exchange import Exchange

_MOST_LEAVES = 20_000  # of one answer
ID_WORDS = frozenset({"id", "ids", "uuid", "guid", "key", "slug", "number", "no", "code", "ref", "pk", "sku"})


@dataclass(frozen=True)
class Place:
    """Where a request sends a value.

    Attributes:
        kind: `path`, `query`, `form`, `json` or `header`.
        name: of the field or header; of a part of the path, the part before it.
        thing: what the value names one of, in the singular: `item` for `/items/7` and `item_id=7`.
    """

    kind: str
    name: str
    thing: str


def places_of(exchange: Exchange) -> Iterator[tuple[Place, str | int]]:
    """What a request sends that may come from an answer, and where it stands; cookies are the client's affair."""
    segments = exchange.segments
    for position, part in enumerate(segments):
        if part:
            yield path_place(segments, position), part
    for name, value in exchange.query:
        yield field_place(exchange, "query", name), value
    for name, value in exchange.form:
        yield field_place(exchange, "form", name), value
    for name, value in exchange.own_headers:
        if name.lower() != "cookie":
            yield Place("header", name, ""), value
    if exchange.json is not None and "json" in exchange.body_kind:
        for path, leaf in leaves(exchange.json):
            yield field_place(exchange, "json", last_key(path)), leaf


def path_place(segments: list[str], position: int) -> Place:
    """The place of a part of a path."""
    before = next((part for part in reversed(segments[:position]) if part and fold(part) == part), "")
    return Place("path", before, singular(before))


def field_place(exchange: Exchange, kind: str, name: str) -> Place:
    """The place of a named value; one called only `id` is one of what the path speaks of."""
    return Place(kind, name, thing_of(name) or resource_of(exchange))


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str | int]]:
    """The texts and whole numbers of a JSON value, with the way to each."""
    left = _MOST_LEAVES
    stack = [(path, value)]
    while stack and left:
        way, item = stack.pop()
        left -= 1
        if isinstance(item, dict):
            stack += [((*way, key), inner) for key, inner in reversed(item.items())]
        elif isinstance(item, list):
            stack += [((*way, number), inner) for number, inner in reversed(list(enumerate(item)))]
        elif isinstance(item, str) or (isinstance(item, int) and not isinstance(item, bool)):
            yield way, item


def resource_of(exchange: Exchange) -> str:
    """What a request is about, in the singular: the last part of its path that is no id."""
    named = [part for part in exchange.segments if part and fold(part) == part]
    return singular(named[-1]) if named else ""


def names_id(name: str) -> bool:
    """Whether a field's name says that it holds an id."""
    return not ID_WORDS.isdisjoint(names.words(name)[-1:])


def last_key(path: tuple[str | int, ...]) -> str:
    """The name under which a value of JSON stands."""
    return next((step for step in reversed(path) if isinstance(step, str)), "value")


def thing_of(name: str) -> str:
    """What a field names one of: `item` for `itemId`, `cart[item_id]` and `item`; empty for `id`."""
    parts = names.words(name)
    while parts and parts[-1] in ID_WORDS:
        parts.pop()
    return singular(parts[-1]) if parts else ""


def singular(text: str) -> str:
    """The last word of a text, in the singular as far as spelling tells it."""
    word = (names.words(text) or [""])[-1]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3 else word
