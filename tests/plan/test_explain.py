"""`perfgate explain`: which limit applies where, and why."""

from __future__ import annotations

import pytest

from perfgate.plan.explain import AppliedLimit, applicable_limits
from tests.plan.writing import LOADS, SERVICE, plan_of

TABLES = """
loads = ["normal", "stress", "spike", "soak"]
[services.shop.metrics.tokens]
unit = "tokens"
[services.shop.budget]
p95 = "250ms"
error_rate = "1%"
throughput = "5/s"
startup_time = "2s"
metrics.tokens.p95 = 800
[services.shop.budget.normal]
p95 = { warn = "100ms" }
[services.shop.endpoints."GET /".budget]
p95 = "50ms"
[services.shop.endpoints."GET /".budget.normal]
p50 = "20ms"
[artifacts]
"app.js" = "500KB"
"""


def rows(load: str | None, endpoint: str | None = None) -> list[AppliedLimit]:
    """The rows for one load and endpoint of the service."""
    found = applicable_limits(plan_of(LOADS + SERVICE + TABLES))
    return [row for row in found if row.service == "shop" and (row.load, row.endpoint) == (load, endpoint)]


def brief(found: list[AppliedLimit]) -> list[tuple[str, float | None, str, str]]:
    """What it is, its failing tier, where it comes from and what it is for."""
    return [(row.metric, row.fail, row.inherited_from, row.use) for row in found]


def test_the_whole_service_under_a_load() -> None:
    """A load's own limits, and those of the service."""
    assert rows("normal") == [
        AppliedLimit("shop", "normal", None, "p95", "ms", 100, None, "budgets.toml:39", "load"),
        AppliedLimit("shop", "normal", None, "error_rate", "share", None, 0.01, "budgets.toml:34", "service"),
        AppliedLimit("shop", "normal", None, "throughput", "/s", None, 5, "budgets.toml:35", "service"),
        AppliedLimit("shop", "normal", None, "tokens.p95", "tokens", None, 800, "budgets.toml:37", "service"),
    ]


def test_an_endpoint_under_a_load() -> None:
    """Its own limits and what it inherits; throughput and custom metrics are the whole service's."""
    assert brief(rows("normal", "GET /")) == [
        ("p50", 20, "endpoint and load", "check"),
        ("p95", 50, "endpoint", "check"),
        ("error_rate", 0.01, "service", "check"),
    ]


def test_under_stress_limits_judge_the_steps() -> None:
    """The capacity is a check of its own, and custom metrics are; throughput is not judged at all."""
    assert brief(rows("stress")) == [
        ("p95", 250, "service", "step"),
        ("error_rate", 0.01, "service", "step"),
        ("capacity", 50, "default", "check"),
        ("tokens.p95", 800, "service", "check"),
    ]
    assert [row.unit for row in rows("stress") if row.metric == "capacity"] == ["users"]


def test_a_soak_shows_the_default_drift_limits() -> None:
    """Nobody wrote them, yet they hold."""
    drifts = [row for row in rows("soak") if row.metric.endswith("drift")]
    assert [(row.metric, row.warn, row.fail, row.source) for row in drifts] == [
        ("p95_drift", 10, 25, "default"),
        ("memory_drift", 10, 25, "default"),
    ]


def test_what_a_load_cannot_check_does_not_apply_to_it() -> None:
    """A recovery time stands on the service for its spike load alone."""
    text = LOADS + SERVICE + '[services.shop.budget]\np95 = "1s"\nrecovery_time = "5s"\n'
    found = applicable_limits(plan_of(text))
    assert [row.load for row in found if row.metric == "recovery_time"] == ["spike"]


def test_the_start_is_measured_once() -> None:
    """It belongs to no load."""
    assert brief(rows(None)) == [("startup_time", 2, "service", "check")]


def test_artifacts_come_last() -> None:
    """They belong to no service."""
    last = applicable_limits(plan_of(LOADS + SERVICE + TABLES))[-1]
    assert last == AppliedLimit(None, None, None, "app.js", "bytes", None, 500_000, "budgets.toml:45", "artifacts")


def test_limits_of_benchmarks_stand_at_the_end() -> None:
    """By name or glob, whatever measures them."""
    plan = plan_of('[benchmarks."test_*"]\np50 = "2ms"\np95 = { warn = "3ms" }\n')
    rows = applicable_limits(plan)
    assert [(row.service, row.endpoint, row.metric, row.unit, row.warn, row.fail) for row in rows] == [
        (None, "test_*", "p50", "ms", None, 2.0),
        (None, "test_*", "p95", "ms", 3.0, None),
    ]
    assert {row.inherited_from for row in rows} == {"benchmarks"}


@pytest.mark.parametrize(("written", "uncertain"), [("", "warn"), ('[gate]\nuncertain = "fail"\n', "fail")])
def test_what_is_made_of_a_doubt_holds_for_every_limit(written: str, uncertain: str) -> None:
    """A warning unless it is written otherwise; benchmarks have it, too."""
    text = written + LOADS + SERVICE + TABLES + '[benchmarks."test_*"]\np50 = "2ms"\n'
    found = [row.uncertain for row in applicable_limits(plan_of(text)) if row.metric in {"p50", "p95", "tokens.p95"}]
    assert (len(found) > 5, set(found)) == (True, {uncertain})
