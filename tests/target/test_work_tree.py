"""Which files make a work tree another one than its commit, in a real repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfgate.baseline.repository import Repository
from perfgate.target.revision import changed, current
from tests.baseline.repositories import Project

if TYPE_CHECKING:
    from pathlib import Path

LEFT_BEHIND = [
    "shop_stats.csv",
    "out/shop_stats_history.csv",
    "shop_failures.csv",
    "shop_exceptions.csv",
    "jmeter.log",
    "results/run 1.jtl",
    "app/__pycache__/app.cpython-311.pyc",
    ".benchmarks/Linux/0001.json",
    ".lighthouseci/lhr.json",
    ".perfgate/history.db",
    ".coverage",
]
SOURCES = ["new.py", "src/new.go", "app/config.toml", "data.csv", "stats.csv", "schema.json", "log", "catalog.py\n"]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """With one commit."""
    made = Project(tmp_path)
    made.commit("a first commit")
    return made


def _write(project: Project, name: str) -> None:
    path = project.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x", encoding="utf-8")


def _dirty(project: Project) -> bool:
    """Both who ask Git say the same."""
    dirty = current(project.folder)["dirty"]
    with Repository.around(project.folder) as repository:
        assert repository.is_dirty() == dirty
    return bool(dirty)


def test_what_tools_leave_behind_makes_no_tree_another_one(project: Project) -> None:
    """Else each run of a job leaves something behind that keeps the next one out of the history."""
    for name in LEFT_BEHIND:
        _write(project, name)
    assert not _dirty(project)


@pytest.mark.parametrize("name", SOURCES)
def test_a_file_that_the_service_may_read_does(project: Project, name: str) -> None:
    """Git does not know it, and the service may: what it measures is no commit."""
    _write(project, name)
    assert _dirty(project)


def test_what_git_knows_counts_whatever_its_name(project: Project) -> None:
    """Somebody committed it, so it is a part of the revision."""
    _write(project, "access.log")
    project.git("add", "access.log")
    project.git("commit", "--quiet", "--message", "a log to be replayed")
    (project.folder / "access.log").write_text("other requests", encoding="utf-8")
    assert changed(project.folder) == ["access.log"]
    project.git("mv", "--force", "service.txt", "moved.txt")
    assert changed(project.folder) == ["access.log", "moved.txt"]


def test_results_that_are_imported_are_no_changes(project: Project) -> None:
    """Whatever they are called, wherever they lie in the tree."""
    _write(project, "k6 results.json")
    assert current(project.folder, but=[project.folder / "k6 results.json"])["dirty"] is False
    assert changed(project.folder) == ["k6 results.json"]
