"""Bisections: how often the right commit is named, and how long it takes. Run: `python benchmarks/bisecting.py --help`.

`simulated`: bisections of eight commits, one of which (any, in turn) makes the busiest of three endpoints slower by a
known factor. Their pairs come from `rig/simulated.py` (queues, drift of the machine, bursts, heavy tails), ten requests
a block; each start of the service, GOOD's too, is faster or slower than the last by 0.9 % (standard deviation) for as
long as it lives. Everything else is the product's: what moved, the steps, their errors, when they stop. At most two
minutes' pairs a step, three times that for BAD. In `none` nothing is slower: then nothing may be searched for.

`real`: repositories with eight commits on the demo catalog, one of which makes `GET /items/{id}` take longer for every
request by the share that is given (`rig/stretched_catalog.py`), and `perfgate bisect good main` in each, as a user
would.

Goals: the right commit in 19 of 20; +25 % in under 4 minutes, +10 % in under 10.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from perfgate.compare.bisect import Search
from perfgate.compare.bisect_looks import NearerTo, SeenAgain, WhatMoved
from perfgate.compare.bisect_steps import CONFIRMING, VERIFYING
from perfgate.judge.nearer import STARTS, pairs_again
from perfgate.judge.paired import Rules
from rig.goals import print_goal, print_table
from rig.simulated import Service, World
from rig.verdicts import on_all_cores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.compare.bisect_looks import _Look
    from perfgate.judge.nearer import Measured

COMMITS = 8
MOST_PAIRS = 900  # of 50 ms blocks in two minutes
WORLD = World(endpoints=3, per_block=10, even=True, busy=0.3)
CHANGES = {"none": 1.0, "+5 %": 1.05, "+10 %": 1.10, "+25 %": 1.25, "x 5": 5.0}
LONGEST_S = {0.25: 240.0, 0.10: 600.0}
GOAL = 0.95
_AT_ONCE = 20


@dataclass(frozen=True)
class Outcome:
    """Of one bisection: `found` is the commit's number, or None without one; `pairs` were driven in all."""

    culprit: int
    found: int | None
    confirmed: bool
    pairs: int


class _Simulation:
    """One service, whose starts differ."""

    def __init__(self, factor: float, rng: np.random.Generator) -> None:
        self._factor, self._rng = factor, rng
        self._service = Service.drawn(WORLD, rng)
        self._good = self._start()

    def _start(self) -> float:
        return float(np.exp(self._rng.normal(0, STARTS)))

    def restart(self) -> None:
        """Another start of what is compared with."""
        self._good = self._start()

    def drive(self, looks: _Look, *, slow: bool, most: int = MOST_PAIRS) -> None:
        """Pairs of a commit against GOOD, until they are enough."""
        stretch = np.ones(WORLD.endpoints)
        stretch[-1] = self._factor if slow else 1.0
        head = stretch * self._start() / self._good
        while not looks.stopped and looks.seen < most:
            for pair in self._service.pairs(_AT_ONCE, self._rng, stretch=head):
                looks.add(pair)
        looks.end()


def bisected(arguments: tuple[float, int]) -> Outcome:
    """One bisection, as the product makes it."""
    factor, seed = arguments
    rng = np.random.default_rng(seed)
    culprit = seed % COMMITS
    service = _Simulation(factor, rng)
    most = round(CONFIRMING * MOST_PAIRS)
    what = WhatMoved(most, rules=Rules(10.0))
    service.drive(what, slow=factor != 1.0, most=most)
    if not what.found:
        return Outcome(culprit, None, confirmed=False, pairs=what.seen)
    again = SeenAgain(most, aims=what.found, wanted=pairs_again(what.found[0]))
    service.drive(again, slow=factor != 1.0, most=most)
    if not again.found:
        return Outcome(culprit, None, confirmed=False, pairs=what.seen + again.seen)
    aims: Sequence[Measured] = tuple(again.found)
    search, driven, noisy = Search([str(number) for number in range(COMMITS)]), what.seen + again.seen, 0
    while (commit := search.next()) is not None and noisy < 2:
        looks = NearerTo(MOST_PAIRS, aims=aims, error=search.error)
        service.drive(looks, slow=int(commit) >= culprit)
        driven += looks.seen
        noisy += looks.answer == "undecided"
        if looks.answer == "between" and looks.found is not None:
            aims = (looks.found,)
        search.tell(commit, "unknown" if looks.answer == "undecided" else "good" if looks.answer == "good" else "bad")
    named = None
    if len(search.suspects) == 1:  # it is named only if it is slower than the one before it, both started anew
        found = int(search.suspects[0])
        verifying = NearerTo(MOST_PAIRS, aims=again.found[:1], error=VERIFYING)
        service.restart()
        service.drive(verifying, slow=found == culprit)
        driven += verifying.seen
        named = found if verifying.answer in {"bad", "between"} else None
    return Outcome(culprit, named, confirmed=True, pairs=driven)


def simulated(times: int, names: Sequence[str]) -> bool:
    """These changes, so many times each; whether the goal is held."""
    rows, held = [], True
    for name in names:
        factor = CHANGES[name]
        outcomes = on_all_cores(bisected, [(factor, seed) for seed in range(times)])
        confirmed = [one for one in outcomes if one.confirmed]
        right = sum(one.found == one.culprit for one in confirmed)
        wrong = sum(one.found not in (one.culprit, None) for one in confirmed)
        pairs = np.median([one.pairs for one in outcomes])
        rows.append([name, str(times), str(len(confirmed)), str(right), str(wrong), f"{pairs:,.0f}"])
        if factor == 1.0:
            held &= len(confirmed) <= times * 0.02
        elif factor >= 1.10:
            held &= right >= GOAL * times
        held &= wrong <= (1 - GOAL) * times
    print_table(["BAD is slower by", "bisections", "begun", "right", "wrong", "pairs in all (median)"], rows)
    print_goal("the right commit in 19 of 20 from +10 % on, and never wrong in more", "see above", held)
    return held


_RUN = """\
import pathlib, runpy, sys
here = pathlib.Path(__file__).parent
sys.path.insert(0, {benchmarks!r})
longer = (here / "longer.txt").read_text()
sys.argv = ["catalog", "--port", sys.argv[1], "--db", str(here / "stock.db"), "--longer", longer]
runpy.run_module("rig.stretched_catalog", run_name="__main__")
"""
_BUDGETS = """\
version = 1
[loads.normal]
rate = "200/s"
duration = "30s"
[services.catalog]
command = "{python} run.py {{port}}"
url = "http://127.0.0.1:{{port}}"
ready = "/health"
scenario = "scenario.py"
[services.catalog.budget]
p95 = "10s"
"""


def _repository(root: Path, culprit: int, longer: float) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.com", *words], cwd=root, check=True)

    here = Path(__file__).resolve().parent
    git("init", "-q", "-b", "main")
    (root / ".gitignore").write_text(".perfgate\n")
    (root / "scenario.py").write_text((here.parent / "scenarios" / "catalog.py").read_text())
    (root / "run.py").write_text(_RUN.format(benchmarks=str(here)))
    (root / "budgets.toml").write_text(_BUDGETS.format(python=sys.executable))
    (root / "longer.txt").write_text("0")
    git("add", "-A")
    git("commit", "-q", "-m", "the service")
    git("tag", "good")
    for number in range(COMMITS):
        if number == culprit:
            (root / "longer.txt").write_text(str(longer))
        git("add", "-A")
        git("commit", "-q", "--allow-empty", "-m", f"commit {number}")


def real(times: int, longer: float) -> bool:
    """So many repositories; whether the goals are held."""
    rows, right, seconds = [], 0, []
    for number in range(times):
        culprit = (3 * number + 2) % COMMITS
        with tempfile.TemporaryDirectory(prefix="perfgate-benchmark-") as name:
            _repository(Path(name), culprit, longer)
            busy, began = os.getloadavg()[0], time.monotonic()
            done = subprocess.run(
                [sys.executable, "-m", "perfgate", "bisect", "good", "main", "--out", "out"],
                cwd=name,
                capture_output=True,
                text=True,
                check=False,
            )
            seconds.append(time.monotonic() - began)
        told = done.stdout.partition("the commit that made it slower:")[2]
        is_right = told.strip().splitlines()[:1] and told.strip().splitlines()[0].endswith(f"commit {culprit}")
        right += bool(is_right)
        rows.append([f"commit {culprit}", "right" if is_right else f"exit {done.returncode}", f"{seconds[-1]:.0f} s"])
        rows[-1].append(f"{busy:.1f}")
        if not is_right:
            print(done.stdout + done.stderr)
    print_table([f"+{longer:.0%} came with", "named", "took", "load average"], rows)
    longest = LONGEST_S.get(longer)
    in_time = longest is None or float(np.median(seconds)) < longest
    print_goal("the right commit in 19 of 20", f"{right} of {times}", right >= GOAL * times)
    print_goal(f"median time below {longest or 0:.0f} s", f"{np.median(seconds):.0f} s", in_time)
    return right >= GOAL * times and in_time


def main() -> int:
    """Both, or one of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("which", choices=("simulated", "real", "both"), nargs="?", default="both")
    parser.add_argument("--times", type=int, default=None, help="1,000 simulated, 5 real unless given")
    parser.add_argument("--longer", type=float, default=0.25, help="real: by which share (%(default)s)")
    parser.add_argument("--change", action="append", choices=list(CHANGES), help="simulated: only this (repeatable)")
    options = parser.parse_args()
    held = True
    if options.which != "real":
        held &= simulated(options.times or 1000, options.change or list(CHANGES))
    if options.which != "simulated":
        held &= real(options.times or 5, options.longer)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
