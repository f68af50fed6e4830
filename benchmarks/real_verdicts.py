"""Whole comparisons at real services on this machine. Run: `python benchmarks/real_verdicts.py CASE [--times 20]`.

Two fresh instances of the demo catalog for each comparison, 200 arrivals/s (60 % at `GET /items/{id}`, 30 % at
`GET /items`, 10 % at `GET /search`), the head the same program or one whose `GET /items/{id}` takes longer for every
request by a known share (`rig/stretched_catalog.py`). Pairs are driven, looked at and stopped as by `perfgate compare`,
for at most two minutes. Cases:

- `unchanged`: nothing differs, 10 % is tolerated; 18 s, whatever is decided by then. The same pairs are also judged
  with 3 %, 1 % and nothing tolerated: a false alarm is the likelier the less is tolerated;
- `p95-10`: +10 %, 3 % is tolerated, arrivals evenly spaced; `p95-10-poisson`: with Poisson's, the default;
- `p50-5`: +5 %, 1 % is tolerated, evenly spaced; `p50-5-poisson`;
- `p95-5`: +5 %, 1 % is tolerated, evenly spaced, for at most ten minutes: what +5 % on p95 takes.

In the cases with a difference a comparison ends when the check that the case is named for is proven worse, and counts
as found then. `data/real_verdicts.json` has each comparison: when each check was decided, and the estimates; a further
run adds to it, and `--read` shows what is there without driving.

Goals: none of 60 unchanged comparisons red; `p95-10` and `p50-5` found in 95 %.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from perfgate.compare.blocks import Pairs, Sides
from perfgate.compare.looking import Looks, findings
from perfgate.judge.paired import CheckKey, Rules
from rig.goals import print_goal, print_table
from rig.pairs import plan_of, running
from rig.verdicts import at_most

if TYPE_CHECKING:
    from perfgate.judge.paired import Change
    from perfgate.measure.blocks import Pair
    from perfgate.plan.plan import Plan

DATA = Path(__file__).parent / "data" / "real_verdicts.json"
ENDPOINT = "GET /items/{id}"
EVEN, POISSON = "uniform", "poisson"


@dataclass(frozen=True)
class Case:
    """What is compared, and what has to be found.

    Attributes:
        longer: by which share the head's endpoint takes longer.
        tolerated: percent.
        arrivals: of the load.
        metric: has to be proven worse; empty: nothing may be.
        longest_s: of driving.
        times: how often, unless said.
        also: other tolerances, with which the same pairs are judged.
    """

    longer: float
    tolerated: float
    arrivals: str
    metric: str = ""
    longest_s: float = 120.0
    times: int = 20
    also: tuple[float, ...] = ()


CASES = {
    "unchanged": Case(0.0, 10.0, POISSON, longest_s=18.0, times=60, also=(3.0, 1.0, 0.0)),
    "p95-10": Case(0.10, 3.0, EVEN, "p95"),
    "p95-10-poisson": Case(0.10, 3.0, POISSON, "p95"),
    "p50-5": Case(0.05, 1.0, EVEN, "p50"),
    "p50-5-poisson": Case(0.05, 1.0, POISSON, "p50"),
    "p95-5": Case(0.05, 1.0, EVEN, "p95", longest_s=600.0, times=3),
}


class Quiet:
    """Nobody watches."""

    def pair(self, service: str, load: str, pair: Pair) -> None:
        """A pair is whole."""

    def doing(self, text: str) -> None:
        """What is being done."""
        print(text, file=sys.stderr)


def planned(case: Case, folder: Path) -> Plan:
    """The plan of one comparison; the length of blocks is found, as by default."""
    plan = plan_of(folder, f'rate = "200/s"\narrivals = "{case.arrivals}"')
    service = plan.services["catalog"]
    words = ["rig.stretched_catalog" if word == "perfgate.demo.catalog" else word for word in service.command or ()]
    env = {**service.env, "PYTHONPATH": str(Path(__file__).parent)}
    service = replace(service, command=tuple(words), env=env)
    return replace(
        plan,
        services={"catalog": service},
        compare=replace(plan.compare, block_s=None, max_duration_s=case.longest_s),
    )


def compared(case: Case) -> dict[str, object]:
    """One comparison, as it is kept: `first` tells after how many seconds each check was first found so."""
    with tempfile.TemporaryDirectory(prefix="perfgate-benchmark-") as name:
        folder = Path(name)
        plan = planned(case, folder)
        out = folder / "out"
        out.mkdir()
        head = ["--longer", str(case.longer)] if case.longer else []
        with (
            running(plan, folder, head) as up,
            Pairs(
                plan, plan.loads["load"], plan.services["catalog"], Sides(up["base"], up["head"]), out, Quiet()
            ) as pairs,
        ):
            most = pairs.open()
            looks = Looks(Rules(case.tolerated), most)
            began = time.monotonic()
            first: dict[CheckKey, tuple[str, float]] = {}
            for pair in pairs:
                looks.add(pair)
                _note(looks, first, time.monotonic() - began)
                if case.metric and _found(case, first):
                    break
            changes = looks.end()
            _note(looks, first, time.monotonic() - began)
            also = {f"{other:g}": findings(pairs.done, Rules(other), most) for other in case.also}
    return {
        "pairs": sum(not pair.disturbed for pair in pairs.done),
        "disturbed": sum(bool(pair.disturbed) for pair in pairs.done),
        "seconds": round(time.monotonic() - began, 1),
        "block_s": pairs.block_s,
        "stopped": looks.stopped or pairs.ended or "found",
        "red_at": {other: [_name(change) for change in found if _is_red(change)] for other, found in also.items()},
        "first": {f"{key.endpoint or ''}|{key.metric}": [what, round(at, 1)] for key, (what, at) in first.items()},
        "changes": {
            _name(change): [
                change.decision,
                change.gating,
                change.too_wide,
                *(None if value is None else round(value, 2) for value in (change.change, change.smallest_detectable)),
            ]
            for change in changes
        },
    }


def _name(change: Change) -> str:
    return f"{change.key.endpoint or ''}|{change.key.metric}"


def _is_red(change: Change) -> bool:
    return change.decision == "worse" and change.gating


def _note(looks: Looks, first: dict[CheckKey, tuple[str, float]], at_s: float) -> None:
    for key, decision in (looks.decisions.by_check if looks.decisions else {}).items():
        if decision in {"worse", "not_worse", "better"}:
            first.setdefault(key, (decision, at_s))


def _found(case: Case, first: dict[CheckKey, tuple[str, float]]) -> bool:
    return first.get(CheckKey(ENDPOINT, case.metric), ("", 0.0))[0] == "worse"


def red(kept: dict[str, dict[str, list[object]]]) -> list[str]:
    """The gating checks that were called worse."""
    return [name for name, (decision, gating, *_) in kept["changes"].items() if decision == "worse" and gating]


def show(kept: dict[str, list[dict[str, object]]]) -> bool:
    """All that is there; whether the goals are held."""
    rows = []
    held = True
    for name, case in CASES.items():
        done = kept.get(name, [])
        if not done:
            continue
        seconds = np.array([one["seconds"] for one in done], dtype=float)
        reds = [one for one in done if red(one)]  # type: ignore[arg-type]
        cells = [name, str(len(done)), f"{np.median(seconds):.0f} s"]
        target = f"{ENDPOINT}|{case.metric or 'p95'}"
        estimates = [one["changes"][target][3] for one in done]  # type: ignore[index]
        cells.append(f"{np.mean(estimates):+.1f} %")
        found = [one for one in done if one["changes"][target][0] == "worse"]  # type: ignore[index]
        cells += [f"{len(reds)} of {len(done)}", f"{len(found)} of {len(done)}" if case.metric else "-"]
        settled = sum(one["stopped"] == "every check is decided" for one in done)
        cells.append("-" if case.metric else f"{settled} of {len(done)}")
        rows.append(cells)
        if name == "unchanged":
            for other in case.also:
                also = sum(bool(one["red_at"][f"{other:g}"]) for one in done)  # type: ignore[index]
                print(f"        with {other:g} % tolerated: {also} of {len(done)} red")
            words = f"{len(reds)} of {len(done)}, 95 % sure below {at_most(len(reds), len(done)):.1%}"
            print_goal("unchanged code falsely red (none of 60)", words, not reds)
            held = held and not reds
        elif name in {"p95-10", "p50-5"}:
            share = len(found) / len(done)
            print_goal(f"{name} found (95 %)", f"{share:.0%} of {len(done)}", share >= 0.95)
            held = held and share >= 0.95
    print_table(["case", "comparisons", "median", "estimate", "red", "found by its metric", "all decided"], rows)
    return held


def main() -> int:
    """Drive what is asked for, keep it, show everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"any of {', '.join(CASES)}; in turn")
    parser.add_argument("--times", type=int, help="how often each; as the goals say unless given")
    parser.add_argument("--data", type=Path, default=DATA, help="where comparisons are kept (%(default)s)")
    parser.add_argument("--read", action="store_true", help="show what is kept, and drive nothing")
    options = parser.parse_args()
    kept = json.loads(options.data.read_text()) if options.data.exists() else {}
    if options.read:
        return 0 if show(kept) else 1
    names = options.cases or list(CASES)
    rounds = {name: options.times or CASES[name].times for name in names}
    for number in range(max(rounds.values())):
        for name in (name for name in names if number < rounds[name]):
            one = compared(CASES[name])
            kept.setdefault(name, []).append(one)
            options.data.write_text(json.dumps(kept).replace('{"pairs"', '\n{"pairs"') + "\n")
            print(f"{name} {number + 1}: {one['seconds']} s, {one['pairs']} pairs; red: {red(one)}", flush=True)  # type: ignore[arg-type]
    return 0 if show(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
