"""All checks of a run: which limit holds where, and what happens when something cannot be judged."""

from __future__ import annotations

import pytest

from perfgate.judge.assemble import judge_run
from perfgate.judge.checks import check_run
from perfgate.judge.verdict import verdict_of
from perfgate.measure.summary import MetricSummary, ProcessEnd, ResourceDoubt
from perfgate.plan.budget import Budget, BudgetLayer, CustomMetric
from tests.judge.summaries import HOME, ITEM, entry, layer, limit, load, phase, resources, service, statuses, summary

STEADY = load()


def test_a_limit_of_the_service_holds_for_the_whole_and_for_each_endpoint() -> None:
    """Each is a check of its own."""
    run = summary(phase(total=entry(p95=100), endpoints=[entry(HOME, p95=100), entry(ITEM, p95=300)]))
    checks = check_run(run, STEADY, service(layer(p95=250)))
    assert statuses(checks) == {(None, "p95"): "pass", (HOME, "p95"): "pass", (ITEM, "p95"): "fail"}
    assert checks[-1].message == "p95 300 ms, budget 250 ms (+20 %)"


def test_an_endpoints_own_limit_replaces_the_services() -> None:
    """Looser or tighter."""
    run = summary(phase(total=entry(p95=100), endpoints=[entry(HOME, p95=100), entry(ITEM, p95=300)]))
    budget = Budget(every=layer(p95=250), endpoints={ITEM: layer(p95=400), HOME: layer(p95=50)})
    assert statuses(check_run(run, STEADY, service(budget))) == {
        (None, "p95"): "pass",
        (HOME, "p95"): "fail",
        (ITEM, "p95"): "pass",
    }


def test_a_loads_limit_replaces_the_services() -> None:
    """Under that load alone."""
    run = summary(phase(total=entry(p95=300)))
    catalog = service(Budget(every=layer(p95=250), loads={"steady": layer(p95=400), "peak": layer(p95=1)}))
    assert statuses(check_run(run, STEADY, catalog)) == {(None, "p95"): "pass"}


def test_throughput_holds_for_the_whole_alone_unless_an_endpoint_has_its_own() -> None:
    """The whole's throughput is not each part's."""
    run = summary(
        phase(total=entry(throughput=400), endpoints=[entry(HOME, throughput=300), entry(ITEM, throughput=100)])
    )
    budget = Budget(every=layer(throughput=380), endpoints={ITEM: layer(throughput=150)})
    assert statuses(check_run(run, STEADY, service(budget))) == {
        (None, "throughput"): "pass",
        (ITEM, "throughput"): "fail",
    }


def test_a_percentile_with_too_few_requests_is_skipped_where_it_is_inherited() -> None:
    """And invalid where it was asked for by name, or is the whole's; the words say how many it takes."""
    few = entry(HOME, requests=15, p50=10)
    run = summary(phase(total=entry(requests=30, p95=10), endpoints=[few, entry(ITEM, requests=15)]))
    checks = check_run(run, STEADY, service(Budget(every=layer(p95=250, p99=500), endpoints={ITEM: layer(p95=100)})))
    assert statuses(checks) == {
        (None, "p95"): "pass",
        (None, "p99"): "invalid",
        (HOME, "p95"): "skipped",
        (HOME, "p99"): "skipped",
        (ITEM, "p95"): "invalid",
        (ITEM, "p99"): "skipped",
    }
    words = next(check.message for check in checks if (check.endpoint, check.metric) == (HOME, "p95"))
    assert words == "p95: it needs 20 successful requests; 15 of 15 succeeded"


def test_failures_do_not_carry_a_percentile_and_do_not_excuse_it_either() -> None:
    """990 of 1,000 requests failed: ten successes are too few for a p95, and that is no reason to skip it."""
    failing = entry(HOME, requests=1000, failures=990, p50=10)
    run = summary(phase(total=entry(requests=2000, failures=990, p95=10), endpoints=[failing]))
    check = next(check for check in check_run(run, STEADY, service(layer(p95=250, error_rate=1))) if check.endpoint)
    assert check.endpoint == HOME
    assert (check.status, check.message) == ("invalid", "p95: it needs 20 successful requests; 10 of 1,000 succeeded")


def test_an_endpoint_in_the_budgets_that_never_occurred_is_invalid_and_names_the_nearest() -> None:
    """A misspelt endpoint must not pass silently."""
    run = summary(phase(endpoints=[entry(HOME), entry(ITEM)]))
    checks = check_run(run, STEADY, service(Budget(endpoints={"GET /itms/{id}": layer(p95=100, error_rate=0.1)})))
    found = {check.metric: (check.status, check.message) for check in checks if check.endpoint == "GET /itms/{id}"}
    assert found["p95"] == ("invalid", f"p95: this endpoint never occurred; the nearest that did is {ITEM}")
    assert found["error_rate"][0] == "invalid"


def test_an_endpoint_that_occurred_outside_the_judged_phase_only_is_invalid() -> None:
    """Such as a log-in during the ramp: its own limits were judged on nothing."""
    run = summary(phase("ramp", 0, 2, endpoints=[entry("POST /login")]), phase(start_s=2, total=entry(p95=1)))
    checks = check_run(run, STEADY, service(Budget(every=layer(p95=250), endpoints={"POST /login": layer(p50=10)})))
    assert statuses(checks) == {(None, "p95"): "pass", ("POST /login", "p50"): "invalid"}
    assert "occurred in ramp only" in checks[-1].message


def test_an_endpoints_limits_for_another_load_do_not_hold_here() -> None:
    """Neither its limits nor its absence."""
    run = summary(phase(endpoints=[entry(HOME)]))
    budget = Budget(endpoint_loads={(ITEM, "peak"): layer(p95=1)})
    assert check_run(run, STEADY, service(budget)) == []
    budget = Budget(endpoint_loads={(ITEM, "steady"): layer(p95=1)})
    assert statuses(check_run(run, STEADY, service(budget))) == {(ITEM, "p95"): "invalid"}


def test_no_requests_at_all_is_invalid() -> None:
    """An error rate of nothing is not 0 %."""
    run = summary(phase(total=entry(requests=0)))
    checks = check_run(run, STEADY, service(layer(p95=250, error_rate=0.01, throughput=1)))
    assert statuses(checks) == {
        (None, "requests"): "invalid",
        (None, "p95"): "invalid",
        (None, "error_rate"): "invalid",
        (None, "throughput"): "invalid",
    }


@pytest.mark.parametrize("budget", [layer(), layer(p50=60_000), layer(error_rate=1.0)])
def test_a_load_whose_requests_all_fail_is_never_a_pass(budget: BudgetLayer) -> None:
    """Whatever its budgets are."""
    run = summary(phase(total=entry(requests=500, failures=500), endpoints=[entry(HOME, 500, 500)]))
    checks = check_run(run, STEADY, service(budget))
    assert (None, "error_rate", "fail") in {(check.endpoint, check.metric, check.status) for check in checks}
    assert verdict_of(check.status for check in checks) == "fail"


def test_all_requests_of_the_judged_phase_failing_is_enough() -> None:
    """Successes in the ramp do not make up for it."""
    run = summary(phase("ramp", 0, 2), phase(start_s=2, total=entry(requests=500, failures=500)))
    check = check_run(run, STEADY, service(layer(error_rate=1.0)))[0]
    assert (check.status, check.message) == ("fail", "every request failed (500 requests): that is never a pass")
    assert check.observed == 1.0


def test_the_error_rate_of_one_phase_needs_no_more_words() -> None:
    """Only a spike load's spans several."""
    check = check_run(summary(phase(total=entry(failures=20))), STEADY, service(layer(error_rate=0.01)))[0]
    assert (check.observed, check.message) == (0.02, "error rate 2 %, budget 1 % (+100 %)")


def test_total_failure_is_told_once() -> None:
    """Where the error rate's own budget is broken, it says it all."""
    run = summary(phase(total=entry(requests=500, failures=500)))
    assert len(check_run(run, STEADY, service(layer(error_rate=0.01)))) == 1


def test_cpu_and_memory_are_those_of_the_service() -> None:
    """Mean CPU and the largest memory."""
    run = summary(phase(resources=resources(cpu=0.9, memory=150e6)))
    checks = check_run(run, STEADY, service(layer(cpu=0.8, memory=200e6)))
    assert statuses(checks) == {(None, "cpu"): "fail", (None, "memory"): "pass"}
    assert checks[0].message == "CPU 90 %, budget 80 % (+12 %)"


def test_resources_that_were_not_sampled_are_invalid() -> None:
    """Perfgate did not start that service."""
    checks = check_run(summary(phase()), STEADY, service(layer(cpu=0.8)))
    assert (checks[0].status, "must start the service itself" in checks[0].message) == ("invalid", True)


def test_a_phase_that_was_not_reached_is_invalid() -> None:
    """The load ended in its ramp."""
    checks = check_run(summary(phase("ramp")), STEADY, service(layer(p95=250, error_rate=0.1, cpu=1)))
    assert {check.status for check in checks} == {"invalid"}


def test_a_spikes_errors_count_over_all_of_it_and_its_latency_before_it() -> None:
    """The spike itself may be slow: recovery is judged; but what it failed stays failed."""
    run = summary(
        phase("steady", 0, 4, total=entry(requests=100, p95=50), resources=resources(memory=1e6)),
        phase("spike", 4, 6, total=entry(requests=100, failures=20, p95=5000), resources=resources(cpu=2, memory=9e6)),
        phase("recovery", 6, 10, total=entry(requests=200, p95=60)),
    )
    checks = check_run(run, load("spike"), service(layer(p95=250, error_rate=0.1, cpu=1, memory=5e6)))
    assert statuses(checks) == {
        (None, "p95"): "pass",
        (None, "error_rate"): "pass",
        (None, "cpu"): "pass",
        (None, "memory"): "fail",
    }
    rate = next(check for check in checks if check.metric == "error_rate")
    assert rate.message == "error rate 5 %, budget 10 % (-50 %) over steady, spike, recovery together"


def test_a_metric_of_another_kind_of_load_is_no_check_here() -> None:
    """A service's recovery time and capacity are for its spike and stress loads."""
    assert check_run(summary(phase()), STEADY, service(layer(recovery_time=5, capacity=10, startup_time=3))) == []


def test_a_soak_load_is_checked_for_drift() -> None:
    """Too little data for it is invalid."""
    checks = check_run(summary(phase()), load("soak"), service(layer(p95_drift=10, memory_drift=10)))
    assert statuses(checks) == {(None, "p95_drift"): "invalid", (None, "memory_drift"): "invalid"}


def _tokens(mean: float, endpoint: str | None = None, count: int = 100) -> MetricSummary:
    return MetricSummary(name="tokens", unit="tokens", endpoint=endpoint, count=count, mean=mean)


def test_a_custom_metric_has_a_budget_like_any_other() -> None:
    """In the direction that it was declared with, for the whole and for an endpoint."""
    run = summary(phase(endpoints=[entry(HOME)], metrics=[_tokens(900), _tokens(300, HOME)]))
    own = BudgetLayer(custom={("tokens", "mean"): limit("tokens", 800.0)})
    budget = Budget(every=own, endpoints={HOME: own})
    for better, whole, home in (("lower", "fail", "pass"), ("higher", "pass", "fail")):
        catalog = service(budget, {"tokens": CustomMetric("tokens", "tokens", better)})  # type: ignore[arg-type]
        found = statuses(check_run(run, STEADY, catalog))
        assert found == {(None, "tokens.mean"): whole, (HOME, "tokens.mean"): home}


def test_a_custom_metric_that_never_occurred_is_invalid() -> None:
    """As is a percentile of it that too few values carry."""
    custom = {("tokens", "mean"): limit("tokens", 1.0), ("cost", "p95"): limit("cost", 1.0)}
    run = summary(phase(metrics=[MetricSummary(name="cost", unit="$", count=5, mean=1.0)]))
    checks = check_run(run, STEADY, service(BudgetLayer(custom=custom)))
    assert [(check.status, check.message) for check in checks] == [
        ("invalid", "tokens.mean: the scenario reported no value in steady"),
        ("invalid", "cost.p95: it needs 20 values, there were 5"),
    ]


def test_a_custom_metric_of_which_too_many_values_are_no_numbers_is_invalid() -> None:
    """What is left may be the good ones; a few of a hundred are told elsewhere."""
    own = BudgetLayer(custom={("tokens", "mean"): limit("tokens", 800.0)})
    for unusable, status in ((1, "pass"), (2, "invalid")):
        told = _tokens(500, count=99).model_copy(update={"unusable": unusable})
        (check,) = check_run(summary(phase(metrics=[told])), STEADY, service(own))
        assert check.status == status
    assert check.message == "tokens.mean: 2 of 101 values are no numbers"


def test_latencies_of_requests_without_a_time_are_invalid() -> None:
    """Also where the limit is inherited: it is no rare endpoint, it just was not measured."""
    blind = entry(HOME, 1000, untimed=990)
    run = summary(phase(total=entry(None, 1000, untimed=990), endpoints=[blind]))
    checks = check_run(run, STEADY, service(layer(p95=250, p50=100)))
    assert {check.status for check in checks} == {"invalid"}
    assert checks[0].message == "p95: 990 of 1,000 successful requests have no response time"


def test_a_stress_loads_limits_judge_its_steps_and_are_no_checks_of_their_own() -> None:
    """Capacity is its check; custom metrics are judged in the highest step that held; throughput says it is not."""
    run = summary(
        phase("step_1", 2, 10, total=entry(p95=10), metrics=[_tokens(500)]),
        phase("step_2", 12, 20, total=entry(p95=900), endpoints=[entry(HOME, p95=900)]),
    )
    custom = {("tokens", "mean"): limit("tokens", 800.0)}
    budget = BudgetLayer(layer(p95=250, capacity=10, throughput=5, cpu=1).limits, custom)
    catalog = service(budget, {"tokens": CustomMetric("tokens", "tokens")})
    assert statuses(check_run(run, load("stress"), catalog)) == {
        (None, "capacity"): "pass",
        (None, "throughput"): "skipped",
        (None, "tokens.mean"): "pass",
    }


def test_a_load_that_its_own_condition_ended_is_no_pass() -> None:
    """A broken budget is proven all the same; without one the run is invalid. A stress load ends like this."""
    run = summary(phase(total=entry(p95=100)), end_reason="stop_when", end_detail="error rate 6.0% passed")
    checks = check_run(run, STEADY, service(layer(p95=250)))
    assert statuses(checks) == {(None, "stop_when"): "invalid", (None, "p95"): "pass"}
    assert checks[0].message == "stop_when ended the load early, at 00:10: error rate 6.0% passed"
    assert verdict_of(check.status for check in check_run(run, STEADY, service(layer(p95=50)))) == "fail"
    assert check_run(run, load("stress"), service()) == []


def test_exceptions_of_the_scenario_are_a_visible_warning() -> None:
    """Each may have left requests out."""
    run = summary(phase(), user_errors={"KeyError: 'id'": 3, "ValueError": 1})
    check = check_run(run, STEADY, service())[0]
    assert (check.status, check.message) == (
        "warn",
        "the scenario raised 4 exceptions, most often KeyError: 'id'",
    )


def test_a_limit_within_the_measurements_interval_is_uncertain() -> None:
    """The interval travels from the summary to the check."""
    run = summary(phase(total=entry(p95=248.0, p95_interval_ms=(240.0, 256.0))))
    check = check_run(run, STEADY, service(layer(p95=250)))[0]
    assert (check.status, check.uncertain, check.observed_interval) == ("pass", True, (240.0, 256.0))


@pytest.mark.parametrize(
    ("failures", "status"), [(0, None), (10, None), (11, "warn"), (500, "warn"), (501, "fail"), (900, "fail")]
)
@pytest.mark.parametrize("budget", [layer(throughput=1), layer(mean=500), layer(memory=1e12), layer(p95=500)])
def test_failures_without_an_error_budget_are_told(budget: BudgetLayer, failures: int, status: str | None) -> None:
    """Above 1 % a warning, above half a failure, of the whole and of an endpoint, whatever else is written."""
    figures = entry(failures=failures, p95=1, mean=1)
    run = summary(phase(total=figures, endpoints=[figures.model_copy(update={"name": HOME})], resources=resources()))
    found = [check for check in check_run(run, STEADY, service(budget)) if check.metric == "error_rate"]
    assert [(check.endpoint, check.status) for check in found] == (
        [] if status is None else [(None, status), (HOME, status)]
    )
    assert all(check.source == "default" and "no error_rate is written" in check.message for check in found)


def test_an_error_budget_that_is_written_replaces_the_default_where_it_holds() -> None:
    """A service that is meant to refuse visitors says so; an endpoint's own limit is the endpoint's alone."""
    run = summary(phase(total=entry(failures=300), endpoints=[entry(HOME, failures=300), entry(ITEM)]))
    assert statuses(check_run(run, STEADY, service(layer(error_rate=0.5)))) == {
        (None, "error_rate"): "pass",
        (HOME, "error_rate"): "pass",
        (ITEM, "error_rate"): "pass",
    }
    own = Budget(endpoints={HOME: layer(error_rate=0.5)})
    assert statuses(check_run(run, STEADY, service(own))) == {
        (None, "error_rate"): "warn",
        (HOME, "error_rate"): "pass",
    }


@pytest.mark.parametrize("budget", [layer(p50=500), layer(error_rate=0.5), layer(error_rate=1.0), layer(throughput=1)])
def test_an_endpoint_that_never_succeeded_is_a_fail(budget: BudgetLayer) -> None:
    """However rare it is, and whatever the whole may fail; but where 100 % is written for that very endpoint."""
    total, endpoints = entry(requests=1003, failures=3, p50=1), [entry(HOME, p50=1), entry(ITEM, 3, 3)]
    run = summary(phase(total=total, endpoints=endpoints))
    found = check_run(run, STEADY, service(budget))
    assert "fail" in [check.status for check in found if (check.endpoint, check.metric) == (ITEM, "error_rate")]
    meant = Budget(every=budget, endpoints={ITEM: layer(error_rate=1.0)})
    assert "fail" not in statuses(check_run(run, STEADY, service(meant))).values()


def test_an_endpoint_that_failed_in_the_ramp_alone_is_told_too() -> None:
    """A log-in that never succeeds: the visitors that are judged were never logged in."""
    login = entry("POST /login", requests=5, failures=5)
    run = summary(phase("ramp", 0, 2, endpoints=[login]), phase(start_s=2, total=entry(p95=1), endpoints=[entry(HOME)]))
    found = statuses(check_run(run, STEADY, service(layer(error_rate=0.1))))
    assert found["POST /login", "error_rate"] == "fail"


def test_a_warning_about_failures_is_no_budget() -> None:
    """Where nothing else is judged, nothing is."""
    run = summary(phase(total=entry(failures=20)))
    assert judge_run(run, STEADY, service(layer())).verdict == "invalid"


def test_the_steps_of_a_stress_load_are_held_against_the_default_error_rate() -> None:
    """Half of the requests failing breaks a step; less of it, in steps that held, is a warning."""
    steps = [
        phase(f"step_{n}", n * 10 - 8, n * 10, total=entry(failures=f, p95=1)) for n, f in ((1, 0), (2, 90), (3, 700))
    ]
    result = judge_run(summary(*steps), load("stress"), service(layer(p95=250, capacity=20)))
    assert result.capacity is not None
    assert (result.capacity.level, result.capacity.broke_at, result.capacity.broke_by) == (20, 40, "errors")
    assert statuses(result.checks) == {(None, "capacity"): "pass", (None, "error_rate"): "warn"}


@pytest.mark.parametrize("doubt", ["incomplete", "elsewhere", "unread", "gap"])
def test_cpu_and_memory_that_are_not_known_never_pass(doubt: ResourceDoubt) -> None:
    """Samples that are missing, a service that is no process of the tree: what was not seen may be what is too much."""
    seen = resources(cpu=0.1, memory=2e6).model_copy(update={"unknown": doubt, "held_by": "dockerd (pid 12)"})
    result = judge_run(summary(phase(resources=seen)), STEADY, service(layer(cpu=0.8, memory=200e6)))
    assert statuses(result.checks) == {(None, "cpu"): "invalid", (None, "memory"): "invalid"}
    assert (result.verdict, result.cpu_mean, result.memory_max_bytes) == ("invalid", None, None)
    assert doubt != "elsewhere" or "dockerd (pid 12) accepts its connections" in result.checks[0].message


def test_memory_that_was_seen_to_be_too_much_is_a_fail_whatever_was_missed() -> None:
    """A lower bound proves that an upper limit is broken; but not where it is another process's."""
    seen = resources(memory=300e6).model_copy(update={"unknown": "incomplete"})
    assert statuses(check_run(summary(phase(resources=seen)), STEADY, service(layer(memory=200e6)))) == {
        (None, "memory"): "fail"
    }


@pytest.mark.parametrize("doubt", [None, "incomplete"])
def test_a_step_of_which_memory_is_not_known_did_not_hold(doubt: ResourceDoubt | None) -> None:
    """Where a limit on it would break the step."""
    seen = resources(memory=1e6).model_copy(update={"unknown": doubt})
    steps = [phase(f"step_{n}", n * 10 - 8, n * 10, total=entry(p95=1), resources=seen) for n in (1, 2, 3)]
    result = judge_run(summary(*steps), load("stress"), service(layer(p95=250, memory=200e6, capacity=20)))
    assert result.verdict == ("pass" if doubt is None else "invalid")


def test_a_restart_in_the_middle_of_a_load_is_a_warning() -> None:
    """The failures of a moment would be all that is left of it."""
    ends = [ProcessEnd(at_s=65, process="gunicorn (pid 12)"), ProcessEnd(at_s=70, process="gunicorn (pid 13)")]
    check = check_run(summary(phase(total=entry(p95=1)), restarts=ends), STEADY, service(layer(p95=5)))[0]
    assert (check.metric, check.status, check.observed) == ("restarts", "warn", 2)
    assert check.message.endswith("gunicorn (pid 12) at 01:05, and 1 more")
