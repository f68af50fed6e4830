"""`perfgate run`, the installed command, at a server of a benchmark's own."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from perfgate.measure.journal import read_journal
from perfgate.measure.recording import BEGIN, REQUESTS_JOURNAL, SECOND, Begin, Second, begin_from_body, second_from_body
from rig.children import run
from rig.peers import Reported

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCENARIO = """
from perfgate import HttpUser, task

class Visitor(HttpUser):
    @task
    def get(self):
        self.client.get("/")
"""
_BUDGETS = """\
version = 1
[loads.load]
{load}
[services.server]
url = "{url}"
scenario = "scenario.py"
[services.server.budget]
error_rate = "1%"
"""
_JUDGED = (0, 1, 3)  # on a busy machine the run may be invalid: its figures stand all the same, and say so


class Driven(NamedTuple):
    """One load.

    Attributes:
        result: its entry in `result.json`.
        begin, seconds: what its journal holds.
    """

    result: dict[str, Any]
    begin: Begin
    seconds: list[Second]

    @property
    def service(self) -> Reported:
        """Service times of the judged phase: sent -> last byte."""
        return self._reported("service_ms")

    @property
    def response(self) -> Reported:
        """Response times of the judged phase: intended start -> last byte."""
        return self._reported("latency_ms")

    def _reported(self, kind: str) -> Reported:
        total = self.result["total"]
        times = [total[kind][name] for name in ("p50", "p95", "p99")]
        return Reported(total["requests"], total["failures"], *times)

    @property
    def doubts(self) -> list[str]:
        """Why perfgate does not trust this run, in its own words; empty when it does."""
        return list(self.result["doubts"])


def drive(url: str, load: Mapping[str, object], seed: int = 0) -> Driven:
    """Drive one load with `perfgate.HttpUser` and read what was written.

    Args:
        url: the server; it runs already.
        load: the keys of the load's table in `budgets.toml`.
        seed: of the schedule.
    """
    with tempfile.TemporaryDirectory() as name:
        folder, before = Path(name), Path.cwd()
        (folder / "scenario.py").write_text(_SCENARIO)
        table = "\n".join(f"{key} = {json.dumps(value)}" for key, value in load.items())
        (folder / "budgets.toml").write_text(_BUDGETS.format(load=table, url=url.rstrip("/")))
        os.chdir(folder)
        try:
            run([sys.executable, "-m", "perfgate", "run", "--quiet", "--seed", str(seed), "--out", "out"], _JUDGED)
        finally:
            os.chdir(before)
        result = json.loads((folder / "out" / "result.json").read_text())["runs"][0]
        journal = read_journal(next((folder / "out").rglob(REQUESTS_JOURNAL)))
    begin = begin_from_body(journal.of_kind(BEGIN)[0])
    return Driven(result, begin, [second_from_body(body) for body in journal.of_kind(SECOND)])
