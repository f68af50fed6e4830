"""References inside a document: `$ref` with a JSON pointer (RFC 6901) into the same document."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from perfgate.scaffold.document import table

_LONGEST_CHAIN = 20


class References:
    """Resolves local references; those into other files resolve to nothing, since nothing else is read.

    Args:
        document: the whole document.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document

    def resolve(self, value: Any) -> dict[str, Any]:
        """The table that `value` is or refers to; keys beside `$ref` win over those referred to (OpenAPI 3.1)."""
        return self.follow(value)[0]

    def follow(self, value: Any) -> tuple[dict[str, Any], frozenset[str]]:
        """Like `resolve`, with the pointers that were followed."""
        found = table(value)
        followed: set[str] = set()
        while isinstance(pointer := found.get("$ref"), str):
            if pointer in followed or len(followed) >= _LONGEST_CHAIN:
                return {}, frozenset(followed)
            followed.add(pointer)
            beside = {key: item for key, item in found.items() if key != "$ref"}
            found = {**table(self._at(pointer)), **beside}
        return found, frozenset(followed)

    def _at(self, pointer: str) -> Any:
        if pointer != "#" and not pointer.startswith("#/"):
            return None
        value: Any = self._document
        for part in pointer.split("/")[1:]:
            key = unquote(part).replace("~1", "/").replace("~0", "~")
            value = _member(value, key)
        return value


def _member(value: Any, key: str) -> Any:
    if isinstance(value, list):
        return value[int(key)] if key.isascii() and key.isdigit() and int(key[:9]) < len(value) else None
    return table(value).get(key)
