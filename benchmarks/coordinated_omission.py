"""What a freeze of the service does to the percentiles. Run: `python benchmarks/coordinated_omission.py`.

A server on loopback answers within 0.5 to 2.5 ms, and freezes for 2 s once in 20 s. Each tool asks it 200 times a
second:

- perfgate: an open load with uniform arrivals. Its response times count from the intended start;
- k6 and Locust with a closed model: 20 users who send ten requests a second each (k6: `constant-vus` with a sleep;
  Locust: `FastHttpUser` with `constant_throughput`). A closed model stops asking when the server stops answering, so
  that what would have been asked meanwhile is in no figure: coordinated omission;
- k6 with its own open model, `constant-arrival-rate`, for comparison.

What must be seen is computed from perfgate's schedule and the moments of the freeze as the server recorded them: a
request that is due within the freeze waits to its end, and every answer takes the middle of the server's waits
besides. Goal: perfgate's p99 within 5 % of that. Each tool has its own server and its own freeze; the schedule's figure
is that of perfgate's run, and would be another one by a few milliseconds in theirs.

Needs a C compiler. Peers that are not installed are skipped. The exit code is 0 whatever the figures.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import numpy as np

from perfgate.drive.arrivals import due_times
from perfgate.plan.profile import hold
from rig import goals, peers, perfgate_run
from rig.truth_server import NS_PER_MS, Truth, TruthServer, compiler

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rig.peers import Reported

RATE = 200
CLOSED_USERS = 20
WAIT_MS = (0.5, 2.5)
FREEZE_AFTER_S = 8.0
FREEZE_FOR_S = 2.0
MOST_USERS = 1000
AIM = 0.05
SHARES = (0.5, 0.95, 0.99)


def expected(truth: Truth, started_at: float, seconds: float) -> tuple[float, ...]:
    """Response times in ms, at p50, p95 and p99, that the schedule and the server's freeze make.

    Args:
        truth: has the freeze's moments.
        started_at: when the load began, seconds since the epoch.
        seconds: how long it lasted.
    """
    due_ms = (started_at + np.fromiter(due_times(hold(RATE, seconds), arrivals="uniform"), float)) * 1000
    begin_ms, end_ms = (moment / NS_PER_MS for moment in truth.freeze_ns)
    frozen = (due_ms >= begin_ms) & (due_ms < end_ms)
    times = np.where(frozen, end_ms - due_ms, 0.0) + sum(WAIT_MS) / 2
    return tuple(float(ms) for ms in np.quantile(times, SHARES))


def frozen_server() -> TruthServer:
    """A server that freezes once."""
    return TruthServer(WAIT_MS, FREEZE_AFTER_S, FREEZE_FOR_S)


def run_perfgate(seconds: float) -> tuple[Reported, Reported, tuple[float, ...], list[str]]:
    """Response times, service times, what the schedule says, and what perfgate says against its own run."""
    load = {"rate": f"{RATE}/s", "arrivals": "uniform", "duration": f"{seconds:g}s", "max_users": MOST_USERS}
    with frozen_server() as server:
        driven = perfgate_run.drive(server.url, load)
    return driven.response, driven.service, expected(server.truth, driven.begin.started_at, seconds), driven.doubts


def run_peers(seconds: float) -> list[tuple[str, Reported]]:
    """What each peer reports."""
    pause_s = CLOSED_USERS / RATE
    runs: list[tuple[str, str, Callable[[str], Reported]]] = [
        ("k6", "k6, closed", lambda url: peers.k6_closed(url, CLOSED_USERS, seconds, pause_s - sum(WAIT_MS) / 2000)),
        ("k6", "k6, open", lambda url: peers.k6_at_rate(url, RATE, seconds, MOST_USERS)),
        ("locust", "Locust, closed", lambda url: peers.locust(url, CLOSED_USERS, seconds, 1 / pause_s)),
    ]
    found = []
    there = peers.installed("k6", "locust")
    for program, name, drive in runs:
        if program in there:
            with frozen_server() as server:
                found.append((name, drive(server.url)))
    return found


def row(name: str, requests: int, times: Sequence[float], right: Sequence[float]) -> list[str]:
    """A row of the table: times, and how far p99 is from what it must be."""
    return [name, f"{requests:,}", *(f"{ms:,.1f}" for ms in times), f"{times[2] / right[2] - 1:+.2%}"]


def main() -> None:
    """Measure, compute, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="of each run; the freeze is at 8 s and lasts 2 s")
    seconds = parser.parse_args().seconds
    if seconds <= FREEZE_AFTER_S + FREEZE_FOR_S:
        parser.error(f"--seconds must be more than {FREEZE_AFTER_S + FREEZE_FOR_S:g}")
    if compiler() is None:
        print("no C compiler (cc, gcc, clang) is installed: skipped, as the server that freezes cannot be built")
        return
    response, service, right, doubts = run_perfgate(seconds)
    rows = [
        row("the schedule", round(RATE * seconds), right, right),
        row("perfgate, response time", response.requests, response.percentiles, right),
        row("perfgate, service time", service.requests, service.percentiles, right),
    ]
    rows += [row(name, seen.requests, seen.percentiles, right) for name, seen in run_peers(seconds)]
    print()
    goals.print_table(["", "requests", "p50 ms", "p95 ms", "p99 ms", "p99 against the schedule"], rows)
    print()
    for doubt in doubts:
        print(f"perfgate calls its run invalid: {doubt}")
    off = response.p99 / right[2] - 1
    goals.print_goal(f"p99 within {AIM:.0%} of what the schedule says", f"{off:+.2%}", abs(off) <= AIM)


if __name__ == "__main__":
    main()
