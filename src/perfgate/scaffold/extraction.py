"""Extraction: what generated scenarios read values of answers with.

The functions are copied into scenarios as they stand here, since those need nothing but Locust; and `correlation` tries
each on the recorded answer first, so that what is written is known to have worked once.
"""

from __future__ import annotations

import html
import inspect
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def needed(response: Any, what: str, value: Any, otherwise: type[Exception]) -> Any:
    """The value; without it the request has failed, and what would follow is not asked."""
    if value is None or value == "":
        response.failure(f"no {what} in the answer (status {response.status_code})")
        raise otherwise
    return value


def json_value(response: Any, *path: str | int) -> Any:
    """A value of a JSON answer, of a list that is too short its last; None when there is none."""
    try:
        value: Any = response.json()
        for step in path:
            in_list = isinstance(value, list)
            value = value[min(int(step), len(value) - 1) if in_list else step]
    except (KeyError, IndexError, TypeError, ValueError):
        return None
    return value


def json_ids(response: Any, key: str, *path: str) -> list[Any]:
    """What stands under a key in each entry of a list of a JSON answer; nothing when there is no such list."""
    try:
        value = response.json()
        for step in path:
            value = value[step]
        return [entry[key] for entry in value if entry.get(key) is not None]
    except (AttributeError, KeyError, TypeError, ValueError):
        return []


def html_value(response: Any, name: str) -> str | None:
    """What a field of a form or a meta tag holds in a page; None when there is none."""
    for tag in re.findall(r"<(?:input|meta)\b[^>]*>", response.text or "", re.IGNORECASE):
        pairs = re.findall(r"([\w-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", tag)
        held = {key.lower(): html.unescape("".join(values)) for key, *values in pairs}
        if held.get("name") == name:
            return held.get("value", held.get("content"))
    return None


def header_value(response: Any, name: str) -> str | None:
    """A header of an answer; None when there is none."""
    return (response.headers or {}).get(name)


def location_part(response: Any, pattern: str) -> str | None:
    """The part at `{}` of the path to which an answer points; None when that is another path."""
    target = urlsplit((response.headers or {}).get("Location") or "").path
    parts, wanted = target.split("/"), pattern.split("/")
    same = (part == want or want in {"*", "{}"} for part, want in zip(parts, wanted, strict=False))
    fits = len(parts) == len(wanted) and all(same)
    return unquote(parts[wanted.index("{}")]) if fits else None


def location_query(response: Any, name: str) -> str | None:
    """A parameter of the URL to which an answer points; None when there is none."""
    query = urlsplit((response.headers or {}).get("Location") or "").query
    return parse_qs(query).get(name, [None])[0]


def cookie_value(client: Any, name: str) -> str | None:
    """A cookie that the client holds; None when there is none."""
    return next((cookie.value for cookie in client.cookiejar if cookie.name == name), None)


def asks_to_sign_in(response: Any, path: str) -> bool:
    """Whether an answer is the login page, or leads back to it: a login may be refused with status 200."""
    target = (response.headers or {}).get("Location")
    if target and urlsplit(target).path == path:
        return True
    password = r"<input\b[^>]*type=[\"']?password"
    return re.search(password, response.text or "", re.IGNORECASE) is not None


_VALUES = (json_value, json_ids, html_value, header_value, location_part, location_query, cookie_value)
_ALL = (needed, *_VALUES, asks_to_sign_in)
FUNCTIONS: dict[str, Callable[..., Any]] = {function.__name__: function for function in _ALL}
# What each takes its value from: the answer, or the client, whose jar holds the cookies of all answers.
FROM_CLIENT = frozenset({cookie_value.__name__})
_MODULES = ("html", "re")
_PARTS_OF_URL = ("parse_qs", "unquote", "urlsplit")


def source_of(wanted: Iterable[str]) -> str:
    """The text of the functions in `wanted`, in their usual order, with two lines between."""
    chosen = set(wanted)
    return "\n\n".join(inspect.getsource(function) for name, function in FUNCTIONS.items() if name in chosen)


def modules_of(source: str) -> list[str]:
    """The modules that a text made by `source_of` needs."""
    return [module for module in _MODULES if re.search(rf"\b{module}\.", source)]


def parts_of_url_of(source: str) -> list[str]:
    """The functions of `urllib.parse` that it needs."""
    return [name for name in _PARTS_OF_URL if re.search(rf"\b{name}\(", source)]
