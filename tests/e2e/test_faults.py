"""Bad input and faults: clear words, the right exit code, what was measured kept, and no process left behind."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.e2e.project import ECHO, LONGEST_S, PERFGATE, REPOSITORY, SIMPLE_SCENARIO

if TYPE_CHECKING:
    from tests.e2e.project import Outcome, Project


def _refused(outcome: Outcome, slug: str, *words: str) -> None:
    assert outcome.code == 2, outcome.out + outcome.err
    assert f"error[{slug}]" in outcome.err
    for word in words:
        assert word in outcome.err


def _invalid(outcome: Outcome, *words: str) -> None:
    assert outcome.code == 3, outcome.out + outcome.err
    reasons = " ".join(outcome.the_result.reasons)
    assert outcome.the_result.verdict == "invalid"
    for word in words:
        assert word in reasons


def _descendants_of_this_test(project: Project) -> list[str]:
    """Command lines of processes that work for this project; the recording's path or the server gives them away."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ", "cwd"]):
        line = " ".join(process.info["cmdline"] or [])
        if process.info["cwd"] == str(project.root) or str(project.root) in line:
            found.append(line)
    return found


def _wait_until_nothing_is_left(project: Project) -> None:
    deadline = time.monotonic() + 30
    while (left := _descendants_of_this_test(project)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("version = 1", "version = ", ["budgets.toml:1"]),
        ("users = 4", "usres = 4", ["usres", "users"]),
        ('duration = "1s"', 'duration = "1 parsec"', ["parsec"]),
        ("users = 4", "users = -4", ["-4"]),
        ("scenarios/shop.py", "scenarios/shpo.py", ["shpo.py", "shop.py"]),
        ('"50%"', '"50ms"', ["50ms"]),
    ],
    ids=["not TOML", "misspelt key", "wrong unit", "negative", "missing scenario", "unit of another metric"],
)
def test_a_wrong_budgets_file_is_refused_with_its_line(project: Project, old: str, new: str, words: list[str]) -> None:
    """Exit 2, the place, what is wrong, and the nearest right spelling; nothing was driven."""
    path = project.root / "budgets.toml"
    path.write_text(path.read_text().replace(old, new, 1))
    outcome = project.run()
    assert outcome.code == 2
    assert "budgets.toml:" in outcome.err
    for word in words:
        assert word in outcome.err
    assert not project.out.exists()


def test_a_missing_budgets_file_says_how_to_make_one(project: Project) -> None:
    """The next step is `perfgate init`."""
    (project.root / "budgets.toml").unlink()
    outcome = project.run()
    assert outcome.code == 2
    assert "perfgate init" in outcome.err


@pytest.mark.parametrize(
    ("text", "slug", "words"),
    [
        ("import locust\ndef broken(:\n", "scenario-syntax", ["shop.py:2"]),
        ("import locust\n", "scenario-without-user", ["no User"]),
        ("import no_such_module\n", "scenario-import", ["shop.py:1", "no_such_module"]),
        ("from locust import HttpUser\nclass U(HttpUser):\n    pass\n", "scenario-without-tasks", ["U"]),
    ],
)
def test_a_scenario_that_cannot_be_used_is_refused(project: Project, text: str, slug: str, words: list[str]) -> None:
    """Exit 2 with file and line, before any request."""
    project.scenario(text)
    _refused(project.run(), slug, *words)
    _wait_until_nothing_is_left(project)


def test_tags_that_leave_no_task_are_named_and_no_report_takes_it_for_a_run(project: Project) -> None:
    """Which key leaves none, and in which file to mend it; a comment says that it was refused, and does not wait."""
    project.scenario(SIMPLE_SCENARIO.replace("task\n\n", "task, tag\n\n").replace("@task", '@tag("slow")\n    @task'))
    path = project.root / "budgets.toml"
    path.write_text(path.read_text().replace("scenario =", 'exclude_tags = ["slow"]\nscenario =', 1))
    _refused(project.perfgate("run"), "scenario-without-tasks", 'exclude_tags = ["slow"]', "budgets.toml", "Visitor")
    comment = project.perfgate("comment", "--dry-run")
    _refused(comment, "usage", "nothing was judged yet", 'exclude_tags = ["slow"]')
    assert "wait" not in comment.err


def test_a_service_on_a_host_that_is_not_allowed_is_refused(project: Project) -> None:
    """Exit 2 before anything is sent."""
    project.budgets(url="http://service.invalid:{port}")
    _refused(project.run(), "host-not-allowed", "service.invalid")


@pytest.mark.parametrize(
    "call",
    [
        'self.client.get("http://elsewhere.invalid/", name="x")',
        'self.client.get("/redirect?to=http://elsewhere.invalid/", name="x")',
    ],
    ids=["absolute URL", "redirect"],
)
@pytest.mark.parametrize("user", ["HttpUser", "FastHttpUser"])
def test_a_scenario_that_reaches_for_another_host_is_stopped(project: Project, call: str, user: str) -> None:
    """The connection is refused before a byte is sent, the load ends at once, and the run is invalid."""
    project.scenario(f"""
from locust import {user}, constant, task
class Visitor({user}):
    wait_time = constant(0.05)
    @task
    def away(self):
        {call}
""")
    project.budgets(load='users = 2\nduration = "60s"')
    outcome = project.run()
    _invalid(outcome, "elsewhere.invalid", "allowed_hosts")
    assert outcome.run().duration_s < 50


def test_a_child_process_that_reaches_another_host_is_noticed(project: Project) -> None:
    """No hook sees it, and the kernel tells: `::1` alone is allowed, and a child of the scenario is at 127.0.0.1."""
    (project.root / "serve.py").write_text("""
import http.server, socket, sys
class Six(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
Six(("::1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
""")
    (project.root / "scenarios" / "child.txt").write_text("""
import socket, time
listener = socket.create_server(("127.0.0.1", 0))
reached = socket.create_connection(listener.getsockname())
time.sleep(60)
""")
    project.scenario("""
import subprocess, sys
from pathlib import Path
from locust import events, constant, task
from perfgate import HttpUser
@events.init.add_listener
def begin(**_):
    subprocess.Popen([sys.executable, "-c", Path("scenarios/child.txt").read_text()])
class Visitor(HttpUser):
    wait_time = constant(0.05)
    @task
    def visit(self):
        self.client.get("/")
""")
    (project.root / "budgets.toml").write_text("""
version = 1
[gate]
allowed_hosts = ["::1"]
[loads.normal]
users = 1
duration = "90s"
[services.shop]
command = "python serve.py {port}"
url = "http://[::1]:{port}"
ready = "/"
scenario = "scenarios/shop.py"
budget = { error_rate = "50%" }
""")
    outcome = project.run()
    _invalid(outcome, "127.0.0.1", "allowed_hosts")
    assert outcome.run().duration_s < 80


@pytest.mark.parametrize("user", ["perfgate.HttpUser", "locust.HttpUser", "locust.FastHttpUser"])
def test_requests_that_nothing_recorded_are_never_green(project: Project, user: str) -> None:
    """Every other request is one whose with-block was forgotten: what the service did with it stands in no figure."""
    project.scenario(f"""
import locust, perfgate
class Visitor({user}):
    wait_time = locust.constant(0.05)
    @locust.task
    def visit(self):
        self.client.get("/fast", name="seen")
        self.client.get("/fast", name="lost", catch_response=True)
""")
    project.budgets(load='users = 2\nduration = "3s"')
    _invalid(project.run(), "never recorded", "with-block")


@pytest.mark.parametrize("user", ["perfgate.HttpUser", "locust.HttpUser", "locust.FastHttpUser"])
@pytest.mark.parametrize(("path", "verdict"), [("/slow?s=600", "invalid"), ("/slow?s=0.5", "pass")])
def test_requests_that_no_task_waits_for_are_waited_for(project: Project, user: str, path: str, verdict: str) -> None:
    """A task that spawns them and goes on is not cut off; what is never answered stands in no figure."""
    project.scenario(f"""
import gevent, locust, perfgate
class Visitor({user}):
    wait_time = locust.constant(0.2)
    concurrency = 100
    @locust.task
    def visit(self):
        self.client.get("/fast", name="seen")
        gevent.spawn(self.client.get, "{path}", name="spawned")
""")
    project.budgets(load='users = 2\nduration = "3s"\nstop_timeout = "2s"')
    outcome = project.run()
    if verdict == "invalid":
        _invalid(outcome, "never answered", "join")
    else:
        assert outcome.the_result.verdict == "pass", outcome.out


@pytest.mark.parametrize("user", ["perfgate.HttpUser", "locust.HttpUser", "locust.FastHttpUser"])
def test_values_of_queries_reach_no_report(project: Project, user: str) -> None:
    """Neither as names nor in failures, slow requests and exceptions: the comment is read by many."""
    project.scenario(f"""
import locust, perfgate
class Visitor({user}):
    wait_time = locust.constant(0.05)
    @locust.task
    def visit(self):
        self.client.get("/fast?token=geheim1")
        self.client.get("/fast", params={{"password": "geheim2"}})
        self.client.get("/no/such/place?token=geheim3")
        raise ValueError("at http://127.0.0.1/x?key=geheim4")
""")
    project.budgets(load='users = 1\nduration = "2s"')
    outcome = project.run("--html", "report.html", "--markdown", "report.md")
    written = [project.out / "result.json", *project.root.glob("report.*"), *project.out.rglob("*.journal")]
    texts = [outcome.out, outcome.err, *(path.read_bytes().decode("latin-1") for path in written)]
    assert len(texts) >= 7
    assert {found.name for found in outcome.run().endpoints} == {"GET /fast", "GET /no/such/place"}
    assert not [text for text in texts if "geheim" in text]


def test_a_service_that_does_not_start_shows_its_last_words(project: Project) -> None:
    """Exit 3 with the exit code and what the service printed."""
    project.budgets(service='command = "python -c \'print(\\"no database\\"); raise SystemExit(4)\' {port}"')
    _invalid(project.run(), "no database", "4")


def test_quiet_shows_the_last_words_of_a_service_too(project: Project) -> None:
    """Beside the result, which has not all of them; progress is left out."""
    project.budgets(service='command = "python -c \'print(1); print(\\"no database\\"); raise SystemExit(4)\' {port}"')
    outcome = project.run("--quiet")
    assert "  | 1\n  | no database\n" in outcome.err
    assert "starting" not in outcome.out + outcome.err


def test_a_service_that_is_not_ready_in_time_is_stopped(project: Project) -> None:
    """Exit 3 after `ready_timeout`, and the service does not stay behind."""
    project.budgets(service=ECHO.replace("{port}", "{port} --start-delay 600") + '\nready_timeout = "1s"')
    _invalid(project.run(), "ready")
    _wait_until_nothing_is_left(project)


def test_the_other_services_are_driven_when_one_does_not_start(project: Project) -> None:
    """One broken service makes the verdict invalid, and hides nothing of the others."""
    project.budgets(
        service='command = "false {port}"',
        url="http://127.0.0.1:{port}",
        extra=f'[services.zebra]\n{ECHO}\ncwd = "{REPOSITORY}"\n'
        'url = "http://127.0.0.1:{port}"\nscenario = "scenarios/shop.py"\nbudget = { error_rate = "50%" }',
    )
    outcome = project.run()
    assert outcome.code == 3
    verdicts = {run.service: run.verdict for run in outcome.the_result.runs}
    assert verdicts == {"shop": "invalid", "zebra": "pass"}


def test_a_service_that_does_not_start_says_why_once(project: Project) -> None:
    """Its output is set off line by line, and the error has the name under which the docs explain it."""
    (project.root / "settings.py").write_text("print('reading settings')\nraise SystemExit('no database')\n")
    project.budgets(service=f'command = "python {project.root}/settings.py {{port}}"')
    outcome = project.run()
    _invalid(outcome, "no database", "[service-exited]")
    lines = outcome.out.splitlines()
    assert [line.startswith("error[service-exited]: ") for line in lines].count(True) == 1
    assert [line for line in lines if line.startswith("  | ")] == ["  | reading settings", "  | no database"]
    assert "\\n" not in outcome.out


def test_a_service_that_dies_in_the_middle_makes_the_run_invalid(project: Project) -> None:
    """The load ends, the exit code is named, and what was measured is shown."""
    project.budgets(service=ECHO.replace("{port}", "{port} --die-after 1.5"), load='users = 4\nduration = "60s"')
    outcome = project.run()
    _invalid(outcome, "7")
    assert outcome.run().duration_s < 50
    assert sum(phase.total.requests for phase in outcome.run().phases) > 0


def test_a_service_that_answers_only_errors_is_never_a_pass(project: Project) -> None:
    """Whatever its budgets are, and however fast its failures."""
    project.budgets(service=ECHO.replace("{port}", "{port} --fail"), budget='p95 = "60s"\nerror_rate = "100%"')
    outcome = project.run()
    assert outcome.code == 1
    assert outcome.the_result.verdict == "fail"


def test_a_service_that_hangs_is_never_a_pass(project: Project) -> None:
    """Requests that never come back are counted as cut off, not forgotten."""
    project.budgets(
        service=ECHO.replace("{port}", "{port} --hang-after 1"),
        load='users = 4\nduration = "3s"\nstop_timeout = "1s"',
        budget='p95 = "1s"',
    )
    outcome = project.run()
    assert outcome.code in {1, 3}
    assert outcome.run().health.cut_off == 4


def test_a_port_in_use_is_said_so(project: Project) -> None:
    """Another program already listens where the service should."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        project.budgets(service=ECHO.replace("{port}", str(port)), url=f"http://127.0.0.1:{port}")
        _invalid(project.run(), str(port), "in use")


def test_no_requests_at_all_is_invalid(project: Project) -> None:
    """A scenario that never asks anything proves nothing."""
    project.scenario("""
from locust import User, constant, task
class Idle(User):
    wait_time = constant(0.1)
    @task
    def nothing(self):
        pass
""")
    _invalid(project.run(), "no requests")


def test_an_endpoint_in_the_budgets_that_never_occurs_is_invalid(project: Project) -> None:
    """The nearest endpoint that did occur is named."""
    project.budgets(extra='[services.shop.endpoints."GET /hoem".budget]\np50 = "1s"')
    outcome = project.run()
    _invalid(outcome, "GET /hoem", "GET /home")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_signal_in_the_middle_gives_a_partial_result(project: Project, number: signal.Signals) -> None:
    """Exit 3, the requests until then are reported, and no process is left behind."""
    project.budgets(load='users = 4\nduration = "90s"')
    outcome = project.run_until("normal", project.once_recorded(lambda process: process.send_signal(number)))
    _invalid(outcome, f"stopped by {number.name}")
    assert sum(phase.total.requests for phase in outcome.run().phases) > 0
    _wait_until_nothing_is_left(project)


def _engine_of(process: subprocess.Popen[str]) -> psutil.Process:
    children = psutil.Process(process.pid).children(recursive=True)
    return next(child for child in children if "perfgate.drive.engine" in " ".join(child.cmdline()))


def test_an_engine_that_is_killed_leaves_a_partial_result(project: Project) -> None:
    """SIGKILL to the generator: what it journaled is reported, exit 3."""
    project.budgets(load='users = 4\nduration = "90s"')
    outcome = project.run_until("normal", project.once_recorded(lambda process: _engine_of(process).kill()))
    _invalid(outcome, "SIGKILL")
    assert sum(phase.total.requests for phase in outcome.run().phases) > 0
    _wait_until_nothing_is_left(project)


def test_a_killed_perfgate_leaves_no_process_and_a_readable_recording(project: Project) -> None:
    """Even SIGKILL to perfgate itself: service and engine end, and `perfgate report` shows what there is."""
    project.budgets(load='users = 4\nduration = "90s"')
    project.run_until("normal", project.once_recorded(lambda process: process.kill()))
    _wait_until_nothing_is_left(project)
    outcome = project.perfgate("report", str(project.out))
    assert outcome.code == 3
    assert sum(phase.total.requests for phase in outcome.run().phases) > 0


def test_a_full_disk_is_a_clear_error(project: Project) -> None:
    """The journal cannot grow: exit 3 with the reason, not a traceback. A file-size limit stands in for the disk."""
    project.scenario(SIMPLE_SCENARIO.replace('get("/home")', 'get("/home", name=f"/{self.random.random()}")'))
    project.budgets(load='users = 4\nduration = "30s"')
    done = subprocess.run(
        [*PERFGATE, "run", "--out", str(project.out)],
        cwd=project.root,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "cannot write" in done.stdout + done.stderr
    assert os.strerror(27) in done.stdout + done.stderr
    _wait_until_nothing_is_left(project)


def test_a_folder_that_is_no_recording_is_said_so(project: Project) -> None:
    """`perfgate report` on something else: exit 3."""
    outcome = project.perfgate("report", str(project.root))
    assert outcome.code == 3
    assert "manifest.json" in outcome.err
    assert "there is no such folder" in project.perfgate("report", str(project.root / "none")).err


def test_an_unknown_service_name_is_refused_with_the_nearest(project: Project) -> None:
    """`--service shp` suggests shop."""
    outcome = project.run("--service", "shp")
    assert outcome.code == 2
    assert "shop" in outcome.err
