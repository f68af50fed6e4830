"""The services of docs/services.md: built, started, waited for, driven and stopped as the page has it.

Go and Java are run where they are installed, Node and PostgreSQL wherever everything is to be tested; that all of its
TOML is read is tested with the other pages.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING
from urllib.request import urlopen

import psutil
import pytest

from perfgate.plan.budgets_file import read_plan
from perfgate.target.service import start
from tests.e2e.project import LENIENT, REPOSITORY, Project
from tests.servers.postgres import Postgres, programs

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (REPOSITORY / "docs" / "services.md").read_text(encoding="utf-8")
FILE = re.compile(r"^`([\w./]+)`[^\n]*:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHORT = "0.05"  # of the page's duration
DOCKER = """#!/bin/sh
echo "$COMPOSE_PROJECT_NAME $*" >> "$CALLS"
[ "$2" = build ] || exec python -m http.server --bind 127.0.0.1 "$PORT"
"""


def section(title: str) -> str:
    """What stands below a heading, up to the next one of its rank or above."""
    return re.split(rf"^#+ {re.escape(title)}$", PAGE, flags=re.MULTILINE)[1].split("\n## ")[0].split("\n### ")[0]


def shop(root: Path, title: str) -> Project:
    """The files of a section, with the page's scenario and loads."""
    project = Project(root)
    common = dict(FILE.findall(section("Started, waited for, stopped")))
    for name, text in {**common, **dict(FILE.findall(section(title)))}.items():
        (root / name).write_text(text, encoding="utf-8")
    budgets = root / "budgets.toml"
    budgets.write_text(LENIENT + common["loads.toml"] + budgets.read_text())
    return project


def build(project: Project, title: str) -> None:
    """Its own `setup`, as the page says to do before a run."""
    setup = re.search(r'^setup = "(.*)"$', section(title), re.MULTILINE)
    if setup and setup[1] != "npm ci":  # which would ask a registry; the example needs no package
        subprocess.run(setup[1], shell=True, cwd=project.root, check=True)


def answer(project: Project) -> str:
    """What the scenario's endpoint answers, of the service started and stopped by perfgate as for a run."""
    (project.root / "log").mkdir()
    service = read_plan(project.root / "budgets.toml").services["shop"]
    with start(service, project.root / "log") as running, urlopen(f"{running.url}/items/7", timeout=30) as response:
        text: str = response.read().decode()
    left = [process.pid for process in psutil.process_iter(["cwd"]) if process.info["cwd"] == str(project.root)]
    assert left == []
    return text


def has(program: str) -> pytest.MarkDecorator:
    """Only where this program is installed."""
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"there is no {program} here")


def want(program: str, *, there: bool) -> None:
    """Skip the test where the program is missing; fail it where everything is to be tested."""
    if not there:
        assert not os.environ.get("PERFGATE_TEST_EVERYTHING"), f"{program} is not installed"
        pytest.skip(f"there is no {program} here")


def test_a_node_service_is_driven_and_judged(tmp_path: Path) -> None:
    """The whole way once: the page's scenario, its load in short, and its budget."""
    want("npm", there=shutil.which("npm") is not None)
    done = shop(tmp_path, "Node and npm").run("--scale", SHORT)
    assert done.code == 0, (done.out, done.err)
    assert done.check("error_rate").status == "pass"


@pytest.mark.parametrize("title", [pytest.param("Go", marks=has("go")), pytest.param("Java", marks=has("javac"))])
def test_a_compiled_service_is_built_started_and_stopped(tmp_path: Path, title: str) -> None:
    """It answers, and nothing of it is left."""
    project = shop(tmp_path, title)
    build(project, title)
    assert answer(project).strip() == "/items/7"


def test_compose_is_given_a_port_and_a_project_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for Docker serves at the port that the compose file publishes."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "docker").write_text(DOCKER)
    (tmp_path / "bin" / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    project = shop(tmp_path, "Docker Compose")
    (tmp_path / "items").mkdir()
    (tmp_path / "items" / "7").write_text("seven")
    (tmp_path / "health").touch()
    build(project, "Docker Compose")
    assert answer(project) == "seven"
    _, up = (tmp_path / "calls").read_text().splitlines()
    assert re.fullmatch(r"perfgate-\d+ compose up --build", up)


def test_each_start_has_a_database_of_its_own_which_is_dropped_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of the filled template; the template stays."""
    where = programs()
    want("PostgreSQL", there=where is not None)
    project = shop(tmp_path, "PostgreSQL")
    with Postgres() as server:
        for name, value in {"PGHOST": str(server.folder), "PGUSER": "perfgate"}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("PATH", f"{os.environ['PATH']}:{where}")
        made = next(text for text in re.findall(r"```sh\n(.*?)```", section("PostgreSQL"), re.DOTALL) if "psql" in text)
        subprocess.run(["sh", "-ec", made], cwd=tmp_path, check=True)
        assert answer(project) == "item 7"
        listed = subprocess.run(["psql", "-AtlX", "postgres"], capture_output=True, text=True, check=True).stdout
    names = {line.split("|")[0] for line in listed.splitlines() if line.startswith("shop")}
    assert names == {"shop_template"}
