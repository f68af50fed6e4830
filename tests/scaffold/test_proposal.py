"""Budgets proposed from a measurement."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.judge.result import Environment, Result, RunResult
from perfgate.measure.summary import EndpointSummary, Failure, Health, Latency
from perfgate.scaffold.proposal import Proposal, from_result, readable_up


def summary(
    name: str | None, p95: float | None, p99: float | None, requests: int = 500, failures: int = 0
) -> EndpointSummary:
    latency = Latency(p95=p95, p99=p99)
    return EndpointSummary(
        name=name,
        requests=requests,
        failures=failures,
        error_rate=failures / requests if requests else 0.0,
        throughput_per_s=50.0,
        latency_ms=latency,
        service_ms=latency,
        failed_ms=Latency(),
        failures_by_kind=[Failure(kind="HTTP 404", count=failures, example="")] if failures else [],
    )


def result(total: EndpointSummary, *endpoints: EndpointSummary, **fields: Any) -> Result:
    health = fields.pop("health", Health(valid=True, clock="user"))
    run = RunResult(
        service="shop",
        load="normal",
        load_kind="steady",
        verdict="pass",
        model="closed",
        duration_s=10.0,
        health=health,
        total=total,
        endpoints=list(endpoints),
        **fields,
    )
    environment = Environment(machine="", system="", cpu_count=1, python="", perfgate="", locust="")
    return Result(
        verdict="pass", exit_code=0, id="x", started_at=0.0, duration_s=10.0, environment=environment, runs=[run]
    )


def measured() -> Result:
    """A quiet run of a service called shop."""
    return result(summary(None, 31.2, 60.0), summary("GET /", 31.2, 60.0))


def proposed(total: EndpointSummary, *endpoints: EndpointSummary, **fields: Any) -> Proposal:
    return from_result(result(total, *endpoints, **fields), "shop")


def limits(proposal: Proposal) -> dict[str, str]:
    return {limit.metric: limit.limit for limit in proposal.limits}


@given(st.floats(1e-3, 1e7))
def test_a_readable_number_is_never_below_and_at_most_a_third_above(value: float) -> None:
    """The steps of the series lie close together."""
    found = readable_up(value)
    assert value <= found <= value * 1.34
    assert found == float(f"{found:.2g}")


@pytest.mark.parametrize(("value", "expected"), [(46.8, 50), (100, 100), (101, 120), (0.9, 1), (8.1, 10), (1500, 1500)])
def test_readable_numbers(value: float, expected: float) -> None:
    """As a person would write them."""
    assert expected == readable_up(value)


def test_limits_are_observed_times_one_and_a_half() -> None:
    """Rounded up; errors may be 1 %."""
    found = proposed(summary(None, 31.2, 60.0), summary("GET /", 31.2, 60.0))
    assert limits(found) == {"error_rate": "1%", "p95": "50ms", "p99": "100ms"}
    assert found.measured


def test_a_services_limit_holds_for_its_slowest_endpoint() -> None:
    """Endpoints inherit it, so the total's percentile would be red at once; fast endpoints get their own."""
    found = proposed(summary(None, 20.0, 40.0), summary("GET /slow", 100.0, 200.0), summary("GET /fast", 10.0, 20.0))
    assert limits(found) == {"error_rate": "1%", "p95": "150ms", "p99": "300ms"}
    assert {name: own[0].limit for name, own in found.endpoints.items()} == {"GET /fast": "15ms"}


def test_limits_are_never_so_low_that_the_machine_decides() -> None:
    """A service that answers in microseconds still gets some milliseconds."""
    assert limits(proposed(summary(None, 0.2, 0.3))) == {"error_rate": "1%", "p95": "5ms", "p99": "5ms"}


def test_a_percentile_that_too_few_requests_carry_is_left_out() -> None:
    """There is no p99 of thirty requests."""
    assert limits(proposed(summary(None, 10.0, None, requests=30))) == {"error_rate": "1%", "p95": "15ms"}


def test_failing_endpoints_are_told() -> None:
    """The budget stays at 1 %: the next run shall be red until they are mended."""
    found = proposed(summary(None, 10.0, 20.0, 500, 50), summary("GET /gone", None, None, 50, 50))
    assert found.notes == ("GET /gone: 100.00 % of requests failed (HTTP 404)",)


def test_cpu_memory_and_throughput_are_hints() -> None:
    """They depend on the machine, so they stand as comments."""
    found = proposed(summary(None, 10.0, 20.0), cpu_mean=0.31, memory_max_bytes=90e6)
    assert {h.metric: h.limit for h in found.hints} == {"throughput": "40/s", "cpu": "50%", "memory": "150MB"}


@pytest.mark.parametrize(
    ("total", "health"),
    [
        (summary(None, None, None, 0), Health(valid=True, clock="user")),
        (summary(None, None, None, 9, 9), Health(valid=True, clock="user")),
        (summary(None, None, None, 9), Health(valid=True, clock="user")),
        (summary(None, 5.0, 5.0), Health(valid=False, clock="user", reasons=["CPU"])),
    ],
)
def test_a_measurement_that_proves_nothing_gives_generous_limits(total: EndpointSummary, health: Health) -> None:
    """No requests, no successes, too few, or a generator that was the bottleneck: the reason is told."""
    found = proposed(total, health=health)
    assert not found.measured
    assert limits(found) == {"error_rate": "1%", "p95": "500ms", "p99": "1000ms"}
    assert found.notes[0].startswith("the measurement could not be used: ")
