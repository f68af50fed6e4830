"""The scenarios are ordinary locustfiles: plain Locust drives them at the demo services without a failure."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.demo.shop import running

SCENARIOS = Path(__file__).parents[2] / "scenarios"
ENDPOINTS = {
    "catalog": {("GET", "/items"), ("GET", "/items/{id}"), ("GET", "/search")},
    "checkout": {
        ("POST", "/carts"),
        ("POST", "/carts/{id}/items"),
        ("POST", "/orders"),
        ("GET", "/orders/{id}"),
    },
}


@pytest.mark.parametrize("name", ["catalog", "checkout"])
def test_plain_locust_runs_it(name: str, tmp_path: Path) -> None:
    """Every endpoint is requested under its name, and nothing fails."""
    locust = [sys.executable, "-m", "locust", "--headless", "--json", "--users", "5", "--spawn-rate", "5"]
    switches = ["--db", str(tmp_path / "catalog.db")] if name == "catalog" else []
    with running(name, tmp_path, *switches) as service:
        file = str(SCENARIOS / f"{name}.py")
        for run_time in ("4s", "20s", "60s"):  # until every endpoint had its turn, however busy the machine is
            command = [*locust, "--run-time", run_time, "--locustfile", file, "--host", service.url]
            ended = subprocess.run(command, capture_output=True, text=True, check=False)
            assert ended.returncode == 0, ended.stderr
            entries = json.loads(ended.stdout)
            if {(entry["method"], entry["name"]) for entry in entries} == ENDPOINTS[name]:
                break

    assert {(entry["method"], entry["name"]) for entry in entries} == ENDPOINTS[name]
    assert [entry["num_failures"] for entry in entries] == [0] * len(entries)
