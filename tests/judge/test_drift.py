"""Drift: the last fifth of a soak load against the first."""

from __future__ import annotations

import pytest

from perfgate.judge.drift import check_drift, drift_of
from perfgate.measure.summary import Fifth, RunSummary
from tests.judge.summaries import limit, phase, summary


def soaked(first: Fifth | None, last: Fifth | None) -> RunSummary:
    return summary(phase(), first_fifth=first, last_fifth=last)


GROWN = soaked(Fifth(p95_ms=100, memory_mean_bytes=200e6), Fifth(p95_ms=120, memory_mean_bytes=190e6))


def test_drift_is_the_change_in_percent() -> None:
    """Of p95 and of memory, each with its sign."""
    drift = drift_of(GROWN)
    assert drift.p95_percent == pytest.approx(20)
    assert drift.memory_percent == pytest.approx(-5)
    assert drift.detail == "p95 100 ms to 120 ms (+20 %), memory 200 MB to 190 MB (-5 %)"


@pytest.mark.parametrize(
    ("metric", "tiers", "status"),
    [
        ("p95_drift", 25, "pass"),
        ("p95_drift", 15, "fail"),
        ("p95_drift", (10.0, 25.0), "warn"),
        ("memory_drift", 0, "pass"),
    ],
)
def test_drift_is_held_against_its_budget(metric: str, tiers: float | tuple[float, float], status: str) -> None:
    """Shrinking is never broken."""
    check = check_drift(GROWN, limit(metric, tiers))
    assert (check.status, check.unit) == (status, "percent")


@pytest.mark.parametrize(
    "run",
    [soaked(None, None), soaked(Fifth(), Fifth()), soaked(Fifth(p95_ms=1), Fifth()), soaked(Fifth(), Fifth(p95_ms=1))],
)
def test_too_little_data_is_invalid(run: RunSummary) -> None:
    """Unknown is never pass."""
    for metric in ("p95_drift", "memory_drift"):
        check = check_drift(run, limit(metric, 10))
        assert (check.status, check.observed) == ("invalid", None)


def test_what_could_not_be_told_is_left_out_of_the_words() -> None:
    """And when nothing could be told, that is said."""
    assert drift_of(soaked(Fifth(p95_ms=100), Fifth(p95_ms=100))).detail == "p95 100 ms to 100 ms (+0 %)"
    assert drift_of(soaked(Fifth(), Fifth())).detail == "too little was seen to tell"
    assert drift_of(soaked(None, None)).detail == "the steady phase was not reached"
