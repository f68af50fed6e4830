"""Journeys of an OpenAPI document: ids come from what lists them; what is made is read, changed and deleted again."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from perfgate.scaffold import names
from perfgate.scaffold.listing import LONGEST, Listing, id_key, listing_of, tables_in
from perfgate.scaffold.path_values import PLAIN, filled_in, parameters_of, position_of, values_at
from perfgate.scaffold.places import names_id, singular, thing_of
from perfgate.scaffold.sketch import (
    SAFE_METHODS,
    UNANSWERED,
    Call,
    Extracted,
    Extraction,
    Link,
    Operation,
    Sketch,
)

_ORDER = ("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE")  # what is deleted can be asked for no more


def with_journeys(sketch: Sketch) -> Sketch:
    """The sketch of a document in which ids come from answers where the document, or what was answered, says so."""
    if sketch.in_order:
        return sketch
    made = _Journeys(sketch)
    made.link()
    made.make()
    made.choose()
    made.leave_out()
    return replace(sketch, calls=tuple(made.calls), notes=(*sketch.notes, *made.notes))


class _Journeys:
    """The calls of a sketch while they are put together."""

    def __init__(self, sketch: Sketch) -> None:
        self.calls = list(sketch.calls)
        self.notes: list[str] = []
        functions = names.unique(names.identifier(call.function) for call in sketch.calls)
        self._taken = {*functions, *(name for call in sketch.sent for name in call.gives)}

    # What a document's links say.

    def link(self) -> None:
        """Let calls be followed by what their links lead to."""
        for call in list(self.calls):
            held: dict[tuple[str, tuple[str | int, ...]], str] = {}
            targets: list[Call] = []
            followers: list[Call] = []
            for link in _known(call).links if any(each is call for each in self.calls) else ():
                target = self._target(call, link)
                follower = target and self._linked(call, target, link, held)
                if target and follower and not any(each is target for each in targets):
                    targets.append(target)
                    followers.append(replace(follower, tags=(), notes=()))
            if followers:
                extractions = [Extraction(name, *taken) for taken, name in held.items()]
                self._replace(call, _followed(call, extractions, sorted(followers, key=_in_order)))
                self._drop([target for target in targets if target.method not in SAFE_METHODS])

    def _target(self, call: Call, link: Link) -> Call | None:
        """What a link leads to; None for nothing that could follow."""
        method, _, path = link.target.partition(" ")
        for each in self.calls:
            named = link.target == _known(each).id or (each.method == method and path and each.name.endswith(path))
            changes = call.method in SAFE_METHODS and each.method not in SAFE_METHODS
            if named and each is not call and not each.then and not changes:
                return each
        return None

    def _linked(
        self, call: Call, target: Call, link: Link, held: dict[tuple[str, tuple[str | int, ...]], str]
    ) -> Call | None:
        """A target with what its link fills in, which `held` then names; None when a part of its path is not told."""
        wanted = parameters_of(target.name)
        found = {name: _expressed(link.parameters.get(name, ""), target, name) for name in wanted}
        if not wanted or None in found.values() or any(position_of(target, name) is None for name in wanted):
            return None
        for name, taken in found.items():
            if taken is not None:
                if taken not in held:
                    held[taken] = self._name(_thing(call.name), name)
                target = filled_in(target, name, Extracted(held[taken], within_user=True))
        return target

    # What is made.

    def make(self) -> None:
        """Let what makes a thing be followed by what reads, changes and deletes it."""
        for call in list(self.calls):
            members = [] if call.method != "POST" or call.then or "{" in call.name else self._members(call)
            parameter = parameters_of(members[0].name)[-1] if members else ""
            extraction = self._made(call, parameter) if members else None
            if extraction is not None and any(each is call for each in self.calls):
                held = Extracted(extraction.name, within_user=True)
                then = [
                    replace(filled_in(each, parameters_of(each.name)[-1], held), tags=(), notes=()) for each in members
                ]
                self._replace(call, _followed(call, [extraction], then))
                self._drop([member for member in members if member.method not in SAFE_METHODS])

    def _members(self, call: Call) -> list[Call]:
        """What is done with one of the things that a call makes."""
        pattern = re.compile(rf"{re.escape(call.name.rstrip('/'))}/\{{([^{{}}]+)\}}/?")
        matches = [(each, match) for each in self.calls if (match := pattern.fullmatch(each.name)) and not each.then]
        found = [each for each, match in matches if position_of(each, match[1]) is not None]
        usable = [each for each in found if each.method != "HEAD" and (each.method in SAFE_METHODS or not each.notes)]
        if any(self._is_listed(call.name, each) for each in usable):
            # What others find in the list must not be gone when they ask for it.
            usable = [each for each in usable if each.method != "DELETE"]
        return sorted(usable, key=_in_order)

    def _is_listed(self, name: str, reader: Call) -> bool:
        """Whether a call reads what a list holds that anybody may ask for."""
        listers = (each for each in self.calls if each.endpoint == f"GET {name}" and not each.tags)
        parameter = parameters_of(reader.name)[-1]
        listed = any(listing_of(_known(lister).answer, parameter) for lister in listers)
        return listed and reader.method == "GET" and UNANSWERED not in reader.tags

    def _made(self, call: Call, parameter: str) -> Extraction | None:
        """Where the answer says which thing was made."""
        known = _known(call)
        name = self._name(_thing(call.name), parameter)
        for path, value in tables_in(known.answer):
            key = id_key(value, parameter)
            if key is not None and sum(len(repr(step)) + 2 for step in (*path, key)) <= LONGEST:
                return Extraction(name, "json_value", (*path, key))
        pattern = f"{call.name.rstrip('/')}/{{}}"
        usable = known.located and len(pattern) <= LONGEST and names.prose(pattern, LONGEST) == pattern
        return Extraction(name, "location_part", (pattern,)) if usable else None

    # What is listed.

    def choose(self) -> None:
        """Let what reads one of many things choose one that was listed."""
        for position, call in enumerate(self.calls):
            if call.method == "GET" and "{" not in call.name and not call.tags and not call.then:
                self._choose_from(position, call)

    def _choose_from(self, position: int, lister: Call) -> None:
        pattern = re.compile(rf"{re.escape(lister.name.rstrip('/'))}/\{{([^{{}}]+)\}}(/[^{{}}]*)?")
        matches = [(number, pattern.fullmatch(call.name)) for number, call in enumerate(self.calls)]
        readers = [
            (number, match[1])
            for number, match in matches
            if match and self._may_choose(self.calls[number]) and values_at(self.calls[number], match[1])
        ]
        thing = _thing(lister.name)
        parameter = readers[0][1] if readers else f"{thing}_id"
        listing = listing_of(_known(lister).answer, parameter)
        if listing is None or not all(PLAIN.fullmatch(str(value)) for value in _listed(lister, listing)):
            return
        examples = [value for number, name in readers for value in values_at(self.calls[number], name)]
        typed = [int(value) if isinstance(listing.example, int) and value.isdigit() else value for value in examples]
        name = self._name(thing, f"{listing.key}s")
        held = Extracted(name, "random.choice", within_user=True)
        for number, parameter in readers:
            self.calls[number] = filled_in(self.calls[number], parameter, held)
        for number, call in enumerate(self.calls):
            self.calls[number] = _with_chosen(call, thing, listing.example, held)
        if any(name in each.needs for call in self.calls for each in (call, *call.then)):
            first = dict.fromkeys(typed or [listing.example])
            extraction = Extraction(name, "json_ids", (listing.key, *listing.path), examples=tuple(first))
            self.calls[position] = replace(self.calls[position], extracts=(*lister.extracts, extraction))

    @staticmethod
    def _may_choose(call: Call) -> bool:
        """Whether a call reads one thing by an id that is invented so far, or was learnt when the scenario was made."""
        return call.method in SAFE_METHODS and UNANSWERED not in call.tags and not (call.needs - {"access_token"})

    # Names, and what is left.

    def leave_out(self) -> None:
        """Drop what would be asked for with an invented id, and is asked for with a real one in a journey."""
        journeys = [(call, {each.endpoint for each in call.then}) for call in self.calls]
        self._drop(
            [
                call
                for call in self.calls
                for journey, covered in journeys
                if call.endpoint in covered
                and not call.needs - {"access_token"}
                and (journey.active or UNANSWERED in call.tags)
            ]
        )

    def _name(self, thing: str, parameter: str) -> str:
        """A name for a value: `pet_id` for `/pets` and `id`."""
        parts = names.words(parameter)
        wanted = "_".join(parts if len(parts) > 1 or not thing else [thing, *parts])
        chosen = names.unique([*self._taken, names.identifier(wanted[:24], "value")])[-1]
        self._taken.add(chosen)
        return chosen

    def _replace(self, call: Call, other: Call) -> None:
        self.calls = [other if each is call else each for each in self.calls]

    def _drop(self, calls: list[Call]) -> None:
        """Take calls out that are part of another now; they are not asked for with invented ids any more."""
        self.calls = [each for each in self.calls if not any(each is call for call in calls)]


def _listed(lister: Call, listing: Listing) -> list[Any]:
    """The ids in what a call is known to answer."""
    value = _known(lister).answer
    for step in listing.path:
        value = value[step]
    return [entry.get(listing.key, listing.example) for entry in value if isinstance(entry, dict)]


def _known(call: Call) -> Operation:
    return call.operation or Operation()


def _in_order(call: Call) -> int:
    return _ORDER.index(call.method)


def _thing(path: str) -> str:
    return singular(next((part for part in reversed(path.split("/")) if part and "{" not in part), ""))


def _expressed(expression: str, target: Call, parameter: str) -> tuple[str, tuple[str | int, ...]] | None:
    """What reads the value of a link's expression; None for what is not of the answer, or too long to be written."""
    if match := re.fullmatch(r"\$response\.header\.([\w-]{1,40})", expression):
        pattern = target.name.replace(f"{{{parameter}}}", "{}")
        if match[1].lower() != "location":
            return "header_value", (match[1].title(),)
        # A Location is where the thing is, which the operation that is led to says in other words.
        return ("location_part", (pattern,)) if len(pattern) <= LONGEST and pattern.count("{") == 1 else None
    if match := re.fullmatch(r"\$response\.body#/(.{1,50})", expression):
        steps = [unquote(step).replace("~1", "/").replace("~0", "~") for step in match[1].split("/")]
        path = tuple(int(step) if step.isascii() and step.isdigit() else step for step in steps)
        return ("json_value", path) if sum(len(repr(step)) + 2 for step in path) <= LONGEST else None
    return None


def _followed(call: Call, extractions: list[Extraction], then: list[Call]) -> Call:
    paths = dict.fromkeys(each.name for each in then)
    methods = {path: ", ".join(each.method for each in then if each.name == path) for path in paths}
    note = f"And then what its answer leads to: {'; '.join(f'{methods[path]} {path}' for path in paths)}."
    return replace(
        call,
        extracts=(*call.extracts, *extractions),
        then=(*call.then, *then),
        notes=(*call.notes, names.prose(note, 200)),
    )


def _with_chosen(call: Call, thing: str, example: str | int, chosen: Extracted) -> Call:
    """The call whose body names one of the things that are listed, in the place of an invented one."""

    def put(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: put(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [put(item, name) for item in value]
        same = type(value) is type(example) and names_id(name) and thing_of(name) == thing
        return chosen if same else value

    if call.method in SAFE_METHODS:
        return call
    then = tuple(_with_chosen(each, thing, example, chosen) for each in call.then)
    return replace(call, json=put(call.json), then=then)
