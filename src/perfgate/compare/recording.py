"""Drives a comparison: both sides of every service started, every load at both in turn, until it is decided."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

from perfgate.compare.blocks import Pairs, PairWatcher, Sides
from perfgate.compare.looking import Looks, rules_of
from perfgate.errors import PerfgateError, ScenarioError, StoppedError, StorageError, UsageError
from perfgate.measure import control
from perfgate.measure.manifest import ComparisonEntry, Manifest, PairsEntry, Problem, RunEntry, ServiceEntry
from perfgate.preflight import check_scenarios, open_folder
from perfgate.signals import heed_stop, stop_signals
from perfgate.target.service import start

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from perfgate.compare.subject import Subject
    from perfgate.judge.paired import Change, CheckKey, Decisions
    from perfgate.measure.blocks import Pair
    from perfgate.plan.plan import Load, Plan, Service
    from perfgate.target.service import RunningService


class Estimates(Protocol):
    """What the last look saw of some checks."""

    def __call__(self, keys: Sequence[CheckKey], /) -> Sequence[Change]:
        """Their findings so far."""


class Watcher(PairWatcher, Protocol):
    """Who is told how a comparison goes."""

    def load_starting(self, service: str, load: str, max_pairs: int) -> None:
        """The pairs of a load begin."""

    def looked(self, service: str, load: str, decisions: Decisions, estimates: Estimates) -> None:
        """The pairs so far were looked at; estimates take time, and are made for whoever asks for them."""

    def load_ended(self, service: str, load: str, why: str) -> None:
        """No more pairs of the load are driven."""

    def message(self, text: str) -> None:
        """Something that a person must read, in a quiet view too: what went wrong, and what it means for the result."""


class Looking(Protocol):
    """Who looks at the pairs of one load while they are driven, and says when there are enough.

    Attributes:
        decisions: as of the last look; None where it makes none that could be shown.
        stopped: why no more pairs are needed; empty while they are.
    """

    decisions: Decisions | None
    stopped: str

    def add(self, pair: Pair) -> bool:
        """A pair is there; returns whether all of them were looked at."""

    def estimates(self, keys: Sequence[CheckKey], /) -> Sequence[Change]:
        """Some checks as of the last look."""


def record(  # noqa: PLR0913  (what a comparison is made of)
    plan: Plan,
    base: Subject,
    head: Subject,
    folder: Path,
    watcher: Watcher,
    *,
    choice: str = "",
    found: str = "",
    whole: bool = False,
    looking: Callable[[int], Looking] | None = None,
    running: Mapping[str, RunningService] | None = None,
) -> Manifest:
    """Compare every load at every service, and leave a recording.

    What goes wrong with one service or load is noted, and the others are compared all the same. A stop signal and a
    full disk end the work, not what was measured until then.

    Args:
        plan: what is driven.
        base, head: what is compared.
        folder: a new or empty folder for the recording.
        watcher: is told how it goes.
        choice: what was asked for as the base.
        found: how that was found for the change, in words.
        whole: drive all the time there is, also when everything is decided.
        looking: makes who looks at the pairs of a load, of at most how many; `Looks` at every check unless given.
        running: bases that run already, by service; they are left running.

    Raises:
        UsageError, ScenarioError: something cannot be used, and nothing was driven.
        StorageError: the folder cannot be made.
    """
    check_scenarios(plan)
    manifest = open_folder(plan, folder, strict=False)
    manifest.revision = dict(head.revision)
    manifest.comparison = ComparisonEntry(dict(base.revision), base.words, head.words, choice, found=found)
    work = _Work(plan, base, head, folder, watcher, manifest, whole=whole, looking=looking, running=running)
    try:
        with stop_signals():
            for service in plan.services.values():
                work.do(service)
    except (StoppedError, StorageError) as error:
        manifest.stopped = error.message if isinstance(error, StoppedError) else str(error)
    except BaseException as error:
        manifest.stopped = f"ended by {error or type(error).__name__}"
        raise
    finally:
        manifest.ended_at = time.time()
        work.save()
    return manifest


class _Work:
    """The work of one `record`."""

    def __init__(  # noqa: PLR0913  (what a comparison is made of)
        self,
        plan: Plan,
        base: Subject,
        head: Subject,
        folder: Path,
        watcher: Watcher,
        manifest: Manifest,
        *,
        whole: bool,
        looking: Callable[[int], Looking] | None,
        running: Mapping[str, RunningService] | None,
    ) -> None:
        self._plan = plan
        self._subjects = base, head
        self._folder = folder
        self._watcher = watcher
        self._manifest = manifest
        self._whole = whole
        self._running = running or {}
        rules = rules_of(plan.gate, sum(len(service.loads) for service in plan.services.values()))
        self._looking = looking or (lambda max_pairs: Looks(rules, max_pairs))

    def do(self, service: Service) -> None:
        """Start both sides of a service, compare its loads, and stop both whatever happens."""
        entry = self._manifest.service_entries[service.name] = ServiceEntry(service.name, service.url)
        try:
            with ExitStack() as stack:
                base, head = (self._start(stack, subject, service) for subject in self._subjects)
                entry.url, entry.startup_time_s = head.url, head.startup_time_s
                for name in service.loads:
                    heed_stop()
                    self._compare(service, self._plan.loads[name], Sides(base, head))
        except (StoppedError, StorageError):
            raise
        except PerfgateError as error:
            if isinstance(error, UsageError | ScenarioError) and not any(run.driven for run in self._manifest.runs):
                raise
            entry.problem = _problem(error)
            self._note_rest(service, error)
            self._watcher.message(error.in_full())

    def _start(self, stack: ExitStack, subject: Subject, service: Service) -> RunningService:
        if subject.side == "base" and service.name in self._running:
            return self._running[service.name]
        own = subject.service(service, self._plan)
        self._watcher.doing(f"{subject.side}: starting {service.name}")
        try:
            return stack.enter_context(start(own, _made(self._folder / service.name / subject.side)))
        except PerfgateError as error:
            error.message = f"the {subject.side}, {subject.words}: {error.message}"
            raise

    def _compare(self, service: Service, load: Load, sides: Sides) -> None:
        folder = _made(self._folder / service.name / load.name)
        entry = RunEntry(service.name, load.name, f"{service.name}/{load.name}")
        entry.pairs = PairsEntry(1, sides.base.url, sides.head.url)
        self._manifest.runs.append(entry)
        self.save()
        began = time.monotonic()
        try:
            with Pairs(self._plan, load, service, sides, folder, self._watcher) as pairs:
                entry.pairs.stopped = self._follow(pairs, entry)
        except PerfgateError as error:
            entry.problem = _problem(error)
            entry.pairs.stopped = error.message
            raise
        finally:
            entry.pairs.duration_s = time.monotonic() - began
        self._watcher.load_ended(service.name, load.name, entry.pairs.stopped)
        self._manifest.control_ms += control.measure()
        self.save()

    def _follow(self, pairs: Pairs, entry: RunEntry) -> str:
        assert entry.pairs is not None  # just made
        entry.pairs.max_pairs, entry.pairs.block_s = pairs.open(), pairs.block_s
        entry.pairs.own_cpus = pairs.own_cpus
        self.save()
        looks = self._looking(entry.pairs.max_pairs)
        self._watcher.load_starting(entry.service, entry.load, entry.pairs.max_pairs)
        for pair in pairs:
            entry.driven, entry.hosts = True, pairs.hosts
            entry.pairs.load_average = _higher(entry.pairs.load_average)
            heed_stop()
            if looks.add(pair) and looks.decisions:
                self._watcher.looked(entry.service, entry.load, looks.decisions, looks.estimates)
            if looks.stopped and not self._whole:
                return looks.stopped
        return pairs.ended

    def _note_rest(self, service: Service, error: PerfgateError) -> None:
        noted = {(run.service, run.load) for run in self._manifest.runs}
        for load in service.loads:
            if (service.name, load) not in noted:
                self._manifest.runs.append(RunEntry(service.name, load, f"{service.name}/{load}", _problem(error)))

    def save(self) -> None:
        """Write the manifest; a full disk is told of in the result instead."""
        try:
            self._manifest.save(self._folder)
        except StorageError as problem:
            self._manifest.stopped = self._manifest.stopped or str(problem)


def _higher(before: float | None) -> float | None:
    """The machine's load average of the last minute, or the one before where that was higher."""
    try:
        now = os.getloadavg()[0]
    except (AttributeError, OSError):  # not on Windows
        return before
    return now if before is None else max(before, now)


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot make a folder of the recording: {error.strerror}", place=str(folder)) from error
    return folder


def _problem(error: PerfgateError) -> Problem:
    return Problem(error.slug, error.message, error.place, error.hint)
