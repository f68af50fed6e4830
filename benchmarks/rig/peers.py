"""The load generators that are measured beside perfgate: k6 and Locust, each driven as its manual shows.

Each function runs one load to its end and gives what the tool itself reports about it.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rig.children import run

_TRENDS = ["med", "p(95)", "p(99)"]
# Users begin at random moments: Locust starts them all at once, and would then send all its requests in bursts.
_LOCUSTFILE = """
import random, time
from locust import FastHttpUser, constant, constant_throughput, task

class Visitor(FastHttpUser):
    wait_time = {wait}

    def on_start(self):
        time.sleep(random.uniform(0, {period}))

    @task
    def get(self):
        self.client.get("/")
"""
_LOCUST_PERCENTILES = ("50%", "66%", "75%", "80%", "90%", "95%", "98%", "99%")


@dataclass(frozen=True)
class Reported:
    """What a tool says about one load; times in ms."""

    requests: int
    failures: int
    p50: float
    p95: float
    p99: float

    @property
    def percentiles(self) -> tuple[float, float, float]:
        """p50, p95 and p99."""
        return self.p50, self.p95, self.p99


def find(program: str) -> str | None:
    """Where a program is: beside this Python, or on the path."""
    beside = Path(sys.executable).with_name(program)
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])  # nginx, where it is not for everybody
    return str(beside) if beside.exists() else shutil.which(program, path=path)


def installed(*programs: str) -> list[str]:
    """Those of the programs that are there; the others are said to be skipped."""
    for program in programs:
        if find(program) is None:
            print(f"{program} is not installed: skipped")
    return [program for program in programs if find(program)]


def k6_at_rate(url: str, rate: int, seconds: float, most_users: int) -> Reported:
    """Open model: k6's `constant-arrival-rate`, with all its users allocated before the load begins."""
    users = f"preAllocatedVUs: {most_users}, maxVUs: {most_users}"
    return _k6(url, f'executor: "constant-arrival-rate", rate: {rate}, timeUnit: "1s", {users}', seconds)


def k6_closed(url: str, users: int, seconds: float, wait_s: float = 0.0) -> Reported:
    """Closed model: k6's `constant-vus`, waiting `wait_s` after each answer."""
    return _k6(url, f'executor: "constant-vus", vus: {users}', seconds, wait_s)


def _k6(url: str, scenario: str, seconds: float, wait_s: float = 0.0) -> Reported:
    wait = f"sleep({wait_s});" if wait_s else ""
    with tempfile.TemporaryDirectory() as folder:
        script, summary = Path(folder) / "script.js", Path(folder) / "summary.json"
        script.write_text(
            'import http from "k6/http"; import { sleep } from "k6";\n'
            f"export const options = {{ summaryTrendStats: {json.dumps(_TRENDS)},\n"
            f'  scenarios: {{ load: {{ {scenario}, duration: "{seconds:g}s" }} }} }};\n'
            f'export default function () {{ http.get("{url}/"); {wait} }}\n'
        )
        quiet = ["--quiet", "--no-usage-report", "--log-output=none"]
        run([find("k6") or "k6", "run", *quiet, f"--summary-export={summary}", str(script)])
        metrics = json.loads(summary.read_text())["metrics"]
    times = [float(metrics["http_req_duration"][name]) for name in _TRENDS]
    return Reported(int(metrics["http_reqs"]["count"]), int(metrics["http_req_failed"]["passes"]), *times)


def locust(url: str, users: int, seconds: float, per_user_and_second: float = 0.0) -> Reported:
    """Closed model: `FastHttpUser`, paced by `constant_throughput`, or without any wait."""
    wait = f"constant_throughput({per_user_and_second})" if per_user_and_second else "constant(0)"
    period = 1 / per_user_and_second if per_user_and_second else 0
    with tempfile.TemporaryDirectory() as folder:
        scenario = Path(folder) / "locustfile.py"
        scenario.write_text(_LOCUSTFILE.format(wait=wait, period=period))
        command = [sys.executable, "-m", "locust", "-f", str(scenario), "--headless", "--only-summary", "-H", url]
        command += ["-u", str(users), "-r", str(users), "-t", f"{seconds:g}s", "-s", "10"]
        return _locust_summary(run(command, codes=(0, 1)))  # 1: some requests failed, which is in the figures


def _locust_summary(text: str) -> Reported:
    """Read the two tables that Locust ends with: counts, and percentiles."""
    counts, times = (line.split()[1:] for line in text.splitlines() if line.split()[:1] == ["Aggregated"])
    found = dict(zip(_LOCUST_PERCENTILES, times, strict=False))
    p50, p95, p99 = (float(found[name]) for name in ("50%", "95%", "99%"))
    return Reported(int(counts[0]), int(counts[1].partition("(")[0]), p50, p95, p99)
