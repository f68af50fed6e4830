"""Whether arrivals come when they are due. Run: `python benchmarks/open_model.py`.

`perfgate run` drives a private nginx on loopback with `perfgate.HttpUser` at up to 2,000 arrivals/s: a constant rate, a
ramp from 0, and steps of 500, 1,000 and 2,000/s, each with Poisson and with uniform arrivals. nginx writes down when it
answered each request, so the rate that was held is the server's word, not the generator's: the requests that nginx saw
in each second are held against those that were due in it (a pure function of profile and seed). Seconds with fewer than
500 due are left out of that: one request more or less is no per cent of them.

Shown besides: how late arrivals were released (schedule lag, over the whole profile), how much of p99 was waiting for a
free user (p99 of response times less that of service times), the generator's CPU as a share of one core, and how many
users the pool grew to.

Goals: the rate within 1 % in every second, and of the whole; p99 of the schedule lag under 2 ms. Needs nginx, and a
core to spare for it. The exit code is 0 whatever the figures.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from perfgate.drive.arrivals import due_times
from perfgate.measure.histogram import Histogram
from perfgate.plan.profile import Profile, hold, steps
from rig import goals, perfgate_run
from rig.nginx import Nginx
from rig.peers import installed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RATE = 2000
STEPS = (500, 1000, 2000)
MOST_OFF = 0.01
MOST_LAG_MS = 2.0
FEWEST_DUE = 500


class Shape(NamedTuple):
    """A load: the keys of its table, and its profile."""

    name: str
    load: Mapping[str, object]
    profile: Profile


def shapes(seconds: float) -> Iterator[Shape]:
    """Constant, ramping and stepped, each about this long."""
    whole, third = f"{seconds:g}s", seconds / 3
    yield Shape("constant", {"rate": f"{RATE}/s", "duration": whole}, hold(RATE, seconds))
    ramp = {"rate": f"{RATE}/s", "ramp_up": f"{seconds * 0.75:g}s", "duration": whole}
    yield Shape("ramping", ramp, hold(RATE, seconds, ramp_up_s=seconds * 0.75))
    stepped = {"rate": [f"{rate}/s" for rate in STEPS], "step": f"{third:g}s"}
    yield Shape("stepped", stepped, steps([float(rate) for rate in STEPS], third))


class Held(NamedTuple):
    """What came of one load."""

    name: str
    due: int
    answered: int
    worst: float
    lag_p50_ms: float
    lag_p99_ms: float
    waiting_p99_ms: float
    cpu_mean: float
    cpu_max: float
    users: int
    doubts: list[str]

    @property
    def whole(self) -> float:
        """How far the number of requests is from what was due, as a share of it."""
        return self.answered / self.due - 1

    def row(self) -> list[str]:
        """As a row of the table."""
        rates = [f"{self.due:,}", f"{self.answered:,}", f"{self.whole:+.2%}", f"{self.worst:+.2%}"]
        times = [f"{ms:.2f}" for ms in (self.lag_p50_ms, self.lag_p99_ms, self.waiting_p99_ms)]
        return [self.name, *rates, *times, f"{self.cpu_mean:.0%}", f"{self.cpu_max:.0%}", f"{self.users}"]


HEADS = ["load", "due", "answered", "whole", "worst second", "lag p50 ms", "lag p99 ms", "waiting p99 ms"]
HEADS += ["CPU mean", "CPU max", "users"]


def measure(server: Nginx, shape: Shape, arrivals: str, seed: int) -> Held:
    """Drive one load."""
    server.take_moments()
    driven = perfgate_run.drive(server.url, {**shape.load, "arrivals": arrivals}, seed)
    answered_s = np.array(server.take_moments()) - driven.begin.started_at
    due_s = np.fromiter(due_times(shape.profile, arrivals=arrivals, seed=seed), float)
    lags = Histogram.merged(second.schedule_lag_ms for second in driven.seconds if second.schedule_lag_ms)
    lag_p50, lag_p99 = lags.quantiles([0.5, 0.99])
    cpu = [second.health.cpu for second in driven.seconds[:-1]]  # the last entry is a fraction of a second
    name = f"{shape.name}, {arrivals}"
    waiting = driven.response.p99 - driven.service.p99
    worst = worst_second(due_s, answered_s, shape.profile.duration_s)
    users = max(second.users for second in driven.seconds)
    return Held(
        name, len(due_s), len(answered_s), worst, lag_p50, lag_p99, waiting,
        float(np.mean(cpu)), max(cpu), users, driven.doubts,
    )  # fmt: skip


def worst_second(
    due_s: np.ndarray[tuple[int], np.dtype[np.float64]],
    answered_s: np.ndarray[tuple[int], np.dtype[np.float64]],
    duration_s: float,
) -> float:
    """By how much of its due requests a second was off, at worst; with its sign."""
    edges = np.arange(int(duration_s) + 1)
    due, answered = np.histogram(due_s, edges)[0], np.histogram(answered_s, edges)[0]
    full = due >= FEWEST_DUE
    off = answered[full] / due[full] - 1
    return float(off[np.argmax(np.abs(off))])


def main() -> None:
    """Drive every shape with every kind of arrivals, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=9.0, help="of each of the six loads")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if not installed("nginx"):
        return
    with Nginx(log_moments=True) as server:
        held = [
            measure(server, shape, arrivals, given.seed)
            for arrivals in ("poisson", "uniform")
            for shape in shapes(given.seconds)
        ]
    print()
    goals.print_table(HEADS, [one.row() for one in held])
    print()
    for one in held:
        off = max(abs(one.whole), abs(one.worst))
        goals.print_goal(f"{one.name}: rate within {MOST_OFF:.0%}", f"{off:.2%}", off <= MOST_OFF)
        goals.print_goal(
            f"{one.name}: p99 lag under {MOST_LAG_MS:g} ms", f"{one.lag_p99_ms:.2f} ms", one.lag_p99_ms < MOST_LAG_MS
        )
        for doubt in one.doubts:
            print(f"        perfgate calls this run invalid: {doubt}")


if __name__ == "__main__":
    main()
