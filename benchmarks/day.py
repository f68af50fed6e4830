"""Memory and disk over a day of load. Run: `python benchmarks/day.py`.

The engine's recorder and journal take made-up requests, 5,000 a second at 50 endpoints, on a simulated clock: each
simulated second is recorded request by request, reduced, and written, exactly as the engine does it once a second, with
response and service times apart as in an open load. One in a thousand requests fails, each with a text that never comes
twice, and the service is slower at noon than at night.

A simulated second takes about a hundredth of a real one, so a day at the full rate takes a quarter of an hour:

    python benchmarks/day.py            two simulated hours; the day is extrapolated, and marked so
    python benchmarks/day.py --full     all 24 hours, 432 million requests
    python benchmarks/day.py --closed   a closed load, which has no service times of its own

Shown are this process's resident memory and the journal's size over simulated time. The journal's file is emptied
each time it has been counted, so that the benchmark needs little disk. Goal: from the tenth simulated minute on, memory
grows by at most 5 MB. The exit code is 0 whatever the figures.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from math import cos, pi
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil

from perfgate.drive.recorder import Recorder
from perfgate.measure.histogram import Histogram
from perfgate.measure.journal import JournalWriter
from perfgate.measure.recording import SECOND, HealthSample, Second, second_to_body
from perfgate.plan.profile import hold
from rig import goals

HOUR_S = 3600
DAY_S = 24 * HOUR_S
SETTLED_S = 600
MOST_GROWTH_MB = 5.0
FAILING = 1000  # one request in so many
ROWS = 24


class Timing:
    """Stands for the client's own, which only a process with Locust in it can import."""

    __slots__ = ("clock", "connect_ms", "received_ns", "retried", "sent_ns", "tls_ms")

    def __init__(self, sent_ns: int, received_ns: int) -> None:
        self.sent_ns, self.received_ns = sent_ns, received_ns
        self.connect_ms = self.tls_ms = 0.0
        self.clock, self.retried = "kernel", 0


class Response:
    """As much of a response as the recorder looks at."""

    headers: dict[str, str] = {}  # noqa: RUF012  (never written)

    def __init__(self, status: int) -> None:
        self.status_code = status


class Seen(NamedTuple):
    """How it stood at one simulated moment."""

    second: int
    memory_mb: float
    journal_bytes: int
    wall_s: float

    def line(self) -> str:
        """As a line of the table."""
        hours, minutes = divmod(self.second // 60, 60)
        per_hour = self.journal_bytes / self.second * HOUR_S / 1e6
        return f"{hours:02}:{minutes:02}      {self.memory_mb:>9.1f}  {per_hour:>19.1f}  {self.wall_s:>6.0f}"


class Day:
    """Makes up the requests and records them.

    Args:
        rate: requests per second.
        endpoints: how many of them.
        seconds: how long, simulated.
        closed: record as a closed load does.
    """

    def __init__(self, rate: int, endpoints: int, seconds: int, *, closed: bool) -> None:
        self._random = np.random.default_rng(1)
        self._names = [f"/endpoint/{number}" for number in range(endpoints)]
        self._endpoints = np.arange(rate) % endpoints
        self._medians_ms = np.geomspace(2, 200, endpoints)[self._endpoints]
        self._rate, self._closed = rate, closed
        self._recorder = Recorder(hold(rate, seconds), None if closed else lambda: (0.0002, 0.0))
        self._recorder.warm()
        self._recorder.start()
        self._origin_ns = round(self._recorder.started_at * 1e9)

    def second(self, number: int) -> Second:
        """One simulated second, recorded and reduced."""
        self._record(number)
        flushed = self._recorder.flush()
        return Second(
            number,
            self._rate,
            flushed.cells,
            flushed.failures_by_kind,
            flushed.metrics,
            HealthSample(0.4, 1.0, 0.0),
            flushed.requests,
            flushed.requests,
            0,
            None if self._closed else Histogram.of(self._random.exponential(0.3, self._rate)),
            flushed.slowest,
            flushed.stamped,
            flushed.retried,
        )

    def _record(self, number: int) -> None:
        noon = 1.3 - 0.3 * cos(2 * pi * number / DAY_S)
        times_ns = (self._medians_ms * noon * self._random.lognormal(0, 0.4, self._rate) * 1e6).astype(np.int64)
        gap_ns = 1_000_000_000 // self._rate
        sent_ns = self._origin_ns + number * 1_000_000_000 + gap_ns // 2
        good, bad = Response(200), Response(0)
        for index, (endpoint, took_ns) in enumerate(zip(self._endpoints.tolist(), times_ns.tolist(), strict=True)):
            fails = (index + number) % FAILING == 0
            self._recorder.on_request(
                request_type="GET",
                name=self._names[endpoint],
                response_time=took_ns / 1e6,
                response_length=1200,
                exception=RuntimeError(f"order {number}-{index} is lost") if fails else None,
                start_time=sent_ns / 1e9,
                response=bad if fails else good,
                url="http://127.0.0.1/",
                perfgate=Timing(sent_ns, sent_ns + took_ns),
                context={},
            )
            sent_ns += gap_ns


def drive(day: Day, seconds: int) -> list[Seen]:
    """Simulate, and look at memory and journal now and then; each look is printed at once."""
    print("simulated  memory MB  journal MB per hour  real s")
    own, began, written = psutil.Process(), time.monotonic(), 0
    seen = []
    looks = {*range(0, seconds, max(seconds // ROWS, 1)), SETTLED_S, seconds}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "requests.journal"
        with JournalWriter(path) as journal:
            for number in range(seconds):
                journal.append(SECOND, second_to_body(day.second(number)))
                if number + 1 in looks:
                    written += path.stat().st_size
                    os.truncate(path, 0)  # the writer appends, so it goes on at the beginning
                    seen.append(Seen(number + 1, own.memory_info().rss / 1e6, written, time.monotonic() - began))
                    print(seen[-1].line(), flush=True)
    return seen


def report(seen: list[Seen], seconds: int) -> None:
    """The figures of a day, and the goal."""
    settled = [look for look in seen if look.second >= SETTLED_S]
    growth = max(look.memory_mb for look in settled) - settled[0].memory_mb
    size = seen[-1].journal_bytes / seconds
    whole = seconds >= DAY_S
    extrapolated = "" if whole else f" (extrapolated from {seconds / HOUR_S:g} simulated hours)"
    print(f"\njournal: {size / 1000:.1f} kB a second, {size * DAY_S / 1e9:.2f} GB in 24 h{extrapolated}")
    if not whole and len(settled) > 2:
        slope = np.polyfit([look.second for look in settled], [look.memory_mb for look in settled], 1)[0]
        print(f"memory: {slope * DAY_S:+.1f} MB in 24 h{extrapolated}; --full runs them all")
    words = f"memory grows by at most {MOST_GROWTH_MB:g} MB in {seconds / HOUR_S:g} simulated hours"
    goals.print_goal(words, f"{growth:.1f} MB from {settled[0].memory_mb:.1f} MB", growth <= MOST_GROWTH_MB)


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hours", type=float, default=2.0, help="simulated")
    parser.add_argument("--full", action="store_true", help="24 hours")
    parser.add_argument("--closed", action="store_true", help="a closed load")
    parser.add_argument("--rate", type=int, default=5000, help="requests per simulated second")
    parser.add_argument("--endpoints", type=int, default=50)
    given = parser.parse_args()
    seconds = DAY_S if given.full else round(given.hours * HOUR_S)
    if seconds <= SETTLED_S:
        parser.error(f"--hours must be more than {SETTLED_S / HOUR_S:.2f}")
    model = "closed" if given.closed else "open"
    what = f"{given.rate:,} requests/s at {given.endpoints} endpoints, {model} model"
    print(f"{what}, {seconds / HOUR_S:g} simulated hours\n")
    report(drive(Day(given.rate, given.endpoints, seconds, closed=given.closed), seconds), seconds)


if __name__ == "__main__":
    main()
