"""A user's project in a temporary folder, and the installed `perfgate` command run in it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from perfgate.judge.result import Check, Result, RunResult
from perfgate.measure.journals import read_recording

if TYPE_CHECKING:
    from collections.abc import Callable

REPOSITORY = Path(__file__).resolve().parents[2]
LOCUSTFILES = REPOSITORY / "tests" / "locustfiles"
PERFGATE = [sys.executable, "-m", "perfgate"]
LONGEST_S = 300  # a bound against hanging, not an expectation

ECHO = f'command = "{sys.executable} -m tests.servers.echo {{port}}"'

# The tests judge perfgate, not this machine: a busy neighbour must not make a run invalid.
LENIENT = """\
[gate.health]
generator_cpu = "100%"
loop_lag = "60s"
schedule_lag = "60s"
steal = "100%"
bad_seconds = "100%"
"""

SIMPLE_SCENARIO = """\
from locust import FastHttpUser, constant, task

class Visitor(FastHttpUser):
    wait_time = constant(0.02)

    @task
    def home(self):
        self.client.get("/home")
"""


@dataclass
class Outcome:
    """What a command left: its exit code, what it printed, and the result where there is one."""

    code: int
    out: str
    err: str
    result: Result | None

    @property
    def the_result(self) -> Result:
        """The result; a failure with all that was printed where there is none."""
        assert self.result is not None, f"no result (exit {self.code})\n{self.out}\n{self.err}"
        return self.result

    def run(self, load: str = "normal") -> RunResult:
        """The run of one load."""
        return next(run for run in self.the_result.runs if run.load == load)

    def check(self, metric: str, endpoint: str | None = None, load: str = "normal") -> Check:
        """One check of a run."""
        return next(c for c in self.run(load).checks if (c.metric, c.endpoint) == (metric, endpoint))


class Project:
    """A folder with a budgets.toml and a scenario."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.out = root / "recording"
        (root / "scenarios").mkdir()
        self.scenario(SIMPLE_SCENARIO)

    def scenario(self, text: str, name: str = "shop.py") -> None:
        """Write a scenario."""
        (self.root / "scenarios" / name).write_text(text, encoding="utf-8")

    def wild(self, name: str) -> None:
        """Use one of the locustfiles in the styles of Locust's documentation, unchanged."""
        self.scenario((LOCUSTFILES / name).read_text(encoding="utf-8"))
        self.budgets(load='users = 4\nduration = "2s"')  # time for every one of its tasks

    def budgets(
        self,
        *,
        load: str = 'users = 4\nduration = "1s"',
        name: str = "normal",
        service: str = ECHO,
        url: str = "http://127.0.0.1:{port}",
        budget: str = 'error_rate = "50%"',
        extra: str = "",
    ) -> None:
        """Write a budgets.toml with one service, `shop`, and one load."""
        text = f"""\
version = 1
{LENIENT}
[loads.{name}]
{load}

[services.shop]
{service}
url = "{url}"
cwd = "{REPOSITORY}"
ready = "/ready"
scenario = "scenarios/shop.py"

[services.shop.budget]
{budget}

{extra}
"""
        (self.root / "budgets.toml").write_text(text, encoding="utf-8")

    def perfgate(self, *words: str) -> Outcome:
        """Run a command to its end."""
        return self._finish(self.start(*words))

    def run(self, *words: str) -> Outcome:
        """`perfgate run` into the folder `recording`."""
        return self.perfgate("run", "--out", str(self.out), *words)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command and return at once."""
        return subprocess.Popen(
            [*PERFGATE, *words],
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "NO_COLOR": "1"},
        )

    def run_until(self, line: str, then: Callable[[subprocess.Popen[str]], None], *words: str) -> Outcome:
        """`perfgate run`; when it prints a line that holds `line`, do `then` with the process."""
        process = self.start("run", "--out", str(self.out), *words)
        assert process.stdout is not None
        seen = ""
        for printed in process.stdout:
            seen += printed
            if line in printed:
                then(process)
                break
        outcome = self._finish(process)
        return Outcome(outcome.code, seen + outcome.out, outcome.err, outcome.result)

    def once_recorded(
        self, act: Callable[[subprocess.Popen[str]], object], load: str = "normal"
    ) -> Callable[[subprocess.Popen[str]], None]:
        """For `run_until`: `act` as soon as some of the load is on the disk, so that there is something to keep."""

        def wait_and_act(process: subprocess.Popen[str]) -> None:
            deadline = time.monotonic() + LONGEST_S
            while process.poll() is None and time.monotonic() < deadline and not self._has_recorded(load):
                time.sleep(0.1)
            act(process)

        return wait_and_act

    def _has_recorded(self, load: str) -> bool:
        return any(True for _ in read_recording(self.out / "shop" / load).cells)

    def _finish(self, process: subprocess.Popen[str]) -> Outcome:
        try:
            out, err = process.communicate(timeout=LONGEST_S)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            raise
        path = self.out / "result.json"
        result = Result.model_validate(json.loads(path.read_text())) if path.exists() else None
        assert "Traceback" not in err
        return Outcome(process.returncode, out, err, result)
