"""The lock is installed as it stands: what comes out next month does not change what is installed today."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.packages import locked_project, wheel

ROOT = Path(__file__).resolve().parents[1]
SetUp = Callable[[Path, dict[str, str]], "subprocess.CompletedProcess[str]"]
LONGEST_S = 300  # a bound against hanging
PLAIN_INSTALL = re.compile(r"pip\s+install\b(?!.*--no-deps).*(?:-r|--requirement)[ =]?\S*requirements\.txt")


def _run(command: list[str], folder: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=LONGEST_S, check=False)


def _made(folder: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What `make` sets up before anything that it does."""
    shutil.copy(ROOT / "Makefile", folder)
    return _run(["make", ".venv/.ready", f"PYTHON={sys.executable}"], folder, env)


def _acted(folder: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What the action's first step does, in an environment of its own."""
    _run([sys.executable, "-m", "venv", ".venv"], folder, env).check_returncode()
    env = {**env, "PATH": f"{folder / '.venv' / 'bin'}:{env['PATH']}", "GITHUB_ACTION_PATH": str(folder)}
    return _run(["bash", str(ROOT / "action" / "install.sh")], folder, env)


def _installed(folder: Path) -> set[str]:
    listed = _run([str(folder / ".venv/bin/python"), "-m", "pip", "list", "--format=freeze"], folder, {})
    return {line for line in listed.stdout.split() if line.startswith(("plain", "extra", "asks", "project"))}


@pytest.mark.parametrize("set_up", [_made, _acted])
def test_a_lock_older_than_the_newest_releases_still_installs(set_up: SetUp, tmp_path: Path) -> None:
    """Exactly what it names; an extra that uv has resolved already is not looked for again."""
    env = locked_project(tmp_path)
    done = set_up(tmp_path, env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert _installed(tmp_path) == {"plain==1", "extra==1", "asks==1", "project==1"}


@pytest.mark.parametrize("set_up", [_made, _acted])
def test_a_lock_that_lacks_something_is_told(set_up: SetUp, tmp_path: Path) -> None:
    """Nothing is resolved, so nothing would bring it: the set-up fails, and says what is missing."""
    env = locked_project(tmp_path)
    lock = tmp_path / "requirements.txt"
    lock.write_text("".join(line for line in lock.read_text().splitlines(keepends=True) if "asks" not in line))
    done = set_up(tmp_path, env)
    assert done.returncode == 2
    assert "project 1 requires asks, which is not installed." in done.stdout + done.stderr


def test_the_action_does_not_judge_what_was_there_before(tmp_path: Path) -> None:
    """A runner's Python may hold packages that do not fit each other; that is not perfgate's fault."""
    env = locked_project(tmp_path)
    _run([sys.executable, "-m", "venv", ".venv"], tmp_path, env).check_returncode()
    broken = wheel(tmp_path, "broken", "1", requires=("nowhere",))
    pip = [str(tmp_path / ".venv/bin/python"), "-m", "pip"]
    _run([*pip, "install", "--no-deps", str(broken)], tmp_path, env).check_returncode()
    assert _acted(tmp_path, env).returncode == 0


def _places() -> list[Path]:
    """Every file that tells somebody how to install."""
    found = [ROOT / "Makefile", ROOT / "action.yml", *ROOT.glob(".ci/*"), *ROOT.glob("action/*"), ROOT / "README.md"]
    return [*found, *ROOT.glob("docs/**/*.md"), *ROOT.glob(".github/**/*.yml"), ROOT / "CONTRIBUTING.md"]


@pytest.mark.parametrize("path", _places(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_place_resolves_perfgates_lock_anew(path: Path) -> None:
    """Each installation from the lock says `--no-deps`. (A user's own requirements are his to resolve.)"""
    lines = path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    found = [line for line in lines if PLAIN_INSTALL.search(line.replace("PERFGATE_ACTION_REQUIREMENTS", ""))]
    assert [line for line in found if not line.lstrip().startswith(("# - run", "#"))] == []


def test_the_lock_names_no_index_and_hashes_everything() -> None:
    """It installs from whatever index the machine is set up for, and from nowhere else."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert "://" not in text
    pins = re.findall(r"^[A-Za-z0-9][\w.-]*==\S+(?: ; .*)? \\$", text, re.MULTILINE)
    assert len(pins) == len(re.findall(r"^[A-Za-z0-9]", text, re.MULTILINE))
    assert len(pins) > 50


def test_ci_installs_the_newest_allowed_versions_too() -> None:
    """A release that breaks perfgate is found by its own CI, not by its users."""
    steps = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]["test"]["steps"]
    assert "bash .ci/run" in [step.get("run") for step in steps]
    assert re.search(r"^make .*\bnewest\b", (ROOT / ".ci/run").read_text(), re.MULTILINE)
