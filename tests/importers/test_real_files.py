"""Files that the tools wrote themselves: what is read is what the tool reported.

`data/README.md` says how each came.
"""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from perfgate import importers
from perfgate.importers.imported import ImportedEndpoint, Series
from tests.importers.files import DATA, TOOLS, entry, real, told

ROUNDED = 0.0005  # a histogram's relative error


def _json(name: str) -> Any:
    raw = (DATA / name).read_bytes()
    return json.loads(gzip.decompress(raw) if name.endswith(".gz") else raw)


def test_every_tool_has_a_file_here() -> None:
    """A new importer comes with a file."""
    assert set(TOOLS.values()) == set(importers.names())


@pytest.mark.parametrize(("name", "tool"), TOOLS.items())
def test_the_tool_is_told_by_what_is_in_the_file(name: str, tool: str) -> None:
    """No two tools' files look alike, and naming the tool gives the same."""
    assert told(real(name)) == told(importers.read(DATA / name, tool))
    assert real(name).tool == tool


# requests, failures, and statistics in ms as the tools printed them at the end of their runs
ENDPOINTS = [
    ("locust_stats.csv", "POST /orders", 115, 12, {"mean": 6.05660, "p50": 5, "p95": 10, "p99": 14, "max": 16.8023}),
    ("locust_stats.csv", "Aggregated", 324, 12, {"mean": 6.49290, "p50": 5, "p90": 10, "p95": 12, "min": 2.65585}),
    ("locust_stats_history.csv", "Aggregated", 324, 12, {"mean": 6.49290, "p50": 5, "min": 2.65585, "max": 43.5978}),
    ("locust.json", "POST /orders", 143, 14, {"mean": 6.02298, "p50": 5, "p95": 10, "max": 16.8023}),
    ("locust.json", "GET /search", 133, 0, {"mean": 9.99491, "p50": 9, "p95": 13, "max": 43.5978}),
    ("k6-summary.json", "http_req_duration", 180, 6, {"mean": 5.15700, "p50": 4.44732, "p95": 8.58338, "max": 11.0005}),
    ("jmeter-2.13.jtl", "GET /search, all", 75, 0, {"mean": 8.74667, "p50": 9, "max": 12}),
    ("jmeter-2.13.jtl", "POST /orders", 75, 7, {"p50": 5, "max": 10}),
    (
        "vegeta-report.json",
        "all requests",
        60,
        4,
        {"mean": 4.776398, "p50": 3.948507, "p95": 9.211428, "max": 10.759333},
    ),
]


@pytest.mark.parametrize(("name", "endpoint", "requests", "failures", "statistics"), ENDPOINTS)
def test_endpoints_are_as_the_tool_reported_them(
    name: str, endpoint: str, requests: int, failures: int, statistics: dict[str, float]
) -> None:
    """Counts exactly; times within what a histogram rounds."""
    found = entry(real(name), endpoint)
    assert isinstance(found, ImportedEndpoint)
    assert (found.requests, found.failures, found.unit) == (requests, failures, "ms")
    assert {key: found.statistic(key) for key in statistics} == pytest.approx(statistics, rel=ROUNDED)


def test_k6_lines_say_what_the_summary_of_the_same_run_says() -> None:
    """180 requests of which 6 failed; endpoints are named by method and name, and add up."""
    lines, summary = real("k6.json.gz"), entry(real("k6-summary.json"), "http_req_duration")
    endpoints = [found for found in lines.entries if isinstance(found, ImportedEndpoint)]
    assert [found.name for found in endpoints] == ["GET /items/{id}", "GET /search", "POST /orders"]
    assert isinstance(summary, ImportedEndpoint)
    assert sum(found.requests for found in endpoints) == summary.requests
    assert sum(found.failures for found in endpoints) == summary.failures == 6
    good = sum(found.latency_ms.total for found in endpoints if found.latency_ms) / (180 - 6)
    assert good == pytest.approx(summary.statistic("mean"))
    iterations = [entry(real(name), "iteration_duration") for name in ("k6.json.gz", "k6-summary.json")]
    assert iterations[0].statistic("p95") == pytest.approx(iterations[1].statistic("p95"), rel=ROUNDED)


def test_the_summary_of_k6_gives_times_of_expected_responses() -> None:
    """Failures are quick: they must not flatter the times; k6 keeps expected responses apart."""
    metrics = _json("k6-summary.json")["metrics"]
    expected = metrics["http_req_duration{expected_response:true}"]["p(95)"]
    assert entry(real("k6-summary.json"), "http_req_duration").statistic("p95") == expected
    assert metrics["http_req_duration"]["p(95)"] != expected


def test_vegeta_results_say_what_the_report_of_the_same_attack_says() -> None:
    """One endpoint per method and URL, whose query is left out."""
    results, report = real("vegeta.json"), real("vegeta-report.json")
    url = "http://127.0.0.1:8431"
    assert [found.name for found in results.entries] == [
        f"GET {url}/items/3",
        f"GET {url}/search",
        f"POST {url}/orders",
    ]
    endpoints = [found for found in results.entries if isinstance(found, ImportedEndpoint)]
    whole = report.entries[0]
    assert isinstance(whole, ImportedEndpoint)
    assert sum(found.failures for found in endpoints) == whole.failures
    assert results.started_at == report.started_at
    assert results.duration_s == pytest.approx(report.duration_s, abs=0.01)


def test_times_are_of_successful_requests_where_the_tool_tells_them_apart() -> None:
    """Where it does not, the entry says so."""
    mixed = {name: {e.mixed for e in real(name).entries if isinstance(e, ImportedEndpoint)} for name in TOOLS}
    assert {name for name, values in mixed.items() if values == {True}} == {
        *("locust_stats.csv", "locust_stats_history.csv", "locust.json", "vegeta-report.json"),
    }


def test_rounds_of_pytest_benchmark_stand_in_the_order_in_which_they_ran() -> None:
    """They are joined into blocks later, so neighbours must stay neighbours."""
    for benchmark in _json("pytest-benchmark.json")["benchmarks"]:
        found = entry(real("pytest-benchmark.json"), benchmark["fullname"])
        assert isinstance(found, Series)
        assert found.samples == tuple(seconds * 1000 for seconds in benchmark["stats"]["data"])
        assert any(before > after for before, after in pairwise(found.samples)), "sorted: not as they ran"
        assert (found.rounds, found.iterations) == (benchmark["stats"]["rounds"], benchmark["stats"]["iterations"])
        assert found.also == (benchmark["name"],)
        given = {ours: benchmark["stats"][theirs] * 1000 for ours, theirs in {"p50": "median", "mean": "mean"}.items()}
        assert {key: found.statistic(key) for key in given} == pytest.approx(given)


def test_a_saved_file_of_pytest_benchmark_has_its_summary_alone() -> None:
    """No percentile is made up that the file does not state."""
    found = entry(real("pytest-benchmark-saved.json"), "test_codec.py::test_pedantic")
    assert isinstance(found, Series)
    assert (found.samples, found.rounds, found.iterations) == ((), 30, 2)
    stats = next(b["stats"] for b in _json("pytest-benchmark-saved.json")["benchmarks"] if b["name"] == "test_pedantic")
    assert found.statistic("p50") == stats["median"] * 1000
    assert found.statistic("p95") is None


@pytest.mark.parametrize("name", ["BM_Encode/8", "BM_Encode/64", "BM_Sort"])
def test_repetitions_of_google_benchmark_agree_with_its_own_aggregates(name: str) -> None:
    """Whatever the unit of the benchmark, times are in ms."""
    scale = {"ns": 1e-6, "ms": 1.0}
    aggregates = {
        row["aggregate_name"]: row["real_time"] * scale[row["time_unit"]]
        for row in _json("google-benchmark.json")["benchmarks"]
        if row["run_name"] == name and row["run_type"] == "aggregate"
    }
    found = entry(real("google-benchmark.json"), name)
    assert isinstance(found, Series)
    assert len(found.samples) == 6
    assert found.statistic("mean") == pytest.approx(aggregates["mean"])
    assert found.statistic("p50") == pytest.approx(aggregates["median"])


def test_aggregates_of_google_benchmark_are_taken_where_there_are_no_repetitions() -> None:
    """The mean of 0.1638 ms is what its console showed as 0.164 ms."""
    found = entry(real("google-benchmark-aggregates.json"), "BM_Sort")
    assert found.statistic("mean") == pytest.approx(0.164, abs=0.0005)
    assert found.statistic("p50") == pytest.approx(0.238, abs=0.0005)
    assert found.statistic("p95") is None


def test_a_benchmark_that_skipped_itself_says_why() -> None:
    """It is there, and has no values."""
    for name in ("google-benchmark.json", "google-benchmark-aggregates.json"):
        found = entry(real(name), "BM_Skipped")
        assert (found.error, found.statistic("mean")) == ("no device", None)


def test_commands_of_hyperfine_are_told_apart_by_their_parameters() -> None:
    """`true` was run twice; its parameter is in the name, and the command alone names both."""
    assert [found.name for found in real("hyperfine.json").entries] == [
        *("sleep 0.01", "true (n=0.01)", "sleep 0.02", "true (n=0.02)"),
    ]
    found = entry(real("hyperfine.json"), "sleep 0.02")
    result = next(r for r in _json("hyperfine.json")["results"] if r["command"] == "sleep 0.02")
    for ours, theirs in {"mean": "mean", "p50": "median", "min": "min", "max": "max"}.items():
        assert found.statistic(ours) == pytest.approx(result[theirs] * 1000)


def test_lighthouse_gives_the_web_vitals() -> None:
    """CLS is a number without a unit; INP is measured only where a page is used, not loaded."""
    vitals = {found.name: (found.statistic("max"), found.unit) for found in real("lighthouse.json.gz").entries}
    assert vitals == {
        "LCP": (641.1796, "ms"),
        "CLS": (0, ""),
        "TBT": (0, "ms"),
        "FCP": (641.1796, "ms"),
        "TTFB": (452, "ms"),
    }


def test_a_failed_assertion_of_jmeter_is_a_failure_though_the_status_is_200() -> None:
    """Its message has a quote and a line break in it; a transaction is an endpoint like others."""
    found = entry(real("jmeter-5.6.jtl"), "GET /items/{id}")
    assert isinstance(found, ImportedEndpoint)
    assert (found.requests, found.failures) == (20, 1)
    assert entry(real("jmeter-5.6.jtl"), "Order").statistic("max") == 95


@pytest.mark.parametrize(
    ("name", "started_at", "duration_s"),
    [
        ("locust_stats.csv", datetime(2026, 11, 21, 10, 24, 33, tzinfo=UTC), 3),
        ("locust.json", datetime(2026, 11, 21, 10, 24, 33, 461874, tzinfo=UTC), 3.686),
        ("k6.json.gz", datetime(2026, 11, 21, 10, 26, 42, 232760, tzinfo=UTC), 0.312),
        ("jmeter-2.13.jtl", datetime(2026, 11, 21, 10, 24, 31, 934000, tzinfo=UTC), 0.489),
        ("lighthouse.json.gz", datetime(2026, 11, 21, 10, 19, 20, 903000, tzinfo=UTC), 5.777),
    ],
)
def test_when_it_was_measured_is_known(name: str, started_at: datetime, duration_s: float) -> None:
    """From the first request's beginning to the last one's end."""
    imported = real(name)
    assert imported.started_at is not None
    assert abs((imported.started_at - started_at).total_seconds()) < 0.001
    assert imported.duration_s == pytest.approx(duration_s, abs=0.001)
