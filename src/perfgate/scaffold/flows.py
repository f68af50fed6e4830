"""Flows: calls that need what earlier calls were answered; where one is not driven, neither is what needs it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from perfgate.scaffold import names
from perfgate.scaffold.sketch import SAFE_METHODS, WRITES, Call, Extracted, Extraction, Sketch, Text, merged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.scaffold.correlation import Correlation, Source
    from perfgate.scaffold.places import Place

# What needs no encoding in a URL, as far as the recorded value tells: numbers, UUIDs, hashes and short names.
_PLAIN = re.compile(r"\d+|[0-9a-f-]+|[\w-]{1,15}", re.IGNORECASE)


class Values:
    """The values that a recording's calls take from answers, each with a name of its own.

    Args:
        correlation: of the recording.
    """

    def __init__(self, correlation: Correlation) -> None:
        self._correlation = correlation
        self._named: dict[tuple[int, str, tuple[str | int, ...]], str] = {}
        self.given: dict[int, list[Extraction]] = {}  # by the exchange whose answer gives them

    def sent(self, index: int, place: Place, value: str | int, *, within_user: bool) -> Text | None:
        """What is sent in the place of a recorded value; None when it comes from no answer."""
        if isinstance(value, int):
            source = self._correlation.source(index, place, value)
            return None if source is None else (self.taken(source, place, value, within_user=within_user),)
        parts = self._correlation.within(index, place, value)
        if parts is None:
            return None
        return merged(
            part
            if isinstance(part, str)
            else self.taken(part, place, value, within_user=within_user, whole=len(parts) == 1)
            for part in parts
        )

    def taken(
        self, source: Source, place: Place, value: str | int, *, within_user: bool, whole: bool = True
    ) -> Extracted:
        """A value of an answer as it is sent; the answer has to give it from now on."""
        key = (source.index, source.function, source.arguments)
        if key not in self._named:
            self._named[key] = names.unique([*self._named.values(), source.name])[-1]
            extraction = Extraction(self._named[key], source.function, source.arguments)
            self.given.setdefault(source.index, []).append(extraction)
        return Extracted(self._named[key], _how(source, place, value, whole=whole), within_user)


def _how(source: Source, place: Place, value: str | int, *, whole: bool) -> str:
    if source.decoded:
        return "unquote"
    if isinstance(source.value, int):
        kept = whole and (place.kind == "form" or (place.kind == "json" and isinstance(value, int)))
        return "" if kept else "str"
    if place.kind == "json" and isinstance(value, int):
        return "int"
    if place.kind in {"path", "query"} and not _PLAIN.fullmatch(source.value):
        return "quote" if place.kind == "path" else "quote_plus"
    return ""


def with_writes(sketch: Sketch) -> Sketch:
    """The sketch with what changes data driven, except for what deletes: the next user would find it gone.

    What a user deletes that it has made itself is missed by nobody.
    """
    made: set[str] = set()
    calls = []
    for call in sketch.calls:
        own = call.method != "DELETE" or not made.isdisjoint(call.needs)
        calls.append(replace(call, tags=tuple(tag for tag in call.tags if tag != WRITES)) if own else call)
        made |= call.gives if call.method not in SAFE_METHODS else set()
    return settled(replace(sketch, calls=tuple(calls)))


def settled(sketch: Sketch) -> Sketch:
    """The sketch in which what needs the answer of a call that is not driven is set aside with it."""
    tags = {name: call.tags for call in sketch.calls for name in call.gives}
    calls = []
    for call in sketch.calls:
        wanted = [tag for name in sorted(call.needs) for tag in tags.get(name, ())]
        calls.append(replace(call, tags=tuple(dict.fromkeys([*call.tags, *wanted]))))
        tags |= dict.fromkeys(call.gives, calls[-1].tags)
    return replace(sketch, calls=tuple(calls))


def origins(calls: Sequence[Call]) -> dict[str, str]:
    """By the name of a value, the endpoint whose answer gives it."""
    return {name: call.endpoint for call in calls for name in call.gives}


def told(sketch: Sketch) -> Iterator[str]:
    """What is taken from which answer, a sentence each."""
    by_endpoint: dict[str, list[str]] = {}
    for name, endpoint in origins(sketch.sent).items():
        by_endpoint.setdefault(endpoint, []).append(name)
    for endpoint, found in by_endpoint.items():
        yield f"{', '.join(found)} {'come' if len(found) > 1 else 'comes'} from the answer of {endpoint}"
    aside = [call for call in sketch.calls if call.tags and call.method in SAFE_METHODS and call.needs]
    for call in aside:
        if WRITES in call.tags:
            sources = origins(sketch.calls)
            asked = sorted({sources[name] for name in call.needs if name in sources})
            yield f"{call.endpoint} is not driven: it needs the answer of {', '.join(asked)}, which changes data"
