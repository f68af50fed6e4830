"""Limits: how they are written, what replaces what, and which could never be judged."""

from __future__ import annotations

import pytest

from perfgate.plan.budget import BudgetLayer, Limit
from perfgate.plan.units import DURATION
from tests.plan.writing import LOADS, SERVICE, error_of, plan_of, service_error, service_of

URL_ONLY = '[services.shop]\nurl = "http://localhost:8000"\nscenario = "shop.py"\n'


@pytest.mark.parametrize(
    ("written", "metric", "warn", "fail"),
    [
        ('mean = "250us"', "mean", None, 0.25),
        ('p99_9 = { warn = "1s", fail = "2s" }', "p99_9", 1000, 2000),
        ('max = { warn = "1m" }', "max", 60_000, None),
        ('error_rate = "0%"', "error_rate", None, 0),
        ('error_rate = { warn = "0.1%", fail = "1%" }', "error_rate", 0.001, 0.01),
        ('throughput = { warn = "400/s", fail = "380/s" }', "throughput", 400, 380),
        ('cpu = "150%"', "cpu", None, 1.5),
        ('memory = "200MiB"', "memory", None, 200 * 2**20),
        ('capacity = { warn = "200 users", fail = "100 users" }', "capacity", 200, 100),
        ('p95 = "1s"\nrecovery_time = "5s"', "recovery_time", None, 5),
        ('p95_drift = { fail = "20%" }', "p95_drift", None, 20),
        ('startup_time = "2s"', "startup_time", None, 2),
    ],
)
def test_a_limit_is_an_amount_or_two_tiers(written: str, metric: str, warn: float | None, fail: float | None) -> None:
    """One amount fails; `warn` and `fail` may stand alone or together; values are in the metric's unit."""
    budget = service_of(f"[services.shop.budget]\n{written}").budget
    assert budget.every.limits[metric] == Limit(metric, warn, fail, f"budgets.toml:{29 + written.count(chr(10))}")


def test_what_is_nearer_replaces_what_is_further() -> None:
    """Service <- load <- endpoint <- endpoint and load; what is not named is inherited."""
    budget = service_of("""
[services.shop.budget]
p50 = "1s"
p90 = "1s"
p95 = "1s"
throughput = "5/s"
cpu = "80%"
[services.shop.budget.peak]
p90 = "2s"
p95 = "2s"
[services.shop.endpoints."GET /".budget]
p95 = "3s"
p99 = "3s"
[services.shop.endpoints."GET /".budget.peak]
p99 = "4s"
""").budget

    def fails(layer: BudgetLayer) -> dict[str, float | None]:
        return {name: limit.fail for name, limit in layer.limits.items()}

    whole = {"throughput": 5, "cpu": 0.8}
    assert fails(budget.for_load("normal")) == {"p50": 1000, "p90": 1000, "p95": 1000, **whole}
    assert fails(budget.for_load("peak")) == {"p50": 1000, "p90": 2000, "p95": 2000, **whole}
    assert fails(budget.for_endpoint("GET /", "normal")) == {"p50": 1000, "p90": 1000, "p95": 3000, "p99": 3000}
    assert fails(budget.for_endpoint("GET /", "peak")) == {"p50": 1000, "p90": 2000, "p95": 3000, "p99": 4000}
    assert fails(budget.for_endpoint("GET /other", "peak")) == {"p50": 1000, "p90": 2000, "p95": 2000}


def test_an_endpoint_may_be_named_without_a_budget() -> None:
    """Its place is known, so that a run can tell when it never occurs."""
    budget = service_of('[services.shop.endpoints."GET /"]').budget
    assert budget.endpoint_sources == {"GET /": "budgets.toml:28"}


def test_custom_metrics_have_limits_on_their_statistics() -> None:
    """Plain numbers in the metric's own unit; the direction is the metric's."""
    budget = service_of("""
[services.shop.metrics.tokens]
unit = "tokens"
[services.shop.metrics.hits]
better = "higher"
[services.shop.budget.metrics]
tokens.p95 = 800
tokens.mean = { warn = 500, fail = 600.5 }
hits.min = { warn = 2, fail = 1 }
[services.shop.endpoints."POST /ask".budget.metrics.tokens]
p95 = 900
""").budget
    assert budget.every.custom == {
        ("tokens", "p95"): Limit("tokens.p95", fail=800, source="budgets.toml:34"),
        ("tokens", "mean"): Limit("tokens.mean", 500, 600.5, "budgets.toml:35"),
        ("hits", "min"): Limit("hits.min", 2, 1, "budgets.toml:36"),
    }
    assert budget.endpoints["POST /ask"].custom == {
        ("tokens", "p95"): Limit("tokens.p95", fail=900, source="budgets.toml:38")
    }


def test_a_soak_watches_drift_by_itself() -> None:
    """Nobody has to write it: 10 % warns, 25 % fails."""
    limits = service_of("").budget.loads["soak"].limits
    assert limits == {
        "p95_drift": Limit("p95_drift", 10, 25, "default"),
        "memory_drift": Limit("memory_drift", 10, 25, "default"),
    }


def test_a_written_drift_limit_takes_the_place_of_the_default() -> None:
    """On the load or on the service."""
    own = service_of('[services.shop.budget.soak]\np95_drift = "5%"').budget.for_load("soak").limits
    assert own["p95_drift"] == Limit("p95_drift", fail=5, source="budgets.toml:29")
    assert own["memory_drift"].source == "default"
    every = service_of('[services.shop.budget]\np95_drift = "5%"').budget.for_load("soak").limits
    assert every["p95_drift"] == Limit("p95_drift", fail=5, source="budgets.toml:29")


def test_memory_drift_is_only_watched_where_perfgate_sees_the_process() -> None:
    """A service that already runs has no memory that could be sampled."""
    budget = plan_of(LOADS + URL_ONLY).services["shop"].budget
    assert list(budget.loads["soak"].limits) == ["p95_drift"]


def test_a_stress_load_is_held_to_its_first_step_by_itself() -> None:
    """A service that holds no step at all must never be green."""
    assert service_of("").budget.loads["stress"].limits == {"capacity": Limit("capacity", fail=50, source="default")}


def test_a_written_capacity_takes_the_place_of_the_default() -> None:
    """On the load or on the service."""
    own = service_of('[services.shop.budget.stress]\ncapacity = "60 users"').budget
    assert own.loads["stress"].limits == {"capacity": Limit("capacity", fail=60, source="budgets.toml:29")}
    every = service_of('[services.shop.budget]\ncapacity = "60 users"').budget
    assert "stress" not in every.loads


def test_artifacts_have_sizes() -> None:
    """Files and globs, with one tier or two."""
    plan = plan_of('[artifacts]\n"dist/app.js" = "500KB"\n"dist/*.css" = { warn = "10KB", fail = "20KB" }\n')
    assert [(artifact.path, artifact.limit) for artifact in plan.artifacts] == [
        ("dist/app.js", Limit("size", fail=500_000, source="budgets.toml:2")),
        ("dist/*.css", Limit("size", 10_000, 20_000, "budgets.toml:3")),
    ]


BUDGET = "services.shop.budget"


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ('[services.shop.budget]\np59 = "1s"', f"{BUDGET}.p59: unknown key: neither a limit nor a load"),
        ('[services.shop.budget.norml]\np95 = "1s"', f"{BUDGET}.norml: unknown key: neither a limit nor a load"),
        ('[services.shop.budget.normal]\np59 = "1s"', f"{BUDGET}.normal.p59: unknown key"),
        ('[services.shop.budget]\nnormal = "1s"', f'{BUDGET}.normal: a table is expected, not "1s"'),
        ('loads = ["peak"]\n[services.shop.budget.normal]', f'{BUDGET}.normal: load "normal" is not driven at this'),
        ("[services.shop.budget]\np95 = 250", f"{BUDGET}.p95: 250 is without a unit"),
        ('[services.shop.budget]\np95 = "-1s"', f'{BUDGET}.p95: "-1s" is negative'),
        ('[services.shop.budget]\np95 = "0s"', f'{BUDGET}.p95: "0s" must be more than zero'),
        ('[services.shop.budget]\np95 = "5%"', f'{BUDGET}.p95: "5%" is not a duration: unknown unit "%"'),
        ('[services.shop.budget]\np95 = "900d"', f'{BUDGET}.p95: "900d" is absurd'),
        ('[services.shop.budget]\np99.9 = "1s"', f"{BUDGET}.p99.9: unknown key; a limit has only warn and fail"),
        ("[services.shop.budget]\np95 = {}", f"{BUDGET}.p95: a limit needs warn, fail or both"),
        ("[services.shop.budget]\np95 = { warn = 5 }", f"{BUDGET}.p95.warn: 5 is without a unit"),
        ('[services.shop.budget]\np95 = { wran = "5s" }', f"{BUDGET}.p95.wran: unknown key; a limit has only"),
        ('[services.shop.budget]\nerror_rate = "101%"', f'{BUDGET}.error_rate: "101%" is absurd: more than 100%'),
        ("[services.shop.budget]\nerror_rate = 0.01", f"{BUDGET}.error_rate: 0.01 is without a unit"),
        ('[services.shop.budget]\np95 = { warn = "2s", fail = "1s" }', f"{BUDGET}.p95: warn must be reached before"),
        ('[services.shop.budget]\np95 = { warn = "1s", fail = "1s" }', f"{BUDGET}.p95: warn must be reached before"),
        (
            '[services.shop.budget]\nthroughput = { warn = "1/s", fail = "2/s" }',
            f"{BUDGET}.throughput: warn must be reached before fail, so it must lie above it",
        ),
        (
            'metrics.hits.better = "higher"\nbudget.metrics.hits.p50 = { warn = 1, fail = 2 }',
            f"{BUDGET}.metrics.hits.p50: warn must be reached before fail, so it must lie above it",
        ),
        (
            "[services.shop.budget.metrics.tokens]\np95 = 5",
            f'{BUDGET}.metrics.tokens: the service has no metric "tokens"',
        ),
        (
            "[services.shop.metrics.t]\n[services.shop.budget.metrics.t]\np96 = 5",
            f"{BUDGET}.metrics.t.p96: unknown key",
        ),
        (
            '[services.shop.metrics.t]\n[services.shop.budget.metrics.t]\np95 = "5s"',
            f'{BUDGET}.metrics.t.p95: "5s" is not a number',
        ),
        (
            "[services.shop.metrics.t]\n[services.shop.budget.metrics.t]\np95 = nan",
            f"{BUDGET}.metrics.t.p95: nan is absurd",
        ),
        (
            '[services.shop.budget.normal]\nstartup_time = "1s"',
            f"{BUDGET}.normal.startup_time: startup_time is measured",
        ),
        (
            '[services.shop.budget.normal]\nrecovery_time = "1s"',
            f"{BUDGET}.normal.recovery_time: only a spike load can",
        ),
        ('[services.shop.budget.peak]\ncapacity = "5/s"', f"{BUDGET}.peak.capacity: only a stress load can check it"),
        ('[services.shop.budget.spike]\np95_drift = "5%"', f"{BUDGET}.spike.p95_drift: only a soak load can check it"),
        (
            'loads = ["peak"]\n[services.shop.budget]\ncapacity = "5/s"',
            f"{BUDGET}.capacity: only a stress load can check",
        ),
        (
            '[services.shop.budget.stress]\ncapacity = "5/s"',
            f'{BUDGET}.stress.capacity: load "stress" is measured in users',
        ),
        (
            "[services.shop.budget.stress]\ncapacity = 100",
            f"{BUDGET}.stress.capacity: 100 is not a capacity with its unit",
        ),
        ('[services.shop.budget.stress]\ncapacity = "201 users"', f"{BUDGET}.stress.capacity: it can never be held"),
        (
            '[services.shop.budget.stress]\ncapacity = { warn = "90 users", fail = "5/s" }',
            f"{BUDGET}.stress.capacity: warn and fail have different units",
        ),
        (
            '[services.shop.budget.spike]\nrecovery_time = "1s"',
            f'{BUDGET}.spike.recovery_time: there is no p95 limit for load "spike" that the service could recover to',
        ),
        (
            '[services.shop.budget]\nrecovery_time = "1s"',
            f'{BUDGET}.recovery_time: there is no p95 limit for load "spike" that the service could recover to',
        ),
        (
            '[services.shop.endpoints."GET /".budget]\ncpu = "5%"',
            'services.shop.endpoints."GET /".budget.cpu: cpu is measured on the whole service, not on an endpoint',
        ),
        (
            '[services.shop.endpoints."GET /".budget.norml]\np95 = "5s"',
            'services.shop.endpoints."GET /".budget.norml: unknown key: neither a limit nor a load',
        ),
        (
            '[services.shop.endpoints."GET /".budget.recovery_time]\np95 = "5s"',
            'services.shop.endpoints."GET /".budget.recovery_time: unknown key: neither a limit nor a load',
        ),
        ('[services.shop.endpoints."GET /"]\np95 = "5s"', 'services.shop.endpoints."GET /".p95: unknown key'),
        ('[artifacts]\n"app.js" = "5 megabytes"', 'artifacts."app.js": "5 megabytes" is not a size: unknown unit'),
        ('[artifacts]\n"/etc/x" = "5MB"', 'artifacts."/etc/x": "/etc/x" is not a path below the folder of this file'),
        ('[artifacts]\n"" = "5MB"', 'artifacts."": "" is not a path below the folder of this file'),
        ('[artifacts]\n"a**/b" = "5MB"', 'artifacts."a**/b": in a glob, ** stands for folders'),
        ('[artifacts]\napp.js = "5MB"', "artifacts.app.js: unknown key; a limit has only warn and fail"),
        ('[artifacts]\n"a" = { warn = "2MB", fail = "1MB" }', "artifacts.a: warn must be reached before fail"),
    ],
)
def test_what_a_limit_cannot_mean_is_refused(tables: str, message: str) -> None:
    """The message names the key and says why."""
    assert service_error(tables).startswith(message)


@pytest.mark.parametrize("limit", ['cpu = "5%"', 'memory = "5MB"', 'memory_drift = "5%"', 'startup_time = "5s"'])
def test_limits_on_the_process_need_a_command(limit: str) -> None:
    """Perfgate can only measure a process that it started."""
    message = error_of(f"{LOADS}{URL_ONLY}[services.shop.budget]\n{limit}")
    assert "it can only be measured on a service that perfgate starts" in message


def test_a_load_that_could_not_be_read_makes_no_limit_look_wrong() -> None:
    """Whether the load is a stress load cannot be told, so nothing is said about the capacity."""
    text = LOADS.replace('step = "20s"', "step = 20") + SERVICE + '[services.shop.budget]\ncapacity = "90 users"'
    assert error_of(text).splitlines() == [
        f"budgets.toml:11: loads.stress.step: 20 is without a unit ({DURATION.hint})"
    ]
