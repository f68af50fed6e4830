"""The pytest plugin: hooks only, so that it costs nothing where it is not used; what they do stands in `suite`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from perfgate.suite.fixture import Perfgate

BUDGETS = "budgets.toml"
_DRIVER: pytest.StashKey[Perfgate] = pytest.StashKey()
CHECKS = "perfgate_checks"  # of the report of an item's test, where each has one of its own: title, status and words
CATEGORIES = {"pass": "", "fail": "failed", "invalid": "error"}  # pytest's, by a check's status


def pytest_addoption(parser: pytest.Parser) -> None:
    """All options begin with `--perfgate`."""
    group = parser.getgroup("perfgate", "performance gate")
    group.addoption("--perfgate", action="store_true", help="Collect the budgets file like a test file.")
    group.addoption("--perfgate-budgets", metavar="PATH", help="The budgets file; budgets.toml unless given.")
    group.addoption("--perfgate-out", metavar="DIR", help="Where recordings and reports go; .perfgate/pytest.")
    group.addoption("--perfgate-scale", type=float, default=1.0, metavar="F", help="Multiply every duration.")
    group.addoption(
        "--perfgate-benchmarks",
        action="store_true",
        help="Hold what pytest-benchmark measures against [benchmarks] of the budgets file.",
    )
    group.addoption(
        "--perfgate-overlap", action="store_true", help="Loads need not wait for those of other processes here."
    )
    each = "Report and count each check by itself; by default each load is one test."
    group.addoption("--perfgate-each-check", action="store_true", help=each)
    parser.addini("perfgate_each_check", each, type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """The marker, for `-m perfgate`, and with `--perfgate` the project's own budgets file among what is collected."""
    config.addinivalue_line("markers", "perfgate: a load that perfgate drives at a service.")
    config.pluginmanager.register(_Results(config), "perfgate-results")
    if config.getoption("perfgate_benchmarks") and not hasattr(config, "workerinput"):
        from perfgate.suite.benchmarks import Benchmarks

        config.pluginmanager.register(Benchmarks(config), "perfgate-benchmarks")
    if config.getoption("perfgate"):
        path = str(_budgets(config))
        if path not in config.args:
            config.args.append(path)


def _budgets(config: pytest.Config) -> Path:
    path: Path = config.rootpath / (config.getoption("perfgate_budgets") or BUDGETS)
    return path


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a budgets file that was named, or, with `--perfgate`, the project's own."""
    if file_path.suffix != ".toml":
        return None
    # pytest forgets the name of a file that lies in a folder which is collected too.
    own = parent.config.getoption("perfgate") and file_path == _budgets(parent.config)
    if not (own or parent.session.isinitpath(file_path)):
        return None
    from perfgate.suite.items import BudgetsFile

    file: pytest.Collector = BudgetsFile.from_parent(parent, path=file_path)
    return file


class _Results:
    """Hears every report, also those of other processes: keeps where results lie, and makes reports of checks."""

    def __init__(self, config: pytest.Config) -> None:
        self.paths: list[str] = []
        self.messages: list[str] = []
        self._config = config
        self._over = False

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """A load says in words what broke it; its checks travel along where they are to have reports of their own."""
        report = yield
        told = getattr(item, "told", None)
        if told is not None and call.when == "setup" and report.failed and call.excinfo is not None:
            # pytest asks the item for what broke its test only, and shows all of its own frames for its setup.
            report.longrepr = item.repr_failure(call.excinfo)
        if told and (call.when == "call" or (call.when == "setup" and report.failed)):
            setattr(report, CHECKS, told)
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """In the process that reports, each check that came along becomes a report of its own."""
        if report.when == "teardown":
            for name, value in report.user_properties:
                self.paths += [str(value)] if name == "perfgate_result" else []
                self.messages += [str(value)] if name == "perfgate_message" else []
        told = getattr(report, CHECKS, None)
        if told and not hasattr(self._config, "workerinput"):
            from perfgate.suite.reports import reports_of

            for own in reports_of(report, told):
                self._config.hook.pytest_runtest_logreport(report=own)

    def pytest_report_teststatus(self, report: Any) -> tuple[str, str, str] | None:
        """A check is counted where it did not hold; it is no test, so that it has no dot and no part in the 100 %."""
        category = CATEGORIES.get(getattr(report, "perfgate_check", ""))
        if category is None:
            return None
        return category, "", category.upper() if self._over else ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_terminal_summary(self) -> None:
        """From now on only the short summary asks, and wants the word."""
        self._over = True


@pytest.fixture
def perfgate(request: pytest.FixtureRequest) -> Perfgate:
    """Drive loads at services, and look at what was measured."""
    from perfgate.suite.fixture import Perfgate

    made = request.node.stash[_DRIVER] = Perfgate(request)
    return made


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """A test that passes without having looked at a red verdict does not pass."""
    done = yield
    driver = item.stash.get(_DRIVER, None)
    if driver is not None and (unseen := driver.unseen()):
        pytest.fail(unseen, pytrace=False)
    return done


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The table of verdicts."""
    results = config.pluginmanager.get_plugin("perfgate-results")
    if results and results.paths:
        from perfgate.suite.summary import show

        show(results.paths, results.messages, terminalreporter, config)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop services."""
    session_key = getattr(sys.modules.get("perfgate.suite.settings"), "SESSION", None)
    if session_key is not None and session_key in session.config.stash:
        session.config.stash[session_key].close()
