"""How fast a history with 100,000 runs answers. Run: `python benchmarks/history_store.py`.

The question is the one of every run: the last 50 comparable runs of the baseline branch (service, load, fingerprint,
branch; green, of a clean tree, of no pull request; newest first), decoded. The history has 5 services x 4 loads on a
main branch and on pull requests, on three kinds of machines; each run has 20 endpoints x 6 metrics. Goal: under 50 ms
at the median, on SQLite and on PostgreSQL; the longest is shown beside it. Also shown: the same with histograms, the
walk along 2,000 commits, adding one run, opening the store. The branch store is asked the same with 5,000 runs.

PostgreSQL is started here, from Debian's package, as an unprivileged user; without it that half is left out.
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from tests.servers.postgres import Postgres, programs

from perfgate.baseline.choose import Chosen
from perfgate.baseline.entry import Entry, entry_id, pack
from perfgate.baseline.fingerprint import Fingerprint
from perfgate.baseline.history import Subject, history
from perfgate.baseline.store import Wanted, open_store
from perfgate.measure.histogram import Histogram
from rig.goals import print_goal, print_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from perfgate.baseline.store import Store

GOAL_MS = 50.0
REPEATS = 50
SERVICES, LOADS = 5, 4
METRICS = ("p50", "p95", "p99", "mean", "throughput", "cpu_per_request")
ENDPOINTS = [f"GET /endpoint/{number}" for number in range(20)]
MACHINES = [Fingerprint({"machine": f"AMD EPYC, {count} CPUs, Linux"}) for count in (2, 4, 8)]
BATCH = 2_000
_SOURCE = random.Random(1)
_TIMES = np.random.default_rng(1).lognormal(2.5, 0.8, 2_000)


def run(number: int, packed: bytes) -> Entry:
    """The number-th run: most on main, a third for pull requests, a few red, on three kinds of machines."""
    service, load = f"service-{number % SERVICES}", f"load-{number // SERVICES % LOADS}"
    recording = f"recording-{number}"
    on_main = _SOURCE.random() < 0.66
    return Entry(
        id=entry_id(recording, service, load),
        recording=recording,
        kind="load",
        service=service,
        load=load,
        recorded_at=1.7e9 + 60.0 * number,
        verdict="fail" if _SOURCE.random() < 0.05 else "pass",
        fingerprint=_SOURCE.choice(MACHINES),
        commit=commit(number // (SERVICES * LOADS)),
        branch="main" if on_main else f"feature/{number // 100}",
        dirty=False,
        pull_request=None if on_main else str(number // 100),
        control_ms=7.0,
        values={(endpoint, metric): _SOURCE.lognormvariate(2, 1) for endpoint in ENDPOINTS for metric in METRICS},
        packed=packed,
    )


def commit(number: int) -> str:
    """The id of the number-th commit."""
    return f"{number:040x}"


def runs(count: int) -> Iterator[list[Entry]]:
    """So many runs, in batches."""
    packed = pack({endpoint: Histogram.of(_TIMES[:200]) for endpoint in ENDPOINTS[:3]})
    for start in range(0, count, BATCH):
        yield [run(number, packed) for number in range(start, min(start + BATCH, count))]


def times_ms(work: Callable[[], object], repeats: int = REPEATS) -> tuple[float, float]:
    """The median and the longest time of a piece of work."""
    took = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        took.append(1000 * (time.perf_counter() - started))
    return statistics.median(took), max(took)


def measured(name: str, url: str, root: Path, count: int) -> tuple[list[str], float]:
    """A row of the table for one store, and the median time of the question."""
    store = open_store(url, root)
    started = time.perf_counter()
    for batch in runs(count):
        store.add(batch)
    filled_s = time.perf_counter() - started
    last, longest = times_ms(lambda: last_comparable(store))
    whole, _ = times_ms(lambda: store.find(Wanted(service="service-1", load="load-1", limit=50, whole=True)))
    line = tuple(commit(number) for number in range(count // (SERVICES * LOADS), -1, -1))[:2_000]
    chosen = Chosen("main", line[0], "main", line)
    walk, _ = times_ms(lambda: history(store, chosen, Subject("service-1", "load-1", MACHINES[0])))
    numbers = iter(range(count, count + 1_000))
    add, _ = times_ms(lambda: store.add([run(next(numbers), b"")]), 20)
    store.close()
    opened, _ = times_ms(lambda: open_store(url, root).close(), 10)
    figures = [last, longest, whole, walk, add, opened]
    print(f"{name}: last 50 in {last:.1f} ms", flush=True)
    return [name, f"{count:,}", *(f"{figure:.1f}" for figure in figures), f"{filled_s:.0f}"], last


def last_comparable(store: Store) -> None:
    """The question."""
    found = store.find(
        Wanted(
            service="service-1",
            load="load-1",
            fingerprint=MACHINES[0].digest,
            branch="main",
            eligible=True,
            own=True,
            limit=50,
        )
    )
    assert found


def main() -> int:
    """Both databases, and the branch."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--branch-runs", type=int, default=5_000)
    options = parser.parse_args()
    rows, medians = [], {}
    folder = Path(tempfile.mkdtemp(prefix="perfgate-"))
    try:
        row, medians["SQLite"] = measured("SQLite", "sqlite:///history.db", folder, options.runs)
        rows.append(row)
        print(f"SQLite: {(folder / 'history.db').stat().st_size / 1e6:,.0f} MB")
        if programs() is None:
            print("PostgreSQL is not installed: left out")
        else:
            with Postgres() as server:
                row, medians["PostgreSQL"] = measured("PostgreSQL", server.database(), folder, options.runs)
                rows.append(row)
        subprocess.run(["git", "init", "--quiet", folder / "project"], check=True)
        row, _ = measured("branch", "git:perfgate-baselines", folder / "project", options.branch_runs)
        rows.append(row)
    finally:
        shutil.rmtree(folder)
    heads = ("store", "runs", "last 50", "longest", "with histograms", "along commits", "add one", "open", "fill, s")
    print_table(heads, rows)
    for name, median in medians.items():
        print_goal(f"{name}: last comparable 50 under {GOAL_MS:g} ms", f"{median:.1f} ms", median < GOAL_MS)
    return 0 if all(median < GOAL_MS for median in medians.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
