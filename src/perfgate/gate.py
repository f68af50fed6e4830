"""The gate: the only place that knows the order of work. Plan, drive, measure, judge, compare; the caller reports.

`record` does all that touches the service, and leaves a recording; `judging.judge` turns any recording, whole or
partial, into a result; `past.concluding` compares that with the history, and adds to it; `run` is one after the other.
The command line, CI and pytest all call these.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from perfgate.baseline.store import check_url
from perfgate.drive.fleet import Engines
from perfgate.errors import EngineError, PerfgateError, ScenarioError, ServiceError, StoppedError, StorageError
from perfgate.measure import control
from perfgate.measure.manifest import Manifest, Problem, RunEntry, ServiceEntry
from perfgate.past.ahead import Ahead
from perfgate.preflight import check_scenarios, open_folder
from perfgate.signals import heed_stop, stop_signals
from perfgate.stage import Seat, Watcher, drive_stage
from perfgate.target.artifacts import sizes
from perfgate.target.service import RunningService, start

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from perfgate.judge.result import Result
    from perfgate.plan.plan import Load, Plan, Service


def run(  # noqa: PLR0913  (what a caller may choose)
    plan: Plan,
    folder: Path,
    watcher: Watcher,
    *,
    strict: bool = False,
    engines: Engines | None = None,
    running: Mapping[str, RunningService] | None = None,
) -> Result:
    """Record what the plan says into `folder`, judge it, compare it with the history, and add it to that.

    Args:
        plan: from `plan.budgets_file.read_plan`.
        folder: a new or empty folder for the recording.
        watcher: is told how it goes.
        strict: a warning fails the gate.
        engines: drive the loads; one process on this machine unless given.
        running: services, by name, that are up already; these are used as they are, and not stopped.

    Raises:
        UsageError, ScenarioError: something cannot be used, and nothing was driven.
        StorageError: results cannot be written.
    """
    check_url(plan.gate.store)
    ahead = Ahead(watcher, plan.gate.store)
    manifest = record(plan, folder, ahead, strict=strict, engines=engines, running=running)
    # Imported late: numpy and the models take a quarter of a second, which the first request should not wait for.
    from perfgate.past.concluding import conclude

    return conclude(plan, folder, manifest, watcher.message)


def judged(folder: Path) -> Result:
    """The result of any recording, of a run or of a comparison.

    Raises:
        RecordingError: it is not one, or cannot be read.
        BudgetsError: its budgets cannot be read by this version.
    """
    manifest = Manifest.load(folder)
    if manifest.comparison:
        from perfgate.compare.judging import judge as judge_comparison

        return judge_comparison(folder, manifest)
    from perfgate.past.concluding import again

    return again(folder, manifest)


def record(  # noqa: PLR0913  (as `run`)
    plan: Plan,
    folder: Path,
    watcher: Watcher,
    *,
    strict: bool = False,
    engines: Engines | None = None,
    running: Mapping[str, RunningService] | None = None,
) -> Manifest:
    """Drive every load at every service. What goes wrong with one is noted, and the others are driven all the same.

    A stop signal and a disk that is full end the work, not what was measured until then: the manifest says why, here
    and in the recording. On any other exception the recording says the same before it is raised again.
    """
    engines = engines or Engines()
    check_scenarios(plan)
    engines.check(plan)
    manifest = open_folder(plan, folder, strict=strict)
    manifest.artifacts = sizes(plan.root, [artifact.path for artifact in plan.artifacts])
    work = _Work(plan, folder, watcher, engines, manifest, running or {})
    try:
        with stop_signals():
            for group in _groups(plan):
                work.do(group)
    except StoppedError as error:
        work.end(error.message, error)
    except StorageError as error:
        work.end(str(error), error)
    except BaseException as error:
        why = (
            error if isinstance(error, PerfgateError) else EngineError(f"{type(error).__name__}: {error}".rstrip(": "))
        )
        work.end(f"ended by {why}", why)
        raise
    else:
        work.end()
    return manifest


def _groups(plan: Plan) -> list[list[Service]]:
    """The services that run at the same time."""
    services = list(plan.services.values())
    return [services] if plan.gate.together else [[service] for service in services]


class _Work:
    """The work of one `record`, and what is noted of it as it goes."""

    def __init__(  # noqa: PLR0913  (all that the work needs)
        self,
        plan: Plan,
        folder: Path,
        watcher: Watcher,
        engines: Engines,
        manifest: Manifest,
        running: Mapping[str, RunningService],
    ) -> None:
        self._plan = plan
        self._folder = folder
        self._watcher = watcher
        self._engines = engines
        self._manifest = manifest
        self._running = running

    def do(self, group: list[Service]) -> None:
        """Start the group's services, drive every load at those that are up, and stop them whatever happens."""
        try:
            self._do(group)
        except ServiceError as error:  # one that could not be stopped: it may disturb all that follows
            self._watcher.message(error.in_full())
            self._manifest.stopped = str(error)

    def _do(self, group: list[Service]) -> None:
        with ExitStack() as stack:
            up = {service.name: started for service in group if (started := self._start(stack, service))}
            for load in self._plan.loads.values():
                seats = [self._seat(s, load, up[s.name]) for s in group if load.name in s.loads and s.name in up]
                if seats:
                    self._drive(seats, up)

    def _start(self, stack: ExitStack, service: Service) -> RunningService | None:
        self._watcher.service_starting(service.name)
        entry = self._manifest.service_entries[service.name] = ServiceEntry(service.name, service.url)
        folder = _made(self._folder / service.name)
        try:
            running = self._running.get(service.name) or stack.enter_context(start(service, folder))
        except StoppedError:
            raise
        except PerfgateError as error:
            entry.problem = _problem(error)
            self._watcher.message(error.in_full())
            for load in service.loads:
                self._note(service.name, load, _problem(error))
            return None
        entry.url, entry.startup_time_s = running.url, running.startup_time_s
        self._watcher.service_ready(service.name, running.startup_time_s)
        self._manifest.save(self._folder)
        return running

    def _seat(self, service: Service, load: Load, running: RunningService) -> Seat:
        folder = _made(self._folder / service.name / load.name)
        self._note(service.name, load.name, None).driven = True
        self._manifest.save(self._folder)  # from now on a kill leaves a run that is partial, not one that is missing
        return Seat(service, load, running, folder)

    def _drive(self, seats: list[Seat], up: dict[str, RunningService]) -> None:
        heed_stop()
        more = bool(self._rest())
        for lane in drive_stage(seats, self._plan, self._watcher, self._engines, more=more):
            entry = self._entry(lane.seat)
            entry.driven, entry.hosts = lane.driven, lane.hosts
            entry.problem = _problem(lane.error) if lane.error else None
            if isinstance(lane.error, ScenarioError) and not any(run.driven for run in self._manifest.runs):
                raise lane.error
            if lane.error:
                self._watcher.message(lane.error.in_full())
            if lane.seat.running.poll() is not None:
                del up[lane.seat.service.name]
                self.note_rest(lane.error or StoppedError("the service ended"), [lane.seat.service])
        self._manifest.control_ms += control.measure()
        self._manifest.save(self._folder)

    def _entry(self, seat: Seat) -> RunEntry:
        return next(
            run for run in self._manifest.runs if (run.service, run.load) == (seat.service.name, seat.load.name)
        )

    def _note(self, service: str, load: str, problem: Problem | None) -> RunEntry:
        entry = RunEntry(service, load, f"{service}/{load}", problem)
        self._manifest.runs.append(entry)
        return entry

    def _rest(self, services: list[Service] | None = None) -> list[tuple[str, str]]:
        """The runs, by service and load, that were not begun yet."""
        noted = {(run.service, run.load) for run in self._manifest.runs}
        wanted = services or self._plan.services.values()
        return [pair for service in wanted for load in service.loads if (pair := (service.name, load)) not in noted]

    def note_rest(self, error: PerfgateError, services: list[Service] | None = None) -> None:
        """Note every run that was not begun: what was asked for and not measured must not be missing silently."""
        for service, load in self._rest(services):
            self._note(service, load, _problem(error))

    def end(self, why: str = "", error: PerfgateError | None = None) -> None:
        """Close the manifest; `why` and `error` when the work ends before its end."""
        if error:
            self._manifest.stopped = why
            self.note_rest(error)
        self._manifest.ended_at = time.time()
        try:
            self._manifest.save(self._folder)
        except StorageError as problem:  # what is in memory says so, and it is judged from there
            self._manifest.stopped = self._manifest.stopped or str(problem)
            self._watcher.message(str(problem))


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot make a folder of the recording: {error.strerror}", place=str(folder)) from error
    return folder


def _problem(error: PerfgateError) -> Problem:
    return Problem(error.slug, error.message, error.place, error.hint)
