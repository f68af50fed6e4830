"""How a comparison should be driven: length and order of blocks. Run: `python benchmarks/block_design.py`.

Two instances of the demo catalog, the same program with the same arguments, at 200 arrivals/s. Every difference between
them is noise, so of two designs the better one has the smaller spread of d = log(head / base) in the same time. Shown
for each design, for p50 and p95 of the whole service:

- `+-`: half the width of the 99 % interval of the mean of d after 60 s of driving, from the spread over pairs;
- `lag 1`: the correlation of a pair's d with the next one's; well above 0, the interval is narrower than it should be;
- `mean`: of d, a tenth at each end left out, and `z`: that in its standard errors; beyond 3 or so, a side is preferred;
- `rounds`: see below.

With `--slow 1.2` the head's work at every endpoint takes 1.2 times as long: then `mean` shows how much of it a design
sees, and `z` how clearly, which is what it is for.

The designs take turns, round after round, each time with freshly started services, so that what else the machine does
falls on all of them. `together` drives both sides at the same time, the same requests at the same moments. Of each pair
the two quantiles are kept in `data/block_design.csv`; `--read` shows the figures of that file again.

Then, whether an instance keeps a bias for its life (memory layout, hash seeds): over the rounds, how much more the mean
of d differs from round to round, where the services are new, than it should by the spread within rounds.

Goal: none; the default of `[compare] block` is the design with the smallest interval for p95. Takes 20 minutes.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from itertools import pairwise
from math import log, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.stats import t, trim_mean

from perfgate.measure.histogram import Histogram
from rig.goals import print_table
from rig.pairs import lane

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.measure.block_entries import BlockEntry
    from perfgate.measure.blocks import SideName

DATA = Path(__file__).parent / "data" / "block_design.csv"
LOAD = 'rate = "200/s"'
TOTAL_S = 60.0
CONFIDENCE = 0.99
MAD_TO_SD = 1.4826
TRIMMED = 0.1  # at each end
METRICS = ("p50", "p95")
ENDPOINTS = ("GET /items", "GET /search", "GET /items/{id}")


class Design(NamedTuple):
    """How pairs are driven."""

    name: str
    block_s: float
    order: str  # ABBA, ABAB or together

    def sides(self, number: int) -> list[tuple[SideName, ...]]:
        """What is driven for a pair, one after the other."""
        if self.order == "together":
            return [("base", "head")]
        swapped = self.order == "ABBA" and number % 2 == 1
        return [("head",), ("base",)] if swapped else [("base",), ("head",)]

    @property
    def pair_s(self) -> float:
        """How long a pair takes."""
        return self.block_s * (1 if self.order == "together" else 2)


DESIGNS = (
    Design("0.05 s, ABBA", 0.05, "ABBA"),
    Design("0.1 s, ABBA", 0.1, "ABBA"),
    Design("0.25 s, ABBA", 0.25, "ABBA"),
    Design("0.5 s, ABBA", 0.5, "ABBA"),
    Design("1 s, ABBA", 1.0, "ABBA"),
    Design("2 s, ABBA", 2.0, "ABBA"),
    Design("4 s, ABBA", 4.0, "ABBA"),
    Design("0.5 s, together", 0.5, "together"),
    Design("1 s, ABAB", 1.0, "ABAB"),
    Design("1 s, together", 1.0, "together"),
)


class Row(NamedTuple):
    """One pair; times in ms."""

    design: str
    round: int
    number: int
    at_s: float  # since the first block's beginning
    base_p50: float
    base_p95: float
    head_p50: float
    head_p95: float
    steal: float
    loop_lag_ms: float

    def difference(self, metric: str) -> float:
        """d: the log of head over base."""
        return log(getattr(self, f"head_{metric}") / getattr(self, f"base_{metric}"))


def drive(design: Design, number_of_round: int, seconds: float, slow: float) -> Iterator[Row]:
    """One round of one design."""
    head = [word for endpoint in ENDPOINTS for word in ("--slow", f"{endpoint}={slow}")] if slow > 1 else []
    with lane(LOAD, design.block_s, head) as found:
        for number in range(max(int(seconds / design.pair_s), 2)):
            blocks: dict[SideName, BlockEntry] = {}
            for sides in design.sides(number):
                for block in found.drive_blocks(1000 * number_of_round + number, sides, design.block_s):
                    blocks[block.side] = block
            yield _row(design, number_of_round, number, blocks)


def _row(design: Design, number_of_round: int, number: int, blocks: dict[SideName, BlockEntry]) -> Row:
    sides: tuple[SideName, ...] = ("base", "head")
    wholes = [Histogram.merged(own.response_ms for own in blocks[side].endpoints.values()) for side in sides]
    (base_p50, base_p95), (head_p50, head_p95) = (whole.quantiles([0.5, 0.95]) for whole in wholes)
    health = [block.health for block in blocks.values()]
    steal, lag = max(h.steal or 0.0 for h in health), max(h.loop_lag_ms for h in health)
    at_s = min(block.at_s for block in blocks.values())
    quantiles = [round(value, 4) for value in (base_p50, base_p95, head_p50, head_p95)]
    return Row._make([design.name, number_of_round, number, round(at_s, 2), *quantiles, round(steal, 4), round(lag, 2)])


class Noise(NamedTuple):
    """What one design and metric came to; per cent unless said."""

    half: float
    lag_1: float  # a correlation
    mean: float
    z: float  # in standard errors
    between_rounds: float  # standard deviation beyond what the spread within rounds explains


def noise_of(rows: Sequence[Row], metric: str) -> Noise:
    """The noise of one design."""
    pair_s = float(np.median([b.at_s - a.at_s for a, b in pairwise(rows) if a.round == b.round]))
    rounds: dict[int, list[float]] = defaultdict(list)
    for row in rows:
        rounds[row.round].append(row.difference(metric))
    every = np.array([d for own in rounds.values() for d in own])
    within = np.concatenate([np.array(own) - np.mean(own) for own in rounds.values()])
    spread = MAD_TO_SD * float(np.median(np.abs(every - np.median(every))))  # as robust as the estimate that it is for
    pairs = TOTAL_S / pair_s
    half = float(t.ppf((1 + CONFIDENCE) / 2, pairs - 1)) * spread / sqrt(pairs)
    following = [two for own in rounds.values() for two in pairwise(own)]
    lag_1 = float(np.corrcoef(np.array(following).T)[0, 1])
    means = np.array([np.mean(own) for own in rounds.values()])
    of_a_mean = float(np.mean([1 / len(own) for own in rounds.values()]))
    expected = float(within @ within) / (len(every) - len(rounds)) * of_a_mean
    beyond = float(np.var(means, ddof=1)) - expected if len(means) > 1 else 0.0
    between = sqrt(beyond) if beyond > 0 else 0.0
    mean = float(trim_mean(every, TRIMMED))
    return Noise(100 * half, lag_1, 100 * mean, mean / (spread / sqrt(len(every))), 100 * between)


def show(rows: Sequence[Row]) -> None:
    """The table, and what new instances cost."""
    table = []
    for design in DESIGNS:
        own = [row for row in rows if row.design == design.name]
        if len(own) < 3:
            continue
        cells = [design.name, str(len(own))]
        for metric in METRICS:
            noise = noise_of(own, metric)
            cells += [f"{noise.half:.2f} %", f"{noise.lag_1:+.2f}", f"{noise.mean:+.2f} %", f"{noise.z:+.1f}"]
            cells += [f"{noise.between_rounds:.2f} %"]
        table.append(cells)
    heads = [f"{metric} {word}" for metric in METRICS for word in ("+-", "lag 1", "mean", "z", "rounds")]
    print(f"99 % interval of the change after {TOTAL_S:.0f} s, {LOAD}")
    print_table(["design", "pairs", *heads], table)
    steal = [row.steal for row in rows]
    lag = [row.loop_lag_ms for row in rows]
    print(f"steal in a block: median {np.median(steal):.1%}, p95 {np.quantile(steal, 0.95):.1%}, max {max(steal):.1%}")
    print(f"loop lag in a block: median {np.median(lag):.1f} ms, p95 {np.quantile(lag, 0.95):.1f}, max {max(lag):.1f}")


def read(path: Path) -> list[Row]:
    """What was kept."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Row._make(
                [line["design"], int(line["round"]), int(line["number"]), *(float(line[n]) for n in Row._fields[3:])]
            )
            for line in csv.DictReader(file)
        ]


def write(rows: Sequence[Row], path: Path) -> None:
    """Keep it."""
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([Row._fields, *rows])


def main() -> None:
    """Drive, keep, show."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often each design has its turn (%(default)s)")
    parser.add_argument("--seconds", type=float, default=20.0, help="of driving in each turn (%(default)s)")
    parser.add_argument("--slow", type=float, default=1.0, help="how many times as long the head takes (%(default)s)")
    parser.add_argument("--designs", default="", help="only those with this in their name")
    parser.add_argument("--data", type=Path, default=DATA, help="where pairs are kept (%(default)s)")
    parser.add_argument("--read", action="store_true", help="show what is kept, and drive nothing")
    options = parser.parse_args()
    if not options.read:
        rows: list[Row] = []
        for number in range(options.rounds):
            for design in (design for design in DESIGNS if options.designs in design.name):
                rows += drive(design, number, options.seconds, options.slow)
                write(rows, options.data)
    show(read(options.data))


if __name__ == "__main__":
    main()
