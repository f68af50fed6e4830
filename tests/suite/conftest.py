"""A project whose pytest is run in a process of its own, with the plugin as it is installed."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.project import ECHO, LENIENT, REPOSITORY, SIMPLE_SCENARIO
from tests.suite.environment import own_environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LONGEST_S = 120  # a bound against hanging, not an expectation
ALONE = ("-p", "perfgate")  # and no other plugin that happens to be installed: they take their time to start

LOADS = """\
[loads.calm]
users = 8  # as many requests as a certain p95 takes, on a slow machine too
duration = "1s"

[loads.busy]
rate = "60/s"
duration = "1s"
"""


@dataclass
class Session:
    """What a pytest session left."""

    code: int
    out: str
    root: Path

    def result(self, out: str = ".perfgate/pytest") -> dict[str, Any]:
        """The whole session's `result.json`."""
        value: dict[str, Any] = json.loads((self.root / out / "result.json").read_text())
        return value


class Project:
    """A folder with a scenario and a budgets file; pytest is run in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "shop.py").write_text(SIMPLE_SCENARIO)

    def budgets(self, *, budget: str = 'p95 = "10s"', loads: str = LOADS, more: str = "", service: str = ECHO) -> None:
        """Write budgets.toml."""
        text = f"""{LENIENT}
{loads}
[services.shop]
{service}
url = "http://127.0.0.1:{{port}}"
scenario = "shop.py"
env = {{ PYTHONPATH = "{REPOSITORY}" }}
[services.shop.budget]
{budget}
{more}
"""
        (self.root / "budgets.toml").write_text(text)

    def tests(self, text: str) -> None:
        """Write a test file."""
        (self.root / "test_shop.py").write_text(text)

    def start(self, *args: str, others: bool = False) -> subprocess.Popen[str]:
        """Start pytest; `others`: with every plugin that is installed."""
        return subprocess.Popen(
            [sys.executable, "-m", "pytest", *ALONE, *args],
            cwd=self.root,
            env={
                **own_environment(),
                "COLUMNS": "160",
                "TMPDIR": str(self.root),  # where the lock lies that keeps loads apart: not to wait for other tests'
                "PYTHONPATH": str(REPOSITORY),
                **({} if others else {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def pytest(self, *args: str, others: bool = False) -> Session:
        """Run pytest to its end."""
        with self.start(*args, others=others) as process:
            out, _ = process.communicate(timeout=LONGEST_S)
            return Session(process.returncode, out, self.root)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project of the test's own."""
    return Project(tmp_path)


@pytest.fixture(scope="module")
def shared_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Project]:
    """Projects for sessions that several tests look at."""
    return lambda name: Project(tmp_path_factory.mktemp(name))
