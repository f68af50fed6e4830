"""Odd surroundings: terminals without the characters, folders without UTF-8, two runs at once, `nohup`, full disks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from perfgate.errors import UsageError
from perfgate.measure.manifest import Manifest
from perfgate.preflight import fresh_folder, latest_folder
from tests.e2e.project import LONGEST_S, PERFGATE, Project

pytestmark = pytest.mark.xdist_group(__name__)  # what they share is made once

QUICK = 'users = 2\nduration = "1s"'


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a recording that passed, of an endpoint whose name few terminals can show."""
    made = Project(tmp_path_factory.mktemp("recorded"))
    made.scenario(
        "from locust import FastHttpUser, constant, task\n"
        "class Visitor(FastHttpUser):\n"
        "    wait_time = constant(0.02)\n"
        "    @task\n"
        "    def home(self):\n"
        '        self.client.get("/home", name="/日本/é")\n'
    )
    made.budgets(load=QUICK, budget='p95 = "20s"')
    assert made.run().code == 0
    return made


@pytest.fixture(params=[b"caf\xe9", "café".encode()], ids=["not UTF-8", "UTF-8"])
def odd_project(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    """A project in a folder with such a name."""
    root = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + request.param))
    root.mkdir()
    project = Project(root)
    project.budgets(load=QUICK)
    return project


def _in(project: Project, encoding: str, *words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*PERFGATE, *words],
        cwd=project.root,
        env={**os.environ, "PYTHONIOENCODING": encoding, "NO_COLOR": "1"},
        capture_output=True,
        timeout=LONGEST_S,
        check=False,
    )


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "shift_jis", "utf-16", "utf-8"])
@pytest.mark.parametrize("words", [("report", "recording", "--verbose"), ("explain",), ("report", "nowhere/日本")])
def test_what_a_stream_has_no_characters_for_is_drawn_with_others(
    recorded: Project, encoding: str, words: tuple[str, ...]
) -> None:
    """Reports and errors alike: plainer lines, names as escapes; the exit code stays the verdict's."""
    usual, done = _in(recorded, "utf-8", *words), _in(recorded, encoding, *words)
    assert done.returncode == usual.returncode
    assert b"internal" not in done.stderr
    shown, wanted = (done.stdout + done.stderr).decode(encoding), (usual.stdout + usual.stderr).decode()
    assert _plain_words(wanted) <= _plain_words(shown)
    if words[0] == "report" and encoding == "ascii":
        assert "\\u65e5\\u672c" in shown


def _plain_words(text: str) -> set[str]:
    return {word for word in text.split() if word.isascii() and word.isalpha()}


def test_a_run_on_a_stream_without_the_characters_is_judged(recorded: Project) -> None:
    """Its live lines and its result."""
    done = _in(recorded, "ascii", "run", "--out", "ascii")
    assert done.returncode == 0, done.stderr
    assert b"PASS in" in done.stdout


def test_a_folder_with_any_name_can_be_worked_in(odd_project: Project) -> None:
    """Every report is written, and can be read again; a name that is not UTF-8 is shown with an escape."""
    project = odd_project
    files = {name: f"out.{name}" for name in ("json", "junit", "markdown", "html", "csv", "prometheus")}
    asked = [word for name, path in files.items() for word in (f"--{name}", path)]
    outcome = project.perfgate("run", *asked)
    assert outcome.code == 0, outcome.err
    assert all((project.root / path).read_text(encoding="utf-8") for path in files.values())
    for words in (["report"], ["trend"], ["baseline", "list"], ["doctor"], ["explain"]):
        outcome = project.perfgate(*words)
        assert "error[internal]" not in outcome.err
        assert outcome.code in {0, 2, 3}


def test_two_runs_at_once_have_a_folder_each(recorded: Project) -> None:
    """Begun in the same second, without `--out`: both are judged."""
    processes = [recorded.start("run", "--quiet") for _ in range(3)]
    outputs = [process.communicate(timeout=LONGEST_S) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], outputs
    found = sorted((recorded.root / ".perfgate" / "runs").iterdir())
    assert len(found) == 3
    assert all((folder / "result.json").exists() for folder in found)


def test_new_folders_never_have_the_same_name(tmp_path: Path) -> None:
    """Each is made as it is named; those that stay empty are not the newest recording."""
    first, second = fresh_folder(tmp_path), fresh_folder(tmp_path)
    assert first != second
    (first / "manifest.json").write_text("{}")
    assert latest_folder(tmp_path, pytest.fail) == first


def test_the_newest_run_is_the_newest_that_is_finished(recorded: Project) -> None:
    """Beside a job that is under way `report` and `comment` tell of the run before it, and say so."""
    runs = recorded.root / ".perfgate" / "runs"
    assert recorded.perfgate("run").code == 0
    finished = max(runs.iterdir()).name
    under_way = runs / "29990101T000000Z"
    under_way.mkdir()
    manifest = Manifest.load(runs / finished)
    manifest.ended_at = None
    manifest.save(under_way)
    for words in (["report"], ["comment", "--dry-run"]):
        done = recorded.perfgate(*words)
        assert done.code == 0, done.err
        assert "PASS" in done.out
        assert f"29990101T000000Z is not finished (under way, or killed): this is {finished}" in done.err
    assert "not finished" not in recorded.perfgate("report", str(runs / finished)).err


def test_a_run_that_has_just_taken_its_folder_is_not_finished(tmp_path: Path) -> None:
    """Its manifest is empty; where there is no other, a report tells of it, and a comment has nothing to tell."""
    folder, said = fresh_folder(tmp_path), list[str]()
    (folder / "manifest.json").touch()
    assert latest_folder(tmp_path, said.append) == folder
    assert said == [f"{folder.name} is not finished (under way, or killed): this is {folder.name}"]
    with pytest.raises(UsageError, match="no recording is finished yet"):
        latest_folder(tmp_path, said.append, holding="result.json")


def test_a_damaged_recording_is_not_passed_over(tmp_path: Path) -> None:
    """An older, green one must not take its place in silence."""
    fresh_folder(tmp_path).joinpath("manifest.json").write_text("{}")
    damaged = fresh_folder(tmp_path)
    damaged.joinpath("manifest.json").write_text("{")
    assert latest_folder(tmp_path, pytest.fail) == damaged


def test_a_folder_that_nothing_came_into_goes_again(recorded: Project) -> None:
    """A run that is refused leaves nothing behind."""
    runs = recorded.root / ".perfgate" / "runs"
    before = set(runs.iterdir()) if runs.exists() else set()
    code = "from perfgate.preflight import fresh_folder; from pathlib import Path; fresh_folder(Path())"
    subprocess.run([sys.executable, "-c", code], cwd=recorded.root, check=True)
    assert (set(runs.iterdir()) if runs.exists() else set()) == before


def test_nohup_keeps_a_run_going_when_the_terminal_hangs_up(recorded: Project) -> None:
    """`nohup perfgate run`: the hang-up is ignored, as it was asked for."""
    process = subprocess.Popen(
        ["bash", "-c", f"trap '' HUP; exec {' '.join(PERFGATE)} run --out nohup"],
        cwd=recorded.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "steady load" in line:
            process.send_signal(signal.SIGHUP)
            break
    out, err = process.communicate(timeout=LONGEST_S)
    assert (process.returncode, err) == (0, "")
    assert "PASS in" in out


@pytest.mark.parametrize(("budget", "code", "verdict"), [("20s", 3, "PASS"), ("0.001ms", 1, "FAIL")])
def test_a_report_that_cannot_be_written_is_no_pass(recorded: Project, budget: str, code: int, verdict: str) -> None:
    """The last line says so, with the exit code that follows; what is proven bad stays so."""
    text = (recorded.root / "budgets.toml").read_text()
    (recorded.root / "other.toml").write_text(text.replace('p95 = "20s"', f'p95 = "{budget}"'))
    (recorded.root / "file").write_text("")
    outcome = recorded.perfgate("run", "--budgets", "other.toml", "--junit", "file/below.xml")
    assert outcome.code == code
    last = outcome.out.strip().splitlines()[-1]
    assert last.startswith(f"{verdict} in ")
    assert last.endswith(f"(exit {code})")
    assert "error[storage]: cannot write the report" in outcome.err
    assert ("but not everything could be written" in last) == (code == 3)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_fail_stays_one_when_the_output_is_full(recorded: Project) -> None:
    """Exit 1 wins over 3: the proven red must not be hidden behind a full disk."""
    text = (recorded.root / "budgets.toml").read_text()
    (recorded.root / "red.toml").write_text(text.replace('p95 = "20s"', 'p95 = "0.001ms"'))
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PERFGATE, "run", "--budgets", "red.toml", "--out", "red"],
            cwd=recorded.root,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
    assert done.returncode == 1
    assert "cannot write to standard output" in done.stderr
    assert json.loads((recorded.root / "red" / "result.json").read_text())["verdict"] == "fail"
