"""`perfgate run` as a user runs it: the installed command, a real server, a verdict and an exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.project import ECHO, REPOSITORY, SIMPLE_SCENARIO

if TYPE_CHECKING:
    from tests.e2e.project import Project


def test_a_service_within_budget_passes_with_exit_code_0(project: Project) -> None:
    """A pass is printed, written to result.json, and is the exit code."""
    outcome = project.run()
    assert outcome.code == 0
    assert outcome.the_result.verdict == "pass"
    assert "PASS" in outcome.out
    assert outcome.run().endpoints[0].requests > 0


def test_a_broken_budget_fails_with_exit_code_1_and_says_what_and_by_how_much(project: Project) -> None:
    """The reason names service, load, endpoint, metric, what was seen and the limit."""
    project.budgets(budget='p50 = "1us"')
    outcome = project.run()
    assert outcome.code == 1
    check = outcome.check("p50", "GET /home")
    assert (check.status, check.limit) == ("fail", 0.001)
    lines = (project.root / "budgets.toml").read_text().splitlines()
    line = lines.index('p50 = "1us"') + 1
    assert check.source == f"budgets.toml:{line}"
    assert any("shop/normal GET /home: p50" in reason for reason in outcome.the_result.reasons)


def test_a_warning_passes_and_fails_only_when_strict(project: Project) -> None:
    """A warning tier turns the verdict into warn: exit 0, or 1 with --strict."""
    project.budgets(budget='p50 = { warn = "1us", fail = "60s" }')
    assert ((outcome := project.run()).code, outcome.the_result.verdict) == (0, "warn")
    project.out = project.root / "second"
    assert ((outcome := project.run("--strict")).code, outcome.the_result.verdict) == (1, "warn")


def test_a_handful_of_requests_is_no_pass_and_says_how_many_it_takes(project: Project) -> None:
    """Five medians are no median: the run keeps its only percentile and is a warning, in the report's words too."""
    project.scenario(SIMPLE_SCENARIO.replace("constant(0.02)", "constant(1)"))
    project.budgets(load='users = 1\nduration = "4s"', budget='p50 = "60s"')
    outcome = project.run()
    assert (outcome.code, outcome.the_result.verdict) == (0, "warn")
    check = outcome.check("p50")
    assert (check.status, check.uncertain, check.samples_needed) == ("pass", True, 6)
    assert outcome.check("certainty").status == "warn"
    assert "about 6 requests for each would decide" in " ".join(outcome.out.split())


@pytest.mark.parametrize(
    "model", ['users = 5\nduration = "2s"\nramp_up = "1s"', 'rate = "100/s"\nduration = "2s"\nramp_up = "1s"']
)
def test_ramp_and_steady_phase_are_recorded_and_judged_apart(project: Project, model: str) -> None:
    """The phases of the profile appear in order, and only the steady one is judged."""
    project.budgets(load=model)
    run = project.run().run()
    assert [phase.name for phase in run.phases if phase.name != "drain"] == ["ramp", "steady"]
    assert run.judged_phase == "steady"
    steady = next(phase for phase in run.phases if phase.name == "steady")
    assert run.total is not None
    assert steady.total.requests == run.total.requests


def test_the_open_model_serves_every_arrival(project: Project) -> None:
    """Poisson arrivals at 100/s for 2 s: none is dropped, and each is one request of this scenario."""
    project.budgets(load='rate = "100/s"\nduration = "2s"')
    run = project.run().run()
    assert run.model == "open"
    assert run.health.unserved == 0
    assert run.health.arrivals == sum(phase.total.requests for phase in run.phases)


def test_waiting_for_a_free_user_counts_as_response_time(project: Project) -> None:
    """A pool that is too small for a slow service: response time grows far beyond service time."""
    project.scenario("""
from locust import FastHttpUser, task
class Slow(FastHttpUser):
    @task
    def slow(self):
        self.client.get("/slow?s=0.1", name="/slow")
""")
    project.budgets(load='rate = "60/s"\narrivals = "uniform"\nduration = "2s"\nmax_users = 4\nstop_timeout = "30s"')
    total = project.run().run().total
    assert total is not None
    assert total.latency_ms.p50 is not None
    assert total.service_ms.p50 is not None
    # 4 users serve 40/s of 60/s: after 2 s the queue is 40 long, so the median waits for a third of a second or more
    assert total.latency_ms.p50 > 2 * total.service_ms.p50


def test_stress_reports_the_highest_step_that_held_and_how_it_broke(project: Project) -> None:
    """Steps of users against a server whose answers take longer than the budget from the second step on."""
    project.scenario("""
from locust import FastHttpUser, constant, task
class Visitor(FastHttpUser):
    wait_time = constant(0.02)
    @task
    def home(self):
        wait = 0 if self.environment.runner.user_count <= 2 else 0.8
        self.client.get(f"/slow?s={wait}", name="/home")
""")
    project.budgets(
        name="stress",
        load='users = [2, 4, 6]\nstep = "2s"',
        budget='p50 = "400ms"\n[services.shop.budget.stress]\ncapacity = "4 users"',
    )
    outcome = project.run()
    capacity = outcome.run("stress").capacity
    assert capacity is not None
    assert (capacity.level, capacity.broke_by, capacity.broke_at) == (2, "latency", 4)
    assert outcome.code == 1


def test_stop_when_ends_a_stress_load_that_only_fails(project: Project) -> None:
    """The load ends soon after its condition holds; steps that were not reached are not counted as held."""
    project.budgets(
        name="stress",
        service=ECHO.replace("{port}", "{port} --fail"),
        load='users = [2, 4]\nstep = "15s"\nstop_when = { error_rate = "5%" }',
    )
    outcome = project.run()
    assert outcome.code == 1
    run = outcome.run("stress")
    assert run.duration_s < 20
    assert run.capacity is not None
    assert [step.reached for step in run.capacity.steps] == [True, False]


def test_spike_reports_the_time_to_recover(project: Project) -> None:
    """A server that keeps up is back within budget at once."""
    project.budgets(
        name="spike",
        load='users = 2\nspike_users = 10\nspike_at = "1s"\nspike_duration = "1s"\nduration = "4s"',
        budget='p95 = "20s"\n[services.shop.budget.spike]\nrecovery_time = "2s"',
    )
    outcome = project.run()
    assert outcome.code == 0, outcome.out
    recovery = outcome.run("spike").recovery
    assert recovery is not None
    assert recovery.recovery_time_s == 0


def test_soak_checks_the_drift_of_p95_and_memory(project: Project) -> None:
    """The last fifth of the steady phase is held against the first."""
    project.budgets(
        name="soak", load='users = 4\nduration = "10s"', budget='p95_drift = "10000%"\nmemory_drift = "1000%"'
    )
    outcome = project.run()
    assert outcome.code == 0, outcome.out
    assert sorted(
        check.metric
        for check in outcome.run("soak").checks
        if check.metric.endswith("drift") and check.status == "pass"
    ) == ["memory_drift", "p95_drift"]


def test_custom_metrics_come_from_the_scenario_from_headers_and_from_json(project: Project) -> None:
    """Each is reduced to percentiles, and has budgets in its own direction."""
    project.scenario("""
from locust import FastHttpUser, constant, task
from perfgate import metric
class Visitor(FastHttpUser):
    wait_time = constant(0.02)
    @task
    def ask(self):
        self.client.get("/json")
        metric("quality", 0.9)
""")
    project.budgets(
        extra="""
[services.shop.metrics.quality]
better = "higher"
[services.shop.metrics.tokens]
unit = "tokens"
header = "X-Tokens"
[services.shop.metrics.used]
unit = "tokens"
json = "usage.tokens"
[services.shop.budget.metrics.quality]
mean = 0.95
[services.shop.budget.metrics.tokens]
p50 = 22
[services.shop.budget.metrics.used]
p50 = 18
"""
    )
    outcome = project.run()
    statuses = {check.metric: check.status for check in outcome.run().checks if "." in check.metric}
    assert statuses == {"quality.mean": "fail", "tokens.p50": "fail", "used.p50": "pass"}
    observed = {check.metric: check.observed for check in outcome.run().checks if "." in check.metric}
    assert observed == pytest.approx({"quality.mean": 0.9, "tokens.p50": 23, "used.p50": 17}, rel=1e-3)


def test_startup_time_and_file_size_budgets(project: Project) -> None:
    """Both are measured once, and fail like any other budget."""
    (project.root / "app.js").write_bytes(b"x" * 2000)
    project.budgets(budget='startup_time = "1us"', extra='[artifacts]\n"*.js" = "1KB"\n')
    outcome = project.run()
    assert outcome.code == 1
    assert [c.metric for c in outcome.the_result.services[0].checks if c.status == "fail"] == ["startup_time"]
    assert [check.observed for check in outcome.the_result.checks] == [2000]


def test_report_recreates_the_result_from_the_recording(project: Project) -> None:
    """What `perfgate report` prints and writes is what the run printed and wrote."""
    first = project.run()
    written = (project.out / "result.json").read_text()
    again = project.perfgate("report", str(project.out), "--junit", "junit.xml", "--csv", "all.csv")
    assert first.code == again.code
    assert written == (project.out / "result.json").read_text()
    assert (project.root / "junit.xml").read_text().startswith("<?xml")
    assert "GET /home" in (project.root / "all.csv").read_text()


def test_scale_shortens_every_duration_and_the_result_says_so(project: Project) -> None:
    """A quick look is labelled as one."""
    project.budgets(load='users = 4\nduration = "15s"')
    outcome = project.run("--scale", "0.1")
    assert outcome.the_result.scale == 0.1
    assert 1 < outcome.run().duration_s < 10
    assert "multiplied by 0.1" in outcome.out


def test_two_services_together_are_driven_at_the_same_time(project: Project) -> None:
    """Their loads overlap instead of following one another."""
    extra = f"""
[services.other]
{ECHO}
url = "http://127.0.0.1:{{port}}"
cwd = "{REPOSITORY}"
scenario = "scenarios/shop.py"
budget = {{ error_rate = "50%" }}
"""
    project.budgets(load='users = 4\nduration = "3s"', extra=extra)
    path = project.root / "budgets.toml"
    path.write_text(path.read_text().replace("[gate.health]", "[gate]\ntogether = true\n[gate.health]"))
    first, second = project.run().the_result.runs
    assert first.started_at is not None
    assert second.started_at is not None
    assert abs(first.started_at - second.started_at) < min(first.duration_s, second.duration_s)
