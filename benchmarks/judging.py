"""Memory and time to judge long recordings. Run: `python benchmarks/judging.py`.

A recording of an open load of 5,000 requests a second at 50 endpoints is made up as an engine would have written it:
with response and service times, schedule lags, one failure in a thousand requests, requests that end in a later second
than they began in, and a service that is slower at noon than at night. Another process then reads, reduces and judges
it, as `perfgate report` does, and says how much memory that took beyond the modules that it had imported.

    python benchmarks/judging.py            10 minutes and one hour
    python benchmarks/judging.py --full     also a day, 432 million requests; it needs 3 GB of disk and some minutes

Goals: at most 120 MB beyond the imports for 10 minutes, at most 300 MB in all for a day, and a day is judged in at most
5 minutes of CPU time. The exit code is 1 when one of them is missed.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from dataclasses import asdict
from math import cos, pi
from pathlib import Path
from typing import Any, NamedTuple

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
    FailureCount,
    HealthSample,
    Outcome,
    Second,
    ServiceSample,
    second_to_body,
)
from perfgate.measure.run import summarize
from perfgate.plan.budget import Budget, BudgetLayer, Limit
from perfgate.plan.plan import HealthLimits, Load, Service
from perfgate.plan.profile import hold
from rig import children, goals

MINUTES_S, HOUR_S, DAY_S = 600, 3600, 86_400
MOST_BEYOND_MB = 120.0
MOST_MB = 300.0
MOST_S = 300.0
FAILING = 0.001
STRETCH_S = 900  # of the day, for which the service stays as it is
TEMPLATES = 10  # different seconds in each of them


class Maker:
    """Makes up seconds, and writes them as an engine does.

    Args:
        rate: requests per second.
        endpoints: how many of them.
    """

    def __init__(self, rate: int, endpoints: int) -> None:
        self._random = np.random.default_rng(1)
        self._rate, self._endpoints = rate, endpoints
        self._medians_ms = np.geomspace(2, 200, endpoints)

    def write(self, folder: Path, seconds: int) -> int:
        """Write a run of so many seconds; returns the journal's size in bytes."""
        path = folder / REQUESTS_JOURNAL
        with JournalWriter(path) as journal:
            journal.append(BEGIN, asdict(Begin(time.time(), ["Visitor"], "open", "")))
            for first in range(0, seconds, STRETCH_S):
                bodies = [self._body(first) for _ in range(TEMPLATES)]
                for number in range(first, min(first + STRETCH_S, seconds)):
                    journal.append(SECOND, _at(bodies[number % TEMPLATES], number))
            journal.append(END, asdict(End("completed", "", float(seconds))))
        with JournalWriter(folder / SERVICE_JOURNAL) as journal:
            for number in range(seconds):
                journal.append(SAMPLE, asdict(ServiceSample(number + 0.5, 0.5, 100_000_000 + number % 1000, 1)))
        return path.stat().st_size

    def _body(self, time_of_day: int) -> dict[str, Any]:
        """A second, numbered 1; its cells are of second 1, and of second 0 where requests took so long."""
        noon = 1.3 - 0.3 * cos(2 * pi * time_of_day / DAY_S)
        cells = [cell for number in range(self._endpoints) for cell in self._cells(number, noon)]
        failures = [
            FailureCount(cell.endpoint, cell.phase, cell.second, "HTTP 503", cell.response_ms.count, "out of stock")
            for cell in cells
            if cell.outcome == "failed"
        ]
        health = HealthSample(float(self._random.uniform(0.2, 0.5)), float(self._random.uniform(1, 9)), 0.0)
        lags = Histogram.of(self._random.exponential(0.3, self._rate))
        rate = self._rate
        return second_to_body(Second(1, 500, cells, failures, [], health, rate, rate, 0, lags, stamped=rate))

    def _cells(self, number: int, noon: float) -> list[Cell]:
        count = self._rate // self._endpoints
        times = self._medians_ms[number] * noon * self._random.lognormal(0, 0.4, count)
        late = self._random.uniform(0, 1000, count) + times > 1000
        failed = self._random.uniform(0, 1, count) < FAILING
        name, size = f"GET /endpoint/{number}", 1200
        parts: list[tuple[Outcome, int, Any]] = [
            ("ok", 1, times[~late & ~failed]),
            ("ok", 0, times[late & ~failed]),
            ("failed", 1, times[failed]),
        ]
        return [
            Cell(name, outcome, "steady", second, Histogram.of(part + 0.2), Histogram.of(part), size * part.size)
            for outcome, second, part in parts
            if part.size
        ]


def _at(body: dict[str, Any], number: int) -> dict[str, Any]:
    """The made-up second as that of this number."""
    cells = [[*cell[:3], max(number - 1 + cell[3], 0), *cell[4:]] for cell in body["cells"]]
    failures = [[*failure[:2], number, *failure[3:]] for failure in body["failures"]]
    return {**body, "second": number, "cells": cells, "failures": failures}


class Figure(NamedTuple):
    """What judging took.

    Attributes:
        imports_mb: the most memory that was in use before the recording was read.
        peak_mb: and until it was judged.
        took_s: from the first byte to the verdict.
        cpu_s: CPU time of that, which hardly depends on what else the machine does.
        requests: how many were counted.
        verdict: of the run.
    """

    imports_mb: float
    peak_mb: float
    took_s: float
    cpu_s: float
    requests: int
    verdict: str


def _peak_mb() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (1e6 if sys.platform == "darwin" else 1e6 / 1024)


def judge(folder: Path, seconds: int) -> Figure:
    """Judge the recording there, in this process."""
    imports_mb, began, used_s = _peak_mb(), time.perf_counter(), time.process_time()
    limits = {name: Limit(name, fail=1000.0) for name in ("p50", "p95", "p99", "mean")}
    limits |= {"error_rate": Limit("error_rate", fail=0.01), "cpu": Limit("cpu", fail=1.0)}
    service = Service("shop", "http://127.0.0.1", Path(), "", ("soak",), budget=Budget(BudgetLayer(limits)))
    load = Load("soak", "steady", "open", hold(5000, seconds))
    assert load.profile is not None
    summary = summarize(folder, load.profile.segments, HealthLimits())
    result = judge_run(summary, load, service)
    requests = sum(phase.total.requests for phase in summary.phases)
    took_s, cpu_s = time.perf_counter() - began, time.process_time() - used_s
    return Figure(imports_mb, _peak_mb(), took_s, cpu_s, requests, result.verdict)


def measure(maker: Maker, seconds: int, title: str) -> Figure:
    """Make a recording, have another process judge it, and print what that took."""
    with tempfile.TemporaryDirectory() as folder:
        size = maker.write(Path(folder), seconds)
        said = children.run([sys.executable, __file__, "--judge", folder, "--seconds", str(seconds)])
    figure = Figure(*json.loads(said))
    print(f"{title}: {figure.requests:,} requests, journal {size / 1e6:,.0f} MB, verdict {figure.verdict}")
    used = f"{figure.peak_mb:.0f} MB, {figure.peak_mb - figure.imports_mb:.0f} MB beyond the imports"
    cpu = f"{figure.cpu_s:.1f} s of CPU time, {figure.cpu_s / seconds * 1000:.2f} ms for a second of load"
    print(f"   judged in {figure.took_s:.1f} s ({cpu}), {used}", flush=True)
    return figure


def main() -> int:
    """Measure, print, and hold the figures against the goals."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--full", action="store_true", help="a whole day as well")
    parser.add_argument("--rate", type=int, default=5000, help="requests per second")
    parser.add_argument("--endpoints", type=int, default=50)
    parser.add_argument("--judge", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.judge:
        print(json.dumps(judge(given.judge, given.seconds)))
        return 0
    maker = Maker(given.rate, given.endpoints)
    short = measure(maker, MINUTES_S, "10 minutes")
    hour = measure(maker, HOUR_S, "1 hour")
    beyond = short.peak_mb - short.imports_mb
    held = [(f"10 minutes in {MOST_BEYOND_MB:g} MB beyond the imports", f"{beyond:.0f} MB", beyond <= MOST_BEYOND_MB)]
    if given.full:
        day = measure(maker, DAY_S, "1 day")
        held.append((f"a day in {MOST_MB:g} MB", f"{day.peak_mb:.0f} MB", day.peak_mb <= MOST_MB))
        cpu_s = day.cpu_s
    else:
        cpu_s = hour.cpu_s * DAY_S / HOUR_S
    words = f"a day in {MOST_S:g} s of CPU time{'' if given.full else ' (extrapolated from an hour)'}"
    held.append((words, f"{cpu_s:.0f} s", cpu_s <= MOST_S))
    print()
    for goal in held:
        goals.print_goal(*goal)
    return 0 if all(goal[2] for goal in held) else 1


if __name__ == "__main__":
    sys.exit(main())
