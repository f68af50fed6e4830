"""Custom metrics that stand in responses: in a header, or at a path of a JSON body."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Extractor:
    """Reads one custom metric from responses.

    Attributes:
        header: the response header that carries the number, else None.
        json_field: the dotted path of the number in a JSON body (`usage.total_tokens`, `choices.0.score`), else None.
        endpoint: read only this endpoint's responses; None reads every response.
    """

    name: str
    unit: str = ""
    header: str | None = None
    json_field: str | None = None
    endpoint: str | None = None

    def read(self, endpoint: str, response: Any) -> float | None:
        """The value, or None where this response has none; a metric with a budget that never occurs is invalid."""
        if response is None or self.endpoint not in {None, endpoint}:
            return None
        if self.header:
            return _number(_header(response, self.header))
        return _number(_at(_json(response), self.json_field or ""))


def _header(response: Any, name: str) -> Any:
    headers = getattr(response, "headers", None)
    return headers.get(name) if headers else None


def _json(response: Any) -> Any:
    try:
        return response.json()
    except (ValueError, AttributeError, TypeError):  # no JSON in this response, so no value either
        return None


def _at(value: Any, path: str) -> Any:
    for step in path.split("."):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _number(value: Any) -> float | None:
    if value is None or isinstance(value, bool | dict | list):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
