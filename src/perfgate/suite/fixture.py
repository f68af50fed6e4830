"""The `perfgate` fixture: drive a load from a test, and look at what was measured with amounts that have units."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from perfgate.errors import PerfgateError
from perfgate.spelling import nearest
from perfgate.suite.amount import Amount
from perfgate.suite.settings import gate_session, settings_of
from perfgate.suite.warn import PerfgateWarning

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from perfgate.judge.result import Check, Result, RunResult
    from perfgate.judge.result import Verdict as VerdictName
    from perfgate.measure.summary import EndpointSummary
    from perfgate.plan.plan import Plan
    from perfgate.suite.serve import Served


_JUDGE = "assert result.verdict.passed, or look at result.verdict where the test judges the figures itself"


class InvalidRunError(Exception):
    """The load could not be measured: nothing that is asserted about it would mean anything."""


@dataclass(frozen=True)
class Verdict:
    """The verdict of a run; `assert result.verdict.passed` shows the reasons when it did not.

    Attributes:
        passed: pass or warn.
    """

    name: VerdictName
    reasons: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """No budget is broken; warnings are allowed."""
        return self.name in ("pass", "warn")

    def __bool__(self) -> bool:
        """As `passed`, for `assert result.verdict`."""
        return self.passed

    def __repr__(self) -> str:
        """The verdict, and why."""
        return "\n  ".join([self.name, *self.reasons])


class Endpoint:
    """The figures of one endpoint, or of the whole service, in the judged phase.

    `p50`, `p90`, `p95`, `p99`, `p99_9`, `mean`, `min` and `max` are response times of successful requests.
    """

    def __init__(self, summary: EndpointSummary, place: str) -> None:
        self.summary = summary
        self._place = place

    def __getattr__(self, name: str) -> Amount:
        """A response time.

        Raises:
            AttributeError: there is no such figure, or too few requests for the percentile.
        """
        latency = self.summary.latency_ms
        if name.startswith("_") or name not in type(latency).model_fields:
            raise AttributeError(f"{self!r} has no figure {name!r}")
        value = getattr(latency, name)
        if value is None:
            raise AttributeError(f"{self!r} has too few successful requests for {name}")
        return Amount(value, "ms")

    @property
    def error_rate(self) -> Amount:
        """Failed requests / all requests."""
        return Amount(self.summary.error_rate, "share")

    @property
    def throughput(self) -> Amount:
        """Requests per second."""
        return Amount(self.summary.throughput_per_s, "/s")

    @property
    def requests(self) -> int:
        """How many there were, failed ones included."""
        return self.summary.requests

    @property
    def failures(self) -> int:
        """How many failed."""
        return self.summary.failures

    def __repr__(self) -> str:
        """Its name, and on how many requests its figures rest."""
        return f"<{self._place}, {self.requests:,} requests>"


class Run:
    """One load at one service, driven and judged; `run["GET /items"]` is an endpoint of it.

    Attributes:
        folder: of the recording and its reports.
        is_judged: the test has looked at the verdict, or at what it is made of.
        is_read: the test has looked at a figure at least.
    """

    def __init__(self, result: Result, folder: Path) -> None:
        self._result = result
        self.folder = folder
        self.is_judged = self.is_read = False

    @property
    def result(self) -> Result:
        """All that `result.json` holds."""
        self.is_judged = True
        return self._result

    def __bool__(self) -> bool:
        """Whether it passed, for `assert perfgate.run(...)`."""
        return self.verdict.passed

    @property
    def run(self) -> RunResult:
        """The run's part of the result."""
        return self.result.runs[0]

    @property
    def verdict(self) -> Verdict:
        """The verdict and its reasons."""
        return Verdict(self.result.verdict, tuple(self.result.reasons))

    @property
    def checks(self) -> list[Check]:
        """Every check that was made."""
        return self.run.checks

    @property
    def total(self) -> Endpoint:
        """The service as a whole."""
        self.is_read = True
        assert self._run.total is not None  # a run without requests is invalid, and was raised
        return Endpoint(self._run.total, f"{self._run.service}/{self._run.load}")

    def __getitem__(self, name: str) -> Endpoint:
        """An endpoint by its name.

        Raises:
            KeyError: no request was made to it.
        """
        self.is_read = True
        found = {endpoint.name: endpoint for endpoint in self._run.endpoints}
        if name not in found:
            raise KeyError(f"no endpoint {name!r} in {self!r}; {nearest(name, [str(known) for known in found])}")
        return Endpoint(found[name], f"{self._run.service}/{self._run.load} {name}")

    def __iter__(self) -> Any:
        """The names of its endpoints."""
        return iter([endpoint.name for endpoint in self._run.endpoints])

    def __repr__(self) -> str:
        """Which run it is."""
        return f"<{self._run.service}/{self._run.load}: {self._result.verdict}>"

    @property
    def _run(self) -> RunResult:
        return self._result.runs[0]

    @property
    def unseen(self) -> str:
        """That it is red, or could not be judged, and nobody looked at the verdict; empty where all is well."""
        if self.is_judged or self._result.verdict in ("pass", "warn"):
            return ""
        place = f"{self._run.service}/{self._run.load} is {self._result.verdict}, and the test did not look: {_JUDGE}"
        return "\n  ".join([place, *self._result.reasons])


class Perfgate:
    """What the fixture gives to a test."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self._request = request
        self._config = request.config
        self._runs: list[Run] = []
        self._invalid: list[str] = []

    def run(
        self, service: str | Served, *, load: str, budgets: str | Path | None = None, scale: float | None = None
    ) -> Run:
        """Drive a load at a service, and judge it.

        Services are started when they are first needed, and stopped at the end of the session.

        Args:
            service: its name in the budgets file, or what `serve` gave; that stands in for the service of its name.
            load: its name in the budgets file.
            budgets: the budgets file; that of `--perfgate-budgets` unless given.
            scale: factor on every duration; that of `--perfgate-scale` unless given.

        Raises:
            InvalidRunError: the load could not be measured.
            PerfgateError: the budgets file is wrong, there is no such service or load, or the service did not start.
            KeyboardInterrupt: a signal ended it.
        """
        __tracebackhide__ = True  # pytest shows the line of the test, and not what is below it
        try:
            return self._run(service, load, budgets, scale)
        except PerfgateError as error:
            raise _with_notes(error) from None

    def _run(self, service: str | Served, load: str, budgets: str | Path | None, scale: float | None) -> Run:
        name = service if isinstance(service, str) else service.name
        plan = self._plan(budgets, name, load, scale)
        running = None if isinstance(service, str) else service.running
        measured = gate_session(self._config).drive(plan, name, load, running=running)
        result = measured.result
        self._request.node.user_properties += measured.properties
        if measured.stopped:
            raise KeyboardInterrupt
        if not result.runs[0].sound:
            self._invalid.append(
                "\n  ".join([f"{name}/{load} is invalid, and the test passed", *result.runs[0].doubts])
            )
            raise InvalidRunError("\n".join(["the run is invalid:", *result.runs[0].doubts]))
        self._runs.append(Run(result, measured.folder))
        return self._runs[-1]

    def unseen(self) -> str:
        """The test has passed: why it must not. Where it looked at figures, and not at the verdict, it is warned.

        To be asked at its end.
        """
        if missed := [words for run in self._runs if not run.is_read and (words := run.unseen)]:
            return "\n".join(missed)
        for words in [*self._invalid, *(run.unseen for run in self._runs)]:
            if words:
                warnings.warn(PerfgateWarning(words), stacklevel=1)
        return ""

    def serve(self, app: object, *, name: str = "app", kind: str | None = None) -> Served:
        """Start a WSGI or ASGI application for real, in a child process, until the end of the test.

        Args:
            app: the application object, as it is at this moment.
            name: of the service in the budgets file whose scenario, loads and budgets are used.
            kind: `wsgi` or `asgi`; told by the object unless given.

        Raises:
            ServiceError: it could not be started.
            UsageError: the server that it needs is not installed.
        """
        from perfgate.suite.serve import serve

        __tracebackhide__ = True
        try:
            served = serve(app, name=name, kind=kind)
        except PerfgateError as error:
            raise _with_notes(error) from None
        self._request.addfinalizer(served.stop)
        return served

    def _plan(self, budgets: str | Path | None, service: str, load: str, scale: float | None) -> Plan:
        from perfgate.plan.budgets_file import read_plan

        settings = settings_of(self._config)
        path = settings.budgets if budgets is None else self._config.rootpath / budgets
        factor = settings.scale if scale is None else scale
        return read_plan(path, services=[service], loads=[load], scale=factor)


def _with_notes(error: PerfgateError) -> PerfgateError:
    """The error with what its one line leaves out, its slug and what was written; without the way it took in here."""
    error.add_note("\n".join(filter(None, [f"error[{error.slug}]", error.indented_output()])))
    return error.with_traceback(None)
