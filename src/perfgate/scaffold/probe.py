"""The probe: each call that changes nothing is tried once, so that the first run does not fail on made-up examples."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from perfgate.scaffold.exchange import Answered, Headers
from perfgate.scaffold.extraction import json_ids, json_value
from perfgate.scaffold.listing import listing_of
from perfgate.scaffold.sketch import SAFE_METHODS, UNANSWERED, Call, FromEnv, Part, Sketch, Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perfgate.scaffold.client import Answer, Client

_MOST_IDS = 10
_BUDGET_S = 15.0  # what is not tried by then is driven as it is
_LONGEST_ID = 100

_NO_LOGIN = (
    "the service wants a login that its document does not describe: write it into the scenario, as on_start of its "
    "user, or begin from a HAR file that has it"
)


class Probe:
    """Tries the calls of one service.

    Args:
        client: to the service.
        environ: where the values of `FromEnv` come from.
    """

    def __init__(self, client: Client, environ: Mapping[str, str]) -> None:
        self._client = client
        self._environ = environ
        self._known: dict[str, Any] = {}  # endpoint name -> the JSON that it answered
        self._given: dict[str, str] = {}  # what the login gives
        self._by_cookie = False
        self._unauthorized = False
        self._end = time.monotonic() + _BUDGET_S

    def checked(self, sketch: Sketch) -> Sketch:
        """The sketch with ids that exist, learnt from the service's own lists, and refused calls set aside."""
        headers = {name: self._environ.get(value.variable, "") for name, value in sketch.headers.items()}
        headers = {name: value for name, value in headers.items() if value}
        self._given = self._signed_in(sketch)
        self._by_cookie = any(not extraction.kept for call in sketch.start for extraction in call.extracts)
        # Lists first: they tell which ids exist.
        ordered = sorted(sketch.calls, key=lambda call: call.name.count("{"))
        checked = {id(call): self._checked(call, headers) for call in ordered}
        notes = (_NO_LOGIN,) if self._unauthorized and not sketch.start and not sketch.headers else ()
        return replace(sketch, calls=tuple(checked[id(call)] for call in sketch.calls), notes=(*sketch.notes, *notes))

    def _signed_in(self, sketch: Sketch) -> dict[str, str]:
        """What the login gives, when the environment holds what it wants; by name."""
        found: dict[str, str] = {}
        for call in sketch.start:
            if not all(self._environ.get(variable.variable) for variable in call.variables):
                continue
            body = self._filled(call.json if call.json is not None else call.form)
            headers = {"Content-Type": "application/json"} if call.json is not None else {}
            text = json.dumps(body) if call.json is not None else urlencode(body or {})
            answer = self._client.sign_in(self._written(call.paths[0]), {**headers, **self._sent(call)}, text)
            if answer is not None and answer.good:
                answered = Answered(answer.text, Headers([]))
                values = [(each.name, json_value(answered, *each.arguments)) for each in call.extracts if each.kept]
                found |= {name: str(value) for name, value in values if value}
        return found

    def _filled(self, value: Any) -> Any:
        """A body with what the environment holds."""
        if isinstance(value, dict):
            return {key: self._filled(item) for key, item in value.items()}
        return self._environ.get(value.variable, "") if isinstance(value, FromEnv) else value

    def _checked(self, call: Call, headers: dict[str, str]) -> Call:
        if call.method not in SAFE_METHODS or not call.active or time.monotonic() > self._end:
            return call
        if self._wants_more(call):  # nobody is signed in, which says nothing about the example
            return call
        call = self._with_ids(call)
        answer = self._client.get(self._written(call.paths[0]), call.method, {**headers, **self._sent(call)})
        if answer is None:  # it tells nothing about the example: the service may not run at all
            return call
        self._learn(call.name, answer)
        self._unauthorized = self._unauthorized or answer.status == HTTPStatus.UNAUTHORIZED
        told = self._known.get(call.name.rstrip("/")) if answer.good else None
        # What the document says of its answers holds for lists that are empty now, too.
        if told is not None and call.operation is not None and not isinstance(call.operation.answer, dict | list):
            call = replace(call, operation=replace(call.operation, answer=told))
        return call if answer.status < 400 else _refused(call, answer.status)

    def _wants_more(self, call: Call) -> bool:
        return not call.needs <= self._given.keys() or (
            self._by_cookie and bool(call.operation and call.operation.cookie)
        )

    def _sent(self, call: Call) -> dict[str, str]:
        return {
            name: value if isinstance(value, str) else "".join(map(self._text, value))
            for name, value in call.headers.items()
        }

    def _text(self, part: Part) -> str:
        if isinstance(part, str):
            return part
        return self._environ.get(part.variable, "") if isinstance(part, FromEnv) else self._given.get(part.name, "")

    def _written(self, path: Text) -> str:
        return "".join(part if isinstance(part, str) else quote(self._text(part)) for part in path)

    def _learn(self, name: str, answer: Answer) -> None:
        if answer.good and "json" in answer.kind:
            try:
                self._known[name.rstrip("/")] = json.loads(answer.body)
            except (ValueError, RecursionError):  # it says JSON and is none: nothing can be learnt from it
                return

    def _with_ids(self, call: Call) -> Call:
        """The call with ids of the list above it, when its name has one templated part: `/items/{id}` of `/items`."""
        match = re.fullmatch(r"(?P<above>[^{}]*)/\{(?P<key>[^{}]+)\}(?P<below>[^{}]*)", call.name)
        if match is None or len(call.paths) != 1 or not isinstance(first := call.paths[0][0], str):
            return call
        ids = _ids(self._known.get(match["above"].rstrip("/")), match["key"])
        position = match["above"].count("/") + 1
        path, mark, query = first.partition("?")
        parts = path.split("/")
        if not ids or position >= len(parts):
            return call
        filled = ["/".join([*parts[:position], quote(item, safe=""), *parts[position + 1 :]]) for item in ids]
        return replace(call, paths=tuple((f"{path}{mark}{query}", *call.paths[0][1:]) for path in filled))


def _refused(call: Call, status: int) -> Call:
    note = f"The service answered {status} to {call.endpoint}."
    return replace(call, tags=(*call.tags, UNANSWERED), notes=(*call.notes, note))


def _ids(value: Any, key: str) -> list[str]:
    """The ids in a list of things, or in the first such list of a table."""
    listing = listing_of(value, key)
    if listing is None:
        return []
    found = json_ids(Answered(json.dumps(value), Headers([])), listing.key, *listing.path)
    return [item for item in dict.fromkeys(map(_id, found)) if item][:_MOST_IDS]


def _id(value: Any) -> str:
    usable = isinstance(value, str | int) and not isinstance(value, bool)
    text = str(value) if usable else ""
    return text if len(text) <= _LONGEST_ID and text not in {".", ".."} else ""
