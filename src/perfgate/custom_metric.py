"""Custom metrics: a scenario reports a value, and it is reduced and budgeted like any latency."""

from __future__ import annotations

from typing import Protocol


class MetricSink(Protocol):
    """Where reported values go: the engine's recorder."""

    def __call__(self, name: str, value: float, unit: str, endpoint: str | None) -> None:
        """Take one value."""


_sinks: list[MetricSink] = []


def connect(sink: MetricSink) -> None:
    """Send all values reported from now on to `sink` as well; the engine calls this once."""
    _sinks.append(sink)


def metric(name: str, value: float, *, unit: str = "", endpoint: str | None = None) -> None:
    """Report one value of a custom metric from a scenario.

    Args:
        name: the metric's name, as in `[services.NAME.metrics.METRIC]` and in budgets.
        value: a finite number. What is none is counted, and kept out of all figures: the run says so, and a budget on
            a metric of which more than 1 % of the values are of that kind is invalid.
        unit: shown beside the value, e.g. `tokens`.
        endpoint: the endpoint it belongs to, as in reports (`GET /items/{id}`); None for the whole service.

    Outside a perfgate run (say, when plain Locust runs the same scenario) nothing happens.

    Example:
        >>> metric("tokens", 123, unit="tokens")
    """
    for sink in _sinks:
        sink(name, value, unit, endpoint)
