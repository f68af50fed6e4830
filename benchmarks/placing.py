"""Whether two starts of one program differ for as long as they live. Run: `python benchmarks/placing.py [--starts 10]`.

Two fresh instances of the demo catalog, the same program with the same arguments, are compared for 20 s at 200 evenly
spaced arrivals/s, again and again: with the generator and the services wherever the scheduler puts them, and on CPUs
of their own, in turn. Shown for both, for the mean and the median of the busiest endpoint and CPU per request: how much
the change that is none scatters over the starts, what of that the pairs' own noise explains, and the rest, which is
what instances keep for their lives.

Goal: none; the default of `[compare] own_cpus` is the one with the smaller rest. Takes 10 minutes.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from perfgate.compare.block_lane import BlockLane
from perfgate.judge.inversion import bounds
from perfgate.judge.paired import CheckKey
from perfgate.judge.sides import cases
from rig.goals import print_table
from rig.pairs import Told, plan_of, running

if TYPE_CHECKING:
    from perfgate.measure.blocks import Pair

LOAD = 'rate = "200/s"\narrivals = "uniform"'
KEYS = (CheckKey("GET /items/{id}", "mean"), CheckKey("GET /items/{id}", "p50"), CheckKey(None, "cpu_per_request"))
ONE_SIGMA = 0.1587  # the one-sided level at one standard error
Found = tuple[float, float]  # the change and its standard error, in per cent


def driven(seconds: float, *, own_cpus: bool) -> list[Pair]:
    """The pairs of one start."""
    with tempfile.TemporaryDirectory(prefix="perfgate-benchmark-") as name:
        folder = Path(name)
        plan = plan_of(folder, LOAD)
        plan = replace(plan, compare=replace(plan.compare, block_s=None, own_cpus=own_cpus))
        out = folder / "out"
        out.mkdir()
        with running(plan, folder) as sides:
            lane = BlockLane(plan, plan.loads["load"], plan.services["catalog"], sides, out, Told())
            try:
                lane.open()
                began = time.monotonic()
                pairs: list[Pair] = []
                while time.monotonic() - began < seconds:
                    pairs.append(lane.drive(len(pairs), "head" if len(pairs) % 2 else "base")[1])
            finally:
                lane.close()
    return [pair for pair in pairs if not pair.disturbed]


def found(pairs: list[Pair]) -> dict[CheckKey, Found]:
    """What the pairs of one start say."""
    values = {}
    for case in cases(pairs):
        if case.key in KEYS and case.contrast is not None:
            ends = bounds(case.contrast, ONE_SIGMA, ONE_SIGMA)
            values[case.key] = (100 * ends.change, 50 * (ends.upper - ends.lower))
    return values


def main() -> None:
    """Both in turn; then the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=10, help="of each (%(default)s)")
    parser.add_argument("--seconds", type=float, default=20.0, help="of driving after each start (%(default)s)")
    options = parser.parse_args()
    starts: dict[bool, list[dict[CheckKey, Found]]] = {False: [], True: []}
    for _ in range(options.starts):
        for own_cpus, own in starts.items():
            own.append(found(driven(options.seconds, own_cpus=own_cpus)))
    rows = []
    for own_cpus, own in starts.items():
        for key in KEYS:
            changes, errors = np.array([one[key] for one in own if key in one]).T
            seen, noise = float(np.std(changes, ddof=1)), sqrt(float(np.mean(errors**2)))
            rest = sqrt(max(seen**2 - noise**2, 0.0))
            words = "CPUs of their own" if own_cpus else "anywhere"
            rows.append([words, key.metric, *(f"{value:.2f} %" for value in (seen, noise, rest))])
    print_table(["placed", "metric", "scatter", "noise", "rest"], rows)


if __name__ == "__main__":
    main()
