"""Example results for the renderers' tests: two services, five kinds of load, checks of every status."""

from __future__ import annotations

from math import sin
from typing import TYPE_CHECKING, Any

from perfgate.judge.result import (
    Acceptance,
    Baseline,
    Capacity,
    Check,
    Comparison,
    Control,
    Drift,
    Environment,
    Recovery,
    Result,
    Revision,
    RunResult,
    Score,
    ServiceResult,
    Step,
)
from perfgate.judge.soundness import not_judged
from perfgate.measure.summary import (
    EndpointSummary,
    Failure,
    Health,
    Latency,
    MetricSummary,
    PhaseSummary,
    Resources,
    Series,
    SlowestRequest,
)

if TYPE_CHECKING:
    from collections.abc import Callable

STARTED_AT = 1_772_600_000.0  # 2026-03-04 04:53:20 UTC


def latency(p50: float) -> Latency:
    """Percentiles of a plausible, skewed distribution with the given median, in milliseconds."""
    return Latency(
        mean=p50 * 1.2,
        p50=p50,
        p90=p50 * 2.1,
        p95=p50 * 3.0,
        p99=p50 * 5.2,
        p99_9=p50 * 9.0,
        min=p50 * 0.3,
        max=p50 * 14,
    )


def endpoint(name: str | None, requests: int = 12_000, failures: int = 3, p50: float = 40.0) -> EndpointSummary:
    """The requests of one endpoint over 60 s."""
    kinds = [Failure(kind="HTTP 503", count=failures, example="503 Service Unavailable")] if failures else []
    return EndpointSummary(
        name=name,
        requests=requests,
        failures=failures,
        error_rate=failures / requests if requests else 0.0,
        throughput_per_s=requests / 60,
        latency_ms=latency(p50),
        service_ms=latency(p50 * 0.9),
        failed_ms=latency(p50 * 0.1) if failures else Latency(),
        bytes_received=requests * 2_048,
        failures_by_kind=kinds,
        p50_interval_ms=(p50 * 0.95, p50 * 1.05),
        p95_interval_ms=(p50 * 2.8, p50 * 3.2),
    )


def check(status: str = "pass", **changes: Any) -> Check:
    """A budget check of p95; `changes` replace its fields."""
    fields: dict[str, Any] = {
        "metric": "p95",
        "unit": "ms",
        "observed": 180.0,
        "limit": 250.0,
        "fail_limit": 250.0,
        "source": "budgets.toml:42",
        "status": status,
        "message": "p95 180 ms, budget 250 ms",
    }
    return Check(**{**fields, **changes})


FAILED = check(
    "fail",
    endpoint="GET /items/{id}",
    observed=312.4,
    warn_limit=200.0,
    source="budgets.toml:57",
    message="p95 312.4 ms, budget 250 ms",
)
WARNED = check(
    "warn",
    metric="memory",
    unit="bytes",
    observed=212e6,
    limit=200e6,
    warn_limit=200e6,
    fail_limit=300e6,
    message="memory 212 MB, warning from 200 MB",
)
SKIPPED = check("skipped", metric="p99_9", observed=None, message="too few requests for p99.9: 812 of 1,000")
INVALID = check(
    "invalid",
    endpoint="GET /nowhere",
    observed=None,
    source="budgets.toml:61",
    message="no request was named GET /nowhere; did you mean GET /items?",
)


def series(seconds: int, users: Callable[[int], int], phase: Callable[[int], str], p50: float = 40.0) -> Series:
    """Columns of a load whose latency grows with its users, without samples in second 7."""
    every = range(seconds)
    wave = [1 + 0.15 * sin(second * 1.7) + users(second) / 300 for second in every]

    def times(factor: float) -> list[float | None]:
        return [None if second == 7 else p50 * factor * wave[second] for second in every]

    return Series(
        second=list(every),
        phase=[phase(second) for second in every],
        users=[users(second) for second in every],
        requests=[round(users(second) * 20 * (1 + 0.05 * sin(second))) for second in every],
        failures=[users(second) // 8 if users(second) > 60 else 0 for second in every],
        p50_ms=times(1.0),
        p95_ms=times(2.9),
        p99_ms=times(4.6),
        max_ms=times(9.0),
        cpu=[None if second == 0 else 0.02 * min(users(second), 60) * wave[second] for second in every],
        memory_bytes=[None if second == 0 else 1.5e8 + 4e5 * second for second in every],
    )


def phases(
    *parts: tuple[str, float, float, float], names: tuple[str, ...] = ("GET /items", "GET /items/{id}")
) -> list[PhaseSummary]:
    """Phases from (name, start, end, level)."""
    return [
        PhaseSummary(
            name=name,
            start_s=start,
            end_s=end,
            level=level,
            total=endpoint(None, requests=24_000, failures=6),
            endpoints=[endpoint(one) for one in names],
            metrics=[tokens(), tokens(names[0])],
            resources=Resources(cpu_mean=0.41, cpu_max=0.55, memory_mean_bytes=1.6e8, memory_max_bytes=1.7e8),
        )
        for name, start, end, level in parts
    ]


def tokens(name: str | None = None) -> MetricSummary:
    """A custom metric."""
    return MetricSummary(
        name="tokens", unit="tokens", endpoint=name, count=12_000, mean=118.2, p50=120, p90=140, p95=150, p99=180,
        p99_9=200, min=3, max=255,
    )  # fmt: skip


def slow(name: str = "GET /items/{id}", **changes: Any) -> SlowestRequest:
    """One of the slowest requests; `changes` replace its fields."""
    fields: dict[str, Any] = {
        "endpoint": name,
        "phase": "steady",
        "at_s": 31.4,
        "response_ms": 1456.7,
        "status": 200,
        "url": "http://127.0.0.1:8001/items/17",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    }
    return SlowestRequest(**{**fields, **changes})


def health(**changes: Any) -> Health:
    """A healthy generator; `changes` replace its fields."""
    fields: dict[str, Any] = {
        "valid": True,
        "clock": "kernel",
        "schedule_lag_p99_ms": 0.4,
        "loop_lag_p99_ms": 2.1,
        "cpu_max": 0.41,
        "cpu_mean": 0.3,
        "steal_max": 0.01,
    }
    return Health(**{**fields, **changes})


def run(load: str = "normal", **changes: Any) -> RunResult:
    """A steady run of 60 s with all numbers; `changes` replace its fields."""
    fields: dict[str, Any] = {
        "service": "catalog",
        "load": load,
        "load_kind": "steady",
        "verdict": "pass",
        "duration_s": 60.0,
        "started_at": STARTED_AT,
        "model": "closed",
        "judged_phase": "steady",
        "health": health(),
        "total": endpoint(None, requests=24_000, failures=6),
        "endpoints": [endpoint("GET /items"), endpoint("GET /items/{id}", p50=104.1)],
        "metrics": [tokens(), tokens("GET /items")],
        "failures": [Failure(kind="HTTP 503", count=6, example="503 Service Unavailable")],
        "slowest": [slow(), slow(at_s=44.0, response_ms=1220.5, status=None, trace_id=None)],
        "checks": [
            check(),
            check(metric="p99", limit=600.0, warn_limit=400.0, fail_limit=600.0, observed=208.0),
            check(metric="error_rate", unit="share", observed=0.00025, limit=0.01, fail_limit=0.01),
            check(metric="throughput", unit="/s", direction="at_least", observed=400.0, limit=380.0, fail_limit=380.0),
            check(metric="cpu", unit="cores", observed=0.41, limit=0.8, fail_limit=0.8),
        ],
        "cpu_mean": 0.41,
        "memory_max_bytes": 1.7e8,
        "phases": phases(("ramp", 0, 10, 20), ("steady", 10, 60, 20)),
        "series": series(61, lambda s: min(20, 2 * s + 2), lambda s: "ramp" if s < 10 else "steady"),
    }
    return RunResult(**{**fields, **changes})


def stress() -> RunResult:
    """Four steps, of which two hold."""
    names = [("step_1", 0, 20, 50), ("step_2", 20, 40, 100), ("step_3", 40, 60, 200), ("step_4", 60, 80, 400)]
    steps = [
        Step(level=50, reached=True, held=True),
        Step(level=100, reached=True, held=True),
        Step(level=200, reached=True, held=False, broken_by=["p95 612 ms, budget 250 ms"]),
        Step(level=400, reached=False, held=False),
    ]
    detail = "broke at 200 users: p95 612 ms, budget 250 ms"
    return run(
        "stress",
        load_kind="stress",
        judged_phase="step_2",
        capacity=Capacity(
            level=100, unit="users", lower_bound=False, broke_at=200, broke_by="latency", steps=steps, detail=detail
        ),
        checks=[
            check(metric="capacity", unit="users", direction="at_least", observed=100, limit=100, fail_limit=100),
            SKIPPED,
        ],
        duration_s=80.0,
        phases=phases(*[(name, float(start), float(end), float(level)) for name, start, end, level in names]),
        series=series(80, lambda s: (50, 100, 200, 400)[s // 20], lambda s: f"step_{s // 20 + 1}"),
    )


def spike() -> RunResult:
    """A burst to 200 users, and the recovery from it."""
    parts = [("ramp", 0, 5, 20), ("steady", 5, 20, 20), ("spike", 20, 30, 200), ("recovery", 30, 60, 20)]
    return run(
        "spike",
        load_kind="spike",
        recovery=Recovery(recovery_time_s=3.0, limit_ms=250.0, detail="p95 back within 250 ms"),
        checks=[check(metric="recovery_time", unit="s", observed=3.0, limit=5.0, fail_limit=5.0)],
        phases=phases(*[(name, float(start), float(end), float(level)) for name, start, end, level in parts]),
        series=series(60, lambda s: 200 if 20 <= s < 30 else 20, lambda s: next(p[0] for p in parts if s < p[2])),
    )


def soak() -> RunResult:
    """An hour, at the end of which memory has grown."""
    return run(
        "soak",
        load_kind="soak",
        verdict="warn",
        duration_s=3600.0,
        drift=Drift(p95_percent=1.4, memory_percent=12.25),
        checks=[WARNED, check(metric="memory_drift", unit="percent", observed=12.25, limit=20.0, fail_limit=20.0)],
        phases=phases(("ramp", 0.0, 60.0, 20.0), ("steady", 60.0, 3600.0, 20.0)),
        series=series(3600, lambda _: 20, lambda s: "ramp" if s < 60 else "steady"),
    )


def peak() -> RunResult:
    """An open model whose slowest endpoint breaks its budget."""
    return run(
        "peak",
        verdict="fail",
        model="open",
        reasons=["catalog/peak GET /items/{id}: p95 312.4 ms, budget 250 ms"],
        checks=[check(observed=249.99, uncertain=True, observed_interval=(240.0, 260.0)), FAILED],
    )


def extra() -> RunResult:
    """A sound run with a budget that matches nothing."""
    reasons = [f"catalog/extra GET /nowhere: {INVALID.message}"]
    return run("extra", verdict="invalid", reasons=reasons, checks=[check(), INVALID])


def doubtful(**changes: Any) -> RunResult:
    """A run whose generator was not fit, so that its checks prove nothing."""
    reason = "the generator used 97 % of its core"
    unknown = [not_judged(check()), not_judged(FAILED)]
    fields: dict[str, Any] = {
        "verdict": "invalid",
        "sound": False,
        "doubts": [reason],
        "reasons": [f"catalog/doubtful: {reason}", f"catalog/doubtful GET /items/{{id}}: {unknown[1].message}"],
        "health": health(valid=False, cpu_max=0.97, reasons=[reason]),
        "checks": unknown,
    }
    return run("doubtful", **{**fields, **changes})


def refused() -> RunResult:
    """A load that could not be driven at all."""
    return RunResult(
        service="checkout",
        load="normal",
        load_kind="steady",
        verdict="invalid",
        sound=False,
        doubts=["the service died after 3 s with exit code 1"],
        reasons=["checkout/normal: the service died after 3 s with exit code 1"],
        model="closed",
        health=Health(valid=False, clock=None, reasons=["the service died after 3 s with exit code 1"]),
    )


def environment() -> Environment:
    """A machine."""
    return Environment(
        machine="Example CPU @ 3.0 GHz",
        system="Linux 6.8",
        cpu_count=2,
        python="3.11.7",
        perfgate="0.1.0",
        locust="2.46.2",
    )


def result(**changes: Any) -> Result:
    """A failed result with everything in it; `changes` replace its fields."""
    startup = check(metric="startup_time", unit="s", observed=0.84, limit=5.0, fail_limit=5.0)
    fields: dict[str, Any] = {
        "verdict": "fail",
        "exit_code": 1,
        "reasons": ["catalog/peak GET /items/{id}: p95 312.4 ms, budget 250 ms"],
        "id": "20260304T045320Z",
        "started_at": STARTED_AT,
        "duration_s": 160.0,
        "seed": 7,
        "revision": Revision(commit="0123456789abcdef0123456789abcdef01234567", branch="main", dirty=True),
        "environment": environment(),
        "checks": [check(metric="dist/app.js", unit="bytes", observed=4.1e5, limit=5e5)],
        "services": [
            ServiceResult(
                name="catalog",
                url="http://127.0.0.1:8001",
                verdict="fail",
                startup_time_s=0.84,
                checks=[startup],
                score=Score(score=71.6, grade="C"),
            ),
            ServiceResult(name="checkout", url="http://127.0.0.1:8002", verdict="invalid"),
        ],
        "runs": [
            run(),
            peak(),
            stress(),
            spike(),
            soak(),
            extra(),
            refused(),
        ],
    }
    return Result(**{**fields, **changes})


def passed(**changes: Any) -> Result:
    """A small result in which all is well; `changes` replace its fields."""
    services = [ServiceResult(name="catalog", url="http://127.0.0.1:8001", verdict="pass")]
    fields = {"verdict": "pass", "exit_code": 0, "reasons": [], "checks": [], "services": services, "runs": [run()]}
    return result(**{**fields, **changes})


BASE = "fedcba9876543210fedcba9876543210fedcba98"
ITEM = "GET /items/{id}"


def paired(decision: str | None = "not_worse", status: str = "pass", **changes: Any) -> Check:
    """A comparison of p95 with the base; `changes` replace its fields."""
    fields: dict[str, Any] = {
        "kind": "paired",
        "endpoint": ITEM,
        "metric": "p95",
        "unit": "ms",
        "baseline": 250.0,
        "observed": 252.5,
        "decision": decision,
        "change_percent": 1.0,
        "interval_percent": (-2.0, 4.0),
        "smallest_detectable_percent": 14.0,
        "status": status,
        "message": "p95 250 ms to 252.5 ms, +1 % (-2 % to +4 %); not more than the 10 % tolerated; "
        "14 % would have been found",
    }
    return Check(**{**fields, **changes})


WORSE = paired(
    "worse",
    "fail",
    observed=380.0,
    change_percent=52.0,
    interval_percent=(45.0, 59.0),
    message="p95 250 ms to 380 ms, +52 % (+45 % to +59 %); proven worse than the 10 % tolerated",
)
UNDECIDED = paired(
    "undecided",
    "invalid",
    endpoint="GET /search",
    observed=265.0,
    change_percent=6.0,
    interval_percent=(-5.0, 18.0),
    message="p95 250 ms to 265 ms, +6 % (-5 % to +18 %); undecided against the 10 % tolerated; "
    "about 90 pairs would tell, 30 were driven",
)
BETTER = paired(
    "better", metric="p50", baseline=20.0, observed=15.0, change_percent=-25.0, interval_percent=(-29.0, -20.0)
)
NOTED = paired("worse", "warn", metric="p99", change_percent=30.0, interval_percent=(12.0, 55.0))
THROUGHPUT = paired(
    endpoint=None, metric="throughput", unit="/s", direction="at_least", baseline=100.0, observed=99.0,
    change_percent=-1.0, interval_percent=(-2.0, 0.5), smallest_detectable_percent=9.5,
)  # fmt: skip
ERRORS = paired(
    metric="error_rate", unit="share", baseline=0.001, observed=0.003, change_percent=None, interval_percent=None,
    smallest_detectable_percent=None,
)  # fmt: skip
AT_ONE_SIDE = [
    paired(decision, "skipped", endpoint=name, metric=metric, change_percent=None, interval_percent=None,
           smallest_detectable_percent=None, baseline=None, message=f"{metric} new: the base has no such endpoint")
    for decision, name in (("new", "POST /carts"), ("gone", "GET /basket"))
    for metric in ("mean", "p95", "error_rate")
]  # fmt: skip
TOO_FEW = paired(None, "skipped", metric="p99", observed=None, baseline=None, change_percent=None,
                 interval_percent=None, message="p99 too few requests to compare")  # fmt: skip


def acceptance(**changes: Any) -> Acceptance:
    """An accepted regression; `changes` replace its fields."""
    fields: dict[str, Any] = {
        "service": "catalog",
        "metric": "cpu_per_request",
        "up_to_percent": 15.0,
        "reason": "prices are now read from the ledger",
        "by": "ann@example.com",
        "until": "2027-03-31",
        "source": "budgets.toml:70",
    }
    return Acceptance(**{**fields, **changes})


EXPIRED = acceptance(metric="p95", endpoint=ITEM, until="2025-12-31", expired=True, source="budgets.toml:80")
ACCEPTED = paired("worse", "warn", endpoint=None, metric="cpu_per_request", baseline=1.0, observed=1.12,
                  change_percent=12.0, interval_percent=(10.5, 13.0), accepted=acceptance())  # fmt: skip


def comparison(**changes: Any) -> Comparison:
    """Thirty pairs, three of them left out; `changes` replace its fields."""
    fields: dict[str, Any] = {
        "pairs": 27,
        "dropped": {"steal": 2, "schedule lag": 1},
        "block_s": 1.0,
        "duration_s": 64.0,
        "stopped": "every check is decided",
        "base_url": "http://127.0.0.1:8001",
        "head_url": "http://127.0.0.1:8002",
        "max_slowdown_percent": 10.0,
        "false_alarm_rate": 0.01,
    }
    return Comparison(**{**fields, **changes})


def compared(*checks: Check, **changes: Any) -> Result:
    """A comparison of two revisions with these checks; `changes` replace its fields."""
    driven = run("peak", checks=list(checks), comparison=comparison(), phases=[], series=Series(), metrics=[],
                 slowest=[], verdict=changes.get("verdict", "pass"))  # fmt: skip
    fields: dict[str, Any] = {
        "kind": "compare",
        "base": Revision(commit=BASE),
        "revision": Revision(commit="0123456789abcdef0123456789abcdef01234567", branch="faster", dirty=False),
        "baseline": Baseline(kind="paired", choice="merge-base", commit=BASE),
        "false_alarm_rate": 0.01,
        "control": Control(median_ms=0.55, spread_percent=2.5, repetitions=200),
        "runs": [driven],
    }
    return passed(**{**fields, **changes})


def slower() -> Result:
    """A comparison that failed, with everything in it."""
    checks = [WORSE, UNDECIDED, BETTER, NOTED, paired(endpoint="GET /items"), ERRORS, *AT_ONE_SIDE, TOO_FEW, ACCEPTED]
    return compared(*checks, THROUGHPUT, verdict="fail", exit_code=1, acceptances=[acceptance(), EXPIRED])


def against_history(*checks: Check, **changes: Any) -> Result:
    """A run whose checks were compared with earlier runs."""
    baseline = Baseline(kind="history", choice="merge-base", commit=BASE, branch="main", walked=3, runs=12,
                        recorded_at=STARTED_AT - 86_400, detail="the merge base of 0123456 and main")  # fmt: skip
    history = [one.model_copy(update={"kind": "history", "limit": 275.0}) for one in checks]
    fields = {"kind": "run", "base": None, "baseline": baseline, "runs": [run("peak", checks=[check(), *history])]}
    return compared(**{**fields, **changes})


HOSTILE = [
    'GET /a|b`c``d "quoted" <script>alert(1)</script> & @someone #12 [bold]x[/bold] [/items/[id]]',
    "GET /new\nline\r\n\x1b[31mred\x00\u202e | --- |\n# heading",
    '=cmd|"/c calc"!A1',
    "\\|\\`*_{}~$x$ https://evil.example www.evil.example </details>]]>&amp;",
]


def hostile(name: str) -> Result:
    """A result in which everything that can come from outside is `name`."""
    one = check("fail", endpoint=name, message=name, source=name)
    return result(
        reasons=[name],
        revision=Revision(commit=name, branch=name, dirty=False),
        environment=environment().model_copy(update={"machine": name}),
        checks=[check(metric=name, message=name)],
        services=[ServiceResult(name=name, url=name, verdict="fail", reasons=[name], score=Score(score=1, grade="F"))],
        runs=[
            run(
                name,
                service=name,
                verdict="invalid",
                reasons=[name],
                sound=False,
                doubts=[name],
                health=health(valid=False, reasons=[name], notes=[f"{name} noted"]),
                slowest=[slow(name, url=name, trace_id=name)],
                endpoints=[endpoint(name)],
                metrics=[tokens(name).model_copy(update={"name": name, "unit": name})],
                failures=[Failure(kind=name, count=1, example=name)],
                checks=[one, *(one.model_copy(update={"status": s}) for s in ("pass", "warn", "invalid", "skipped"))],
                phases=phases(("steady", 0.0, 60.0, 20.0), names=(name,)),
            )
        ],
    )


def hostile_comparison(name: str) -> Result:
    """A comparison in which everything that can come from outside is `name`."""
    own = acceptance(service=name, load=name, endpoint=name, metric=name, reason=name, by=name, until=name, source=name)
    changes = {"endpoint": name, "message": f"{name}; {name}; {name}"}
    checks = [one.model_copy(update=changes) for one in (WORSE, UNDECIDED, BETTER, NOTED, paired(), ERRORS, TOO_FEW)]
    checks += [one.model_copy(update=changes) for one in AT_ONE_SIDE]
    checks.append(ACCEPTED.model_copy(update={**changes, "accepted": own}))
    driven = run(
        name,
        service=name,
        checks=checks,
        comparison=comparison(dropped={name: 1}, stopped=name, order=name, base_url=name, head_url=name),
    )
    return compared(
        verdict="fail",
        exit_code=1,
        base=Revision(commit=name, branch=name),
        revision=Revision(commit=name, branch=name, dirty=False),
        baseline=Baseline(kind="paired", choice=name, commit=name, branch=name, detail=name),
        services=[ServiceResult(name=name, url=name, verdict="fail")],
        acceptances=[own, own.model_copy(update={"expired": True})],
        runs=[driven],
    )
