"""Folding: the parts of a path that name one thing among many become `{id}`, so that its requests are one endpoint."""

from __future__ import annotations

import re
from urllib.parse import unquote

from perfgate.scaffold.names import endpoint_name

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_ID = re.compile(
    r"""
    \d+ |
    [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12} |   # UUID
    (?=[0-9a-f]*\d)[0-9a-f]{12,} |                                    # object ids, hashes
    [0-7][0-9a-hjkmnp-tv-z]{25} |                                     # ULID
    (?=\D*\d)(?=[^a-z]*[a-z])[\w=-]{20,} |                            # other random tokens
    [a-z]{1,5}[_-]\d+                                                 # abc-123, ord_9
    """,
    re.VERBOSE | re.IGNORECASE,
)
_VERSION = re.compile(r"v\d{1,3}", re.IGNORECASE)


def fold(path: str) -> str:
    """The name of the endpoint that a path belongs to.

    Example:
        >>> fold("/v1/users/42/orders/2024-01-31")
        '/v1/users/{id}/orders/{date}'
    """
    return endpoint_name("/".join(_folded(unquote(part)) for part in path.split("/")))


def _folded(part: str) -> str:
    if _VERSION.fullmatch(part):
        return part
    if _DATE.fullmatch(part):
        return "{date}"
    return "{id}" if _ID.fullmatch(part) else part
