"""Queries in the names of endpoints: their values are often secrets or numbers, and reports are read by many."""

from __future__ import annotations

import re

_CREDENTIALS = re.compile(r"(?<=://)[^/?#\s]*@")
# The value of a parameter; what stands in brackets is a placeholder that somebody has written.
_VALUE = re.compile(
    r"(?<![^?&;\s])([^?&;=\s'\"<>()]{1,80}=)(?!\[[^]]*\](?:[&;#\s]|$))(?!\{[^}]*\}(?:[&;#\s]|$))[^&;#\s'\"<>)]+"
)
_QUERY = re.compile(r"\?[^\s'\"<>)]+")
ELIDED = "…"


def is_absolute(name: str) -> bool:
    """Whether it is a URL, rather than a path that may have one in its query."""
    return "://" in name.partition("?")[0].partition("#")[0]


def without_query(name: str) -> str:
    """A path or URL with neither query, fragment nor credentials.

    >>> without_query("http://me:pw@shop.test/items?page=2"), without_query("/go?u=https://a.test/x")
    ('http://shop.test/items', '/go')
    """
    path = name.partition("?")[0].partition("#")[0]
    return _CREDENTIALS.sub("", path) if "@" in path else path


def without_values(text: str) -> str:
    """Any text in which URLs may stand, their queries without values and without credentials.

    >>> without_values("404 for /items?token=abc&page=[n] and http://me:pw@x.test/")
    '404 for /items?token=…&page=[n] and http://x.test/'
    """
    if "?" not in text and "@" not in text:
        return text
    return _CREDENTIALS.sub("", _QUERY.sub(lambda query: _VALUE.sub(rf"\1{ELIDED}", query[0]), text))
