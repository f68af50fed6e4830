"""Values as Python source, laid out as a formatter would; every string goes through `repr`, so none can be code."""

from __future__ import annotations

import math
from typing import Any

from perfgate.scaffold.sketch import Extracted, FromEnv, Part, Text

WIDTH = 100  # of a line; narrower than what most projects allow
_STEP = "    "


def string(text: str) -> str:
    """A string literal in double quotes where that needs no escapes.

    `repr` escapes what cannot be printed, lone surrogates and direction marks included.
    """
    written = repr(text)
    return f'"{written[1:-1]}"' if written[0] == "'" and '"' not in written else written


def joined(text: Text, indent: str = "", used: int = 0) -> str:
    """The source of a text whose parts may come from elsewhere, on several lines when one is too short.

    Args:
        text: its parts.
        indent: of the line on which it begins.
        used: how many characters of that line stand before it, or follow it.
    """
    line = _in_one(text)
    if len(line) + len(indent) + used <= WIDTH or line == '""':
        return line
    inner = indent + _STEP
    lines = [piece for number, part in enumerate(text) for piece in _pieces(part, inner, first=number == 0)]
    return "\n".join(["(", *(f"{inner}{piece}" for piece in lines), f"{indent})"])


def _in_one(text: Text) -> str:
    """A text on one line: an f-string where it holds a value of an answer, else a sum."""
    literals = "".join(part for part in text if isinstance(part, str))
    if '"' not in literals and len(text) > 1 and any(isinstance(part, Extracted) for part in text):
        return f'f"{"".join(map(_in_braces, text))}"'
    return " + ".join(string(part) if isinstance(part, str) else part.expression for part in text) or '""'


def _in_braces(part: Part) -> str:
    if isinstance(part, str):
        return string(part)[1:-1].replace("{", "{{").replace("}", "}}")
    return f"{{{part.formatted if isinstance(part, Extracted) else part.expression}}}"


def _pieces(part: Part, indent: str, *, first: bool) -> list[str]:
    """A part in pieces that fit on a line; neighbouring string literals are one string."""
    plus = "" if first else "+ "
    if not isinstance(part, str):
        return [f"{plus}{part.expression}"]
    room = max(WIDTH - len(indent) - 4, 20)
    pieces: list[str] = []
    start = 0
    for end in range(1, len(part) + 1):
        if end == len(part) or len(string(part[start : end + 1])) > room:
            pieces.append(string(part[start:end]))
            start = end
    pieces[:1] = [f"{plus}{piece}" for piece in pieces[:1]]
    return pieces


def literal(value: Any, indent: str = "", used: int = 0) -> str:
    """The source of a JSON value, on several lines when one is too short.

    Args:
        value: JSON, in which a `FromEnv`, an `Extracted` or a `Text` may stand for any value.
        indent: of the line on which it begins.
        used: how many characters of that line stand before it, or follow it.

    Example:
        >>> literal({"id": 1})
        '{"id": 1}'
    """
    if isinstance(value, str | tuple):
        return joined(value if isinstance(value, tuple) else (value,), indent, used)
    line = _inline(value)
    if len(line) + len(indent) + used <= WIDTH or not isinstance(value, dict | list) or not value:
        return line
    inner = indent + _STEP
    items = _dict_lines(value, inner) if isinstance(value, dict) else [literal(item, inner, 1) for item in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return "\n".join([opening, *(f"{inner}{item}," for item in items), f"{indent}{closing}"])


def _dict_lines(value: dict[Any, Any], indent: str) -> list[str]:
    lines = []
    for key, item in value.items():
        start = f"{string(str(key))}: "
        lines.append(start + literal(item, indent, len(start) + 1))
    return lines


def _inline(value: Any) -> str:
    if isinstance(value, FromEnv | Extracted):
        return value.expression
    if isinstance(value, str):
        return string(value)
    if isinstance(value, tuple):
        return _in_one(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{string(str(key))}: {_inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if value is None or isinstance(value, bool | int):
        return repr(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else f'float("{value}")'
    return string(str(value))
