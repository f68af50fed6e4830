"""How fast recordings are reduced and judged, and how true the percentiles are. Run: `python benchmarks/reduction.py`.

Three figures, each beside its bound:

1. 1,000 endpoint-seconds that hold 100 million requests are reduced in under 2 s;
2. 60 s of load at 2 services with 20 endpoints each are reduced and judged in under 1 s (the verdict's delay);
3. percentiles of 10 million values lie within 0.1 % of numpy's.

The exit code is 1 when one of them is missed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

from perfgate.judge.assemble import judge_run
from perfgate.measure.histogram import Histogram
from perfgate.measure.journal import JournalWriter
from perfgate.measure.recording import (
    BEGIN,
    END,
    REQUESTS_JOURNAL,
    SAMPLE,
    SECOND,
    SERVICE_JOURNAL,
    Begin,
    Cell,
    End,
    HealthSample,
    Second,
    ServiceSample,
    second_to_body,
)
from perfgate.measure.run import summarize
from perfgate.plan.budget import Budget, BudgetLayer, Limit
from perfgate.plan.plan import HealthLimits, Load, Service
from perfgate.plan.profile import hold

ENDPOINTS = 20
SHARES = [0.5, 0.9, 0.95, 0.99, 0.999]
_SOURCE = np.random.default_rng(1)


def write_journals(folder: Path, seconds: int, per_cell: int) -> int:
    """Write a run of `seconds` with 20 endpoints and `per_cell` requests in each cell; returns the journal's size."""
    with JournalWriter(folder / REQUESTS_JOURNAL) as journal:
        journal.append(BEGIN, asdict(Begin(time.time(), ["Visitor"], "closed", "")))
        for number in range(seconds):
            entry = Second(number, 10, _cells(number, per_cell), health=HealthSample(0.3, 1.0, 0.0))
            journal.append(SECOND, second_to_body(entry))
        journal.append(END, asdict(End("completed", "", float(seconds))))
    with JournalWriter(folder / SERVICE_JOURNAL) as journal:
        for number in range(seconds):
            journal.append(SAMPLE, asdict(ServiceSample(number + 0.5, 0.5, 100_000_000, 1)))
    return (folder / REQUESTS_JOURNAL).stat().st_size


def _cells(second: int, per_cell: int) -> list[Cell]:
    return [
        Cell(f"GET /endpoint/{number}", "ok", "steady", second, Histogram.of(_SOURCE.lognormal(2.5, 0.8, per_cell)))
        for number in range(ENDPOINTS)
    ]


def load_of(seconds: int) -> Load:
    """A steady load."""
    return Load("normal", "steady", "closed", hold(10, seconds))


def service() -> Service:
    """A service with a budget on each percentile, which every endpoint inherits."""
    limits = {name: Limit(name, fail=1000.0) for name in ("p50", "p90", "p95", "p99", "mean", "max")}
    limits |= {"error_rate": Limit("error_rate", fail=0.01), "cpu": Limit("cpu", fail=1.0)}
    return Service("shop", "http://127.0.0.1", Path(), "", ("normal",), budget=Budget(BudgetLayer(limits)))


def reduction_s() -> float:
    """Seconds to reduce 1,000 endpoint-seconds that hold 100 million requests."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = write_journals(folder, 50, 100_000)
        started = time.perf_counter()
        summary = summarize(folder, hold(10, 50).segments, HealthLimits())
        took = time.perf_counter() - started
    requests = sum(phase.total.requests for phase in summary.phases)
    print(f"   {requests:,} requests in 1,000 endpoint-seconds, journal {size / 1e6:.1f} MB")
    return took


def verdict_s() -> float:
    """Seconds from the load's end to the judged runs of 2 services."""
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name) / "first", Path(name) / "second"]
        for folder in folders:
            folder.mkdir()
            write_journals(folder, 60, 50)
        started = time.perf_counter()
        load = load_of(60)
        assert load.profile is not None
        for folder in folders:
            result = judge_run(summarize(folder, load.profile.segments, HealthLimits()), load, service())
        took = time.perf_counter() - started
    print(f"   {len(result.checks)} checks a service, verdict {result.verdict}")
    return took


def worst_error() -> float:
    """The largest relative error of a percentile of 10 million values of four shapes, recorded in 100 parts."""
    count = 10_000_000
    shapes = {
        "log-normal": _SOURCE.lognormal(2.5, 0.8, count),
        "exponential": _SOURCE.exponential(20.0, count),
        "heavy tail": _SOURCE.pareto(1.5, count) + 0.1,
        "two humps": np.where(
            _SOURCE.random(count) < 0.9, _SOURCE.normal(5, 0.5, count), _SOURCE.normal(900, 20, count)
        ),
    }
    return max(_error(name, np.abs(values)) for name, values in shapes.items())


def _error(name: str, values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    started = time.perf_counter()
    exact = np.quantile(values, SHARES)
    sorted_s = time.perf_counter() - started
    parts = [Histogram.of(part) for part in np.array_split(values, 100)]
    started = time.perf_counter()
    found = Histogram.merged(parts).quantiles(SHARES)
    merged_s = time.perf_counter() - started
    error = float(np.max(np.abs(np.array(found) / exact - 1)))
    print(
        f"   {name}: off by {error:.4%} at most; read in {merged_s * 1000:.1f} ms, numpy takes {sorted_s * 1000:.0f} ms"
    )
    return error


def shown(title: str, figure: float, bound: float, unit: str) -> bool:
    """Print one figure beside its bound; whether it holds."""
    print(f"{title}: {figure:.4g} {unit}, bound {bound:g} {unit}, ratio {figure / bound:.2f}")
    return figure <= bound


def main() -> int:
    """All three figures."""
    held = [
        shown("1 reduction of 100 million requests", reduction_s(), 2.0, "s"),
        shown("2 verdict of 2 services x 20 endpoints x 60 s", verdict_s(), 1.0, "s"),
        shown("3 error of percentiles against numpy", worst_error() * 100, 0.1, "%"),
    ]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
