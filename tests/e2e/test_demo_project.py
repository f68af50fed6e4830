"""The demo project, driven as its own text says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.scaffold.demo_project import write_demo
from tests.e2e.project import LENIENT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.project import Project


def test_the_demo_runs_as_it_is(project: Project, tmp_path: Path) -> None:
    """Both endpoints answer, and nothing fails."""
    write_demo(tmp_path / "demo")
    budgets = tmp_path / "demo" / "budgets.toml"
    budgets.write_text(budgets.read_text() + LENIENT)
    outcome = project.run("--budgets", str(budgets), "--scale", "0.1")
    assert outcome.code in {0, 1}, outcome.out + outcome.err  # how fast this machine is, is its affair
    run = outcome.run()
    assert {endpoint.name for endpoint in run.endpoints} == {"GET /items/{id}", "GET /search"}
    assert sum(endpoint.failures for endpoint in run.endpoints) == 0
