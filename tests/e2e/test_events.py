"""What a scenario raises, tells and reads around its requests: it hides none of them, and costs no more than itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.project import ECHO

if TYPE_CHECKING:
    from tests.e2e.project import Project

USER = """
from {module} import {user}
from locust import constant, events, task
from locust.exception import InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately, StopUser

class Visitor({user}):
    wait_time = constant(0.02)

    {method}
    def work(self):
        {work}
"""
LISTENER = """
@events.request.add_listener
def on_request(exception, **_):
    if exception:
        raise {error}
"""


RAISING_INTERCEPTOR = """error = ValueError("no")
        self.environment.events.request.fire(
            request_type="grpc", name="Get", response_time=1, response_length=0, exception=error)
        raise error
"""


def _user(
    work: str, user: str = "FastHttpUser", *, module: str = "locust", method: str = "@task", more: str = ""
) -> str:
    return USER.format(user=user, module=module, method=method, work=work) + more


@pytest.mark.parametrize("error", ["RescheduleTask()", "RescheduleTaskImmediately()", "InterruptTaskSet()"])
def test_a_listener_that_interrupts_hides_no_failure(project: Project, error: str) -> None:
    """Locust tells no listener after one that raises these; the failures are counted all the same."""
    both = "self.client.get('/home')\n        self.client.get('/missing')"
    project.scenario(_user(both, more=LISTENER.format(error=error)))
    project.budgets(budget='error_rate = "10%"')
    outcome = project.run()
    assert outcome.code == 1, outcome.out
    assert outcome.check("error_rate", "GET /missing").observed == 1.0


@pytest.mark.parametrize(
    ("user", "module", "work"),
    [
        ("HttpUser", "locust", "self.client.get('/missing').raise_for_status()"),
        ("FastHttpUser", "locust", "assert self.client.get('/missing').status_code == 200"),
        ("HttpUser", "perfgate", "self.client.get('/missing').raise_for_status()"),
        ("HttpUser", "perfgate", "self.client.get('/missing').json()['id']"),
        (
            "User",
            "locust",
            RAISING_INTERCEPTOR,
        ),
    ],
)
def test_an_exception_that_is_a_recorded_failure_is_no_scenario_error(
    project: Project, user: str, module: str, work: str
) -> None:
    """The service failed, and that is the verdict; not that the scenario is to be mended."""
    project.scenario(_user(work, user, module=module))
    project.budgets(budget='error_rate = "10%"')
    outcome = project.run()
    assert outcome.code == 1, outcome.out
    assert "user_errors" not in {check.metric for check in outcome.run().checks}


def test_an_exception_after_a_good_request_is_the_scenarios_error(project: Project) -> None:
    """Nothing is recorded of it, and requests may be missing."""
    project.scenario(_user("assert self.client.get('/home').status_code == 201"))
    project.budgets()
    outcome = project.run()
    assert outcome.code == 3, outcome.out
    assert "the scenario raised" in " ".join(outcome.the_result.reasons)


def test_an_exception_that_loses_a_request_is_no_failure_of_an_earlier_one(project: Project) -> None:
    """The first request failed and is recorded; the second never was, because the exception left its block."""
    lose = "with self.client.get('/home', catch_response=True) as response:\n            assert response.text == 'no'"
    project.scenario(_user(f"self.client.get('/missing')\n        {lose}", "HttpUser"))
    project.budgets(budget='error_rate = "100%"')
    outcome = project.run()
    assert outcome.code == 3, outcome.out


def test_a_log_in_that_fails_is_a_failure(project: Project) -> None:
    """Its users are gone, and the verdict is what the service did."""
    project.scenario(
        _user("self.client.get('/missing').raise_for_status()", "HttpUser", method="def on_start(self): self.work()\n")
        + "\n    @task\n    def home(self):\n        self.client.get('/home')\n"
    )
    project.budgets(budget='error_rate = "10%"')
    assert project.run().code == 1


PLUGIN = """
import os

def at_the_end(environment, **_):
    if environment.stats.total.fail_ratio > float(os.environ.get("CHECK_FAIL_RATIO", "0.05")):
        environment.process_exit_code = 3
    print("seen", environment.runner.stats.total.num_requests, environment.runner.stats.total.num_failures)
"""


def test_statistics_that_a_module_reads_are_whole(project: Project) -> None:
    """A plugin's own check at the end sees what Locust would show it, though the scenario never mentions it."""
    project.scenario(PLUGIN, "plugin.py")
    project.scenario(
        _user(
            "self.client.get('/home')\n        self.client.get('/missing')",
            more="\nimport plugin\nevents.quitting.add_listener(plugin.at_the_end)\n",
        )
    )
    project.budgets(budget='throughput = "0.1/s"', service=ECHO)
    outcome = project.run()
    assert outcome.code == 3, outcome.out
    assert "process_exit_code to 3" in " ".join(outcome.the_result.reasons)
    total = sum(phase.total.requests for phase in outcome.run().phases)
    failed = sum(phase.total.failures for phase in outcome.run().phases)
    (log,) = project.out.rglob("engine.log")
    assert f"seen {total} {failed}" in log.read_text()


def test_odd_events_leave_the_run_judged(project: Project) -> None:
    """Each of them costs nothing but itself, and the run says what it was."""
    project.scenario(
        _user(
            "self.client.get('/home')\n        fire(self.environment.events.request)",
            more="""
from perfgate import metric

class Silent(Exception):
    def __str__(self):
        raise RuntimeError("no text")

def fire(request):
    sound = {"request_type": "odd", "response_time": 1.0, "response_length": 1}
    for event in (
        {"name": None},
        {"name": 17},
        {"name": b"bytes"},
        {"name": "surrogate \\udc80"},
        {"name": "long " * 10_000},
        {"name": "length", "response_length": -1},
        {"name": "time", "response_time": 1e300},
        {"name": "start", "start_time": "now"},
        {"name": "context", "context": 17},
        {"name": "text"}, {"name": "silent"},
        {"name": "text", "exception": "bad \\udc80"},
        {"name": "silent", "exception": Silent()},
    ):
        request.fire(**{**sound, **event})
    metric("tokens", float("nan"))
    metric("tokens", 17)
    metric(17, 1)
""",
        )
    )
    project.budgets(budget='error_rate = "60%"', extra='[services.shop.endpoints."GET /home".budget]\np95 = "60s"')
    outcome = project.run()
    assert outcome.code == 0, outcome.out
    run = outcome.run()
    assert "user_errors" not in {check.metric for check in run.checks}
    assert set(run.health.odd) >= {"name", "response_length", "response_time", "start_time", "metric_value"}
    assert "the scenario told of" in outcome.out
    assert outcome.check("p95", "GET /home").status == "pass"
