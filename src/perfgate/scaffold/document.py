"""Documents that describe a service: JSON or YAML text, read into plain values whatever is in it."""

from __future__ import annotations

import json
from typing import Any

from perfgate.errors import UsageError
from perfgate.reading import storable

_DEEPEST = 150  # levels; no real document comes near, and recursion stays far from Python's own limit
_MOST = 3_000_000  # values; YAML aliases can grow a small file without bound
_MOST_DIGITS = 300  # of an integer; more is no example of anything, and Python refuses to write it


class _Count:
    def __init__(self) -> None:
        self.left = _MOST

    def take(self, depth: int) -> None:
        self.left -= 1
        if depth > _DEEPEST or self.left < 0:
            raise ValueError("it is nested too deeply or too large")


def read(text: str, source: str) -> dict[str, Any]:
    """Read a JSON or YAML document whose top is a table.

    Args:
        text: the document.
        source: its path or URL, for messages.

    Raises:
        UsageError: it is neither (slug `document`), or it is YAML and pyyaml is missing (slug `openapi-extra`).
    """
    try:
        value = _plain(_parsed(text, source), _Count())
    except (ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else "it is nested too deeply"
        raise _unreadable(source, reason) from error
    if not isinstance(value, dict):
        raise _unreadable(source, "its top is not a table")
    return value


def _unreadable(source: str, reason: str) -> UsageError:
    return UsageError(
        f"cannot be read as JSON or YAML: {reason}",
        place=source,
        hint="name a URL, an OpenAPI document or a HAR file",
        slug="document",
    )


def _parsed(text: str, source: str) -> Any:
    if text.lstrip("\ufeff \t\r\n")[:1] in {"{", "["}:
        try:
            return json.loads(text.lstrip("\ufeff"))
        except json.JSONDecodeError:
            if source.endswith((".json", ".har")):
                raise
    return _parsed_yaml(text, source)


def _parsed_yaml(text: str, source: str) -> Any:
    try:
        import yaml
    except ImportError as error:
        raise UsageError(
            "reading YAML needs the package pyyaml, which is not installed",
            place=source,
            hint="run `pip install pyyaml`, or give the document as JSON",
            slug="openapi-extra",
        ) from error
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error


def _plain(value: Any, count: _Count, depth: int = 0) -> Any:
    """The value with JSON's types alone: YAML also has dates, bytes, sets and keys that are no strings."""
    count.take(depth)
    if isinstance(value, dict):
        return {storable(str(key)): _plain(item, count, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(item, count, depth + 1) for item in value]
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, bool | float) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) < 10**_MOST_DIGITS else 10**_MOST_DIGITS
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def table(value: Any) -> dict[str, Any]:
    """The value if it is a table, else an empty one: documents are often wrong, and never trusted."""
    return value if isinstance(value, dict) else {}


def array(value: Any) -> list[Any]:
    """The value if it is an array, else an empty one."""
    return value if isinstance(value, list) else []


def word(value: Any) -> str:
    """The value if it is a string, else an empty one."""
    return value if isinstance(value, str) else ""
