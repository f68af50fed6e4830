"""`perfgate init --demo`: a project to try perfgate on, wherever it is asked for."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from perfgate.errors import UsageError
from perfgate.plan.budgets_file import budgets_schema, read_plan
from perfgate.scaffold.demo_project import BRANCHES, FAST, SHOP, SLOW, write_demo

if TYPE_CHECKING:
    from collections.abc import Mapping


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def called(folder: Path, *words: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "perfgate", "init", *words]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_the_files_are_a_project_that_can_be_read(tmp_path: Path) -> None:
    """With the schema for editors, which says that it is right."""
    made = write_demo(tmp_path / "new" / "demo")
    budgets, schema, *_ = made.written
    assert all(path.is_file() for path in made.written)
    assert list(read_plan(budgets).services) == ["shop"]
    assert json.loads(schema.read_text()) == budgets_schema()
    jsonschema.validate(tomllib.loads(budgets.read_text()), budgets_schema())


def test_two_branches_differ_by_one_change_in_the_service(tmp_path: Path) -> None:
    """And the work tree is as it was committed, so that runs have a revision."""
    made = write_demo(tmp_path)
    assert made.no_revisions == ""
    assert git(tmp_path, "branch", "--show-current") == BRANCHES[0]
    assert git(tmp_path, "status", "--porcelain") == ""
    assert git(tmp_path, "diff", "--name-only", *BRANCHES) == SHOP
    fast, slow = (git(tmp_path, "show", f"{branch}:{SHOP}") for branch in BRANCHES)
    assert (fast.count(FAST), slow.count(SLOW)) == (1, 1)


def test_another_repository_around_it_is_left_alone(tmp_path: Path) -> None:
    """Also where a hook of that one names it in the environment, and whatever the user's Git is set up to do."""
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "--quiet")
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "pre-commit").write_text("#!/bin/sh\nexit 1\n")
    (hooks / "pre-commit").chmod(0o755)
    (tmp_path / ".gitconfig").write_text(
        f"[commit]\n gpgSign = true\n[core]\n hooksPath = {hooks}\n[init]\n defaultBranch = trunk\n"
    )
    names = {"GIT_DIR": str(outer / ".git"), "GIT_WORK_TREE": str(outer), "GIT_INDEX_FILE": str(outer / ".git/index")}
    path = str(Path(shutil.which("git") or "").parent)
    done = called(outer, "--demo", env={**names, "HOME": str(tmp_path), "PATH": path})
    assert done.returncode == 0, done.stderr
    assert git(outer / "perfgate-demo", "log", "--format=%an", "main") == "perfgate"
    assert git(outer, "for-each-ref") == ""
    assert git(outer, "ls-files") == ""


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A folder with anything in it is refused; an empty one is not."""
    write_demo(tmp_path / "demo")
    (tmp_path / "file").touch()
    for place in ("demo", "file"):
        with pytest.raises(UsageError) as caught:
            write_demo(tmp_path / place)
        assert caught.value.slug == "exists"


def test_the_command_says_what_to_try_next(tmp_path: Path) -> None:
    """In its own folder unless told otherwise; the lines can be typed as they are."""
    done = called(tmp_path, "--demo")
    assert (done.returncode, done.stderr) == (0, "")
    *_, folder, run, compare = done.stdout.splitlines()
    assert folder == "next: cd perfgate-demo"
    assert run.split()[:2] == ["perfgate", "run"]
    assert compare.split()[:4] == ["perfgate", "compare", *BRANCHES]
    assert called(tmp_path, "--demo").returncode == 2


def test_without_git_it_can_be_run_and_not_compared(tmp_path: Path) -> None:
    """Which is said, with what to do."""
    done = called(tmp_path, "--demo", env={"PATH": str(tmp_path)})
    assert done.returncode == 0
    assert "the command git is not installed" in done.stdout
    assert "perfgate run" in done.stdout
    assert "perfgate compare" not in done.stdout


def test_it_takes_nothing_that_is_for_a_service_of_ones_own(tmp_path: Path) -> None:
    """What would be ignored is refused, and nothing is written."""
    for words in (["http://127.0.0.1:1"], ["--force"], ["--name", "x"], ["--github"]):
        assert called(tmp_path, "--demo", *words).returncode == 2
    assert list(tmp_path.iterdir()) == []
