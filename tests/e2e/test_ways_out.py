"""Whatever way a command ends, its exit code is true and what was measured is kept."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from perfgate import gate
from perfgate.errors import RecordingError, StoppedError, StorageError
from perfgate.judging import judge
from perfgate.measure.manifest import Manifest
from perfgate.plan.budgets_file import read_plan
from perfgate.signals import heed_stop, stop_signals
from perfgate.stage import Unwatched
from tests.e2e.project import ECHO, LONGEST_S, PERFGATE, REPOSITORY, Project
from tests.target.processes import is_gone

if TYPE_CHECKING:
    from perfgate.plan.plan import Load, Service

pytestmark = pytest.mark.xdist_group(__name__)  # what they share is made once

TWO_LOADS = '[loads.second]\nusers = 2\nduration = "1s"'


def _shell(project: Project, command: str) -> subprocess.CompletedProcess[str]:
    """A command line as it is typed; `$P` is perfgate."""
    program = " ".join(PERFGATE)
    return subprocess.run(
        ["bash", "-c", command.replace("$P", program)],
        cwd=project.root,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )


class _Interrupting(Unwatched):
    """Raises an error when the first load has ended."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def load_starting(self, service: Service, load: Load) -> None:  # noqa: ARG002
        if load.name == "second":
            raise self._error


def _two_loads(project: Project) -> None:
    project.budgets(load='users = 2\nduration = "1s"', extra=TWO_LOADS)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (ValueError("of some sort"), "ended by ValueError: of some sort"),
        (BrokenPipeError(32, "Broken pipe"), "ended by BrokenPipeError"),
        (SystemExit(1), "ended by SystemExit"),
    ],
)
def test_a_crash_between_loads_is_never_a_pass(project: Project, error: BaseException, why: str) -> None:
    """The recording says what happened, and that the rest was not driven."""
    _two_loads(project)
    plan = read_plan(project.root / "budgets.toml")
    with pytest.raises(type(error)):
        gate.record(plan, project.out, _Interrupting(error))
    result = judge(project.out)
    assert result.verdict == "invalid"
    assert result.reasons[0].startswith(why)
    assert [run.load for run in result.runs] == ["normal", "second"]
    outcome = project.perfgate("report", str(project.out))
    assert outcome.code == 3


@pytest.mark.parametrize("error", [StorageError("the disk is full"), StoppedError("stopped by SIGINT")])
def test_what_was_measured_before_the_end_is_judged(project: Project, error: Exception) -> None:
    """A full disk and a Ctrl-C give a partial result that says why."""
    _two_loads(project)
    plan = read_plan(project.root / "budgets.toml")
    result = gate.run(plan, project.out, _Interrupting(error))
    assert (result.verdict, result.exit_code, result.reasons[0]) == ("invalid", 3, str(error))
    assert result.runs[0].total is not None


def _edited(project: Project, change: str) -> None:
    """The manifest of the recording, as a fault of perfgate could have written it."""
    manifest = Manifest.load(project.out)
    if change == "a run is missing":
        manifest.runs.pop()
    elif change == "a service is missing":
        manifest.service_entries, manifest.runs = {}, []
    elif change == "unknown service":
        manifest.runs[0].service = "nowhere"
    elif change == "unknown load":
        manifest.runs[0].load = "nowhere"
    elif change == "unknown choice":
        manifest.services = ["nowhere"]
    manifest.save(project.out)


@pytest.fixture(scope="module")
def recorded_once(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a recording that passed; for the tests to copy."""
    made = Project(tmp_path_factory.mktemp("recorded"))
    made.budgets(load='users = 2\nduration = "1s"')
    assert made.run().code == 0
    return made


@pytest.fixture
def recorded(project: Project, recorded_once: Project) -> Project:
    """A project with a recording that passed."""
    shutil.copytree(recorded_once.root, project.root, dirs_exist_ok=True)
    return project


@pytest.mark.parametrize("change", ["a run is missing", "a service is missing"])
def test_a_planned_run_that_is_missing_is_invalid(recorded: Project, change: str) -> None:
    """What was asked for and not measured is never a pass."""
    _edited(recorded, change)
    outcome = recorded.perfgate("report", str(recorded.out))
    assert outcome.code == 3
    assert outcome.run().verdict == "invalid"
    assert "it was never driven" in outcome.out
    assert [service.name for service in outcome.the_result.services] == ["shop"]


@pytest.mark.parametrize("change", ["unknown service", "unknown load", "unknown choice"])
def test_a_manifest_that_contradicts_its_budgets_is_said_so(recorded: Project, change: str) -> None:
    """A named error, not an internal one."""
    _edited(recorded, change)
    with pytest.raises(RecordingError, match="nowhere"):
        judge(recorded.out)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("words", [["run"], ["doctor"], ["init", "http://127.0.0.1:1", "--force"]])
@pytest.mark.parametrize("module", ["click", "perfgate.plan.budgets_file"])
def test_a_stop_signal_during_the_first_imports_is_no_verdict(
    project: Project, words: list[str], number: signal.Signals, module: str
) -> None:
    """Exit 3, at whatever moment it comes: 1 would be a broken budget."""
    code = f"""
import os, sys
class Stop:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), {int(number)})
sys.meta_path.insert(0, Stop())
sys.argv = ["perfgate", *{words!r}]
from perfgate.__main__ import main
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project.root, capture_output=True, text=True, timeout=LONGEST_S, check=False
    )
    assert done.returncode == 3, done.stdout + done.stderr
    assert f"error[interrupted]: stopped by {number.name}" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Aborted" not in done.stderr


def test_a_stop_signal_that_other_code_swallowed_is_heeded_later() -> None:
    """Some imports catch everything: the work must not go on as if nobody had asked for its end."""
    with stop_signals():
        with suppress(Exception):
            os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(StoppedError, match="SIGTERM"), stop_signals():
            pytest.fail("the work began")
    with stop_signals():
        heed_stop()  # a new work begins without what was asked of the one before


@pytest.mark.parametrize("options", ["", "--quiet"])
def test_a_reader_that_goes_away_costs_nothing(project: Project, options: str) -> None:
    """`perfgate run | head -1`: the run goes on to its end, and its exit code is the verdict's."""
    project.budgets(load='users = 2\nduration = "1s"')
    done = _shell(project, f"$P run {options} --out recording | head -c 1 >/dev/null; exit ${{PIPESTATUS[0]}}")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads((project.out / "result.json").read_text())["verdict"] == "pass"


def test_a_reader_that_was_never_there_costs_nothing(recorded: Project) -> None:
    """A pipe that is closed before the first line, and standard output closed altogether."""
    for way in ("$P report recording | true; exit ${PIPESTATUS[0]}", "$P report recording >&-"):
        done = _shell(recorded, way)
        assert (done.returncode, done.stderr) == (0, "")


def test_a_run_without_standard_output_is_judged(project: Project) -> None:
    """`>&-` is odd, and no fault."""
    project.budgets(load='users = 2\nduration = "1s"')
    done = _shell(project, "$P run --out recording >&-")
    assert (done.returncode, done.stderr) == (0, "")
    assert (project.out / "result.json").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_standard_output_is_a_storage_error(project: Project) -> None:
    """Exit 3 in words; the result lies in its file all the same."""
    project.budgets(load='users = 2\nduration = "1s"')
    done = _shell(project, "$P run --out recording > /dev/full")
    assert done.returncode == 3
    assert "error[storage]: cannot write to standard output: No space left on device" in done.stderr
    assert json.loads((project.out / "result.json").read_text())["verdict"] == "pass"
    assert _shell(project, "$P schema budgets > /dev/full").returncode == 3


def test_a_file_where_the_recording_should_be_is_a_usage_error(project: Project) -> None:
    """Named, before anything is driven."""
    project.out.write_text("")
    outcome = project.perfgate("run", "--out", str(project.out))
    assert outcome.code == 2
    assert "error[usage]: there is a file where the folder for the recording should be" in outcome.err


def test_of_two_runs_with_one_folder_one_is_refused(project: Project) -> None:
    """At the same moment, too: neither writes into the other's recording."""
    project.budgets(load='users = 2\nduration = "1s"')
    processes = [project.start("run", "--out", str(project.out)) for _ in range(2)]
    outputs = [process.communicate(timeout=LONGEST_S) for process in processes]
    assert sorted(process.returncode for process in processes) == [0, 2], outputs
    assert sum("error[usage]" in err for _, err in outputs) == 1


def test_init_into_a_folder_that_cannot_be_made_is_a_storage_error(project: Project) -> None:
    """With and without a service to start."""
    (project.root / "file").write_text("")
    command = ECHO.partition('"')[2].rstrip('"')
    for more in ([], ["--command", f"env PYTHONPATH={REPOSITORY} {command}"]):
        outcome = project.perfgate("init", "--out", "file/below", "--no-measure", *more)
        assert outcome.code == 3
        assert "error[storage]" in outcome.err


def test_init_shows_its_target_as_it_was_given(project: Project) -> None:
    """`ftp://x` is not the path `ftp:/x`."""
    outcome = project.perfgate("init", "ftp://x", "--out", "elsewhere")
    assert outcome.code == 2
    assert "at:   ftp://x\n" in outcome.err


def test_a_second_ctrl_c_kills_the_service_at_once(project: Project) -> None:
    """One that ignores SIGTERM, and may take ten minutes to end: nobody waits for it twice."""
    stubborn = f"{project.root}/stubborn.py"
    Path(stubborn).write_text(
        "import http.server, os, pathlib, signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: pathlib.Path(sys.argv[2]).write_text(str(os.getpid())))\n"
        "class Handler(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        self.send_response(200)\n"
        "        self.send_header('Content-Length', '0')\n"
        "        self.end_headers()\n"
        "    def log_message(self, *_):\n"
        "        pass\n"
        "http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()\n"
    )
    told = project.root / "told"
    project.budgets(
        service=f'command = "{sys.executable} {stubborn} {{port}} {told}"\nstop_timeout = "10m"',
        load='users = 1\nduration = "90s"',
    )
    process = project.start("run", "--out", str(project.out))
    assert process.stdout is not None
    for line in process.stdout:
        if "normal" in line:
            break
    process.send_signal(signal.SIGINT)
    deadline = time.monotonic() + LONGEST_S
    while not (told.exists() and told.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    pid = int(told.read_text())
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 3
    assert "Traceback" not in err
    assert is_gone(pid)


def test_colours_are_for_terminals_that_have_them() -> None:
    """`NO_COLOR` and a dumb terminal are respected."""
    code = (
        "import sys; from perfgate.publish.output import wants_color; sys.stdout.isatty = lambda: True; "
        "print(wants_color(sys.stdout))"
    )
    shown = [
        subprocess.run(
            [sys.executable, "-c", code], env={"TERM": "xterm", **extra}, capture_output=True, text=True, check=True
        ).stdout.strip()
        for extra in ({}, {"NO_COLOR": "1"}, {"NO_COLOR": ""}, {"TERM": "dumb"})
    ]
    assert shown == ["True", "False", "True", "False"]
