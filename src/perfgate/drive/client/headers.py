"""Header fields: the session's own, which are encoded once, and those of a response, made when asked for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from requests.structures import CaseInsensitiveDict

from perfgate.drive.client.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, MutableMapping

Fields = tuple[tuple[str, str], ...]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_BAD_VALUE = re.compile(r"[\x00\r\n]")
# The client frames messages itself: a length that disagrees with the body would be another request's beginning.
_FRAMING = frozenset({"content-length", "transfer-encoding"})


class SessionHeaders(CaseInsensitiveDict[str]):
    """Headers sent with every request; `version` tells whether they changed since they were last encoded."""

    def __init__(self, fields: Mapping[str, str] | Iterable[tuple[str, str]] | None = None) -> None:
        self.version = 0
        super().__init__(fields)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.version += 1
        super().__setitem__(key, value)

    def __delitem__(self, key: Any) -> None:
        self.version += 1
        super().__delitem__(key)


def merge(*layers: Iterable[tuple[Any, Any]]) -> Fields:
    """Lay header fields over each other, later ones first in rank; None removes a field.

    Raises:
        InvalidRequestError: a name is no token, a value is no text, or it has a line break in it.
    """
    merged: dict[str, tuple[str, str] | None] = {}
    for layer in layers:
        for raw_name, raw_value in layer:
            name = _text(raw_name)
            merged[name.lower()] = None if raw_value is None else _checked(name, raw_value)
    return tuple(field for lower, field in merged.items() if field is not None and lower not in _FRAMING)


def _checked(name: str, raw_value: Any) -> tuple[str, str]:
    value = _text(raw_value)
    if not _TOKEN.fullmatch(name):
        raise InvalidRequestError(f"{name!r} is no name of a header field", kind="invalid header")
    if _BAD_VALUE.search(value):
        raise InvalidRequestError(f"the header field {name} has a line break in it: {value!r}", kind="invalid header")
    return name, value


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("latin-1")
    raise InvalidRequestError(f"a header field is text or bytes, not {value!r}", kind="invalid header")


def check_method(method: str) -> None:
    """Refuse what is no method.

    Raises:
        InvalidRequestError: it has a blank or a line break in it, say.
    """
    if not _TOKEN.fullmatch(method):
        raise InvalidRequestError(f"{method!r} is no HTTP method")


def encode(fields: Fields) -> bytes:
    """Header lines for the wire; what Latin-1 does not have goes as UTF-8."""
    text = "".join(f"{name}: {value}\r\n" for name, value in fields)
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()


def parse(head: bytes) -> Iterator[tuple[str, str]]:
    """The fields of a head that llhttp has checked, status line excluded; folded lines are joined."""
    lines = head.decode("latin-1").replace("\r\n ", " ").replace("\r\n\t", " ").split("\r\n")
    for line in lines[1:]:
        name, _, value = line.partition(":")
        yield name, value.strip(" \t")


def collect(fields: Iterable[tuple[str, str]]) -> CaseInsensitiveDict[str]:
    """A mapping as requests has it: the values of a repeated field are joined with a comma."""
    found: MutableMapping[str, str] = CaseInsensitiveDict()
    for name, value in fields:
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found  # type: ignore[return-value]
