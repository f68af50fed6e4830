"""The examples of docs/pytest.md and docs/library.md, run as they stand there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.e2e.project import LENIENT, REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.suite.conftest import Project, Session

pytestmark = [pytest.mark.long, pytest.mark.xdist_group(__name__)]  # what they share is made once

PAGE = (REPOSITORY / "docs" / "pytest.md").read_text()
FILES = re.findall(r"`([\w./]+)`:\n\n```\w+\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [line for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
QUICK = "--perfgate-scale=0.4"  # at least 72 requests of each load: with fewer no p95 is certain
PLUGINS = ("-p", "pytest_benchmark.plugin")


def _write(project: Project) -> Project:
    """The page's files, with limits so wide that no busy neighbour can break them."""
    for name, text in FILES:
        path = project.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.replace('"250ms"', '"60s"').replace("ms(250)", "ms(60_000)").replace('"1ms"', '"60s"'))
    with (project.root / "budgets.toml").open("a") as file:
        file.write(LENIENT)
    return project


@pytest.fixture(scope="module")
def session(shared_project: Callable[[str], Project]) -> Session:
    """Everything in one session, as the page has it."""
    program, *words = shlex.split(COMMANDS[0])
    assert program == "pytest"
    return _write(shared_project("docs")).pytest(*PLUGINS, *words, QUICK, "-rA")


def test_the_complete_example_passes(session: Session) -> None:
    """Items, the fixture, an application object, and a benchmark."""
    assert session.code == 0, session.out
    for name in (
        "budgets.toml::shop::normal",
        "budgets.toml::shop::peak",
        "test_shop.py::test_the_service_at_its_peak",
    ):
        assert f"PASSED {name}" in session.out
    assert "PASSED test_shop.py::test_the_application_object" in session.out
    assert "PASSED test_shop.py::test_price" in session.out


def test_the_reports_lie_where_the_page_says(session: Session) -> None:
    """Of the session, of each load, and of the benchmarks."""
    out = session.root / ".perfgate/pytest"
    assert session.result()["verdict"] == "pass"
    for path in ("report.html", "report.md", "shop/peak/result.json", "benchmarks/rounds.json"):
        assert (out / path).exists()


@pytest.mark.parametrize("command", COMMANDS[1:])
def test_each_command_finds_what_it_is_said_to(project: Project, command: str) -> None:
    """Without running it."""
    found = _write(project).pytest(*PLUGINS, *shlex.split(command)[1:], "--collect-only", "-q", "--strict-markers")
    peak = "budgets.toml::shop::peak" in found.out
    assert (found.code, peak) == (0, "not peak" not in command), found.out


def test_the_librarys_example_runs(project: Project) -> None:
    """In a process of its own, into which Locust is never imported."""
    project.budgets()
    page = (REPOSITORY / "docs" / "library.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (project.root / "budgets.toml").write_text((project.root / "budgets.toml").read_text().replace("calm", "normal"))
    code = f"{example}\nimport sys\nassert not {{'locust', 'gevent'}} & set(sys.modules)\n"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project.root, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("pass\nshop normal GET /home ")
    assert (project.root / "recordings/today/manifest.json").exists()
    assert "<html" in (project.root / "report.html").read_text()
