"""Budgets proposed from a measurement."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.judge.result import Environment, Result, RunResult
from perfgate.measure.histogram import Histogram
from perfgate.measure.summary import EndpointSummary, Failure, Health, Latency, PhaseSummary
from perfgate.plan.budget import METRICS
from perfgate.scaffold.proposal import Proposal, never_answered, proposed_from, unanswered
from perfgate.scaffold.spread import Measurement, Seconds, readable_up, roomy, upper_end

SEEN = st.lists(st.lists(st.floats(0.01, 1e5), min_size=1, max_size=40), min_size=1, max_size=12)


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


def steady(summary: EndpointSummary) -> tuple[Histogram, ...]:
    """Eight seconds that are all alike: 96 of 100 requests take the p95, the others the p99."""
    slow, slowest = summary.latency_ms.p95, summary.latency_ms.p99
    if summary.requests == summary.failures or slow is None:
        return ()
    return (Histogram.of([slow] * 96 + [slowest or slow] * 4),) * 8


def measurement(total: EndpointSummary, *endpoints: EndpointSummary, **fields: Any) -> Measurement:
    seconds: Seconds = {entry.name: steady(entry) for entry in (total, *endpoints)}
    return Measurement(result(total, *endpoints, **fields), seconds)


def measured() -> Measurement:
    """A quiet run of a service called shop."""
    return measurement(summary(None, 31.2, 60.0), summary("GET /", 31.2, 60.0))


def proposed(total: EndpointSummary, *endpoints: EndpointSummary, **fields: Any) -> Proposal:
    return proposed_from(measurement(total, *endpoints, **fields), "shop")


def limits(proposal: Proposal) -> dict[str, tuple[str, str]]:
    """Warn and fail by metric."""
    return {limit.metric: (limit.warn, limit.limit) for limit in proposal.limits}


def own_limits(proposal: Proposal) -> dict[str, dict[str, tuple[str, str]]]:
    return {name: {one.metric: (one.warn, one.limit) for one in own} for name, own in proposal.endpoints.items()}


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


class TestRoom:
    """The rule: what was seen, second by second, becomes a pair of limits."""

    @given(SEEN, st.sampled_from(["p95", "p99"]))
    def test_is_never_below_the_spread_that_was_seen(self, seen: list[list[float]], metric: str) -> None:
        """Warn at twice and fail at four times its upper end at least, which is no less than the percentile."""
        seconds = [Histogram.of(second) for second in seen]
        upper = upper_end(seconds, metric)
        limit = roomy(upper, metric)
        assert upper >= Histogram.merged(seconds).quantile(METRICS[metric].quantile or 0.0)
        assert upper <= Histogram.merged(seconds).maximum
        assert limit.warn is not None
        assert limit.fail is not None
        assert 2 * upper <= limit.warn < limit.fail
        assert 4 * upper <= limit.fail

    @given(SEEN, st.floats(1.0, 10.0), st.sampled_from(["p95", "p99"]))
    def test_grows_with_what_was_seen(self, seen: list[list[float]], factor: float, metric: str) -> None:
        """A slower service never gets a narrower limit."""
        before = roomy(upper_end([Histogram.of(second) for second in seen], metric), metric)
        slower = [Histogram.of([value * factor for value in second]) for second in seen]
        after = roomy(upper_end(slower, metric), metric)
        assert (after.warn or 0) >= (before.warn or 0)
        assert (after.fail or 0) >= (before.fail or 0)

    @given(st.floats(0.0, 1e6), st.sampled_from(["p95", "p99"]))
    def test_is_a_round_number_and_no_less_than_a_floor(self, upper: float, metric: str) -> None:
        """In a few milliseconds the machine decides more than the service."""
        limit = roomy(upper, metric)
        for value, floor in ((limit.warn or 0, 50.0), (limit.fail or 0, 100.0)):
            assert value >= floor
            assert value == readable_up(value)

    def test_grows_with_the_spread_of_the_seconds(self) -> None:
        """The same response times say less when the slow ones came all at once."""
        even = [Histogram.of([10.0] * 45 + [100.0] * 2)] * 10
        at_once = [Histogram.of([10.0] * 47)] * 9 + [Histogram.of([10.0] * 27 + [100.0] * 20)]
        assert upper_end(even, "p95") == pytest.approx(10.0, rel=0.001)
        assert upper_end(at_once, "p95") > 50.0

    def test_of_few_requests_is_made_of_the_slowest(self) -> None:
        """The next, longer run will have enough of them for a percentile."""
        assert upper_end([Histogram.of([5.0, 70.0])], "p95") == 70.0


def test_limits_leave_room_for_a_busy_machine() -> None:
    """Twice what was seen is a warning, four times as much fails; errors may be 1 %."""
    found = proposed(summary(None, 31.2, 60.0), summary("GET /", 31.2, 60.0))
    assert limits(found) == {"error_rate": ("", "1%"), "p95": ("80ms", "150ms"), "p99": ("120ms", "250ms")}
    assert found.measured


def test_a_services_limit_holds_for_its_slowest_endpoint() -> None:
    """Endpoints inherit it, so the total's percentile would be red at once; fast endpoints get their own."""
    found = proposed(summary(None, 20.0, 40.0), summary("GET /slow", 98.0, 198.0), summary("GET /fast", 29.0, 40.0))
    assert limits(found)["p95"] == ("200ms", "400ms")
    assert limits(found)["p99"] == ("400ms", "800ms")
    assert own_limits(found) == {"GET /fast": {"p95": ("60ms", "120ms")}}


def test_a_services_limit_holds_for_endpoints_that_were_asked_seldom() -> None:
    """They carry no percentile in ten seconds, but do in the first run."""
    whole, rare = summary(None, 20.0, 40.0), summary("GET /rare", None, None, requests=3)
    seconds: Seconds = {None: steady(whole), "GET /rare": (Histogram.of([900.0, 950.0, 1000.0]),)}
    found = proposed_from(Measurement(result(whole, rare), seconds), "shop")
    assert limits(found)["p95"] == ("2000ms", "4000ms")


def test_limits_are_never_so_low_that_the_machine_decides() -> None:
    """A service that answers in microseconds still gets some milliseconds."""
    found = limits(proposed(summary(None, 0.2, 0.3)))
    assert (found["p95"], found["p99"]) == (("50ms", "100ms"), ("100ms", "250ms"))


def test_an_endpoint_that_fails_now_and_then_gets_a_limit_that_it_keeps() -> None:
    """No budget is written that the first run must break: 1 % is a warning until it is mended, and that is told."""
    whole, good = summary(None, 10.0, 20.0, 500, 20), summary("GET /", 10.0, 20.0, 300)
    found = proposed(whole, summary("GET /flaky", 10.0, 20.0, 200, 20), good)
    assert limits(found)["error_rate"] == ("1%", "12%")
    assert own_limits(found)["GET /flaky"]["error_rate"] == ("1%", "30%")
    assert own_limits(found)["GET /"]["error_rate"] == ("", "1%")  # it does not inherit what the flaky one needs
    assert found.notes == ("GET /flaky: 10.00 % of requests failed (HTTP 404); its limit makes that a warning for now",)


@given(st.integers(1, 499))
def test_a_limit_on_errors_is_never_one_that_was_just_broken(failures: int) -> None:
    """Nor one that lets everything fail."""
    entry = summary("GET /", 10.0, 20.0, 500, failures)
    found = limits(proposed(entry.model_copy(update={"name": None}), entry))["error_rate"][1]
    assert failures <= round(float(found.removesuffix("%")) * 5, 6) < 500  # of 500 requests


def test_endpoints_that_never_answer_are_named() -> None:
    """So that they can be set aside, with what came instead."""
    total, good, dead = summary(None, 9.0, 9.0), summary("GET /", 9.0, 9.0), summary("GET /gone", None, None, 50, 50)
    assert unanswered(measurement(total, good, dead), "shop") == {"GET /gone": "HTTP 404"}


def test_a_login_that_is_only_tried_in_the_ramp_is_seen() -> None:
    """Users that could not sign in ask for nothing more, so nothing of theirs need be in the judged phase."""
    login, home = summary("POST /login", None, None, 20, 20), summary("GET /", 9.0, 9.0, 20)
    ramp = PhaseSummary(name="ramp", start_s=0, end_s=5, total=summary(None, 9.0, 9.0, 40, 20), endpoints=[login, home])
    found = measurement(summary(None, None, None, 0), phases=[ramp])
    assert never_answered(found, "shop") == {"POST /login": "HTTP 404"}


def test_what_answers_in_the_ramp_alone_has_never_answered() -> None:
    """Runs are judged without it."""
    late, home = summary("GET /late", None, None, 50, 50), summary("GET /", 9.0, 9.0)
    ramp = PhaseSummary(
        name="ramp", start_s=0, end_s=5, total=summary(None, 9.0, 9.0), endpoints=[summary("GET /late", 9.0, 9.0)]
    )
    assert unanswered(measurement(summary(None, 9.0, 9.0), late, home, phases=[ramp]), "shop") == {
        "GET /late": "HTTP 404"
    }


def test_where_nothing_answers_no_endpoint_is_to_blame() -> None:
    """The service is down or wants credentials; the note says so."""
    dead = measurement(summary(None, None, None, 50, 50), summary("GET /gone", None, None, 50, 50))
    assert unanswered(dead, "shop") == {}
    assert "no request succeeded (HTTP 404)" in proposed_from(dead, "shop").notes[0]


def test_cpu_memory_and_throughput_are_hints() -> None:
    """They depend on the machine, so they stand as comments."""
    found = proposed(summary(None, 10.0, 20.0), cpu_mean=0.31, memory_max_bytes=90e6)
    assert {h.metric: h.limit for h in found.hints} == {"throughput": "40/s", "cpu": "50%", "memory": "150MB"}


@pytest.mark.parametrize(
    ("total", "health"),
    [
        (summary(None, None, None, 0), Health(valid=True, clock="user")),
        (summary(None, None, None, 9, 9), Health(valid=True, clock="user")),
        (summary(None, 5.0, 5.0), Health(valid=False, clock="user", reasons=["CPU"])),
    ],
)
def test_a_measurement_that_proves_nothing_gives_generous_limits(total: EndpointSummary, health: Health) -> None:
    """No requests, no successes, or a generator that was the bottleneck: the reason is told."""
    found = proposed(total, health=health)
    assert not found.measured
    expected = {"error_rate": ("", "1%"), "p95": ("500ms", "2000ms"), "p99": ("1000ms", "5000ms")}
    assert limits(found) == expected
    assert found.notes[0].startswith("the measurement could not be used: ")
