"""Scenarios that go wrong in their own ways: what was not driven as planned is never a pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.project import SIMPLE_SCENARIO

if TYPE_CHECKING:
    from tests.e2e.project import Project

LISTENERS = {
    "request": """
@events.request.add_listener
def on_request(**_):
    raise ValueError("no log-in")
""",
    "init": """
@events.init.add_listener
def on_init(**_):
    raise ValueError("no log-in")
""",
    "quitting": """
@events.quitting.add_listener
def on_quitting(environment, **_):
    environment.process_exit_code = 1
""",
}


@pytest.mark.parametrize(
    ("event", "words"),
    [("request", "no log-in"), ("init", "no log-in"), ("quitting", "process_exit_code")],
)
def test_what_a_listener_says_is_heard(project: Project, event: str, words: str) -> None:
    """An exception in an event listener, or an exit code that it sets, makes the run invalid."""
    project.scenario(f"from locust import events\n{SIMPLE_SCENARIO}\n{LISTENERS[event]}")
    outcome = project.run()
    assert outcome.code == 3
    assert words in " ".join(outcome.the_result.reasons)


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("import sys; sys.exit('enough')", "sys.exit"),
        ("self.environment.runner.quit()", "users were at work"),
        ("raise StopUser()", "users were at work"),
    ],
    ids=["sys.exit", "runner.quit", "StopUser"],
)
def test_users_that_go_away_are_missed(project: Project, action: str, words: str) -> None:
    """Half a load is no load: the run is invalid, and says what happened."""
    project.scenario(f"""
import time
from locust import FastHttpUser, constant, task
from locust.exception import StopUser

class Visitor(FastHttpUser):
    wait_time = constant(0.02)

    def on_start(self):
        self.begun = time.monotonic()

    @task
    def home(self):
        self.client.get("/home")
        if time.monotonic() - self.begun > 1:
            {action}
""")
    project.budgets(load='users = 4\nduration = "3s"')
    path = project.root / "budgets.toml"
    path.write_text(path.read_text().replace('bad_seconds = "100%"', 'bad_seconds = "10%"'))
    outcome = project.run()
    assert outcome.code == 3, outcome.out
    assert words in " ".join(outcome.the_result.reasons)


@pytest.mark.parametrize("user", ["perfgate.HttpUser", "locust.FastHttpUser"])
@pytest.mark.parametrize(("method", "times"), [("on_stop", 2), ("on_start", 2)])
def test_what_a_user_raises_as_it_comes_or_goes_is_counted_once(
    project: Project, user: str, method: str, times: int
) -> None:
    """Locust tells nobody of an exception in `on_stop`, where a scenario may look at what it has left."""
    project.scenario(f"""
import locust, perfgate
class Visitor({user}):
    wait_time = locust.constant(0.001)
    def {method}(self):
        assert False, "the cart is not empty"
    @locust.task
    def visit(self):
        self.client.get("/home")
class Other({user}):
    wait_time = locust.constant(0.001)
    @locust.task
    def visit(self):
        self.client.get("/home")
""")
    project.budgets(load='users = 4\nduration = "2s"')
    outcome = project.run()
    assert outcome.the_result.verdict != "pass", outcome.out
    assert outcome.check("user_errors").observed == times


@pytest.mark.parametrize(
    ("load", "idle"),
    [("users = 2", ["Third"]), ('rate = "20/s"\nmax_users = 2', ["Third"]), ("users = 3", [])],
    ids=["closed", "open", "enough"],
)
def test_a_class_that_never_has_a_user_is_told(project: Project, load: str, idle: list[str]) -> None:
    """Locust gives users by weight: two users for three classes leave out one, and all that it would ask for."""
    project.scenario("""
import locust
class Base(locust.FastHttpUser):
    abstract = True
    wait_time = locust.constant(0.01)
    @locust.task
    def visit(self):
        self.client.get("/" + type(self).__name__)
class First(Base): pass
class Second(Base): pass
class Third(Base): pass
""")
    project.budgets(load=f'{load}\nduration = "3s"')
    told = [note for note in project.run().run().health.notes if "no user of" in note]
    assert [note.split()[3] for note in told] == idle


def test_a_shape_that_raises_is_not_judged(project: Project) -> None:
    """The scenario's own LoadTestShape ends with an exception instead of a tick."""
    project.scenario(f"""{SIMPLE_SCENARIO}
from locust import LoadTestShape

class Stages(LoadTestShape):
    def tick(self):
        if self.get_run_time() > 1.5:
            raise ValueError("no more stages")
        return (4, 4)
""")
    project.budgets(load='shape = "scenario"\nduration = "30s"')
    outcome = project.run()
    assert outcome.code == 3
    assert "no more stages" in " ".join(outcome.the_result.reasons)
    assert outcome.run().duration_s < 25


def test_tags_that_leave_no_task_are_refused(project: Project) -> None:
    """Exit 2, naming the tags, before any request."""
    text = (project.root / "budgets.toml").read_text()
    (project.root / "budgets.toml").write_text(text.replace('ready = "/ready"', 'ready = "/ready"\ntags = ["nope"]'))
    outcome = project.run()
    assert outcome.code == 2
    assert "nope" in outcome.err


def test_tags_in_the_environment_change_nothing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """`budgets.toml` alone says what is driven, not a LOCUST_TAGS of the shell."""
    monkeypatch.setenv("LOCUST_TAGS", "nope")
    outcome = project.run()
    assert outcome.code == 0, outcome.out
    assert outcome.run().total is not None


def test_an_option_of_the_scenarios_own_that_is_required_is_refused(project: Project) -> None:
    """Locust would end the process; the error says why."""
    project.scenario(f"""from locust import events
{SIMPLE_SCENARIO}
@events.init_command_line_parser.add_listener
def add(parser):
    parser.add_argument("--must", required=True)
""")
    outcome = project.run()
    assert outcome.code == 2
    assert "scenario-options" in outcome.err


def test_a_pytest_file_is_a_scenario(project: Project) -> None:
    """Locust makes users of test functions in a file that defines no User."""
    project.scenario("def test_home(fastsession):\n    fastsession.get('/home')\n")
    outcome = project.run("--scale", "1")
    assert outcome.code == 0, outcome.out + outcome.err
    assert [endpoint.name for endpoint in outcome.run().endpoints] == ["GET /home"]


def test_a_page_that_has_become_the_login_is_told(project: Project) -> None:
    """Followed or not, a redirect is a success: in all reports it is asked whether that was meant."""
    project.scenario("""
from perfgate import HttpUser, constant, task

class Visitor(HttpUser):
    wait_time = constant(0.02)

    @task
    def account(self):
        self.client.get("/redirect?to=/home", name="/account")
        self.client.get("/home")
        self.client.get("/redirect?to=/home", name="/left", allow_redirects=False)
""")
    outcome = project.run()
    (note,) = outcome.the_result.runs[0].health.notes
    assert note.startswith("answered with, or after, a redirect (GET /account: ")
    assert "; GET /left: " in note
    assert "GET /home" not in note
    assert "a redirect" in outcome.out
    assert all("a redirect" in (project.out / name).read_text() for name in ("report.md", "report.html"))
