"""What a scenario told of a request or a metric and that could not be used as it was: counted by codes, and said.

A value of this kind costs nothing but itself: the request counts, and so does everything around it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

RESPONSE_TIME = "response_time"
RESPONSE_LENGTH = "response_length"
START_TIME = "start_time"
NAME = "name"
FAILURE = "failure"
RESPONSE = "response"
METRIC_VALUE = "metric_value"
METRIC_NAME = "metric_name"

_WORDS = {
    RESPONSE_TIME: "{} with a response time that is none (negative, not finite, or no number)",
    RESPONSE_LENGTH: "{} with a response length that is none (negative, or no number), taken as 0 bytes",
    START_TIME: "{} with a start time outside of the load, taken as what the response time leaves",
    NAME: "{} with a type, name or unit that is no text, or none that can be written, made printable",
    FAILURE: "{} with an exception whose kind or text cannot be had or written, made printable",
    RESPONSE: "{} with a response that raised when it was looked at: its metrics, status and URL are missing",
    METRIC_VALUE: "{} of a custom metric with a value that is no number, or too large, in no figure",
    METRIC_NAME: "{} of a custom metric past the first 500 of different names, units and endpoints, in no figure",
}
_NAMED = 3  # endpoints


def odd_words(odd: Mapping[str, int], untimed: Mapping[str, int]) -> list[str]:
    """What there was of each kind, in words.

    Args:
        odd: how often, by code.
        untimed: successful requests without a response time, by endpoint.
    """
    words = [_untimed_words(untimed)] if untimed else []
    told = [_WORDS.get(code, code + ": {}").format(_events(count)) for code, count in sorted(odd.items()) if count]
    return [*words, *(f"the scenario told of {what}" for what in told)]


def _events(count: int) -> str:
    return "1 event" if count == 1 else f"{count:,} events"


def _untimed_words(untimed: Mapping[str, int]) -> str:
    count = sum(untimed.values())
    most = sorted(untimed, key=lambda endpoint: (-untimed[endpoint], endpoint))
    where = ", ".join(most[:_NAMED]) + (f" and {len(most) - _NAMED:,} more" if len(most) > _NAMED else "")
    who = "1 successful request has" if count == 1 else f"{count:,} successful requests have"
    return f"{who} no response time ({where}): counted as requests, and in no percentile"
