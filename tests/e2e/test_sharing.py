"""More than one process, and more than one machine: the same load, the same figures, and nothing lost silently."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from random import Random
from typing import TYPE_CHECKING

import psutil
import pytest

from perfgate.drive.arrivals import due_times, iteration_random
from perfgate.measure.journals import Recording, read_recording
from perfgate.plan.profile import hold
from perfgate.target.ports import reserve_port
from tests.e2e.project import ECHO, LONGEST_S, PERFGATE
from tests.e2e.test_locusts_events import LISTENING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.project import Outcome, Project

OPEN = 'rate = "80/s"\nduration = "2s"\nramp_up = "1s"'
SCHEDULE = hold(80, 2, ramp_up_s=1)
SEED = 7

# Each iteration writes down the random number that it was given.
DRAWING = """
from pathlib import Path
from locust import FastHttpUser, task
from words import PATH

class Visitor(FastHttpUser):
    @task
    def draw(self):
        with open("{drawn}", "a") as file:
            file.write(f"{{self.random.random()!r}}\\n")
        self.client.get(PATH)
"""


@pytest.fixture
def port() -> Iterator[int]:
    """A port of the test's own."""
    with reserve_port() as number:
        yield number


def _draws(count: int) -> set[float]:
    """The numbers that the iterations of the schedule are given, after Locust's choice of the task took the first."""
    randoms = [iteration_random(SEED, number) for number in range(count)]
    return {(random.random(), random.random())[1] for random in randoms}


def _drawing(project: Project) -> Path:
    drawn = project.root / "drawn"
    project.scenario(DRAWING.format(drawn=drawn))
    project.scenario('PATH = "/home"\n', "words.py")
    project.budgets(load=OPEN)
    return drawn


def _recording(project: Project, load: str = "normal") -> Recording:
    return read_recording(project.out / "shop" / load)


def _is_the_schedule(project: Project, drawn: Path) -> None:
    recording, expected = _recording(project), len(list(due_times(SCHEDULE, seed=SEED)))
    assert sum(second.arrivals for second in recording.seconds) == expected
    assert sum(cell.response_ms.count for cell in recording.cells) == expected
    numbers = [float(line) for line in drawn.read_text().split()]
    assert len(numbers) == expected
    assert set(numbers) == _draws(expected)


def _requests(outcome: Outcome) -> int:
    return sum(phase.total.requests for phase in outcome.run().phases)


def _children(pid: int, module: str) -> list[psutil.Process]:
    """In the order in which they were started."""
    found = [child for child in psutil.Process(pid).children(recursive=True) if module in child.cmdline()]
    return sorted(found, key=lambda child: (child.create_time(), child.pid))


# Processes.


def test_two_processes_have_the_users_of_one(project: Project) -> None:
    """Five users together, the odd one included, in two journals."""
    project.budgets(load='users = 5\nduration = "2s"')
    outcome = project.run("--processes", "2")
    assert outcome.code == 0, outcome.out
    folder = project.out / "shop" / "normal"
    assert sorted(path.name for path in folder.glob("requests*")) == ["requests-1.journal", "requests-2.journal"]
    recording = _recording(project)
    assert max(second.users for second in recording.seconds) == 5
    assert _requests(outcome) == sum(cell.response_ms.count for cell in recording.cells)


def test_two_processes_serve_exactly_the_schedule_of_one(project: Project) -> None:
    """Every arrival once, each with the random numbers that it has in a single process."""
    drawn = _drawing(project)
    outcome = project.run("--processes", "2", "--seed", str(SEED))
    assert outcome.code == 0, outcome.out
    _is_the_schedule(project, drawn)


def test_users_of_the_closed_model_have_their_own_numbers_wherever_they_run(project: Project) -> None:
    """Seed, the user's number in the whole load, and the iteration's: nothing else decides what is drawn."""
    drawn = _drawing(project)
    project.budgets(load='users = 3\nduration = "1s"')
    outcome = project.run("--processes", "2", "--seed", str(SEED))
    assert outcome.code == 0, outcome.out
    numbers = [float(line) for line in drawn.read_text().split()]
    streams = [(user, iteration) for user in range(3) for iteration in range(len(numbers))]
    assert len(set(numbers)) == len(numbers) > 3
    assert set(numbers) <= {Random(f"iteration/{SEED}/{user}/{iteration}").random() for user, iteration in streams}


def test_one_of_two_processes_that_is_killed_makes_the_run_invalid_and_is_named(project: Project) -> None:
    """The other is stopped gracefully, and what both recorded is reported; also when it is judged again later."""
    project.budgets(load='users = 6\nduration = "90s"')
    kill = project.once_recorded(lambda run: _children(run.pid, "perfgate.drive.engine")[1].kill())
    outcome = project.run_until("normal", kill, "--processes", "2")
    assert outcome.code == 3, outcome.out
    reasons = " ".join(outcome.the_result.reasons)
    assert "engine 2 of 2 (process" in reasons
    assert "SIGKILL" in reasons
    assert "requests-2.journal" in reasons
    assert _requests(outcome) > 0
    assert project.perfgate("report", str(project.out)).code == 3


FAILING = {
    "name": "stress",
    "service": ECHO.replace("{port}", "{port} --fail"),
    "load": 'users = [2, 4]\nstep = "10s"\nstop_when = { error_rate = "5%" }',
}


def _was_stopped_by_its_condition(project: Project, outcome: Outcome) -> None:
    assert outcome.code == 1, outcome.out + outcome.err
    end = _recording(project, "stress").end
    assert end is not None
    assert end.reason == "stop_when"
    assert end.detail.startswith("error rate 100.0% passed stop_when 5.0%")


def test_stop_when_is_decided_over_all_processes(project: Project) -> None:
    """The load ends early, once, for the reason that the condition gives."""
    project.budgets(**FAILING)
    _was_stopped_by_its_condition(project, project.run("--processes", "2"))


def test_the_scenarios_own_shape_cannot_be_shared(project: Project) -> None:
    """Exit 2 before anything is driven."""
    project.wild("own_shape.py")
    project.budgets(load='shape = "scenario"')
    outcome = project.run("--processes", "2")
    assert outcome.code == 2
    assert "shape" in outcome.err
    assert not project.out.exists()


def test_processes_and_workers_exclude_one_another(project: Project) -> None:
    """A usage error."""
    assert project.run("--processes", "2", "--workers", "2").code == 2


# Workers.


@contextmanager
def _workers(folder: Path, port: int, count: int = 2) -> Iterator[list[subprocess.Popen[str]]]:
    """Workers as on other machines: in a folder without the project."""
    folder.mkdir()
    command = [*PERFGATE, "worker", "--master", "127.0.0.1", "--port", str(port), "--timeout", "60"]
    with ExitStack() as stack:
        started = []
        for _ in range(count):
            process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            stack.callback(process.kill)
            started.append(process)
        yield started


def _ends(workers: list[subprocess.Popen[str]]) -> list[tuple[int, str]]:
    """How each ended: its exit code, and what it printed."""
    ends = []
    for worker in workers:
        out, err = worker.communicate(timeout=LONGEST_S)
        ends.append((worker.returncode, out + err))
    return ends


def _with(port: int, count: int = 2) -> list[str]:
    return ["--workers", str(count), "--bind-port", str(port)]


def test_two_workers_serve_exactly_the_schedule_of_one_process(project: Project, port: int) -> None:
    """They have no copy of the project: the scenario, and the module that it imports, come from the master."""
    drawn = _drawing(project)
    with _workers(project.root / "elsewhere", port) as workers:
        outcome = project.run(*_with(port), "--seed", str(SEED))
        assert outcome.code == 0, outcome.out + outcome.err
        assert [code for code, _ in _ends(workers)] == [0, 0]
    _is_the_schedule(project, drawn)


def test_workers_stay_for_every_load(project: Project, port: int) -> None:
    """Closed and open, one after the other; then they end by themselves."""
    project.budgets(load=f'users = 5\nduration = "2s"\n[loads.rush]\n{OPEN}')
    with _workers(project.root / "elsewhere", port) as workers:
        outcome = project.run(*_with(port))
        assert outcome.code == 0, outcome.out + outcome.err
        for code, printed in _ends(workers):
            assert code == 0
            assert "a share of 2 loads was driven" in printed
    assert max(second.users for second in _recording(project).seconds) == 5
    assert [run.load for run in outcome.the_result.runs] == ["normal", "rush"]


QUITTING = """
from locust import FastHttpUser, events, task
from locust.runners import WorkerRunner

@events.quitting.add_listener
def check(environment, **_):
    environment.process_exit_code = 4 if isinstance(environment.runner, WorkerRunner) else 5

class Visitor(FastHttpUser):
    @task
    def home(self):
        self.client.get("/home")
"""


def test_an_exit_code_that_the_scenario_sets_as_it_quits_is_heard_from_workers_and_master(
    project: Project, port: int
) -> None:
    """Its own check failed: the run is invalid, and says where, although both quit when all is over."""
    project.scenario(QUITTING)
    project.budgets(load='users = 2\nduration = "1s"')
    with _workers(project.root / "elsewhere", port, 1) as workers:
        outcome = project.run(*_with(port, 1))
        assert outcome.code == 3, outcome.out + outcome.err
        assert [code for code, _ in _ends(workers)] == [0]
    reasons = " ".join(outcome.the_result.reasons)
    assert f"worker 1 of 1 ({socket.gethostname()}" in reasons
    assert "the scenario set environment.process_exit_code to 4" in reasons
    assert "the master: the scenario set environment.process_exit_code to 5" in reasons
    assert outcome.run().health.workers == 1
    assert _requests(outcome) > 0


def test_stop_when_is_decided_over_all_workers_and_they_stay_for_the_next_load(project: Project, port: int) -> None:
    """A load that ended early is not the end of the work."""
    project.budgets(**{**FAILING, "load": f"{FAILING['load']}\n[loads.again]\n{FAILING['load']}"})
    with _workers(project.root / "elsewhere", port) as workers:
        outcome = project.run(*_with(port))
        _was_stopped_by_its_condition(project, outcome)
        for code, printed in _ends(workers):
            assert code == 0
            assert "a share of 2 loads was driven" in printed


def _wait_for(worker: subprocess.Popen[str], words: str) -> None:
    assert worker.stdout is not None
    assert any(words in line for line in worker.stdout)


def test_a_worker_too_many_stands_by(project: Project, port: int) -> None:
    """It has nothing to do, and is let go with the others."""
    project.budgets(load='users = 4\nduration = "90s"')
    with _workers(project.root / "elsewhere", port, 2) as workers:

        def stop_when_both_are_there(run: subprocess.Popen[str]) -> None:
            for worker in workers:
                _wait_for(worker, "joined the master")
            run.terminate()

        outcome = project.run_until("shop / normal", stop_when_both_are_there, *_with(port, 1))
        assert outcome.code == 3
        ends = _ends(workers)
    assert [code for code, _ in ends] == [0, 0]
    assert sorted(printed.splitlines()[-1] for _, printed in ends) == [
        "done: a share of 0 loads was driven",
        "done: a share of 1 load was driven",
    ]


def test_a_waiting_worker_can_be_stopped(project: Project, port: int) -> None:
    """SIGTERM ends it, with nothing to wait for."""
    with _workers(project.root / "elsewhere", port, 1) as workers:
        _wait_for(workers[0], "waiting for a master")
        workers[0].terminate()
        assert [code for code, _ in _ends(workers)] == [3]


def test_a_worker_that_is_killed_makes_the_run_invalid_and_is_named(project: Project, port: int) -> None:
    """Its machine and number are in the reasons; the other worker was stopped, and what both reported is kept."""
    project.budgets(load='users = 6\nduration = "90s"')
    with _workers(project.root / "elsewhere", port) as workers:
        kill = project.once_recorded(lambda _: _children(workers[0].pid, "perfgate.drive.worker")[0].kill())
        outcome = project.run_until("shop / normal", kill, *_with(port))
        assert outcome.code == 3, outcome.out + outcome.err
        (killed, words), (other, _) = _ends(workers)
        assert (killed, other) == (3, 0)
        assert "the worker was killed by SIGKILL" in words
    reasons = " ".join(outcome.the_result.reasons)
    assert " of 2 (" + socket.gethostname() in reasons
    assert "was lost" in reasons
    assert _requests(outcome) > 0


def test_a_worker_that_is_stopped_on_its_own_makes_the_run_invalid_and_is_named(project: Project, port: int) -> None:
    """SIGTERM to `perfgate worker`: it says so to its master, and loses nothing that it recorded."""
    project.budgets(load='users = 6\nduration = "90s"')
    with _workers(project.root / "elsewhere", port) as workers:
        stop = project.once_recorded(lambda _: workers[1].terminate())
        outcome = project.run_until("shop / normal", stop, *_with(port))
        assert outcome.code == 3, outcome.out + outcome.err
        assert [code for code, _ in _ends(workers)] == [0, 3]
    end = _recording(project).end
    assert end is not None
    assert " of 2 (" + socket.gethostname() in end.detail
    assert "stopped by SIGTERM" in end.detail
    assert end.detail in " ".join(outcome.the_result.reasons)
    assert _requests(outcome) > 0


def test_workers_and_master_hear_what_one_process_would(project: Project, port: int) -> None:
    """All users are there once, in every worker; the master knows how many are aimed at; `quit` comes last."""
    heard = project.root / "heard"
    project.scenario(LISTENING.replace("{heard!r}", repr(str(heard))).replace("{path}", "/home"))
    project.budgets(load='users = 6\nduration = "3s"\nramp_up = "2s"')
    with _workers(project.root / "elsewhere", port) as workers:
        outcome = project.run(*_with(port))
        assert outcome.code == 0, outcome.out + outcome.err
        assert [code for code, _ in _ends(workers)] == [0, 0]
    lines = heard.read_text().splitlines()
    assert lines.count("spawning_complete 6") == 2
    assert lines.count("test_start 6") == 1
    assert lines.count("quit 0") == 3
    assert {line for line in lines if line.startswith("spawning")} == {"spawning_complete 6"}


def test_workers_that_never_come_are_not_waited_for_without_end(project: Project, port: int) -> None:
    """Exit 3, with how many came and what to do."""
    outcome = project.run(*_with(port), "--worker-timeout", "1")
    assert outcome.code == 3
    reasons = " ".join(outcome.the_result.reasons)
    assert "0 of 2 workers came within 1 s" in reasons
    assert f"perfgate worker --master HOST --port {port}" in outcome.out


def test_a_worker_without_a_master_ends_with_a_clear_error(project: Project, port: int) -> None:
    """Exit 3 after --timeout."""
    outcome = project.perfgate("worker", "--master", "127.0.0.1", "--port", str(port), "--timeout", "1")
    assert outcome.code == 3
    assert "error[no-master]" in outcome.err


def test_a_master_that_is_killed_ends_its_workers(project: Project, port: int) -> None:
    """They notice the silence; the gate says that the engine was killed, and keeps what was reported."""
    project.budgets(load='users = 4\nduration = "90s"')
    with _workers(project.root / "elsewhere", port) as workers:
        kill = project.once_recorded(lambda run: _children(run.pid, "perfgate.drive.engine")[0].kill())
        outcome = project.run_until("shop / normal", kill, *_with(port))
        assert outcome.code == 3
        assert "SIGKILL" in " ".join(outcome.the_result.reasons)
        assert _requests(outcome) > 0
        for code, printed in _ends(workers):
            assert code == 3
            assert "error[master-lost]" in printed


def test_a_killed_perfgate_lets_its_workers_go(project: Project, port: int) -> None:
    """The master notices that its parent is gone, and stops the load in order; the workers' load had no judge."""
    project.budgets(load='users = 4\nduration = "90s"')
    with _workers(project.root / "elsewhere", port) as workers:
        project.run_until("shop / normal", project.once_recorded(lambda run: run.kill()), *_with(port))
        for code, printed in _ends(workers):
            assert code == 3
            assert "error[master-lost]" in printed
            assert "the master's perfgate process ended before its load did" in printed
    end = _recording(project).end
    assert end is not None
    assert end.reason == "stopped"


def test_a_port_that_is_taken_is_said_so(project: Project) -> None:
    """Before any worker is waited for."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        outcome = project.run(*_with(number))
    assert outcome.code == 3
    assert "in use" in " ".join(outcome.the_result.reasons)


def test_a_master_that_others_can_reach_is_warned_about(project: Project) -> None:
    """Locust's protocol asks nobody for a password. (There is no plan here, so that nothing really listens.)"""
    (project.root / "budgets.toml").unlink()
    outcome = project.run("--workers", "2", "--bind-host", "0.0.0.0")
    assert outcome.code == 2
    assert "warning" in outcome.err
    assert "docs/distributed.md" in outcome.err


OTHER_VERSION = """
import runpy, perfgate
perfgate.__version__ = "0.0.1"
runpy.run_module("perfgate.drive.worker", run_name="__main__")
"""


def test_a_worker_of_another_version_is_refused_on_both_sides(project: Project, port: int) -> None:
    """The master does not wait for it in vain, and both name the versions."""
    call = json.dumps({"host": "127.0.0.1", "port": port, "timeout_s": 60, "folder": str(project.root)})
    with subprocess.Popen(
        [sys.executable, "-c", OTHER_VERSION],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as worker:
        assert worker.stdin is not None
        worker.stdin.write(call + "\n")
        worker.stdin.flush()
        outcome = project.run(*_with(port, 1))
        out, _ = worker.communicate(timeout=LONGEST_S)
    refused = json.loads(out.splitlines()[-1])
    assert (refused["event"], refused["slug"]) == ("Refused", "worker-version")
    assert outcome.code == 3
    assert "the worker has perfgate 0.0.1" in " ".join(outcome.the_result.reasons)


def test_a_scenario_that_a_worker_cannot_load_is_said_so_at_once(project: Project, port: int) -> None:
    """Say, a package that is missing there: the worker's own words reach the gate."""
    project.scenario("""
import os
from locust import FastHttpUser, task
if os.getcwd().endswith("elsewhere"):
    raise ImportError("no module named shop_client on this machine")
class Visitor(FastHttpUser):
    @task
    def home(self):
        self.client.get("/home")
""")
    with _workers(project.root / "elsewhere", port) as workers:
        outcome = project.run(*_with(port))
        _ends(workers)
    assert outcome.code in {2, 3}
    assert "shop_client" in outcome.out + outcome.err
