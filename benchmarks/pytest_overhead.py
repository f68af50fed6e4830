"""What perfgate costs inside pytest. Run: `python benchmarks/pytest_overhead.py`.

1. Unused: pytest collects an empty project again and again, with the plugin and with `-p no:perfgate` in turn, no other
   plugins being loaded. What the plugin itself takes (its import, its options, its hooks) is timed in the same
   processes; the goal for that is 5 ms. The difference of the two medians is shown beside it: it has the noise of
   starting processes in it.
2. Ten loads of 5 s each: `pytest budgets.toml` with 10 items at one service. The goal is 60 s plus start-up, which is
   the time from pytest's start to the first load.
3. 1,000 benchmarks of 100 rounds each, judged as `--perfgate-benchmarks` does, reports written. The goal is 1 s for the
   judging.

The exit code is 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from perfgate.importers.imported import Imported, Series
from perfgate.importing import judge
from perfgate.plan.budgets_file import parse_plan
from perfgate.publish.files import write_reports
from rig.goals import print_goal, print_table

REPOSITORY = Path(__file__).resolve().parents[1]
AIM_UNUSED_MS = 5.0
AIM_SUITE_S = 60.0
AIM_JUDGING_S = 1.0
LOADS = 10
LOAD_S = 5
BENCHMARKS = 1_000
ROUNDS = 100
# Runs pytest with every hook of the plugin timed, and its import.
TIMED = """
import sys, time
import pytest
began = time.perf_counter()
import perfgate.pytest_plugin as plugin
spent = time.perf_counter() - began
total = [spent]
def timed(function):
    def call(*args):
        began = time.perf_counter()
        try:
            return function(*args)
        finally:
            total[0] += time.perf_counter() - began
    return call
class Timed:
    pytest_addoption = staticmethod(lambda parser: timed(plugin.pytest_addoption)(parser))
    pytest_configure = staticmethod(lambda config: timed(plugin.pytest_configure)(config))
    pytest_collect_file = staticmethod(
        lambda file_path, parent: timed(plugin.pytest_collect_file)(file_path, parent)
    )
    pytest_sessionfinish = staticmethod(lambda session: timed(plugin.pytest_sessionfinish)(session))
code = pytest.main(["-q", "-p", "no:cacheprovider", "--collect-only"], plugins=[Timed()])
print("spent", total[0] * 1000)
sys.exit(0 if code in (0, 5) else code)
"""
BUDGETS = """\
[gate.health]
generator_cpu = "100%"
loop_lag = "60s"
schedule_lag = "60s"
steal = "100%"
bad_seconds = "100%"
{loads}
[services.shop]
command = "{python} -m tests.servers.echo {{port}}"
url = "http://127.0.0.1:{{port}}"
scenario = "shop.py"
env = {{ PYTHONPATH = "{repository}" }}
[services.shop.budget]
p95 = "60s"
"""
SCENARIO = """\
from perfgate import HttpUser, constant, task

class Visitor(HttpUser):
    wait_time = constant(0.05)

    @task
    def home(self):
        self.client.get("/home")
"""


def _pytest(folder: Path, *words: str) -> tuple[float, str]:
    # The lock that keeps loads apart lies among temporary files: what else goes on here must not be waited for.
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "TMPDIR": str(folder)}
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, check=False, capture_output=True, text=True
    )
    if done.returncode not in (0, 5):
        raise SystemExit(done.stdout + done.stderr)
    return time.perf_counter() - began, done.stdout


def unused(folder: Path, times: int) -> bool:
    """Measure an unused plugin."""
    for number in range(20):
        (folder / f"test_{number}.py").write_text("def test_nothing(): pass\n")
    words = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--collect-only")
    with_s: list[float] = []
    without_s: list[float] = []
    own_ms: list[float] = []
    for number in range(times):
        sides = [(with_s, ("-p", "perfgate")), (without_s, ("-p", "no:perfgate"))]
        for found, options in sides if number % 2 else reversed(sides):
            found.append(_pytest(folder, *words, *options)[0])
        _, out = _pytest(folder, "-c", TIMED)
        own_ms.append(float(out.rsplit("spent", 1)[1]))
    own = statistics.median(own_ms)
    rows = [
        ("its import and hooks, in the process", f"{own:.2f} ms", f"{min(own_ms):.2f} to {max(own_ms):.2f} ms"),
        ("pytest with it", f"{statistics.median(with_s) * 1000:.0f} ms", ""),
        ("pytest without it", f"{statistics.median(without_s) * 1000:.0f} ms", ""),
    ]
    print_table(("unused, 20 test files", "median", "range"), rows)
    print_goal(f"unused, under {AIM_UNUSED_MS:g} ms", f"{own:.2f} ms", own < AIM_UNUSED_MS)
    return own < AIM_UNUSED_MS


def suite(folder: Path) -> bool:
    """Measure ten loads."""
    loads = "".join(f'[loads.load_{number}]\nusers = 5\nduration = "{LOAD_S}s"\n' for number in range(LOADS))
    text = BUDGETS.format(loads=loads, python=sys.executable, repository=REPOSITORY)
    (folder / "budgets.toml").write_text(text)
    (folder / "shop.py").write_text(SCENARIO)
    began = time.time()
    took_s, out = _pytest(folder, "-m", "pytest", "-p", "perfgate", "budgets.toml", "--durations=0", "-q")
    result = json.loads((folder / ".perfgate/pytest/result.json").read_text())
    start_up_s = float(result["runs"][0]["started_at"]) - began
    rest_s = took_s - start_up_s
    print(out.splitlines()[-1])
    rows = [("start-up", f"{start_up_s:.1f} s"), (f"{LOADS} loads of {LOAD_S} s", f"{rest_s:.1f} s")]
    print_table(("a suite", "took"), rows)
    print_goal(f"after start-up, under {AIM_SUITE_S:g} s", f"{rest_s:.1f} s", rest_s < AIM_SUITE_S)
    return rest_s < AIM_SUITE_S


def judging(folder: Path) -> bool:
    """Measure the judging of many benchmarks."""
    numbers = range(BENCHMARKS)
    names = [f"benchmarks/test_{number // 50}.py::test_{number}" for number in numbers]
    series = tuple(
        Series(name, samples=tuple(random.lognormvariate(0, 0.2) for _ in range(ROUNDS)), rounds=ROUNDS)
        for name in names
    )
    tables = "".join(f'[benchmarks."{name}"]\np50 = "5ms"\np95 = "9ms"\nmax = "1s"\n' for name in names[::2])
    plan = parse_plan(tables + '[benchmarks."*"]\np50 = "5ms"\nmean = "5ms"\nmax = "1s"\n', folder / "budgets.toml")
    imported = Imported("pytest-benchmark", None, datetime.now(UTC), 1.0, series)
    began = time.perf_counter()
    result = judge(plan, [imported], "benchmark")
    judged_s = time.perf_counter() - began
    began = time.perf_counter()
    write_reports(result, folder / "out", {})
    written_s = time.perf_counter() - began
    rows = [
        ("judged", f"{judged_s:.2f} s", f"{len(result.checks):,} checks"),
        ("reports written", f"{written_s:.2f} s", ""),
    ]
    print_table((f"{BENCHMARKS:,} benchmarks", "took", ""), rows)
    print_goal(f"judged in under {AIM_JUDGING_S:g} s", f"{judged_s:.2f} s", judged_s < AIM_JUDGING_S)
    return judged_s < AIM_JUDGING_S


def main() -> int:
    """Measure, print, and say whether the goals were held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=15, help="How often pytest is started in each way; 15.")
    options = parser.parse_args()
    held = []
    for measure in (lambda folder: unused(folder, options.times), suite, judging):
        with tempfile.TemporaryDirectory() as name:
            held.append(measure(Path(name)))
        print()
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
