"""Never green: whatever a load's figures are, what is unknown, missing or failing is no pass.

Each row is a situation and its verdict. The budgets are few on purpose: what nobody thought of limiting must not
hide what went wrong.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from perfgate.errors import EngineError, ServiceError
from perfgate.judge.assemble import invalid_run, judge_all, judge_run, judge_service
from perfgate.measure.summary import Fifth, Health, MetricSummary
from perfgate.plan.budget import Budget, BudgetLayer, CustomMetric
from perfgate.plan.plan import Artifact
from tests.judge.summaries import HOME, ITEM, entry, layer, limit, load, phase, resources, service, summary
from tests.judge.test_assemble import CIRCUMSTANCES
from tests.never_green.situations import Situation, rows

if TYPE_CHECKING:
    from perfgate.judge.result import Result, Verdict
    from perfgate.measure.summary import EndpointSummary, PhaseSummary, RunSummary
    from perfgate.plan.plan import Load, LoadKind

TOKENS = {"tokens": CustomMetric("tokens", "tokens")}


def _whole(run: RunSummary, own: Load, budget: Budget | BudgetLayer, **fields: Any) -> Result:
    about = service(budget, fields.pop("metrics", None))
    judged = judge_run(run, own, about, error=fields.pop("error", None))
    one = judge_service(about, [judged], url="http://127.0.0.1:1", startup_time_s=fields.pop("startup_time_s", 0.1))
    return judge_all([one], [judged], CIRCUMSTANCES, **fields)


def _of(*endpoints: EndpointSummary, budget: Budget | BudgetLayer, kind: LoadKind = "steady", **fields: Any) -> Result:
    """A load whose steady phase had these endpoints, and what it is judged by."""
    requests, failures = sum(one.requests for one in endpoints), sum(one.failures for one in endpoints)
    good = requests - failures
    times: dict[str, Any] = {"p50": 10.0, "p95": 20.0, "mean": 12.0} if good else {}
    total = entry(requests=requests, failures=failures, **times)
    steady = phase(total=total, endpoints=list(endpoints), resources=resources(), metrics=fields.pop("values", []))
    run = summary(steady, **fields.pop("run", {}))
    return _whole(run, load(kind), budget, **fields)


def _phases(*phases: PhaseSummary, budget: BudgetLayer, kind: LoadKind = "steady", **fields: Any) -> Result:
    return _whole(summary(*phases, **fields), load(kind), budget)


def _good(name: str = HOME, requests: int = 1000, **fields: Any) -> EndpointSummary:
    return entry(name, requests, **({"p50": 10.0, "p95": 20.0, "mean": 12.0} | fields))


def _failing(name: str = HOME, requests: int = 1000, share: float = 1.0) -> EndpointSummary:
    times: dict[str, Any] = {} if share == 1 else {"p50": 10.0, "p95": 20.0, "mean": 12.0}
    return entry(name, requests, round(requests * share), **times)


def _health(**fields: Any) -> dict[str, Any]:
    return {"health": Health(**({"valid": True, "clock": "user", "users": 10} | fields))}


def _endpoint(name: str, **limits: float) -> Budget:
    return Budget(every=layer(p95=250), endpoints={name: layer(**limits)})


_FAILING: list[tuple[str, Verdict, float, dict[str, float]]] = [
    ("every answer is an error, and only memory has a budget", "fail", 1.0, {"memory": 1e9}),
    ("every answer is an error, and only CPU has a budget", "fail", 1.0, {"cpu": 4.0}),
    ("every answer is an error, and only throughput has a budget", "fail", 1.0, {"throughput": 5.0}),
    ("every answer is an error, and any error rate is allowed", "fail", 1.0, {"error_rate": 1.0}),
    ("nine of ten answers are errors, and only the mean has a budget", "fail", 0.9, {"mean": 100.0}),
    ("nine of ten answers are errors, and only p95 has a budget", "fail", 0.9, {"p95": 100.0}),
    ("nine of ten answers are errors, and only memory has a budget", "fail", 0.9, {"memory": 1e9}),
    ("one in fifty answers is an error, and nobody has said how many may be", "warn", 0.02, {"p95": 100.0}),
    ("one answer more than the error budget allows is an error", "fail", 0.011, {"error_rate": 0.01}),
]
FAILURES = [
    Situation(words, verdict, partial(_of, _failing(share=share), budget=layer(**budget)))
    for words, verdict, share, budget in _FAILING
]

ENDPOINTS = [
    Situation(
        "a rare endpoint never succeeds, and only the service has a budget",
        "fail",
        lambda: _of(_good(requests=10_000), _failing("POST /pay", 5), budget=layer(p95=250)),
    ),
    Situation(
        "a rare endpoint never succeeds, and the service's error budget holds",
        "fail",
        lambda: _of(_good(requests=10_000), _failing("POST /pay", 5), budget=layer(error_rate=0.01)),
    ),
    Situation(
        "one endpoint fails half of the time, thinned out by all the others",
        "warn",
        lambda: _of(_good(requests=100_000), _failing("POST /pay", 200, 0.5), budget=layer(p95=250)),
    ),
    Situation(
        "an endpoint that the budgets name was never asked",
        "invalid",
        lambda: _of(_good(), budget=_endpoint(ITEM, p95=250)),
    ),
    Situation(
        "an endpoint that the budgets name has another name now",
        "invalid",
        lambda: _of(_good("GET /v2/home"), budget=_endpoint(HOME, p95=250)),
    ),
    Situation(
        "an endpoint that the budgets name was asked in the ramp only",
        "invalid",
        lambda: _whole(
            summary(
                phase("ramp", 0, 2, endpoints=[_good()]),
                phase("steady", 2, 10, total=entry(p95=20.0), endpoints=[_good(ITEM)]),
            ),
            load(),
            _endpoint(HOME, p95=250),
        ),
    ),
    Situation(
        "an endpoint with a p99 of its own was asked too seldom to know it",
        "invalid",
        lambda: _of(_good(), _good(ITEM, 50), budget=_endpoint(ITEM, p99=250)),
    ),
    Situation(
        "an endpoint's p95 is unknown because most of its requests failed",
        "invalid",
        lambda: _of(_good(), entry(ITEM, 100, 90, p50=10.0, mean=12.0), budget=layer(p95=250, error_rate=0.95)),
    ),
    Situation(
        "the service's p99.9 is unknown for want of requests",
        "invalid",
        lambda: _of(_good(requests=500), budget=layer(p99_9=250)),
    ),
]

ABSENT = [
    Situation(
        "there was not one request", "invalid", lambda: _phases(phase(total=entry(requests=0)), budget=layer(p95=250))
    ),
    Situation(
        "there was not one request, and only memory has a budget",
        "invalid",
        lambda: _phases(phase(total=entry(requests=0), resources=resources()), budget=layer(memory=1e9)),
    ),
    Situation(
        "the steady phase was never reached",
        "invalid",
        lambda: _phases(phase("ramp", 0, 2, total=entry(p95=20.0)), budget=layer(p95=250)),
    ),
    Situation(
        "no phase was driven at all",
        "invalid",
        lambda: _phases(budget=layer(p95=250), complete=False, end_reason="not_started"),
    ),
    Situation("no budget applies to anything", "invalid", lambda: _of(_good(), budget=layer())),
    Situation(
        "every budget was skipped",
        "invalid",
        lambda: _phases(phase("step_1", 2, 10), budget=layer(throughput=5), kind="stress"),
    ),
    Situation(
        "the memory of a service that perfgate did not start has a budget",
        "invalid",
        lambda: _phases(phase(total=entry(p95=20.0)), budget=layer(memory=1e9)),
    ),
    Situation(
        "the CPU of a service that perfgate did not start has a budget",
        "invalid",
        lambda: _phases(phase(total=entry(p95=20.0)), budget=layer(cpu=1)),
    ),
    Situation(
        "how long the service took to start is unknown, and has a budget",
        "invalid",
        lambda: _of(_good(), budget=layer(p95=250, startup_time=3), startup_time_s=None),
    ),
    Situation(
        "the scenario reported no value of a metric that has a budget",
        "invalid",
        lambda: _of(_good(), budget=BudgetLayer({}, {("tokens", "mean"): limit("tokens", 100)}), metrics=TOKENS),
    ),
    Situation(
        "a metric has values of another endpoint only",
        "invalid",
        lambda: _of(
            _good(),
            budget=Budget(
                every=layer(p95=250), endpoints={HOME: BudgetLayer({}, {("tokens", "mean"): limit("tokens", 100)})}
            ),
            metrics=TOKENS,
            values=[MetricSummary(name="tokens", unit="tokens", endpoint=ITEM, count=9, mean=1)],
        ),
    ),
    Situation(
        "a metric has too few values for its percentile",
        "invalid",
        lambda: _of(
            _good(),
            budget=BudgetLayer({}, {("tokens", "p95"): limit("tokens", 100)}),
            metrics=TOKENS,
            values=[MetricSummary(name="tokens", unit="tokens", count=9, mean=1)],
        ),
    ),
    Situation(
        "a file that has a budget is not there",
        "invalid",
        lambda: _of(
            _good(), budget=layer(p95=250), artifacts=[Artifact("app.js", limit("size", 1e6))], sizes={"app.js": None}
        ),
    ),
    Situation(
        "a file that has a budget was not looked for",
        "invalid",
        lambda: _of(_good(), budget=layer(p95=250), artifacts=[Artifact("app.js", limit("size", 1e6))], sizes={}),
    ),
    Situation(
        "the drift of a soak load is unknown", "invalid", lambda: _of(_good(), budget=layer(p95_drift=0.1), kind="soak")
    ),
    Situation("nothing was judged because no service was chosen", "invalid", lambda: judge_all([], [], CIRCUMSTANCES)),
]

INTERRUPTED = [
    Situation(
        f"the load ended early: {words}",
        "invalid",
        partial(_of, _good(), budget=layer(p95=250), run=fields),
    )
    for words, fields in [
        ("the engine was killed", {"complete": False, "end_reason": "killed"}),
        ("somebody stopped it", {"complete": False, "end_reason": "stopped"}),
        ("the scenario reached for another host", {"complete": False, "end_reason": "refused"}),
        ("the engine gave up", {"complete": False, "end_reason": "error"}),
        ("it never began", {"complete": False, "end_reason": "not_started"}),
        ("its own condition ended it", {"end_reason": "stop_when"}),
        (
            "the service died with an exit code",
            {"complete": False, "end_reason": "stopped", "service_exit": 1, "service_exit_at_s": 3.0},
        ),
        (
            "the service was killed by a signal",
            {"complete": False, "end_reason": "stopped", "service_exit": -9, "service_exit_at_s": 3.0},
        ),
        (
            "the service ended with exit code 0",
            {"complete": False, "end_reason": "stopped", "service_exit": 0, "service_exit_at_s": 3.0},
        ),
    ]
] + [
    Situation(
        "an error outside the recording ended it",
        "invalid",
        lambda: _of(_good(), budget=layer(p95=250), error=EngineError("the engine ended with SIGKILL")),
    ),
    Situation(
        "the load could not be driven at all",
        "invalid",
        lambda: judge_all([], [invalid_run(service(), load(), ServiceError("it did not become ready"))], CIRCUMSTANCES),
    ),
    Situation(
        "one of two loads could not be driven",
        "invalid",
        lambda: judge_all(
            [],
            [
                judge_run(summary(phase(total=entry(p95=20.0))), load(), service(layer(p95=250))),
                invalid_run(service(), load("spike"), ServiceError("it did not become ready")),
            ],
            CIRCUMSTANCES,
        ),
    ),
]

_UNTRUSTED: list[tuple[str, Verdict, dict[str, Any]]] = [
    ("it was the bottleneck", "invalid", {"valid": False, "reasons": ["the generator used 98 % of a core"]}),
    ("it was invalid without saying why", "invalid", {"valid": False}),
    (
        "most users were cut off without an answer",
        "invalid",
        {"valid": False, "cut_off": 9, "reasons": ["the service hangs"]},
    ),
    ("one user was cut off without an answer", "warn", {"cut_off": 1}),
]
GENERATOR = [
    *(
        Situation(
            f"the generator is not to be trusted: {words}",
            verdict,
            partial(_of, _good(), budget=layer(p95=250), run=_health(**fields)),
        )
        for words, verdict, fields in _UNTRUSTED
    ),
    Situation(
        "the service swallowed requests, and each was sent again",
        "fail",
        lambda: _of(_good(), budget=layer(p95=250), run=_health(retried=11)),
    ),
    Situation(
        "the scenario raised an exception beside its requests",
        "warn",
        lambda: _of(_good(), budget=layer(p95=250), run={"user_errors": {"KeyError": 1}}),
    ),
]

STRESS = [
    Situation(
        "the service holds not even the first step, and no capacity was asked for",
        "invalid",
        lambda: _phases(phase("step_1", 2, 10, total=entry(p95=900.0)), budget=layer(p95=250), kind="stress"),
    ),
    Situation(
        "every request of the first step failed, and no error budget was set",
        "fail",
        lambda: _phases(phase("step_1", 2, 10, total=entry(failures=1000)), budget=layer(p95=250), kind="stress"),
    ),
    Situation(
        "the generator was the bottleneck below the capacity that is asked for",
        "invalid",
        lambda: _phases(
            phase("step_1", 2, 10, total=entry(p95=20.0)),
            phase("step_2", 12, 20, total=entry(p95=20.0), saturated=True),
            budget=layer(p95=250, capacity=20),
            kind="stress",
        ),
    ),
    Situation(
        "a spike never came", "invalid", lambda: _of(_good(), budget=layer(p95=250, recovery_time=5), kind="spike")
    ),
    Situation(
        "the first fifth of a soak load is unknown",
        "invalid",
        lambda: _of(_good(), budget=layer(p95_drift=0.1), kind="soak", run={"last_fifth": Fifth(p95_ms=10)}),
    ),
]


def _total(budget: BudgetLayer, requests: int = 1000, **fields: Any) -> Result:
    """A load whose whole is all that there is to judge."""
    return _phases(phase(total=entry(requests=requests, **fields)), budget=budget)


_DOUBTS: list[tuple[str, Verdict, dict[str, Any]]] = [
    ("a limit is broken within the percentile's interval", "warn", {"p95": 260.0, "p95_interval_ms": (240.0, 280.0)}),
    ("a limit is broken by more than the interval", "fail", {"p95": 260.0, "p95_interval_ms": (251.0, 280.0)}),
    (
        "twice the limit is broken, and the run is so short that the interval still holds it",
        "fail",
        {"requests": 20, "p95": 501.0, "p95_interval_ms": (240.0, None)},
    ),
    (
        "the run is so short that the only percentile, which is kept, has no upper end",
        "warn",
        {"requests": 30, "p95": 20.0, "p95_interval_ms": (10.0, None)},
    ),
    (
        "the only percentile is kept, and its limit lies within",
        "warn",
        {"p95": 240.0, "p95_interval_ms": (230.0, 251.0)},
    ),
]
UNCERTAIN = [
    *(Situation(words, verdict, partial(_total, layer(p95=250), **fields)) for words, verdict, fields in _DOUBTS),
    Situation(
        "every percentile is uncertain, and other budgets are kept",
        "warn",
        lambda: _total(layer(p95=250, error_rate=0.5, mean=100), mean=9, p95=240.0, p95_interval_ms=(230.0, 251.0)),
    ),
    Situation(
        "an endpoint has too few requests for the p99 that it inherits, and nearly all of these are past it",
        "warn",
        lambda: _phases(
            phase(
                total=entry(p99=90.0, p99_interval_ms=(80.0, 99.0)),
                endpoints=[_good(ITEM, 50, p99_interval_ms=(300.0, None))],
            ),
            budget=layer(p99=250),
        ),
    ),
]

TABLE = [*UNCERTAIN, *FAILURES, *ENDPOINTS, *ABSENT, *INTERRUPTED, *GENERATOR, *STRESS]


@pytest.mark.parametrize("situation", rows(TABLE))
def test_it_is_never_green(situation: Situation[Result]) -> None:
    """The verdict, the exit code and a reason in words all say so."""
    result = situation.judged()
    assert result.verdict == situation.verdict, result.reasons
    assert result.reasons
    assert (result.exit_code == 0) == (result.verdict == "warn")
