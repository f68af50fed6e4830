"""What percentiles are called in other tools' files, and here."""

from __future__ import annotations

import re

from perfgate.measure.percentile import QUANTILES

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_WORDS = {"avg": "mean", "mean": "mean", "med": "p50", "median": "p50", "min": "min", "max": "max"}


def statistic_named(name: str) -> str | None:
    """Our name of a statistic: `p(95)`, `95%`, `95th` and `med`, `avg`, `max`; None when it is none of ours.

    >>> statistic_named("p(99.9)"), statistic_named("99.9%"), statistic_named("med"), statistic_named("66%")
    ('p99_9', 'p99_9', 'p50', None)
    """
    if name in _WORDS:
        return _WORDS[name]
    number = _NUMBER.search(name)
    ours = f"p{number[0].replace('.', '_')}" if number else ""
    return ours if ours in QUANTILES else None
