"""What kind of failure an exception of a request is: few kinds, so that failures can be grouped and bounded."""

from __future__ import annotations

import re
from typing import Any

from perfgate.measure.names import without_values

KIND_LENGTH = 80
EXAMPLE_LENGTH = 300
HIGHEST_STATUS = 999  # three digits
_DIGITS = re.compile(r"\d+")
_WRAPPED_DEPTH = 6
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


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
        return str.__str__(own)
    if type(error).__name__ in {"CatchResponseError", "str", "LocustError"}:
        return _DIGITS.sub("N", without_values(str(error)))[:KIND_LENGTH] or "check failed"
    status = status_of(getattr(error, "response", None)) if status is None else status
    if status is not None and status >= 400:
        return f"HTTP {status}"
    return _grpc_kind(error) or type(_innermost(error)).__name__


def is_failure(told: Any) -> bool:
    """Whether what an event told as its exception is one: Locust asks for its truth, which an exception may deny."""
    if isinstance(told, BaseException):
        return True
    try:
        return bool(told)
    except Exception:  # noqa: BLE001  (what cannot be asked was told for a reason)
        return True


def status_of(response: Any) -> int | None:
    """The HTTP status of whatever a client calls a response; None where it has none."""
    status = getattr(response, "status_code", None)
    return status if type(status) is int and 0 < status <= HIGHEST_STATUS else None


def is_redirected(response: Any) -> bool:
    """Whether whatever a client calls a response came after redirects, or is one."""
    history = getattr(response, "history", None)
    return (isinstance(history, list) and bool(history)) or status_of(response) in _REDIRECTS


def _grpc_kind(error: Any) -> str | None:
    """`gRPC UNAVAILABLE`, for an error that has a code as grpc's have: a name beside a number and its words."""
    code = getattr(error, "code", None)
    found = code() if callable(code) else None
    name, value = getattr(found, "name", None), getattr(found, "value", None)
    return f"gRPC {name}" if isinstance(name, str) and isinstance(value, tuple) else None


def example_of(error: Any) -> str:
    """The error's text, cut to a bounded length; its type where it has none, or none that can be had."""
    try:
        return without_values(str(error) or repr(error))[:EXAMPLE_LENGTH]
    except Exception:  # noqa: BLE001  (a scenario's own exception may raise anything)
        return f"<{type(error).__name__}>"


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
