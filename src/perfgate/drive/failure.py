"""What kind of failure an exception of a request is: few kinds, so that failures can be grouped and bounded."""

from __future__ import annotations

import re
from typing import Any

KIND_LENGTH = 80
EXAMPLE_LENGTH = 300
_DIGITS = re.compile(r"\d+")
_WRAPPED_DEPTH = 6


def kind_of(error: Any, status: int | None) -> str:
    """Name the kind of a failed request.

    Args:
        error: what the `request` event carried as its exception: an exception, or any text.
        status: the HTTP status, when there was a response.

    Returns:
        `HTTP 503` for an error status; the error's own `kind` where it has one; the text of a failed check with its
        numbers folded; else the name of the innermost exception (`ConnectionRefusedError`, not requests' wrapper).
    """
    own = getattr(error, "kind", None)
    if isinstance(own, str):
        return own
    if type(error).__name__ in {"CatchResponseError", "str", "LocustError"}:
        return _DIGITS.sub("N", str(error))[:KIND_LENGTH] or "check failed"
    if status is not None and status >= 400:
        return f"HTTP {status}"
    return type(_innermost(error)).__name__


def example_of(error: Any) -> str:
    """The error's text, cut to a bounded length."""
    return (str(error) or repr(error))[:EXAMPLE_LENGTH]


def _innermost(error: Any) -> Any:
    """The exception at the bottom of a chain: HTTP libraries wrap socket errors several times."""
    for _ in range(_WRAPPED_DEPTH):
        inner = _inner(error)
        if inner is None:
            return error
        error = inner
    return error


def _inner(error: Any) -> BaseException | None:
    candidates = (
        getattr(error, "__cause__", None),
        getattr(error, "reason", None),
        *getattr(error, "args", ())[:2],
        getattr(error, "__context__", None),
    )
    return next((c for c in candidates if isinstance(c, BaseException) and c is not error), None)
