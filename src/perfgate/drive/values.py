"""What a scenario says of a request, checked where it enters, by the rules by which a recording is read.

A scenario may fire any event with any values. One that a journal cannot hold, or that could not be read back, must not
cost more than itself: a number that is none is left out, a text is made one that can be written.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from perfgate.measure import shape

UNKNOWN = -1  # a response time that nobody told
LONGEST_TIME_MS = shape.LONGEST_S * 1000.0
MOST_BYTES = 1 << 40  # of one response, a terabyte: the sum of a second's must stay a 64-bit number
EARLIEST_S = -3600.0  # before the load, a listener may have asked for what it needs
NAME_LENGTH = 500
_DIGEST = 8


def number_of(value: Any) -> float | None:
    """The value as a number that a recording may hold, whatever kind of number it is; None when it is none."""
    try:
        if isinstance(value, str | bytes | bytearray | bool):
            return None
        number = float(value)
    except Exception:  # noqa: BLE001  (a scenario's own object may raise anything)
        return None
    return number if shape.is_number(number) else None


def service_ns_of(response_time_ms: Any) -> int:
    """A response time in ns; UNKNOWN for what is no time: text, negative, not finite, or longer than any load."""
    number = number_of(response_time_ms)
    return UNKNOWN if number is None or not 0 <= number < LONGEST_TIME_MS else int(number * 1e6)


def length_of(response_length: Any) -> int | None:
    """A response's length in bytes; None for what is no length."""
    number = number_of(response_length)
    return None if number is None or not 0 <= number <= MOST_BYTES else int(number)


def text_of(value: Any, longest: int = NAME_LENGTH) -> str:
    r"""The value as text that can be written everywhere: valid Unicode without NUL, of a bounded length.

    What is cut keeps a digest of the whole, so that two long names do not become one.

    >>> text_of("/items"), text_of(b"/items"), text_of(17), text_of("a\udc80b")
    ('/items', '/items', '17', 'a\\udc80b')
    """
    text = _as_str(value)
    if not text.isascii():
        text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    text = text.replace("\0", "\\x00")
    if len(text) <= longest:
        return text
    return f"{text[: longest - _DIGEST - 1]}…{sha256(text.encode()).hexdigest()[:_DIGEST]}"


def _as_str(value: Any) -> str:
    if type(value) is str:
        return value
    try:
        if isinstance(value, bytes | bytearray):
            return bytes(value).decode("utf-8", "backslashreplace")
        return str.__str__(value) if isinstance(value, str) else str(value)
    except Exception:  # noqa: BLE001  (its own __str__ may raise anything)
        return f"<{type(value).__name__}>"


def sentence_of(error: Any, longest: int) -> str:
    """An exception in a line of text: its type, and what it says."""
    return text_of(f"{type(error).__name__}: {_as_str(error)}"[:longest])
