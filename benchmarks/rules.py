"""Other rules beside perfgate's, on the same data. Run: `python benchmarks/rules.py [--services 50]`.

Simulated services of 20 endpoints (`rig/simulated.py`, the hosted runner's world), 60 pairs of blocks each; the head is
unchanged, or one endpoint's latencies are longer by 5, 10 or 25 %. Each rule looks at what it would have in CI:

- `perfgate`: the paired comparison as driven, tolerating nothing (0 %) and 3 %;
- `previous x 1.1`: p95 of all the head's requests against the base's, 10 % more is red;
- `mean + 10 %`: likewise the means;
- `z-score`: p95 against ten earlier runs of the base, more than three standard deviations above is red;
- `t-interval`: likewise against the 99 % prediction interval;
- `Mann-Whitney`: on the requests of an endpoint, p below 1 % is red.

Told are verdicts with any endpoint red when nothing changed (false alarms; goal for perfgate 1 %), and slowdowns of one
endpoint (the second busiest) that made this endpoint red. What was counted is written to `benchmarks/data/rules.json`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from perfgate.measure.histogram import Histogram, values_of
from rig.simulated import WORLDS, Service
from rig.verdicts import MAX_PAIRS, on_all_cores, verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perfgate.measure.blocks import Block, Pair

DATA = Path(__file__).parent / "data" / "rules.json"
WORLD = "hosted runner"
SIZES = (0.0, 0.05, 0.10, 0.25)
EARLIER = 10
Run = dict[str, Histogram]


def run_of(blocks: Sequence[Block]) -> Run:
    """All requests of one side, by endpoint."""
    names = {name for block in blocks for name in block.endpoints}
    return {
        name: Histogram.merged([block.endpoints[name].response_ms for block in blocks if name in block.endpoints])
        for name in names
    }


def previous(base: Run, head: Run, _: Sequence[Run]) -> set[str]:
    """10 % more than before at p95."""
    return {name for name in base.keys() & head.keys() if head[name].quantile(0.95) > 1.1 * base[name].quantile(0.95)}


def means(base: Run, head: Run, _: Sequence[Run]) -> set[str]:
    """10 % more than before at the mean."""
    return {name for name in base.keys() & head.keys() if head[name].mean > 1.1 * base[name].mean}


def _scores(head: Run, earlier: Sequence[Run]) -> dict[str, float]:
    scores = {}
    for name, values in head.items():
        past = [run[name].quantile(0.95) for run in earlier if name in run]
        scores[name] = float((values.quantile(0.95) - np.mean(past)) / np.std(past, ddof=1))
    return scores


def z_score(_: Run, head: Run, earlier: Sequence[Run]) -> set[str]:
    """Three standard deviations above the earlier runs."""
    return {name for name, score in _scores(head, earlier).items() if score > 3}


def t_interval(_: Run, head: Run, earlier: Sequence[Run]) -> set[str]:
    """Above the 99 % prediction interval of the earlier runs."""
    bound = stats.t.ppf(0.995, EARLIER - 1) * np.sqrt(1 + 1 / EARLIER)
    return {name for name, score in _scores(head, earlier).items() if score > bound}


def mann_whitney(base: Run, head: Run, _: Sequence[Run]) -> set[str]:
    """Requests at the head rank above those at the base."""
    sides = {
        name: [np.repeat(values_of(s.bins), s.counts) for s in (base[name], head[name])]
        for name in base.keys() & head.keys()
    }
    return {name for name, (b, h) in sides.items() if stats.mannwhitneyu(h, b, alternative="greater").pvalue < 0.01}


OTHERS: dict[str, Callable[[Run, Run, Sequence[Run]], set[str]]] = {
    "previous x 1.1": previous,
    "mean + 10 %": means,
    "z-score": z_score,
    "t-interval": t_interval,
    "Mann-Whitney": mann_whitney,
}
RULES = ("perfgate 0 %", "perfgate 3 %", *OTHERS)


def perfgate(pairs: list[Pair], max_slowdown: float) -> set[str]:
    """Endpoints that are proven worse."""
    return {key.endpoint for key in verdict(pairs, max_slowdown).worse if key.endpoint is not None}


def judged(number: int) -> list[list[tuple[bool, bool]]]:
    """For each size of change and each rule: whether anything is red, and whether the slowed endpoint is."""
    result = []
    for size in SIZES:
        rng = np.random.default_rng([7, number])
        service = Service.drawn(WORLDS[WORLD], rng)
        slowed = int(np.argsort(service.shares)[-2])
        earlier = [run_of([pair.base for pair in service.pairs(MAX_PAIRS, rng)]) for _ in range(EARLIER)]
        factors = np.ones(service.world.endpoints)
        factors[slowed] += size
        pairs = service.pairs(MAX_PAIRS, rng, stretch=factors)
        base, head = (run_of([getattr(pair, side) for pair in pairs]) for side in ("base", "head"))
        reds = [perfgate(pairs, 0.0), perfgate(pairs, 3.0), *(rule(base, head, earlier) for rule in OTHERS.values())]
        result.append([(bool(red), f"GET /{slowed}" in red) for red in reds])
    return result


def main() -> int:
    """The table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--services", type=int, default=50)
    services = parser.parse_args().services
    found = np.array(on_all_cores(judged, range(services)))  # services x sizes x rules x (any, the slowed one)
    shares = found.mean(axis=0)
    titles = ("false alarms", *(f"+{size:.0%} found" for size in SIZES[1:]))
    print(f"{'rule':<16}", *(f"{title:>12}" for title in titles))
    recorded = {}
    for place, rule in enumerate(RULES):
        row = [shares[0, place, 0], *shares[1:, place, 1]]
        print(f"{rule:<16}", *(f"{share:>12.0%}" for share in row))
        recorded[rule] = dict(zip(titles, row, strict=True))
    DATA.parent.mkdir(exist_ok=True)
    DATA.write_text(json.dumps({"verdicts": services, "world": WORLD, "shares": recorded}, indent=1) + "\n")
    return 0 if max(shares[0, :2, 0]) <= 0.01 else 1


if __name__ == "__main__":
    sys.exit(main())
