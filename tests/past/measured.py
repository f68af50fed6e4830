"""A project with one recording, and a history that tests write for it."""

from __future__ import annotations

import random
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from perfgate.baseline.entry import Entry, entry_id
from perfgate.baseline.store import open_store
from perfgate.cli import cli
from perfgate.measure.manifest import Manifest
from perfgate.past.concluding import conclude, entries_in
from perfgate.plan.budgets_file import read_plan
from perfgate.plan.secrecy import configuration_digest

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result as CliResult

    from perfgate.judge.result import Check, Result
    from perfgate.plan.plan import Plan
    from tests.compare.repository import Repository

COMMITS = 10


def prepare(repository: Repository) -> None:
    """Ten commits, and a load of a second."""
    repository.change("budgets.toml", 'duration = "5s"', 'duration = "1s"')
    repository.write(".gitignore", "recording*\n")  # .perfgate hides itself
    for number in range(COMMITS):
        repository.commit(f"change {number}")


class Measured:
    """A repository in which a run was measured at the tip of main."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "recording"
        self.said: list[str] = []

    @property
    def manifest(self) -> Manifest:
        """Of the recording."""
        return Manifest.load(self.folder)

    @property
    def plan(self) -> Plan:
        """As the budgets file now is."""
        return read_plan(self.root / "budgets.toml")

    def change(self, old: str, new: str) -> None:
        """Change the budgets, as if it had been measured with them."""
        path = self.root / "budgets.toml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        manifest = self.manifest
        manifest.budgets_text = path.read_text()
        plan = self.plan
        manifest.configurations = {name: configuration_digest(one, plan.root) for name, one in plan.services.items()}
        manifest.save(self.folder)

    def amend(self, **fields: Any) -> None:
        """Change what the manifest says."""
        manifest = self.manifest
        for name, value in fields.items():
            setattr(manifest, name, value)
        manifest.save(self.folder)

    def conclude(self, **given: Any) -> Result:
        """What `perfgate run` does after the last request."""
        return conclude(self.plan, self.folder, self.manifest, self.said.append, **{"environ": {}, **given})

    def line(self) -> list[str]:
        """The commits of main, the newest first."""
        words = ["git", "log", "--first-parent", "--format=%H"]
        return subprocess.run(words, cwd=self.root, check=True, capture_output=True, text=True).stdout.split()

    def entry(self) -> Entry:
        """What the history keeps of the recording."""
        (found,) = entries_in(self.folder, self.manifest)
        return found

    def earlier(self, count: int, factor: float = 1.0, **fields: Any) -> list[Entry]:
        """Runs like this one of the commits before it, newest first; times are `factor` as long, give or take 1 %."""
        own, line, noise = self.entry(), self.line()[1:], random.Random(7)
        found = []
        for number in range(count):
            share = {key: noise.gauss(1.0, 0.01) * _factor(key[1], factor) for key in own.values}
            recording = f"earlier-{number}"
            made = replace(
                own,
                **{
                    "id": entry_id(recording, own.service, own.load),
                    "recording": recording,
                    "recorded_at": own.recorded_at - 60 * (number + 1),
                    "commit": line[number % len(line)],
                    "values": {key: value * share[key] for key, value in own.values.items()},
                    **fields,
                },
            )
            found.append(made)
        return found

    def keep(self, entries: list[Entry]) -> None:
        """Put runs into the store."""
        store = open_store(self.plan.gate.store, self.root)
        store.add(entries)
        store.close()

    def kept(self) -> list[Entry]:
        """What the store has, the newest first."""
        store = open_store(self.plan.gate.store, self.root)
        try:
            return store.find()
        finally:
            store.close()

    def perfgate(self, *words: str, answer: str = "") -> CliResult:
        """A command that needs no service."""
        return CliRunner().invoke(cli, [*words, "--budgets", str(self.root / "budgets.toml")], input=answer)


def _factor(metric: str, factor: float) -> float:
    return factor if metric in {"mean", "p50", "p95", "p99"} else 1.0


def checks(result: Result) -> list[Check]:
    """The checks against the history."""
    (run,) = result.runs
    return [check for check in run.checks if check.kind == "history"]


def the_check(result: Result) -> Check:
    """The only check against the history."""
    (found,) = checks(result)
    return found
