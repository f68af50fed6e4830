"""The result: runs, services and the whole, each with its verdict and the reasons for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfgate.errors import EngineError, ServiceError
from perfgate.judge.assemble import Circumstances, invalid_run, judge_all, judge_run, judge_service
from perfgate.judge.result import Environment, Revision
from perfgate.measure.summary import Fifth, Health, MetricSummary
from perfgate.plan.budget import Budget
from perfgate.plan.plan import Artifact
from tests.judge.summaries import HOME, ITEM, entry, layer, limit, load, phase, resources, service, summary

if TYPE_CHECKING:
    from perfgate.judge.result import Result, RunResult, Verdict
    from perfgate.measure.summary import RunSummary
    from perfgate.plan.budget import BudgetLayer

SOUND = summary(
    phase(
        total=entry(requests=900, p95=100),
        endpoints=[entry(HOME, requests=900, p95=100)],
        metrics=[MetricSummary(name="tokens", unit="tokens", count=3, mean=100)],
        resources=resources(),
    )
)
CIRCUMSTANCES = Circumstances(
    id="2026-01-01",
    started_at=1_700_000_000.0,
    duration_s=61.0,
    environment=Environment(machine="m", system="s", cpu_count=2, python="3", perfgate="0", locust="2"),
    revision=Revision(),
)


def judged(run: RunSummary = SOUND, budget: Budget | BudgetLayer | None = None) -> RunResult:
    return judge_run(run, load(), service(layer(p95=250) if budget is None else budget))


def whole(*runs: RunResult, circumstances: Circumstances = CIRCUMSTANCES) -> Result:
    return judge_all([judge_service(service(), runs, url="http://127.0.0.1:1")], runs, circumstances)


def test_a_run_within_its_budgets_passes_without_a_reason() -> None:
    """It carries the figures of its judged phase."""
    run = judged()
    assert (run.service, run.load, run.verdict, run.reasons) == ("catalog", "steady", "pass", [])
    assert run.judged_phase == "steady"
    assert run.total == SOUND.phases[0].total
    assert run.endpoints == SOUND.phases[0].endpoints
    assert run.metrics == SOUND.phases[0].metrics != []
    assert (run.cpu_mean, run.memory_max_bytes) == (0.5, 100e6)
    assert (run.started_at, run.duration_s) == (1_700_000_000.0, 10.0)


def test_reasons_name_place_endpoint_and_figures_with_failures_first() -> None:
    """Then what could not be judged, then warnings."""
    run = judged(budget=Budget(every=layer(p95=(50.0, 250.0), p99_9=1), endpoints={HOME: layer(p95=80)}))
    assert run.verdict == "fail"
    assert run.reasons == [
        "catalog/steady GET /home: p95 100 ms, budget 80 ms (+25 %)",
        "catalog/steady: p99.9: it needs 1,000 successful requests; 900 of 900 succeeded",
        "catalog/steady: p95 100 ms, warning limit 50 ms (+100 %)",
    ]


def test_no_check_of_a_run_that_is_not_sound_is_a_verdict() -> None:
    """What would have been one is told in words; whoever reads the result cannot take a pass out of it."""
    run = judged(SOUND.model_copy(update={"complete": False, "end_reason": "killed"}), layer(p95=50, p50=1, p90=500))
    killed = "the engine was killed at 00:10 of 00:10; what it had recorded is shown, and not judged"
    assert (run.verdict, run.sound, run.doubts) == ("invalid", False, [killed])
    assert {check.status for check in run.checks} <= {"invalid", "skipped"}
    p95 = next(check for check in run.checks if check.metric == "p95")
    assert (p95.observed, p95.limit) == (100, 50)
    assert p95.message == "not judged, would be fail: p95 100 ms, budget 50 ms (+100 %)"
    assert run.reasons[0] == f"catalog/steady: {killed}"
    assert f"catalog/steady: {p95.message}" in run.reasons


def test_what_would_have_passed_in_an_unsound_run_is_no_reason() -> None:
    """The doubt alone is."""
    run = judged(SOUND.model_copy(update={"complete": False, "end_reason": "killed"}))
    assert [check.message for check in run.checks if check.endpoint is None] == [
        "not judged, would be pass: p95 100 ms, budget 250 ms (-60 %)"
    ]
    assert len(run.reasons) == 1


def test_a_run_is_sound_though_one_of_its_checks_could_not_be_made() -> None:
    """Its other checks keep their statuses."""
    run = judged(budget=Budget(every=layer(p95=250), endpoints={ITEM: layer(p95=1)}))
    assert (run.verdict, run.sound, run.doubts) == ("invalid", True, [])
    assert "pass" in {check.status for check in run.checks}


def test_an_unfit_generator_makes_the_run_invalid() -> None:
    """Within budget or not."""
    run = judged(summary(phase(total=entry(p95=100)), reasons=["the generator used 98 % of a core"]))
    assert (run.verdict, run.reasons) == ("invalid", ["catalog/steady: the generator used 98 % of a core"])


def test_what_went_wrong_outside_the_recording_makes_it_invalid_as_well() -> None:
    """The gate passes it on."""
    error = EngineError("the engine ended with SIGKILL", hint="is there enough memory?")
    run = judge_run(SOUND, load(), service(layer(p95=250)), error=error)
    assert run.verdict == "invalid"
    assert run.reasons == ["catalog/steady: the engine ended with SIGKILL (is there enough memory?) [engine]"]


def test_a_run_without_any_budget_is_invalid() -> None:
    """Nothing judged is not green; nor is a warning about the scenario a judgement."""
    words = "catalog/steady: no budget applies: nothing was judged"
    assert (judged(budget=layer()).verdict, judged(budget=layer()).reasons) == ("invalid", [words])
    run = judged(summary(phase(), user_errors={"KeyError": 1}), layer())
    assert (run.verdict, run.reasons[0]) == ("invalid", words)


def test_stragglers_are_a_warning_that_a_strict_run_does_not_pass() -> None:
    """What they waited for is in no figure; they are no budget either."""
    health = Health(valid=True, clock="user", users=10, cut_off=1)
    run = judged(SOUND.model_copy(update={"health": health}))
    words = "1 of 10 users was cut off in the middle of a task: what it waited for is in no figure"
    assert (run.verdict, run.reasons) == ("warn", [f"catalog/steady: {words}"])
    assert judged(SOUND.model_copy(update={"health": health}), layer()).verdict == "invalid"


def test_what_is_doubted_is_told_once() -> None:
    """Too many exceptions of the scenario are a doubt, and their warning no second reason."""
    words = "the scenario raised 9 exceptions beside 900 requests, most often KeyError: mend it"
    health = Health(valid=False, clock="user", reasons=[words])
    run = judged(SOUND.model_copy(update={"health": health, "user_errors": {"KeyError": 9}}))
    assert run.reasons == [f"catalog/steady: {words}"]
    assert "user_errors" in {check.metric for check in run.checks}


def test_the_death_of_a_service_is_told_once() -> None:
    """By the error, which knows where it logged."""
    error = ServiceError("service catalog ended by itself", slug="service-died")
    died = {"complete": False, "end_reason": "stopped", "service_exit": 1, "service_exit_at_s": 3.0}
    run = judge_run(SOUND.model_copy(update=died), load(), service(layer(p95=250)), error=error)
    assert run.reasons == ["catalog/steady: service catalog ended by itself [service-died]"]


def test_a_run_whose_checks_were_all_skipped_is_invalid() -> None:
    """And says so."""
    run = judge_run(summary(phase("step_1", 2, 10)), load("stress"), service(layer(throughput=5)))
    assert (run.verdict, run.reasons) == ("invalid", ["catalog/stress: every check was skipped: nothing was judged"])


def test_failures_of_all_phases_are_gathered_by_kind() -> None:
    """Those of the ramp are failures too."""
    run = judged(summary(phase("ramp", 0, 2, total=entry(failures=2)), phase(start_s=2, total=entry(failures=3))))
    assert [(failure.kind, failure.count) for failure in run.failures] == [("HTTP 503", 5)]


def test_each_kind_of_load_shows_what_it_is_for() -> None:
    """Stress its capacity and the highest step that held, spike its recovery, soak its drift."""
    budget = layer(p95=250, capacity=10)
    steps = summary(phase("step_1", 2, 10, total=entry(p95=100)), phase("step_2", 12, 20, total=entry(p95=900)))
    stress = judge_run(steps, load("stress"), service(budget))
    assert stress.capacity is not None
    assert (stress.capacity.level, stress.judged_phase) == (10, "step_1")
    spike = judge_run(SOUND, load("spike"), service(budget))
    assert spike.recovery is not None
    assert "before the spike was over" in spike.recovery.detail
    fifths = {"first_fifth": Fifth(p95_ms=100), "last_fifth": Fifth(p95_ms=110)}
    soak = judge_run(SOUND.model_copy(update=fifths), load("soak"), service(budget))
    assert soak.drift is not None
    assert soak.drift.p95_percent == pytest.approx(10)
    assert (spike.capacity, stress.recovery, stress.drift) == (None, None, None)


def test_a_stress_load_that_broke_at_once_shows_its_first_step() -> None:
    """There is no step that held."""
    run = judge_run(summary(phase("step_1", 2, 10, total=entry(p95=900))), load("stress"), service(layer(p95=250)))
    assert run.judged_phase == "step_1"


def test_a_run_that_could_not_be_driven_is_invalid_and_says_why() -> None:
    """With the place and the next step."""
    error = ServiceError("it did not become ready", place="log/catalog.log", hint="look at its last lines")
    run = invalid_run(service(), load(), error)
    assert (run.verdict, run.sound, run.doubts) == ("invalid", False, [error.named()])
    assert run.reasons == [
        "catalog/steady: log/catalog.log: it did not become ready (look at its last lines) [service]"
    ]
    assert not run.health.valid


@pytest.mark.parametrize(
    ("startup_time_s", "verdict"), [(2.0, "pass"), (3.5, "fail"), (None, "invalid")], ids=["quick", "slow", "unknown"]
)
def test_a_services_start_has_a_budget(startup_time_s: float | None, verdict: Verdict) -> None:
    """Not seen is not quick."""
    result = judge_service(
        service(layer(startup_time=3)), [judged()], url="http://127.0.0.1:1", startup_time_s=startup_time_s
    )
    assert (result.verdict, len(result.checks), result.url) == (verdict, 1, "http://127.0.0.1:1")


def test_a_services_score_comes_from_its_sound_runs() -> None:
    """An invalid run's checks say nothing about it."""
    broken = judged(SOUND.model_copy(update={"complete": False, "end_reason": "killed"}), layer(p95=50))
    result = judge_service(service(), [judged(), broken], url="")
    assert (result.score.score, result.score.grade, result.verdict) == (100, "A", "invalid")
    assert judge_service(service(), [broken], url="").score.score is None


def test_a_quick_start_alone_is_no_score() -> None:
    """100 of 100 beside a verdict of invalid would be read as praise."""
    unknown = invalid_run(service(), load(), EngineError("it was killed"))
    result = judge_service(service(layer(startup_time=3)), [unknown], url="", startup_time_s=1.0)
    assert ([check.status for check in result.checks], result.score.score) == (["pass"], None)


def test_a_proven_red_is_not_hidden_by_an_unknown_beside_it() -> None:
    """One run fails, one is invalid: the whole fails, and the failure's reasons come first."""
    failed = judged(budget=layer(p95=50))
    unknown = invalid_run(service(), load("spike"), EngineError("it was killed"))
    result = whole(unknown, failed)
    assert (result.verdict, result.exit_code) == ("fail", 1)
    assert result.reasons[0] == "catalog/steady: p95 100 ms, budget 50 ms (+100 %)"
    assert result.reasons[-1] == "catalog/spike: it was killed [engine]"


def test_an_unknown_beside_a_pass_is_invalid() -> None:
    """Unknown is never pass."""
    result = whole(judged(), invalid_run(service(), load("spike"), EngineError("it was killed")))
    assert (result.verdict, result.exit_code) == ("invalid", 3)


@pytest.mark.parametrize(("strict", "code"), [(False, 0), (True, 1)])
def test_warnings_pass_unless_strict(strict: bool, code: int) -> None:
    """The verdict says warn either way."""
    run = judged(budget=layer(p95=(50.0, 250.0)))
    circumstances = Circumstances(**(vars(CIRCUMSTANCES) | {"strict": strict}))
    result = whole(run, circumstances=circumstances)
    assert (result.verdict, result.exit_code, result.strict) == ("warn", code, strict)


def test_work_that_was_stopped_is_invalid_whatever_was_judged() -> None:
    """The first reason says so."""
    circumstances = Circumstances(**(vars(CIRCUMSTANCES) | {"stopped": "stopped by SIGINT"}))
    result = whole(judged(budget=layer(p95=50)), circumstances=circumstances)
    assert (result.verdict, result.exit_code, result.reasons[0]) == ("invalid", 3, "stopped by SIGINT")


def test_files_that_are_too_large_fail_the_whole() -> None:
    """They belong to no service."""
    services = [judge_service(service(), [judged()], url="")]
    artifacts = [Artifact("app.js", limit("size", 500e3))]
    result = judge_all(services, [judged()], CIRCUMSTANCES, artifacts=artifacts, sizes={"app.js": 600_000})
    assert (result.verdict, result.reasons) == ("fail", ["artifacts: app.js 600 KB, budget 500 KB (+20 %)"])


def test_nothing_at_all_is_invalid() -> None:
    """No service was driven."""
    assert judge_all([], [], CIRCUMSTANCES).exit_code == 3


def test_an_endpoint_that_never_occurred_makes_a_run_invalid_that_would_pass() -> None:
    """One budget that matched nothing is one thing that is not known."""
    assert judged(budget=Budget(every=layer(p95=250), endpoints={ITEM: layer(p95=1)})).verdict == "invalid"
