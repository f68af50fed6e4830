"""What one pytest session has of the gate: services that stay up, one folder for all recordings, one load at a time."""

from __future__ import annotations

from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from perfgate.drive.fleet import Engines
from perfgate.errors import PerfgateError, StoppedError
from perfgate.signals import STOPPED_BY
from perfgate.stage import Unwatched
from perfgate.suite.lock import machine_lock

if TYPE_CHECKING:
    from pathlib import Path

    from perfgate.judge.result import Result
    from perfgate.plan.plan import Plan, Service
    from perfgate.target.service import RunningService

# User properties of an item.
VERDICT = "perfgate_verdict"
RESULT = "perfgate_result"  # where its result.json lies
MESSAGE = "perfgate_message"


@dataclass
class Measured:
    """One load that was driven in the session.

    Attributes:
        folder: of its recording, with `result.json` and the reports in it.
        stopped: the work was ended by a signal.
        told: what a person must read beside the result, say of a history that could not be written.
    """

    result: Result
    folder: Path
    stopped: bool = False
    told: tuple[str, ...] = ()

    @property
    def properties(self) -> list[tuple[str, object]]:
        """What the item's report carries, to whichever process reports."""
        own: list[tuple[str, object]] = [(VERDICT, self.result.verdict), (RESULT, str(self.folder / "result.json"))]
        return own + [(MESSAGE, text) for text in self.told]


class GateSession:
    """Drives loads for pytest.

    Args:
        out: where recordings and reports go; made when it is needed.
        overlap: loads may be driven while another process of this machine drives one.
    """

    def __init__(self, out: Path, *, overlap: bool = False) -> None:
        self.out = out
        self.results: list[Measured] = []
        self._overlap = overlap
        self._running: dict[tuple[str, str], RunningService] = {}
        self._engines = Engines()
        self._broken: dict[tuple[str, str], PerfgateError] = {}

    def drive(self, plan: Plan, service: str, load: str, *, running: RunningService | None = None) -> Measured:
        """Drive one load at one service, judge it, and write its reports.

        Args:
            plan: with the service and the load in it.
            service, load: their names.
            running: the service, where the caller has started it; else it is started when it is first needed.

        Raises:
            PerfgateError: nothing was driven: the service did not start, the scenario cannot be loaded.
        """
        from perfgate.gate import record
        from perfgate.past.concluding import conclude
        from perfgate.publish.files import write_reports

        own = _only(plan, service, load)
        with nullcontext() if self._overlap else machine_lock():
            used = running or self._started(plan, own.services[service])
            folder = self._folder(service, load)
            manifest = record(own, folder, Unwatched(), engines=self._engines, running={service: used})
            # Locust takes most of a second to import; another load is likely to follow.
            self._engines = Engines(ahead=True)
        told: list[str] = []
        result = conclude(own, folder, manifest, told.append)
        if used.poll() is not None:  # the next load starts it again
            self._running.pop(_key(plan, service), None)
        write_reports(result, folder, {})
        stopped = any(reason.startswith(STOPPED_BY) for reason in result.reasons)
        measured = Measured(result, folder, stopped, tuple(told))
        self.results.append(measured)
        return measured

    def trouble(self, plan: Plan, service: str) -> PerfgateError | None:
        """Why the service could not be started, when that was tried already."""
        return self._broken.get(_key(plan, service))

    def _started(self, plan: Plan, service: Service) -> RunningService:
        from perfgate.target.service import start

        key = _key(plan, service.name)
        if key not in self._running:
            folder = self.out / service.name
            folder.mkdir(parents=True, exist_ok=True)
            try:
                self._running[key] = start(service, folder)
            except StoppedError:
                raise
            except PerfgateError as error:
                self._broken[key] = error
                raise
        return self._running[key]

    def _folder(self, service: str, load: str) -> Path:
        base = self.out / service / load
        paths = (base if number == 1 else base.with_name(f"{load}-{number}") for number in range(1, 10_000))
        return next(path for path in paths if not path.exists())

    def close(self) -> None:
        """Stop all services, and the engine that was started for a load that did not come."""
        with ExitStack() as stack, self._engines:
            for running in self._running.values():
                stack.callback(running.stop)
        self._running.clear()


def _key(plan: Plan, service: str) -> tuple[str, str]:
    return str(plan.path.absolute()), service


def _only(plan: Plan, service: str, load: str) -> Plan:
    """The part of the plan that one item is; what belongs to no load, such as artifacts, is in none."""
    return replace(
        plan,
        services={service: replace(plan.services[service], loads=(load,))},
        loads={load: plan.loads[load]},
        artifacts=(),
    )
