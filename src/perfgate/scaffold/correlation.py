"""Correlation: which values of a recorded request come from an earlier answer, and where in that answer they stand.

A value that says by itself that it is one of a kind (a token, a UUID, a long number) is found wherever it is sent. One
that does not (`7`) counts only where both sides speak of the same thing: `POST /items` answers `{"id": 7}`, and
`/items/7` or `item_id=7` is asked for. Words, dates and small numbers elsewhere are never taken for one another.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from perfgate.scaffold import extraction, names
from perfgate.scaffold.fold import fold
from perfgate.scaffold.places import (
    ID_WORDS,
    Place,
    last_key,
    leaves,
    names_id,
    path_place,
    places_of,
    resource_of,
    singular,
    thing_of,
)
from perfgate.scaffold.secrecy import is_telling, without_scheme

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from perfgate.scaffold.exchange import Exchange

_LONGEST_ARGUMENTS = 60  # of an extraction, as it is written
_CLOCK_S = 0.005  # by how much the times of a recording may be off
_SUBSTANTIAL = 12  # characters of a value that is looked for inside longer texts
# How the fields are called by which Django, Rails, ASP.NET and others know their own forms.
_CSRF = re.compile(r"csrf|authenticitytoken|requestverificationtoken")
_NO_RESOURCE = frozenset(
    {
        "api",
        "rest",
        "data",
        "result",
        "results",
        "items",
        "list",
        "content",
        "payload",
        "response",
        "value",
        "body",
        "rows",
    }
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?|\d{1,2}:\d{2}(:\d{2})?")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_TOKEN_IN_TEXT = re.compile(rf"[\w.+/=~%-]{{{_SUBSTANTIAL},}}")
_WORDS = frozenset({"true", "false", "null", "none", "undefined"})


@dataclass(frozen=True)
class Source:
    """Where an answer holds a value.

    Attributes:
        index: of the exchange.
        function: of `extraction`, which finds it there.
        arguments: of that function.
        key: the name under which it stands.
        thing: as in `Place`.
        is_id: its name or place says that it is an id.
        decoded: it is sent without its percent-encoding.
    """

    index: int
    function: str
    arguments: tuple[str | int, ...]
    key: str
    thing: str
    value: str | int
    is_id: bool = False
    decoded: bool = False

    @property
    def name(self) -> str:
        """What a person would call it."""
        return _name(self.key, self.thing)


class Correlation:
    """What a recording's requests take from its answers.

    Args:
        exchanges: of one origin, in their order.
    """

    def __init__(self, exchanges: list[Exchange]) -> None:
        self._exchanges = exchanges
        self._by_text: defaultdict[str, list[Source]] = defaultdict(list)
        self._first_sent: dict[tuple[str, str], int] = {}
        sent: set[str] = set()
        for index, exchange in enumerate(exchanges):
            for place, value in places_of(exchange):
                for text in {str(value), without_scheme(str(value))}:
                    self._first_sent.setdefault((text, place.thing), index)
                    self._first_sent.setdefault((text, ""), index)
                    sent |= {text, *_TOKEN_IN_TEXT.findall(text)}
        for index, exchange in enumerate(exchanges):
            for source in sources_of(exchange, index, sent):
                if source.is_id or is_specific(source.value) or is_telling(source.key, source.value):
                    self._by_text[str(source.value)].append(source)

    def source(self, index: int, place: Place, value: str | int) -> Source | None:
        """The earliest answer that holds a value, before anything had sent it.

        Args:
            index: of the exchange that sends it.
            place: where it stands there.
            value: a whole value.
        """
        candidates = (source for source in self._by_text.get(str(value), ()) if self._is_before(source, index))
        matching = [source for source in candidates if self._matches(source, place)]
        # Of two that fit, that which speaks of the same thing: an order's id may be an item's id too.
        return min(matching, key=lambda source: (source.thing != place.thing, source.index), default=None)

    def within(self, index: int, place: Place, text: str) -> tuple[str | Source, ...] | None:
        """A text cut at the values that come from earlier answers; None when it holds none."""
        if found := self.source(index, place, text):
            return (found,)
        bare = without_scheme(text)
        if bare != text and (found := self.source(index, place, bare)):
            return (text.removesuffix(bare), found)
        parts: list[str | Source] = []
        end = 0
        for match in _TOKEN_IN_TEXT.finditer(text):
            source = self.source(index, place, match.group()) if is_specific(match.group()) else None
            if source is not None:
                parts += [text[end : match.start()], source]
                end = match.end()
        return tuple(part for part in (*parts, text[end:]) if part != "") if parts else None

    def needs(self, index: int) -> set[int]:
        """The exchanges whose answers a request takes values from."""
        found: set[int] = set()
        for place, value in places_of(self._exchanges[index]):
            parts = self.within(index, place, value) if isinstance(value, str) else (self.source(index, place, value),)
            found |= {part.index for part in parts or () if isinstance(part, Source)}
        return found

    def _is_before(self, source: Source, index: int) -> bool:
        answered, asked = self._exchanges[source.index].end_s, self._exchanges[index].start_s
        in_time = answered is None or asked is None or answered <= asked + _CLOCK_S
        return source.index < index and in_time

    def _matches(self, source: Source, place: Place) -> bool:
        specific = is_specific(source.value)
        sent = self._first_sent.get((str(source.value), "" if specific else place.thing), source.index + 1)
        if sent <= source.index:  # the client has made it, or had it before: the answer only repeats it
            return False
        if specific:
            return True
        if is_telling(source.key, source.value) and is_telling(place.name, source.value):
            return len(str(source.value)) >= 4
        return source.is_id and bool(source.thing) and source.thing == place.thing and _is_id(source.value)


def is_specific(value: str | int) -> bool:
    """Whether a value can be told from any other by itself: tokens, UUIDs, long numbers; no words and no dates."""
    if isinstance(value, int):
        return abs(value) >= 100_000
    if _UUID.fullmatch(value):
        return True
    if len(value) < 6 or value.lower() in _WORDS or _DATE.fullmatch(value) or re.search(r"\s|://", value):
        return False
    if value.isdigit():
        return len(value) >= 6
    letters, digits = re.search("[A-Za-z]", value), re.search(r"\d", value)
    if len(value) >= 8 and letters and digits:
        return True
    mixed = re.search("[a-z]", value) and re.search("[A-Z]", value)
    return len(value) >= 16 and bool(mixed) and value.isalnum()


def _is_id(value: str | int) -> bool:
    """Whether a value that is not specific may be an id: a number, or a name with marks in it."""
    text = str(value)
    if len(text) > 60 or text.lower() in _WORDS or not re.fullmatch(r"[\w.-]+", text):
        return False
    return _has_digit(text) or re.fullmatch(r"[^\W_]+([-_][^\W_]+)+", text) is not None


def sources_of(exchange: Exchange, index: int, sent: Container[str] | None = None) -> Iterator[Source]:
    """The values of an answer that a request could be made with.

    Args:
        exchange: with the answer.
        index: of it.
        sent: the only texts that matter; None for any.
    """
    for source in (*_in_json(exchange, index, sent), *_in_page(exchange, index), *_in_headers(exchange, index)):
        written = sum(len(repr(argument)) + 2 for argument in source.arguments)
        wanted = sent is None or str(source.value) in sent
        if wanted and written <= _LONGEST_ARGUMENTS and str(source.value) == str(_found(exchange, source)):
            yield source
    for name, value in exchange.cookies_set.items():
        if len(name) > 40:
            continue
        forms = dict.fromkeys((value, unquote(value))) if value else ()
        for form in forms:
            yield Source(index, "cookie_value", (name,), name, "", form, decoded=form != value)


def _found(exchange: Exchange, source: Source) -> Any:
    return extraction.FUNCTIONS[source.function](exchange.answer, *source.arguments)


def _in_json(exchange: Exchange, index: int, sent: Container[str] | None) -> Iterator[Source]:
    resource = resource_of(exchange)
    for path, value in leaves(exchange.answered_json):
        if sent is not None and str(value) not in sent:
            continue
        key = last_key(path)
        parents = [step for step in path[:-1] if isinstance(step, str) and step.lower() not in _NO_RESOURCE]
        thing = thing_of(key) or (singular(parents[-1]) if parents else resource)
        if value != "":
            yield Source(index, "json_value", path, key, thing, value, names_id(key))


def _in_page(exchange: Exchange, index: int) -> Iterator[Source]:
    if "html" not in exchange.kind:
        return
    tags = re.findall(r"<(?:input|meta)\b[^>]*>", exchange.answer.text, re.IGNORECASE)
    named = [match[1] for tag in tags if (match := re.search(r"""\bname\s*=\s*["']?([^"'\s>]+)""", tag))]
    for name in dict.fromkeys(named):
        value = extraction.html_value(exchange.answer, name)
        if value:
            thing = thing_of(name) or resource_of(exchange)
            yield Source(index, "html_value", (name,), name, thing, value, names_id(name))


def _in_headers(exchange: Exchange, index: int) -> Iterator[Source]:
    headers = exchange.answer.headers
    try:
        target = urlsplit(headers.get("Location", ""))
    except ValueError:
        target = urlsplit("")
    segments = target.path.split("/")
    folded = ["*" if fold(f"/{part}") != f"/{part}" else part for part in segments]
    for position in range(len(segments)):
        part = unquote(segments[position])
        thing = path_place(segments, position).thing
        if part and thing:
            pattern = "/".join([*folded[:position], "{}", *folded[position + 1 :]])
            yield Source(index, "location_part", (pattern,), f"{thing}_id", thing, part, _has_digit(part))
    for name, value in parse_qsl(target.query):
        yield Source(index, "location_query", (name,), name, thing_of(name), value)
    for name, held in headers.items():
        if is_telling(name, held) and name != "set-cookie" and held:
            yield Source(index, "header_value", (name.title(),), name, "", held)


def _has_digit(text: str) -> bool:
    return re.search(r"\d", text) is not None


def _name(key: str, thing: str) -> str:
    parts = [part for part in names.words(key) if part != "x"]
    if _CSRF.search("".join(parts)):
        return "csrf_token"
    if len(parts) == 1 and parts[0] in ID_WORDS | {"name", "value"}:
        parts = [thing, *parts] if thing else parts
    return names.identifier("_".join(parts)[:24], "value")
