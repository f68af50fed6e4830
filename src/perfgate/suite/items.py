"""`budgets.toml` as a test file: one item for each load at each service, `budgets.toml::catalog::peak`.

The load is driven while the item is set up, so that what could not be measured is an error of the item; the budgets are
judged as its test, so that a broken one is a failure. Each check is a report of its own below the item.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from perfgate.errors import PerfgateError
from perfgate.suite.settings import gate_session, settings_of
from perfgate.suite.warn import warn
from perfgate.suite.words import check_title, checks_failed, doubts_words, failure_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.judge.result import Check, RunResult
    from perfgate.plan.plan import Load, Plan, Service
    from perfgate.suite.session import Measured

RESULT = "perfgate_result"  # user property: where the item's result.json lies
VERDICT = "perfgate_verdict"
MARKER = "perfgate"


class InvalidRunError(Exception):
    """The load could not be measured, so its budgets could not be judged."""


class BrokenBudgetsError(Exception):
    """Checks failed; each has a report of its own."""


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
        told: title, status and words of each check, for reports of their own.
        measured: what was driven; None before.
    """

    parent: ServiceNode
    load: Load
    told: list[tuple[str, str, str]]
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
            raise InvalidRunError(error.in_full()) from None
        self.user_properties += [
            (VERDICT, self.measured.result.verdict),
            (RESULT, str(self.measured.folder / "result.json")),
        ]
        if self.measured.stopped:
            raise KeyboardInterrupt
        if not self.run.sound:
            raise InvalidRunError(doubts_words(self.run))
        if self.measured.result.verdict == "invalid":
            self._hold()  # what could not be judged is an error, not a failure

    @property
    def checks(self) -> list[Check]:
        """Those of the run, and of the service's start."""
        assert self.measured is not None  # set up before
        return [*self.run.checks, *self.measured.result.services[0].checks]

    def _hold(self) -> None:
        for check in self.checks:
            self._tell(check)
        broken = [check for check in self.checks if check.status in {"fail", "invalid"}]
        if broken:
            raise BrokenBudgetsError(checks_failed(broken, len(self.checks)))

    def runtest(self) -> None:
        """Judge the budgets.

        Raises:
            BrokenBudgetsError: checks failed.
        """
        self._hold()

    def _tell(self, check: Check) -> None:
        """One check as what will be a report of its own, or as a warning."""
        if check.status == "warn":
            warn(f"{self.parent.name}/{self.name}: {failure_words(check)}", self.path, check.source)
            return
        if check.status == "skipped":
            return
        words = "" if check.status == "pass" else failure_words(check)
        self.told.append((check_title(check), check.status, words))

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """Words, not a traceback, of what is the service's doing."""
        if isinstance(excinfo.value, InvalidRunError | BrokenBudgetsError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Where it stands, and what it is called."""
        return self.path, None, f"{self.parent.name}::{self.name}"
