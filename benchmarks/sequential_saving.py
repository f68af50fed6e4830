"""What looking early saves, and what is found. Run: `python benchmarks/sequential_saving.py [--services 60]`.

A simulated service of 6 endpoints with shares 1/21 to 6/21, 200 requests/s, 1 s blocks (180 requests that count), at
most 60 pairs: two minutes. Told for each case: the median time (2 s a pair) until the first check was proven worse and
until every check was settled; in how many cases the slowed endpoint was found, by any of its checks and by its mean,
p50 and p95 alone; and the same found by the fixed design, which looks once, after 120 s.

Cases: no change, +10 % and +25 % of the busiest endpoint's latencies at `max_slowdown = "3%"`; +5 % at 1 %.
Goals: +10 % at 3 % found in 95 %, +5 % at 1 % (p50) found in 95 % of two-minute comparisons.
"""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path

import numpy as np

from perfgate.judge.paired import CheckKey, Rules, compare_pairs
from rig.simulated import Service, World
from rig.verdicts import MAX_PAIRS, on_all_cores, verdict

DATA = Path(__file__).parent / "data" / "sequential_saving.json"
SIX = World(endpoints=6, per_block=180, busy=0.15, spread=(0.15, 0.3), bursts=(0.02, 0.1), slow=(0.005, 2.5), even=True)
CASES = ((0.0, 3.0), (0.0, 10.0), (0.05, 1.0), (0.05, 3.0), (0.10, 3.0), (0.25, 3.0), (0.25, 10.0))
METRICS = ("mean", "p50", "p95")
PAIR_S = 2.0
SLOWED = SIX.endpoints - 1


def compared(number: int, size: float, max_slowdown: float) -> list[float]:
    """[seconds to the first red, to settled, found by mean, p50, p95, found by the fixed design's mean, p50, p95]."""
    rng = np.random.default_rng([11, number])
    service = Service.drawn(SIX, rng)
    factors = np.ones(SIX.endpoints)
    factors[SLOWED] += size
    pairs = service.pairs(MAX_PAIRS, rng, stretch=factors)
    found = verdict(pairs, max_slowdown)
    fixed = {change.key for change in compare_pairs(pairs, Rules(max_slowdown)) if change.decision == "worse"}
    keys = [CheckKey(f"GET /{SLOWED}", metric) for metric in METRICS]
    return [
        PAIR_S * (found.first_worse or np.inf),
        PAIR_S * (found.settled or MAX_PAIRS),
        *(found.by_check.get(key) == "worse" for key in keys),
        *(key in fixed for key in keys),
    ]


def main() -> int:
    """All cases."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--services", type=int, default=60)
    services = parser.parse_args().services
    recorded = []
    any_found = {}
    for size, max_slowdown in CASES:
        rows = np.array(on_all_cores(partial(compared, size=size, max_slowdown=max_slowdown), range(services)))
        first, settled = np.median(rows[:, :2], axis=0)
        shares = rows[:, 2:].mean(axis=0)
        either, fixed = rows[:, 2:5].any(axis=1).mean(), rows[:, 5:].any(axis=1).mean()
        any_found[size, max_slowdown] = either
        print(
            f"+{size:.0%}, tolerated {max_slowdown:g} %: first red after {first:.0f} s, settled after {settled:.0f} s "
            f"(fixed: {PAIR_S * MAX_PAIRS:.0f} s); found {either:.0%} (mean {shares[0]:.0%}, p50 {shares[1]:.0%}, "
            f"p95 {shares[2]:.0%}); fixed {fixed:.0%} ({shares[3]:.0%}, {shares[4]:.0%}, {shares[5]:.0%})",
            flush=True,
        )
        recorded.append(
            {
                "slower": size,
                "max_slowdown_percent": max_slowdown,
                "comparisons": services,
                "median_first_red_s": None if np.isinf(first) else first,
                "median_settled_s": settled,
                "found": dict(zip((*METRICS, "any"), (*shares[:3], either), strict=True)),
                "found_fixed": dict(zip((*METRICS, "any"), (*shares[3:], fixed), strict=True)),
            }
        )
    DATA.parent.mkdir(exist_ok=True)
    DATA.write_text(json.dumps(recorded, indent=1) + "\n")
    return 0 if any_found[0.10, 3.0] >= 0.95 and any_found[0.05, 1.0] >= 0.95 else 1


if __name__ == "__main__":
    sys.exit(main())
