"""What pytest-benchmark measures in the session, held against `[benchmarks]`: `--perfgate-benchmarks`.

Registered only where the option is given. Everything happens at the session's end, before JUnit files and the cache of
failures are written: each benchmark becomes a report, or with `--perfgate-each-check` each check of it, so that a
broken budget is a failure like any other.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from perfgate.errors import PerfgateError, StorageError
from perfgate.suite.outcome import Told, outcome_of
from perfgate.suite.reports import own_report
from perfgate.suite.settings import settings_of
from perfgate.suite.warn import warn
from perfgate.suite.words import check_title, failure_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from perfgate.importers.imported import Imported, Series
    from perfgate.judge.result import Check, Result
    from perfgate.plan.plan import Plan

TOOL = "pytest-benchmark"
ROUNDS = "rounds.json"  # as `perfgate import pytest-benchmark` reads it
_MS = 1000.0
_FAILED = "its test failed while it was measured"
_OFF = "nothing was measured: pytest-benchmark is switched off, as it is by --benchmark-disable, by --benchmark-skip "
_OFF += "and under pytest-xdist (run benchmarks with -n 0)"


class Benchmarks:
    """Judges the session's benchmarks at its end.

    Args:
        config: pytest's, of the process that reports.

    Raises:
        UsageError: pytest-benchmark is not there, or the budgets file is wrong.
    """

    def __init__(self, config: pytest.Config) -> None:
        from perfgate.plan.budgets_file import read_plan

        if config.getoption("benchmark_disable", None) is None:
            raise pytest.UsageError("--perfgate-benchmarks needs pytest-benchmark: pip install pytest-benchmark")
        self._config = config
        self._settings = settings_of(config)
        self._deselected: list[str] = []
        self._told: list[str] = []  # what the history had to say
        self.result: Result | None = None
        self.folder = self._settings.out / "benchmarks"
        self._began = datetime.now(UTC)
        try:
            self._plan = read_plan(self._settings.budgets)
        except PerfgateError as error:
            raise pytest.UsageError(str(error)) from None

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """A benchmark that was not asked for is not gone."""
        self._deselected += [name for item in items for name in (item.nodeid, item.name)]

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Judge, and let the session's exit status say so."""
        if session.config.getoption("collectonly"):
            return
        try:
            reports = list(self._reports(self._judged().checks))
        except PerfgateError as error:
            reports = [self._report(Told("", "", "invalid", str(error)))]
        for report in reports:
            self._config.hook.pytest_runtest_logreport(report=report)
        broken = any(report.failed for report in reports) or (self.result is not None and self.result.exit_code)
        if broken and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _judged(self) -> Result:
        """The result; written, with its reports and the rounds, to the folder `benchmarks` of `--perfgate-out`."""
        from perfgate.importing import judge
        from perfgate.measure import control
        from perfgate.past.imports import conclude
        from perfgate.preflight import hide
        from perfgate.publish.files import write_reports

        found = measured(self._config, self._began)
        hide(self._plan.root)
        name = f"pytest-{self._began:%Y%m%dT%H%M%SZ}"
        result = judge(self._asked_for(found), [found], name, control_ms=control.measure() if found.entries else ())
        result = conclude(result, [found], self._plan, self._told.append, away=self._deselected)
        if not found.entries and self._plan.benchmarks:
            result = result.model_copy(update={"reasons": [_why_nothing(self._config), *result.reasons]})
        self.result = result
        _write(self.folder / ROUNDS, document(found))
        write_reports(result, self.folder, {})
        return result

    def _asked_for(self, found: Imported) -> Plan:
        """The plan without budgets of benchmarks that exist and were deselected, as by `-k`."""
        there = [name for entry in found.entries for name in (entry.name, *entry.also)]
        kept = [
            budget for budget in self._plan.benchmarks if budget.matches(there) or not budget.matches(self._deselected)
        ]
        return replace(self._plan, benchmarks=tuple(kept))

    def _reports(self, checks: Sequence[Check]) -> Iterator[pytest.TestReport]:
        named = list(dict.fromkeys(check.endpoint for check in checks))
        for name in named:
            own, each = [check for check in checks if check.endpoint == name], self._settings.each_check
            outcome = outcome_of(own, self._warn, of_one=not each)
            if each:
                yield from (self._report(one) for one in outcome.told)
            elif outcome.judged:
                words = outcome.words if outcome.broken else ""
                whole = Told(name or "all benchmarks", "", outcome.status, words)
                yield self._report(whole, outcome.line)

    def _warn(self, check: Check) -> None:
        warn(f"{check_title(check)}: {failure_words(check)}", self._settings.budgets, check.source)

    def _report(self, told: Told, line: str = "") -> pytest.TestReport:
        from perfgate.suite.summary import relative

        file = relative(self._settings.budgets, self._config)
        return own_report(f"{file}::benchmarks", (file, None, "benchmarks"), told, line)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The checks, and where the reports are."""
        if self.result is None:
            return
        from perfgate.report import text
        from perfgate.suite.summary import relative

        terminalreporter.section("perfgate benchmarks")
        width = shutil.get_terminal_size((100, 24)).columns
        verbose = self._config.get_verbosity() >= 0
        terminalreporter.line(text.render(self.result, width=width, verbose=verbose))
        for told in self._told:
            terminalreporter.line(told, yellow=True)
        terminalreporter.line(f"reports: {relative(self.folder, self._config)}/report.html, result.json")


def measured(config: pytest.Config, began: datetime) -> Imported:
    """What pytest-benchmark has measured so far in this process, as its importer would read it."""
    from perfgate.importers.imported import Imported

    session = config.pluginmanager.get_plugin(TOOL)
    entries = tuple(_series(benchmark) for benchmark in getattr(session, "benchmarks", []))
    seconds = (datetime.now(UTC) - began).total_seconds()
    return Imported(tool=TOOL, version=None, started_at=began, duration_s=seconds, entries=entries)


def _series(benchmark: Any) -> Series:
    """A benchmark's rounds in order; as in its files, a time is the mean over a round's calls."""
    from perfgate.importers.imported import Series

    samples = tuple(float(time) * _MS for time in benchmark.stats.data)
    error = _FAILED if benchmark.has_error or not samples else ""
    return Series(
        name=benchmark.fullname,
        samples=() if error else samples,
        rounds=len(samples),
        iterations=benchmark.iterations,
        also=(benchmark.name,) if benchmark.name != benchmark.fullname else (),
        error=error,
    )


def _why_nothing(config: pytest.Config) -> str:
    session = config.pluginmanager.get_plugin(TOOL)
    off = getattr(session, "disabled", False) or getattr(session, "skip", False)
    return _OFF if off else "nothing was measured: no test of the session used the benchmark fixture"


def document(found: Imported) -> str:
    """The rounds in the form of `--benchmark-json`, as far as `perfgate import pytest-benchmark` reads it."""
    return json.dumps(
        {
            "machine_info": {},
            "datetime": found.started_at.isoformat() if found.started_at else None,
            "benchmarks": [_entry(series) for series in found.entries if not series.error],  # type: ignore[arg-type]
        }
    )


def _entry(series: Series) -> dict[str, object]:
    data = [sample / _MS for sample in series.samples]
    stats = {"rounds": len(data), "iterations": series.iterations, "data": data}
    return {"name": [series.name, *series.also][-1], "fullname": series.name, "stats": stats}


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"cannot write the rounds: {error.strerror}", place=str(path)) from error
