"""Parameters of an OpenAPI operation: where each goes, and an example of its value on the wire."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from perfgate.scaffold.document import table, word

if TYPE_CHECKING:
    from perfgate.scaffold.example import Examples
    from perfgate.scaffold.reference import References

_TEMPLATED = re.compile(r"\{([^{}]+)\}")
_IN_PATH = "/:@!$&'()*+,;=~%"  # what may stand in a path as it is; RFC 3986, section 3.3
TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,60}")
_OWN_HEADERS = frozenset({"accept", "content-type", "authorization", "host", "content-length", "cookie"})


@dataclass(frozen=True)
class Parameter:
    """A parameter with an example.

    Attributes:
        where: `path`, `query` or `header`.
        deep: an object's members are sent as `name[member]`.
        separate: an array's items are sent one by one, not joined by commas.
    """

    name: str
    where: str
    value: Any
    deep: bool = False
    separate: bool = True


def of_operation(
    shared: list[Any], own: list[Any], references: References, examples: Examples
) -> tuple[Parameter, ...]:
    """The parameters to send: all that are required, and optional ones that the document gives a value for.

    Args:
        shared: those of the path; an operation's own replace them by name and place.
        own: those of the operation.
    """
    resolved = [references.resolve(item) for item in [*shared, *own]]
    latest = {(word(item.get("name")), word(item.get("in"))): item for item in resolved}
    made = (_parameter(name, where, item, references, examples) for (name, where), item in latest.items() if name)
    return tuple(parameter for parameter in made if parameter)


def _parameter(
    name: str, where: str, item: dict[str, Any], references: References, examples: Examples
) -> Parameter | None:
    if where not in {"path", "query", "header"}:
        return None
    medium = next(iter(table(item.get("content")).values()), None)
    # The schema of Swagger 2 is the parameter itself.
    schema = table(medium).get("schema") if medium is not None else item.get("schema", item)
    given = examples.given(item) or examples.given(table(medium)) or examples.given(references.resolve(schema))
    if not given and not item.get("required") and where != "path":
        return None
    value = given[0] if given else examples.of(schema)
    return Parameter(
        name,
        where,
        json.dumps(value) if medium is not None else value,
        deep=item.get("style") == "deepObject",
        separate=item.get("explode", item.get("collectionFormat", "multi") == "multi") is not False,
    )


def filled(template: str, parameters: tuple[Parameter, ...]) -> str:
    """The path with its templated parts replaced by examples, percent-encoded.

    A path always begins with a single slash, so that it can never be read as a URL of another host.
    """
    values = {parameter.name: parameter.value for parameter in parameters if parameter.where == "path"}

    def value_of(match: re.Match[str]) -> str:
        return quote(_text(values.get(match[1], 1)) or "1", safe="", errors="replace")

    parts = re.split(r"(\{[^{}]+\})", template)
    path = "".join(
        _TEMPLATED.sub(value_of, part) if _TEMPLATED.fullmatch(part) else quote(part, _IN_PATH, errors="replace")
        for part in parts
    )
    return "/" + path.lstrip("/")


def query(parameters: tuple[Parameter, ...]) -> str:
    """The query with its question mark, or nothing."""
    pairs = [pair for parameter in parameters if parameter.where == "query" for pair in _pairs(parameter)]
    return f"?{urlencode(pairs, errors='replace')}" if pairs else ""


def _pairs(parameter: Parameter) -> list[tuple[str, str]]:
    name, value = parameter.name, parameter.value
    if isinstance(value, dict):
        return [(f"{name}[{key}]" if parameter.deep else key, _text(item)) for key, item in value.items()]
    if isinstance(value, list) and parameter.separate:
        return [(name, _text(item)) for item in value]
    return [(name, _text(value))]


def header_values(parameters: tuple[Parameter, ...]) -> dict[str, str]:
    """Headers to send; names and values that HTTP does not allow are left out."""
    found = {parameter.name: _text(parameter.value) for parameter in parameters if parameter.where == "header"}
    return {
        name: value
        for name, value in found.items()
        if TOKEN.fullmatch(name) and name.lower() not in _OWN_HEADERS and value.isascii() and value.isprintable()
    }


def _text(value: Any) -> str:
    """A value as it stands in a path, query or header (style `simple`)."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(map(_text, value))
    if isinstance(value, dict):
        return ",".join(f"{key},{_text(item)}" for key, item in value.items())
    return "" if value is None else str(value)
