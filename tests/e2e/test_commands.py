"""The other commands, as a user types them."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from tests.e2e.project import ECHO, PERFGATE, REPOSITORY

if TYPE_CHECKING:
    from tests.e2e.project import Project

COMMANDS = ["init", "run", "report", "explain", "doctor", "schema", "worker", "completion"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(project: Project, command: str) -> None:
    """`--help` of each exits with 0 and says how to use it."""
    outcome = project.perfgate(command, "--help")
    assert outcome.code == 0
    assert f"Usage: python -m perfgate {command}" in outcome.out


@pytest.mark.parametrize("group", [(), ("baseline",)], ids=["perfgate", "baseline"])
def test_a_group_says_what_each_command_does_in_a_whole_sentence(project: Project, group: tuple[str, ...]) -> None:
    """Cut off, it would have to be asked for command by command."""
    told = project.perfgate(*group, "--help").out
    commands = told.split("Commands:\n")[1].split("\n\n")[0]
    assert "..." not in commands
    assert "promote " in commands or "a HAR file." in " ".join(commands.split())


def test_an_unknown_command_or_option_is_a_usage_error(project: Project) -> None:
    """Exit 2, before anything is driven."""
    assert project.perfgate("rnu").code == 2
    assert project.perfgate("run", "--budget").code == 2


def test_each_of_several_errors_begins_with_its_place(project: Project) -> None:
    """The first one too, on the line of its words."""
    path = project.root / "budgets.toml"
    path.write_text("vus = 4\nrps = 5\n" + path.read_text())
    outcome = project.perfgate("run")
    assert outcome.code == 2
    first, second = outcome.err.splitlines()
    assert first.startswith(f"error[budgets]: {path.name}:1: vus: unknown key")
    assert second.startswith(f"{path.name}:2: rps: unknown key")


def test_the_installed_command_is_the_module(project: Project) -> None:
    """`perfgate` and `python -m perfgate` are the same program."""
    script = [str(Path(sys.executable).parent / "perfgate"), "--version"]
    installed = subprocess.run(script, capture_output=True, text=True, check=True).stdout
    assert installed == subprocess.run([*PERFGATE, "--version"], capture_output=True, text=True, check=True).stdout


def test_explain_prints_each_limit_with_its_line(project: Project) -> None:
    """What applies where, without driving anything."""
    outcome = project.perfgate("explain")
    assert outcome.code == 0
    assert "error rate" in outcome.out
    assert "50 %" in outcome.out
    assert "budgets.toml:21" in outcome.out


def test_a_result_is_valid_by_the_published_schema(project: Project) -> None:
    """`perfgate schema result` describes what `perfgate run --json` writes."""
    assert project.run("--json", "result.json").code == 0
    schema = json.loads(project.perfgate("schema", "result").out)
    jsonschema.validate(json.loads((project.root / "result.json").read_text()), schema)


def test_a_report_on_standard_output_stands_alone_there(project: Project) -> None:
    """What a person reads is on standard error then, and no file is called `-`; two reports cannot both be there."""
    done = project.perfgate("run", "--json", "-")
    assert done.code == 0, done.err
    assert json.loads(done.out)["verdict"] == "pass"
    assert "PASS" in done.err
    again = project.perfgate("report", "--csv", "-")
    assert again.out.startswith("result,commit,service,")
    assert "PASS" in again.err
    assert not (project.root / "-").exists()
    both = project.perfgate("run", "--json", "-", "--csv", "-")
    assert (both.code, both.out) == (2, "")
    assert "only one report" in both.err


def test_the_budgets_file_is_valid_by_the_published_schema(project: Project) -> None:
    """`perfgate schema budgets` describes `budgets.toml`."""
    schema = json.loads(project.perfgate("schema", "budgets").out)
    jsonschema.validate(tomllib.loads((project.root / "budgets.toml").read_text()), schema)
    jsonschema.validate(tomllib.loads((REPOSITORY / "budgets.toml").read_text()), schema)


def test_doctor_finds_nothing_to_mend_in_a_good_project(project: Project) -> None:
    """It starts the service, and stops it again."""
    outcome = project.perfgate("doctor")
    assert outcome.code == 0, outcome.out
    assert "service shop: ready" in outcome.out


def test_doctor_says_what_to_mend_in_the_file(project: Project) -> None:
    """A wrong file is exit 2, with its line."""
    path = project.root / "budgets.toml"
    path.write_text(path.read_text().replace("users = 4", "usres = 4"))
    outcome = project.perfgate("doctor")
    assert outcome.code == 2
    assert "usres" in outcome.out


def test_init_writes_files_that_run_as_they_are(project: Project) -> None:
    """From a command alone: the files are written, with budgets from a short measurement, and can be run."""
    folder = project.root / "new"
    folder.mkdir()
    command = ECHO.partition('"')[2].rstrip('"')
    where = ["--out", str(folder), "--name", "echo", "--command", f"env PYTHONPATH={REPOSITORY} {command}"]
    outcome = project.perfgate("init", "--ready", "/ready", *where)
    assert outcome.code == 0, outcome.out + outcome.err
    assert (folder / "scenarios" / "echo.py").exists()
    text = (folder / "budgets.toml").read_text()
    assert "p95" in text
    lenient = "[gate.health]\nloop_lag = '60s'\ngenerator_cpu = '100%'\nsteal = '100%'\n"
    (folder / "budgets.toml").write_text(text.replace("[loads.normal]", f"{lenient}[loads.normal]", 1))
    again = project.run("--budgets", str(folder / "budgets.toml"), "--scale", "0.1")
    assert again.code in {0, 1}, (
        again.out + again.err
    )  # judged; whether this machine is as fast as before is its affair
    assert again.run().total is not None
