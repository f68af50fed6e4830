"""The Prometheus text format, as Prometheus' own parser reads it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from perfgate.report import prometheus
from perfgate.report.tables import printable
from tests.report import results

if TYPE_CHECKING:
    from perfgate.judge.result import Result, RunResult

Labels = frozenset[tuple[str, str]]


def read(result: Result) -> dict[tuple[str, Labels], float]:
    """All samples, by name and labels."""
    samples = [
        ((sample.name, frozenset(sample.labels.items())), sample.value)
        for family in text_string_to_metric_families(prometheus.render(result))
        for sample in family.samples
    ]
    assert len(samples) == len(dict(samples)), "a series appears twice"
    return dict(samples)


def value(result: Result, series: str, /, **labels: str) -> float:
    """The one sample of that name which has at least these labels."""
    found = [v for (n, have), v in read(result).items() if n == series and labels.items() <= have]
    assert len(found) == 1
    return found[0]


PEAK = {"service": "catalog", "load": "peak"}


def test_the_verdict_is_one_among_all_verdicts() -> None:
    """An alert can name the one it waits for."""
    found = {v: value(results.result(), "perfgate_verdict", verdict=v) for v in prometheus.VERDICTS}
    assert found == {"pass": 0, "warn": 0, "fail": 1, "invalid": 0}
    assert value(results.result(), "perfgate_exit_code") == 1
    assert value(results.result(), "perfgate_run_verdict", **PEAK, verdict="fail") == 1


def test_amounts_are_in_base_units() -> None:
    """Seconds, bytes and ratios, never milliseconds or percent."""
    result = results.result()
    at = {**PEAK, "endpoint": "GET /items/{id}"}
    assert value(result, "perfgate_check_observed", **at, metric="p95", unit="seconds") == pytest.approx(0.3124)
    assert value(result, "perfgate_check_limit", **at, metric="p95", unit="seconds") == pytest.approx(0.25)
    assert value(result, "perfgate_latency_seconds", **at, quantile="0.95") == pytest.approx(0.3123)
    assert value(result, "perfgate_service_memory_max_bytes", **PEAK) == 1.7e8
    assert value(result, "perfgate_service_cpu_cores", **PEAK) == 0.41
    assert value(result, "perfgate_memory_drift_ratio", service="catalog", load="soak") == pytest.approx(0.1225)
    assert value(result, "perfgate_check_observed", load="soak", metric="memory_drift", unit="ratio") == pytest.approx(
        0.1225
    )


def test_a_sum_of_requests_over_endpoints_counts_each_once() -> None:
    """The whole service is not counted beside its parts."""
    counts = [
        v for (n, have), v in read(results.result()).items() if n == "perfgate_requests_total" and PEAK.items() <= have
    ]
    assert counts == [12_000, 12_000]


def test_the_whole_service_has_an_empty_endpoint() -> None:
    """Percentiles cannot be summed, so the whole has its own."""
    found = value(results.result(), "perfgate_latency_seconds", **PEAK, endpoint="", quantile="0.99")
    assert found == pytest.approx(0.208)


def test_what_loads_found_is_there() -> None:
    """Capacity in its unit, recovery time, and whether it recovered at all."""
    result = results.result()
    assert value(result, "perfgate_capacity", service="catalog", load="stress", unit="users") == 100
    assert value(result, "perfgate_recovery_seconds", service="catalog", load="spike") == 3
    assert value(result, "perfgate_recovered", service="catalog", load="spike") == 1
    assert value(result, "perfgate_metric", **PEAK, name="tokens", endpoint="", statistic="p95") == 150
    assert value(result, "perfgate_score", service="catalog") == 71.6


def test_what_is_unknown_is_left_out_rather_than_zero() -> None:
    """A load that was not driven has no latency."""
    names = {n for (n, have) in read(results.result()) if {("service", "checkout")} <= have}
    known = ("run_verdict", "run_duration_seconds", "sound", "health_valid")
    assert names == {f"perfgate_{name}" for name in known}


def test_a_check_of_a_doubtful_run_is_invalid() -> None:
    """Whatever its numbers would say."""
    result = results.passed(verdict="invalid", runs=[results.doubtful()])
    statuses = {dict(have)["status"] for (n, have) in read(result) if n == "perfgate_check_status"}
    assert statuses == {"invalid"}


def test_each_family_stands_in_one_block_with_help_and_type() -> None:
    """The format demands it."""
    names = [
        re.split(r"[ {]", line.removeprefix("# HELP ").removeprefix("# TYPE "))[0]
        for line in prometheus.render(results.result()).splitlines()
    ]
    blocks = [name for number, name in enumerate(names) if number == 0 or names[number - 1] != name]
    assert len(blocks) == len(set(blocks))
    for block in blocks:
        assert prometheus.render(results.result()).count(f"# TYPE {block} ") == 1


def test_the_manual_lists_every_metric() -> None:
    """And no other."""
    manual = Path(__file__).parents[2] / "docs" / "reports.md"
    rows = [
        line.split("|")[1]
        for line in manual.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `perfgate_")
    ]
    shown = {name for result in (results.result(), results.slower()) for name, _ in read(result)}
    assert set(re.findall(r"perfgate_\w+", " ".join(rows))) == shown


def test_one_series_appears_once_even_if_a_check_does_twice() -> None:
    """A repeated series makes a scrape fail as a whole."""
    twice = results.passed(runs=[results.run(checks=[results.check(), results.check(observed=1.0)])])
    assert value(twice, "perfgate_check_observed", metric="p95") == pytest.approx(0.18)


@given(st.text())
def test_any_name_comes_back_from_the_parser_as_other_reports_show_it(name: str) -> None:
    """Backslashes and quotes are escaped as the format says; nothing in it sends commands to a terminal."""
    for result in (results.hostile(name), results.hostile_comparison(name)):
        assert printable(name) in {dict(have).get("service") for (_, have) in read(result)}
        assert all(line.isprintable() for line in prometheus.render(result).split("\n"))


def test_a_change_and_its_interval_are_ratios() -> None:
    """For dashboards that follow them over time; unknown ones have no sample."""
    result, at = results.slower(), {**PEAK, "endpoint": results.ITEM, "metric": "p95"}
    names = ("baseline", "change_ratio", "change_low_ratio", "change_high_ratio", "detectable_ratio")
    found = [value(result, f"perfgate_check_{name}", **at) for name in names]
    assert found == pytest.approx([0.25, 0.52, 0.45, 0.59, 0.14])
    decisions = {dict(have)["decision"]: v for (n, have), v in read(result).items()
                 if n == "perfgate_check_decision" and at.items() <= have}  # fmt: skip
    assert [name for name, chosen in decisions.items() if chosen] == ["worse"]
    changes = [have for (n, have) in read(result) if n == "perfgate_check_change_ratio"]
    assert not [have for have in changes if ("metric", "error_rate") in have]


def test_what_a_comparison_rests_on_is_there() -> None:
    """Pairs, dropped ones by reason, the false-alarm rate, expired acceptances, the control."""
    result = results.slower()
    assert value(result, "perfgate_comparison_pairs", **PEAK) == 27
    assert value(result, "perfgate_comparison_pairs_dropped", **PEAK, reason="steal") == 2
    assert value(result, "perfgate_false_alarm_ratio") == 0.01
    assert value(result, "perfgate_acceptances_expired") == 1
    assert value(result, "perfgate_control_seconds") == pytest.approx(0.00055)


@pytest.mark.parametrize("name", results.HOSTILE)
def test_no_name_can_begin_a_line_of_its_own(name: str) -> None:
    """Every line is a comment or a sample of perfgate."""
    shown = prometheus.render(results.hostile(name))
    assert all(line.startswith(("# HELP perfgate_", "# TYPE perfgate_", "perfgate_")) for line in shown.splitlines())


def test_the_generators_counts_are_those_of_the_run() -> None:
    """Arrivals exist in an open model only."""
    health = results.health(arrivals=24_000, late=12, unserved=3, retried=2, left_out=100)
    result = results.passed(runs=[results.run("open", model="open", health=health), results.run("closed")])
    names = ("arrivals", "late_arrivals", "unserved_arrivals", "retried_requests", "left_out_requests")
    found = [value(result, f"perfgate_{name}_total", load="open") for name in names]
    assert found == [24_000, 12, 3, 2, 100]
    assert value(result, "perfgate_retried_requests_total", load="closed") == 0
    assert not [labels for name, labels in read(result) if "arrivals" in name and ("load", "closed") in labels]


@pytest.mark.parametrize(("run", "sound"), [(results.run(), 1), (results.extra(), 1), (results.doubtful(), 0)])
def test_a_run_that_is_not_sound_can_be_told_from_one_with_an_invalid_check(run: RunResult, sound: int) -> None:
    """Whatever its verdict is."""
    assert value(results.passed(runs=[run]), "perfgate_sound") == sound
