"""`budgets.toml` as a test file: one item for each load at each service, `budgets.toml::catalog::peak`.

The load is driven while the item is set up, so that what could not be measured is an error of the item; the budgets are
judged as its test, so that broken ones are its failure: one, however many they are. With `--perfgate-each-check` each
check is a report of its own below the item.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from perfgate.errors import PerfgateError
from perfgate.suite.outcome import Outcome, outcome_of
from perfgate.suite.reports import failure
from perfgate.suite.settings import gate_session, settings_of
from perfgate.suite.warn import warn
from perfgate.suite.words import doubts_line, doubts_words, failure_words, source_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.judge.result import Check, RunResult
    from perfgate.plan.plan import Load, Plan, Service
    from perfgate.suite.session import Measured

MARKER = "perfgate"


class NotHeldError(Exception):
    """A load that is not green, in words instead of a traceback.

    Attributes:
        line: why, in one line.
        words: why.
    """

    def __init__(self, line: str, words: str) -> None:
        super().__init__(words)
        self.line = line
        self.words = words


class InvalidRunError(NotHeldError):
    """The load could not be measured, so its budgets could not be judged."""


class BrokenBudgetsError(NotHeldError):
    """Checks did not hold."""


class BudgetsFile(pytest.File):
    """A budgets file; its services are collected from it."""

    def collect(self) -> Iterator[ServiceNode]:
        """The services.

        Raises:
            CollectError: the file is wrong; the message has its lines.
        """
        from perfgate.plan.budgets_file import read_plan
        from perfgate.preflight import check_scenarios

        settings = settings_of(self.config)
        try:
            plan = read_plan(self.path, scale=settings.scale)
            check_scenarios(plan)
        except PerfgateError as error:
            raise self.CollectError(str(error)) from None
        for service in plan.services.values():
            yield ServiceNode.of(self, plan, service)


class ServiceNode(pytest.Collector):
    """A service; its loads are collected from it."""

    plan: Plan
    service: Service

    @classmethod
    def of(cls, parent: BudgetsFile, plan: Plan, service: Service) -> ServiceNode:
        """The node of a service of the plan."""
        node: ServiceNode = cls.from_parent(parent, name=service.name)
        node.plan, node.service = plan, service
        return node

    def collect(self) -> Iterator[LoadItem]:
        """The loads that are driven at it."""
        for name in self.service.loads:
            yield LoadItem.of(self, self.plan.loads[name])


class LoadItem(pytest.Item):
    """One load at one service.

    Attributes:
        told: title, status and words of each check, where they have reports of their own.
        measured: what was driven; None before.
        outcome: what its checks came to; None before, and of what could not be measured.
    """

    parent: ServiceNode
    load: Load
    told: list[tuple[str, str, str]]
    outcome: Outcome | None = None
    measured: Measured | None = None

    @classmethod
    def of(cls, parent: ServiceNode, load: Load) -> LoadItem:
        """The item of a load, with the markers `perfgate` and the load's own name."""
        item: LoadItem = cls.from_parent(parent, name=load.name)
        item.load = load
        item.told = []
        # Not written anywhere beforehand, so that --strict-markers has to be told.
        item.config.addinivalue_line("markers", f"{load.name}: perfgate's load of that name.")
        item.add_marker(MARKER)
        item.add_marker(load.name)
        return item

    @property
    def run(self) -> RunResult:
        """What was measured."""
        assert self.measured is not None  # set up before
        return self.measured.result.runs[0]

    def setup(self) -> None:
        """Drive the load.

        Raises:
            InvalidRunError: it could not be measured.
            BrokenBudgetsError: none was broken, and some could not be judged.
            KeyboardInterrupt: a signal ended it; what was measured until then is on disk.
        """
        session = gate_session(self.config)
        plan, service = self.parent.plan, self.parent.service.name
        known = session.trouble(plan, service)
        if known:
            pytest.skip(f"service {service} did not start: {known.message.splitlines()[0]}")
        try:
            self.measured = session.drive(plan, service, self.load.name)
        except PerfgateError as error:
            raise InvalidRunError(str(error).partition("\n")[0], error.in_full()) from None
        self.user_properties += self.measured.properties
        if self.measured.stopped:
            raise KeyboardInterrupt
        if not self.run.sound:
            raise InvalidRunError(doubts_line(self.run.doubts), doubts_words(self.run.doubts))
        self.outcome = outcome_of(self.checks, self._warn)
        if settings_of(self.config).each_check:
            self.told = [(one.title, one.status, one.words) for one in self.outcome.told]
        if self.measured.result.verdict == "invalid":
            self._hold()  # what could not be judged is an error, not a failure

    @property
    def checks(self) -> list[Check]:
        """Those of the run, and of the service's start."""
        assert self.measured is not None  # set up before
        return [*self.run.checks, *self.measured.result.services[0].checks]

    def runtest(self) -> None:
        """Judge the budgets.

        Raises:
            BrokenBudgetsError: checks did not hold.
        """
        self._hold()

    def _hold(self) -> None:
        """The verdict has the last word: no load is green that it does not call so, whatever its checks say."""
        assert self.measured is not None  # set up before, as the outcome was
        assert self.outcome is not None
        if self.outcome.broken:
            each = settings_of(self.config).each_check
            raise BrokenBudgetsError(self.outcome.line, self.outcome.short if each else self.outcome.words)
        if self.measured.result.verdict not in {"pass", "warn"}:
            reasons = self.measured.result.reasons
            raise InvalidRunError(doubts_line(reasons), doubts_words(reasons))

    def _warn(self, check: Check) -> None:
        warn(f"{self.parent.name}/{self.name}: {failure_words(check)}", self.path, check.source)

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """Words, not a traceback, of what is the service's doing."""
        if not isinstance(excinfo.value, NotHeldError):
            return super().repr_failure(excinfo, style)
        broken = [check for check in self.checks if check.status in {"fail", "invalid"}] if self.measured else []
        place = next((check.source for check in broken if check.source), "")
        return failure(excinfo.value.line, excinfo.value.words, (str(self.path), source_line(place)))

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Where it stands, and what it is called."""
        return self.path, None, f"{self.parent.name}::{self.name}"
