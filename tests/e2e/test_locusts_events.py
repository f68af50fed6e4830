"""What a scenario hears and reads of its load, which is what it would with `locust --users N --spawn-rate R`."""

from __future__ import annotations

import os
import re
import signal
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.target.processes import is_gone, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.project import Project

LISTENING = """\
import logging, os
from locust import HttpUser, constant, events, task
from locust.runners import MasterRunner, WorkerRunner

def say(*words):
    with open(os.environ.get("HEARD", {heard!r}), "a") as file:
        file.write(" ".join(map(str, words)) + "\\n")

@events.init.add_listener
def on_init(environment, **_):
    if not isinstance(environment.runner, (MasterRunner, WorkerRunner)):
        say("init", environment.runner.worker_index, environment.runner.worker_count)
    logging.info("information of the scenario")

@events.test_start.add_listener
def on_test_start(environment, **_):
    options = environment.parsed_options
    say("test_start", environment.runner.target_user_count)
    say("options", options.num_users, options.spawn_rate, options.run_time, options.host)

@events.spawning_complete.add_listener
def on_spawning_complete(user_count, **_):
    say("spawning_complete", user_count)

@events.test_stop.add_listener
def on_test_stop(**_):
    say("test_stop")

@events.quitting.add_listener
def on_quitting(**_):
    say("quitting")

@events.quit.add_listener
def on_quit(exit_code, **_):
    say("quit", exit_code)

class Visitor(HttpUser):
    wait_time = constant(0.05)

    @task
    def home(self):
        self.client.get("{path}")
"""


def _heard(project: Project, load: str, *words: str, path: str = "/home") -> list[str]:
    heard = project.root / "heard"
    project.scenario(LISTENING.replace("{heard!r}", repr(str(heard))).replace("{path}", path))
    project.budgets(load=load, budget='error_rate = "100%"')
    project.run(*words)
    return heard.read_text().splitlines()


def test_a_ramp_is_heard_as_one_start_of_all_users(project: Project) -> None:
    """One `test_start` that knows what is aimed at, one `spawning_complete` with all users, and `quit` at the end."""
    heard = _heard(project, 'users = 8\nduration = "3s"\nramp_up = "2s"')
    options = next(line for line in heard if line.startswith("options"))
    assert re.fullmatch(r"options 8 4\.0 3 http://127\.0\.0\.1:\d+", options)
    heard.remove(options)
    assert heard == ["init 0 1", "test_start 8", "spawning_complete 8", "test_stop", "quitting", "quit 0"]
    log = (project.out / "shop" / "normal" / "engine.log").read_text()
    assert "INFO root: information of the scenario" in log
    assert "Ramping to" not in log


def test_each_level_of_a_stress_load_is_heard_once(project: Project) -> None:
    """As a LoadTestShape's are with Locust: when it is reached, and not on the way there."""
    heard = _heard(project, 'users = [2, 6]\nstep = "1.5s"')
    spawned = [line for line in heard if line.startswith("spawning_complete")]
    assert spawned == ["spawning_complete 2", "spawning_complete 6"]
    assert [line for line in heard if line.startswith("test_start")] == ["test_start 6"]


def test_failures_are_in_the_exit_code_that_quit_hears(project: Project) -> None:
    """As with Locust: 1 when requests failed."""
    assert _heard(project, 'users = 2\nduration = "2500ms"', path="/missing")[-1] == "quit 1"


def test_the_pool_of_the_open_model_is_heard_once(project: Project) -> None:
    """Its users are no level of the load: that they may be `max_users` is what a scenario can prepare for."""
    heard = _heard(project, 'rate = "50/s"\nduration = "1s"\nmax_users = 40')
    assert [line for line in heard if line.startswith(("test_start", "spawning"))] == [
        "test_start 40",
        "spawning_complete 10",
    ]


def test_each_of_several_processes_has_its_own_number(project: Project) -> None:
    """So data that is divided by `worker_index` is used once; the numbers of users are the whole load's."""
    heard = _heard(project, 'users = 4\nduration = "1s"', "--processes", "2")
    assert sorted(line for line in heard if line.startswith("init")) == ["init 0 2", "init 1 2"]
    assert [line for line in heard if line.startswith("test_start")] == ["test_start 4"] * 2
    assert [line for line in heard if line.startswith("spawning")] == ["spawning_complete 4"] * 2


CHILD = """\
import os, subprocess, sys
from locust import HttpUser, constant, events, task

@events.test_start.add_listener
def start(**_):
    code = "import os, time; {fork}open({pids!r}, 'a').write(str(os.getpid()) + chr(10)); time.sleep(3600)"
    subprocess.Popen([sys.executable, "-c", code], start_new_session=True, env={env})

class Visitor(HttpUser):
    wait_time = constant(0.05)

    @task
    def home(self):
        self.client.get("/home")
"""
KINDS = [("", "{}"), ("os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0); ", "dict(os.environ)")]


def _starting(project: Project, fork: str = "", env: str = "dict(os.environ)") -> Path:
    pids = project.root / "pids"
    text = CHILD.replace("{fork}", fork).replace("{env}", env).replace("{pids!r}", f"'{pids}'").replace("''", "'")
    project.scenario(text)
    return pids


def _pids(file: Path) -> list[int]:
    return [int(line) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.mark.parametrize(("fork", "env"), KINDS)
def test_nothing_that_a_scenario_starts_outlives_its_load(project: Project, fork: str, env: str) -> None:
    """A child in a session of its own, and one that has forked itself away: they would load the machine ever after."""
    pids = _starting(project, fork, env)
    outcome = project.run()
    assert outcome.code == 0
    assert len(_pids(pids)) == 1
    assert all(is_gone(pid) for pid in _pids(pids))


@pytest.mark.parametrize("killed", ["engine", "perfgate"])
def test_not_even_when_the_engine_or_perfgate_is_killed(project: Project, killed: str) -> None:
    """What is left of it is found and ended by whoever is left."""
    pids = _starting(project)
    project.budgets(load='users = 2\nduration = "60s"')

    def kill(process: object) -> None:
        assert until(lambda: bool(_pids(pids)))
        own = psutil.Process(getattr(process, "pid"))  # noqa: B009
        found = own if killed == "perfgate" else _engine(own)
        os.kill(found.pid, signal.SIGKILL)

    project.run_until("normal", project.once_recorded(kill))
    assert until(lambda: all(is_gone(pid) for pid in _pids(pids)))


def _engine(process: psutil.Process) -> psutil.Process:
    children = process.children(recursive=True)
    return next(child for child in children if "perfgate.drive.engine" in " ".join(child.cmdline()))
