"""The action's steps, run for real with the variables that GitHub sets."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.project import Project
from tests.publish import events
from tests.publish.test_job import parsed

ROOT = Path(__file__).resolve().parents[2]
LONGEST_S = 180  # a bound against hanging


@dataclass
class Step:
    """What a step left."""

    code: int
    out: str
    err: str
    outputs: dict[str, str]
    summary: str


class Job:
    """A job of GitHub Actions in a project's folder."""

    def __init__(self, folder: Path, event: str = "push", payload: object = None) -> None:
        self.folder = folder
        (folder / "runner").mkdir(exist_ok=True)
        self.env = {**os.environ, **events.environment(event, payload or events.push(), folder / "runner")}
        self.env |= {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "NO_COLOR": "1",
            "GITHUB_WORKSPACE": str(folder),
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_OUTPUT": str(folder / "runner" / "output"),
            "GITHUB_STEP_SUMMARY": str(folder / "runner" / "summary"),
            "RUNNER_TEMP": str(folder / "runner"),
        }

    def step(self, script: str, **inputs: str) -> Step:
        """Run one of the action's scripts."""
        output, summary = Path(self.env["GITHUB_OUTPUT"]), Path(self.env["GITHUB_STEP_SUMMARY"])
        output.write_text("")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(ROOT / "action" / script)],
            cwd=self.folder,
            env={**self.env, **{f"PERFGATE_ACTION_{name.upper()}": value for name, value in inputs.items()}},
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
        told = read_outputs(output.read_text())
        return Step(done.returncode, done.stdout, done.stderr, told, summary.read_text() if summary.exists() else "")


def read_outputs(text: str) -> dict[str, str]:
    """Outputs in both forms that GitHub reads; the last one of a name counts."""
    plain = [line for line in text.splitlines() if "=" in line and "<<" not in line]
    rest = "\n".join(line for line in text.splitlines() if line not in plain)
    return {**parsed(rest), **dict(line.split("=", 1) for line in plain)}


@pytest.fixture
def job(tmp_path: Path) -> Job:
    project = Project(tmp_path)
    project.budgets()
    return Job(tmp_path)


def test_a_service_that_is_fast_enough_passes(job: Job) -> None:
    """Measured, judged, told, and the job ends well."""
    gate = job.step("gate.sh", budgets="budgets.toml", arguments="--seed\n3\n")
    assert gate.code == 0, gate.out + gate.err
    assert {**gate.outputs, "report": ""} == {
        "verdict": "pass",
        "exit-code": "0",
        "result": ".perfgate/action/result.json",
        "report": "",
    }
    assert (job.folder / gate.outputs["report"]).is_file()
    assert (job.folder / gate.outputs["result"]).is_file()
    assert gate.summary.startswith("## ✅ perfgate PASS")
    assert job.step("verdict.sh", exit_code=gate.outputs["exit-code"], verdict="pass").code == 0


def test_a_service_that_is_too_slow_fails_the_job_and_annotates_the_line(job: Job) -> None:
    """The step that measures ends well, so that the artifact is uploaded; the last one fails."""
    Project.budgets(_project(job), budget='p50 = "0.001ms"')
    gate = job.step("gate.sh")
    assert (gate.code, gate.outputs["exit-code"], gate.outputs["verdict"]) == (0, "1", "fail")
    line = next(n for n, text in enumerate((job.folder / "budgets.toml").read_text().splitlines(), 1) if "p50" in text)
    assert f"::error file=budgets.toml,line={line},title=perfgate FAIL" in gate.out
    assert gate.summary.startswith("## ❌ perfgate FAIL")
    assert job.step("verdict.sh", exit_code="1", verdict="fail").code == 1


def _project(job: Job) -> Project:
    project = Project.__new__(Project)
    project.root = job.folder
    return project


def test_a_file_that_cannot_be_used_is_told_as_an_error(job: Job) -> None:
    """With the words of the error, and exit code 2."""
    (job.folder / "budgets.toml").write_text("version = 1\nsurprise = 2\n")
    gate = job.step("gate.sh", budgets="budgets.toml")
    assert (gate.code, gate.outputs) == (0, {"exit-code": "2", "verdict": "", "result": "", "report": ""})
    assert "::error title=perfgate::error[" in gate.out
    assert "surprise" in gate.out
    assert job.step("verdict.sh", exit_code="2", verdict="").code == 2


def test_an_unknown_mode_is_told(job: Job) -> None:
    """Nothing is run."""
    gate = job.step("gate.sh", mode="run; touch injected")
    assert gate.outputs["exit-code"] == "2"
    assert not (job.folder / "injected").exists()


def test_no_input_is_run_as_code(job: Job) -> None:
    """Whatever it holds, it is one argument."""
    gate = job.step("gate.sh", budgets="$(touch injected)`touch injected`; touch injected", arguments="--load\n$(id)")
    assert gate.outputs["exit-code"] == "2"
    assert not (job.folder / "injected").exists()


@pytest.mark.parametrize(
    ("exit_code", "expected"), [("", 3), ("0", 0), ("3", 3), ("130", 130), ("x", 3), ("0; true", 3)]
)
def test_no_exit_code_is_no_pass(job: Job, exit_code: str, expected: int) -> None:
    """Then the gate never ran."""
    assert job.step("verdict.sh", exit_code=exit_code, verdict="").code == expected
