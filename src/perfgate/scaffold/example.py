"""An example value for a JSON schema: what the document gives, else the simplest value of its type."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from perfgate.scaffold.document import array, table, word

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfgate.scaffold.reference import References

_DEEPEST = 8  # levels of a body; deeper, only what is required is followed
_DEEPEST_AT_ALL = 30
_MOST_VALUES = 400  # of a body; then it is cut to what is required
_MOST_ITEMS = 5
_LONGEST = 500

_BY_FORMAT = {
    "uuid": "3fa85f64-5717-4562-b3fc-2c963f66afa6",
    "date": "2024-01-31",
    "date-time": "2024-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "P1D",
    "email": "user@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "byte": "cGVyZmdhdGU=",
    "binary": "perfgate",
    "password": "example-password",
}


class Examples:
    """Makes examples for the schemas of one document.

    Args:
        references: of the document.
        answers: they are examples of what is answered, not of what is sent.
    """

    def __init__(self, references: References, *, answers: bool = False) -> None:
        self._references = references
        self._left_out = "writeOnly" if answers else "readOnly"
        self._left = _MOST_VALUES
        self._depth = 0
        self._by_type: dict[str, Callable[[dict[str, Any], frozenset[str]], Any]] = {
            "object": self._object,
            "array": self._array,
            "integer": lambda schema, _: _integer(schema),
            "number": lambda schema, _: _number(schema),
            "boolean": lambda *_: True,
            "null": lambda *_: None,
            "string": lambda schema, _: _string(schema),
        }

    def of(self, schema: Any) -> Any:
        """An example of `schema`, which may be a reference; bounded, also when the schema contains itself."""
        self._left = _MOST_VALUES
        return self._value(schema, frozenset())

    def given(self, holder: dict[str, Any]) -> tuple[Any, ...]:
        """What a schema, parameter or media type itself gives as an example: one value, or none.

        `example` and `default`, the first of `examples` (an array in schemas, a table of examples elsewhere), of
        `enum`, `const`, and `x-example` of old documents.
        """
        for key in ("example", "x-example", "default", "const"):
            if key in holder:
                return (holder[key],)
        for value in [*array(holder.get("examples"))[:1], *array(holder.get("enum"))[:1]]:
            return (value,)
        named = (self._references.resolve(item) for item in table(holder.get("examples")).values())
        return next(((item["value"],) for item in named if "value" in item), ())

    def _value(self, schema: Any, seen: frozenset[str]) -> Any:
        self._left -= 1
        merged, seen = self._merged(schema, seen)
        given = self.given(merged)
        if given or self._depth >= _DEEPEST_AT_ALL:
            return given[0] if given else None
        self._depth += 1
        made = self._by_type[_type_of(merged)](merged, seen)
        self._depth -= 1
        return made

    def _merged(self, schema: Any, seen: frozenset[str], depth: int = 0) -> tuple[dict[str, Any], frozenset[str]]:
        """The schema without references, `allOf` put together and the first of `oneOf` or `anyOf` chosen."""
        found, followed = self._references.follow(schema)
        seen |= followed
        if depth > _DEEPEST:
            return {}, seen
        merged = {key: value for key, value in found.items() if key not in {"allOf", "oneOf", "anyOf"}}
        chosen = [self._choice(found.get(key)) for key in ("oneOf", "anyOf")]
        for part in [*array(found.get("allOf")), *(choice for choice in chosen if choice is not None)]:
            if self._is_open(part, seen):
                addition, seen = self._merged(part, seen, depth + 1)
                merged = _both(merged, addition)
        return merged, seen

    def _choice(self, alternatives: Any) -> Any:
        """The first alternative that is not null."""
        choices = [choice for choice in array(alternatives) if self._references.resolve(choice).get("type") != "null"]
        return choices[0] if choices else None

    @staticmethod
    def _is_open(schema: Any, seen: frozenset[str]) -> bool:
        """Whether following `schema` does not lead back to where it is being made."""
        pointer = table(schema).get("$ref")
        return not (isinstance(pointer, str) and pointer in seen)

    def _object(self, schema: dict[str, Any], seen: frozenset[str]) -> dict[str, Any]:
        required = {name for name in array(schema.get("required")) if isinstance(name, str)}
        scarce = self._left <= 0 or self._depth > _DEEPEST
        result: dict[str, Any] = {}
        for name, part in table(schema.get("properties")).items():
            wanted = name in required or not scarce
            if wanted and not self._references.resolve(part).get(self._left_out):
                self._put(result, name, part, seen, needed=name in required)
        return result

    def _put(self, result: dict[str, Any], name: str, part: Any, seen: frozenset[str], *, needed: bool) -> None:
        if self._left > -_MOST_VALUES and self._is_open(part, seen):
            result[name] = self._value(part, seen)
        elif needed:
            result[name] = {}

    def _array(self, schema: dict[str, Any], seen: frozenset[str]) -> list[Any]:
        items = schema.get("items")
        if not self._is_open(items, seen) or self._left <= 0:
            return []
        count = min(max(int(_finite(schema.get("minItems"), 1)), 1), _MOST_ITEMS)
        return [self._value(items, seen) for _ in range(count)]


def _both(left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    """Two schemas of which both hold: properties and required names add up."""
    result = {**right, **left}
    if "properties" in left or "properties" in right:
        result["properties"] = {**table(right.get("properties")), **table(left.get("properties"))}
    if "required" in left or "required" in right:
        result["required"] = [*array(left.get("required")), *array(right.get("required"))]
    return result


_TYPES = frozenset({"object", "array", "integer", "number", "boolean", "null", "string"})


def _type_of(schema: dict[str, Any]) -> str:
    """The schema's type, the first that is not null of several, or what its keywords say."""
    wanted = schema.get("type")
    names = wanted if isinstance(wanted, list) else [wanted]
    known = [name for name in names if isinstance(name, str) and name in _TYPES]
    if known:
        return next((name for name in known if name != "null"), "null")
    if "properties" in schema or "additionalProperties" in schema:
        return "object"
    return "array" if "items" in schema else "string"


def _finite(value: Any, otherwise: float) -> float:
    """A bound of a schema if it is a finite number of a size that can be used."""
    usable = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15
    return float(value) if usable else otherwise  # NaN compares as unusable too


def _integer(schema: dict[str, Any]) -> int:
    low = _finite(schema.get("minimum"), -math.inf)
    exclusive = schema.get("exclusiveMinimum")  # a number since OpenAPI 3.1, before that a switch on `minimum`
    above = low if exclusive is True else _finite(exclusive, -math.inf)
    high = _finite(schema.get("maximum"), math.inf)
    step = max(int(_finite(schema.get("multipleOf"), 1)), 1)
    least = max(1.0 if low <= 1 <= high else low, above + 1)
    least = least if math.isfinite(least) else high
    return math.ceil(least / step) * step if math.isfinite(least) else 1


def _number(schema: dict[str, Any]) -> float | int:
    whole = _integer(schema)
    high = _finite(schema.get("maximum"), math.inf)
    low = _finite(schema.get("minimum"), -math.inf)
    return whole if whole <= high or not math.isfinite(low) else (low + high) / 2


def _string(schema: dict[str, Any]) -> str:
    text = _BY_FORMAT.get(word(schema.get("format")), "example")
    shortest = min(int(_finite(schema.get("minLength"), 0)), _LONGEST)
    longest = max(int(_finite(schema.get("maxLength"), _LONGEST)), 0)
    while len(text) < shortest:
        text += "example"
    return text[: max(longest, shortest)] if len(text) > longest else text
