"""The plugin beside others, and unused."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.e2e.project import REPOSITORY
from tests.suite.environment import own_environment

if TYPE_CHECKING:
    from pathlib import Path

    from tests.suite.conftest import Project

pytestmark = pytest.mark.long

FOREIGN = """\
import sys
import pytest


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    found = sorted({name.partition(".")[0] for name in sys.modules} & {"locust", "gevent", "zmq"})
    own = sorted(name for name in sys.modules if name.startswith("perfgate."))
    worker = getattr(session.config, "workerinput", {}).get("workerid", "main")
    (session.config.rootpath / f"modules-{worker}.txt").write_text(f"{found} {own}")
"""
TESTS = """\
import asyncio
import random
import pytest
from perfgate import seconds


@pytest.mark.asyncio
async def test_of_pytest_asyncio():
    await asyncio.sleep(0)


@pytest.mark.timeout(60)
def test_of_pytest_timeout(perfgate):
    assert perfgate.run("shop", load="calm")["GET /home"].p95 < seconds(60)


def test_of_pytest_randomly():
    assert 0 <= random.random() < 1
"""


def test_it_lives_beside_the_others_and_locust_stays_out_of_pytests_processes(project: Project) -> None:
    """All in one session: xdist, cov, asyncio, randomly, timeout, benchmark, and Locust's own plugin."""
    project.budgets()
    project.tests(TESTS)
    (project.root / "conftest.py").write_text(FOREIGN)
    (project.root / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    session = project.pytest("--perfgate", "-n", "2", "--cov=.", "--timeout=300", "-p", "randomly", others=True)
    plugins = next(line for line in session.out.splitlines() if line.startswith("plugins:"))
    for name in ("locust", "xdist", "cov", "asyncio", "randomly", "timeout", "benchmark", "perfgate"):
        assert f" {name}-" in plugins
    assert session.code == 0, session.out
    assert "5 passed" in session.out.splitlines()[-1]
    assert sorted(run["load"] for run in session.result()["runs"]) == ["busy", "calm", "calm"]
    left = {path.name: path.read_text() for path in project.root.glob("modules-*.txt")}
    assert sorted(left) == ["modules-gw0.txt", "modules-gw1.txt", "modules-main.txt"]
    assert all(found.startswith("[] ") for found in left.values()), left


def test_unused_it_has_no_effect(project: Project) -> None:
    """Nothing of perfgate but the hooks is imported, nothing is written or shown."""
    project.budgets()
    project.tests("def test_nothing(): pass\n")
    (project.root / "conftest.py").write_text(FOREIGN)
    session = project.pytest("--strict-markers")
    assert session.code == 0
    assert (project.root / "modules-main.txt").read_text() == "[] ['perfgate.pytest_plugin']"
    assert not (project.root / ".perfgate").exists()
    assert " perfgate " not in session.out.replace("plugins: ", "")


def test_this_repositorys_own_budgets_run_as_tests_on_the_demo_services(tmp_path: Path) -> None:
    """`pytest tests/smoke/budgets.toml`, one load of it, shortened."""
    words = ["-m", "perfgate and peak", "-k", "checkout", "--perfgate-scale=0.5", f"--perfgate-out={tmp_path}"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/smoke/budgets.toml", "-rA", *words],
        cwd=REPOSITORY,
        env={**own_environment(), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
    assert "PASSED tests/smoke/budgets.toml::checkout::peak" in done.stdout
    assert (tmp_path / "result.json").exists()
