"""How fast result files of other tools are read, and in how much memory. Run: `python benchmarks/importing.py`.

Writes a file of a million k6 JSON lines, one of a million rows of JMeter's JTL and one of a million of Vegeta's
results, as these tools write them (100 endpoints; in k6's file one line in nine is a request's duration, the others are
its parts), and reads each in a process of its own; then the same with twice as many, to see that memory does not grow.
The aims are 20 s and 500 MB for a million. Last, 1,000 benchmarks of 100 rounds each are held against budgets of three
limits, half of them by name and half by a glob; the aim is 1 s. The exit code is 1 when one is missed.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perfgate.importers.imported import Imported, Series
from perfgate.judge.benchmarks import check_benchmarks
from perfgate.plan.benchmarks import BenchmarkBudget, BenchmarkLimit
from perfgate.plan.budget import Limit
from rig.children import run
from rig.goals import print_goal, print_table

if TYPE_CHECKING:
    from collections.abc import Iterator

AIM_S = 20.0
AIM_MB = 500.0
AIM_JUDGING_S = 1.0
ENDPOINTS = 100
BENCHMARKS = 1_000
ROUNDS = 100
START = datetime(2026, 3, 4, 4, 53, 20, tzinfo=UTC)
PARTS = ("blocked", "connecting", "tls_handshaking", "sending", "waiting", "receiving")
JTL_HEADER = (
    "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes,sentBytes,"
    "grpThreads,allThreads,URL,Latency,IdleTime,Connect"
)


def _moment(number: int) -> str:
    return (START + timedelta(milliseconds=number)).isoformat(timespec="microseconds").replace("+00:00", "123Z")


def k6_lines(lines: int) -> Iterator[str]:
    """As `k6 run --out json=FILE` writes them."""
    metrics = {f"http_req_{part}": "trend" for part in ("duration", *PARTS)}
    metrics |= {"http_reqs": "counter", "http_req_failed": "rate"}
    for name, kind in metrics.items():
        definition = {
            "name": name,
            "type": kind,
            "contains": "time" if kind == "trend" else "default",
            "thresholds": (),
        }
        yield json.dumps({"type": "Metric", "data": definition, "metric": name}, separators=(",", ":"))
    for number in range(lines - len(metrics)):
        request, metric = number // len(metrics), [*metrics][number % len(metrics)]
        endpoint = f"GET /items/{request % ENDPOINTS}/{{id}}"
        tags = {"expected_response": "true", "group": "", "method": "GET", "name": endpoint, "proto": "HTTP/1.1"}
        tags |= {"scenario": "default", "status": "200", "url": endpoint}
        data: dict[str, Any] = {
            "time": _moment(request),
            "value": round(random.lognormvariate(1, 0.4), 6),
            "tags": tags,
        }
        yield json.dumps({"metric": metric, "type": "Point", "data": data}, separators=(",", ":"))


def jtl_rows(rows: int) -> Iterator[str]:
    """As JMeter 5 writes them by default."""
    yield JTL_HEADER
    for number in range(rows):
        label, elapsed = f"GET /items/{number % ENDPOINTS}", int(random.lognormvariate(3, 0.4))
        moment = int(START.timestamp() * 1000) + number
        yield (
            f'{moment},{elapsed},"{label}, all",200,OK,Visitors 1-{number % 50},text,true,,512,118,50,50,'
            f"http://127.0.0.1:8431/items/{number},{elapsed},0,0"
        )


def vegeta_lines(lines: int) -> Iterator[str]:
    """As `vegeta encode --to json` writes them."""
    for number in range(lines):
        latency = int(random.lognormvariate(1, 0.4) * 1e6)
        result = {"attack": "", "seq": number, "code": 200, "timestamp": _moment(number), "latency": latency}
        result |= {"bytes_out": 0, "bytes_in": 9, "error": "", "body": "e30=", "method": "GET"}
        result |= {"url": f"http://127.0.0.1:8431/items/{number % ENDPOINTS}?n={number}", "headers": {"Server": ["x"]}}
        yield json.dumps(result, separators=(",", ":"))


FORMATS = {"k6": k6_lines, "jmeter": jtl_rows, "vegeta": vegeta_lines}


def read(path: Path) -> None:
    """In a process of its own: read a file and print the figures as JSON."""
    from perfgate import importers

    begun = time.perf_counter()
    imported = importers.read(path)
    took = time.perf_counter() - begun
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"took_s": took, "memory_mb": memory, "entries": len(imported.entries)}))


def measure(tool: str, lines: int, folder: Path) -> dict[str, float]:
    """Write a file and read it; its size is among the figures."""
    path = folder / f"{tool}-{lines}"
    with path.open("w") as file:
        file.writelines(f"{line}\n" for line in FORMATS[tool](lines))
    figures: dict[str, float] = json.loads(run([sys.executable, __file__, "--read", str(path)]))
    figures["size_mb"] = path.stat().st_size / 1e6
    path.unlink()
    return figures


def judging_s() -> float:
    """How long it takes to judge the benchmarks, once they are read."""
    entries = [
        Series(f"tests/test_{number}.py::test_it", samples=tuple(random.lognormvariate(1, 0.4) for _ in range(ROUNDS)))
        for number in range(BENCHMARKS)
    ]
    limits = {name: BenchmarkLimit(Limit(name, fail=5.0), "ms") for name in ("p50", "p95", "max")}
    named = [BenchmarkBudget(entry.name, limits) for entry in entries[: BENCHMARKS // 2]]
    imported = Imported("pytest-benchmark", None, None, None, tuple(entries))
    begun = time.perf_counter()
    checks = check_benchmarks([imported], [*named, BenchmarkBudget("tests/*", limits)])
    took = time.perf_counter() - begun
    if len(checks) != BENCHMARKS * len(limits):
        raise SystemExit(f"{len(checks)} checks were made")
    return took


def main() -> int:
    """Measure each format at two sizes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        read(options.read)
        return 0
    random.seed(1)
    rows, held = [], True
    with tempfile.TemporaryDirectory() as folder:
        for tool in FORMATS:
            for lines in (options.lines, 2 * options.lines):
                figures = measure(tool, lines, Path(folder))
                aim = AIM_S * lines / 1_000_000
                held = held and figures["took_s"] <= aim and figures["memory_mb"] <= AIM_MB
                cells = (
                    f"{figures['size_mb']:,.0f} MB",
                    f"{figures['took_s']:.1f} s",
                    f"{figures['memory_mb']:.0f} MB",
                )
                rows.append((f"{tool}, {lines:,} lines", *cells))
    print_table(("file", "size", "time", "memory"), rows)
    print_goal(f"{options.lines:,} lines in {AIM_S:g} s and {AIM_MB:g} MB", "see above", held)
    judging = judging_s()
    print_goal(f"{BENCHMARKS:,} benchmarks judged in {AIM_JUDGING_S:g} s", f"{judging:.2f} s", judging <= AIM_JUDGING_S)
    return 0 if held and judging <= AIM_JUDGING_S else 1


if __name__ == "__main__":
    sys.exit(main())
