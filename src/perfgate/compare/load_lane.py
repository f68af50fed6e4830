"""Stress, spike and scenario loads: a block is the whole load, shortened, driven by the ordinary engine at one side.

Short blocks make no sense for them: a capacity is found by climbing, a recovery by waiting for it. So the sides are
driven in turn, as often as the time allows, and what is compared are the figures that each load gives.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from perfgate.compare.alive import check_alive
from perfgate.compare.meter import Meter
from perfgate.drive.fleet import Engines
from perfgate.errors import StorageError, UsageError
from perfgate.judge.capacity import capacity_of
from perfgate.judge.recovery import p95_limit, recovery_of
from perfgate.measure.block_entries import (
    BLOCK,
    BLOCKS_JOURNAL,
    BlockEntry,
    PairEntry,
    Usage,
    block_to_body,
)
from perfgate.measure.blocks import Requests
from perfgate.measure.journal import JournalWriter
from perfgate.measure.journals import read_recording
from perfgate.measure.pairs import pair_of
from perfgate.measure.recording import HealthSample
from perfgate.measure.run import reduce
from perfgate.plan.profile import RECOVERY, SPIKE, STEADY
from perfgate.stage import Seat, Unwatched, drive_stage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from perfgate.compare.block_lane import Listener
    from perfgate.measure.blocks import Pair, SideName
    from perfgate.measure.journals import Recording
    from perfgate.measure.summary import RunSummary
    from perfgate.plan.plan import Load, LoadKind, Plan, Service
    from perfgate.target.service import RunningService

PAIRS = 4  # so many share the time: base head, head base, base head, head base
OVERHEAD_S = 2.5  # of each load: the engine's start, and its drain
_SHORTEST_S = 1.0
STEP = "step_"  # of the names of a stress load's phases


class LoadLane:
    """Drives pairs of whole loads.

    Args:
        plan: what the load belongs to.
        load: shortened so that `PAIRS` pairs of it fit into the plan's `compare.max_duration_s`.
        service: whose scenario is driven.
        running: both sides.
        folder: each load is recorded in a folder of its own below it.
        watcher: is told what is being done.

    Raises:
        UsageError: the load cannot give the figure that would be compared.
    """

    def __init__(  # noqa: PLR0913  (what a lane is made of)
        self,
        plan: Plan,
        load: Load,
        service: Service,
        running: Mapping[SideName, RunningService],
        folder: Path,
        watcher: Listener,
    ) -> None:
        _check(load, service)
        self._plan, self._service, self._running = plan, service, running
        self._folder, self._watcher = folder, watcher
        self._load = shortened(load, plan.compare.max_duration_s)
        self._meters = {name: Meter(own) for name, own in running.items()}
        self._engines = Engines()
        self._journal: JournalWriter | None = None
        self._number = 0
        self.hosts: list[dict[str, str]] = []

    @property
    def own_cpus(self) -> bool:
        """Whole loads need all there is."""
        return False

    @property
    def block_s(self) -> float:
        """A block is a whole load."""
        return self.pair_s / 2

    @property
    def most_pairs(self) -> int:
        """As many as the load was shortened for."""
        return PAIRS

    @property
    def pair_s(self) -> float:
        """Two loads."""
        profile = self._load.profile
        return 2 * (profile.duration_s if profile else self._load.max_duration_s or 0.0)

    def open(self) -> None:
        """Nothing to be warmed up: each load has a ramp of its own."""
        self._journal = JournalWriter(self._folder / BLOCKS_JOURNAL)

    def drive(self, number: int, first: SideName) -> tuple[PairEntry, Pair]:
        """Drive the load at each side, `first` first.

        Raises:
            ServiceError: a service died.
            EngineError: the engine did.
        """
        second: SideName = "head" if first == "base" else "base"
        driven = {side: self._drive(number, side) for side in (first, second)}
        why = next((words for _, _, words in driven.values() if words), "")
        entry = PairEntry(number, first, why, driven["base"][1], driven["head"][1])
        return entry, pair_of(entry, {block.number: block for block, _, _ in driven.values()})

    def _drive(self, pair: int, side: SideName) -> tuple[BlockEntry, Usage, str]:
        running, load = self._running[side], self._load
        folder = self._folder / f"pair-{pair + 1}-{side}"
        try:
            folder.mkdir()
        except OSError as error:
            raise StorageError(f"cannot make a folder: {error.strerror}", place=str(folder)) from error
        meter = self._meters[side]
        meter.start()
        seat = Seat(self._service, load, running, folder, tuple(own.url for own in self._running.values()))
        (lane,) = drive_stage([seat], self._plan, Unwatched(), self._engines)
        self.hosts = lane.hosts
        cpu_s, memory_bytes = meter.read()
        check_alive(side, running, f"during {load.name}")
        if lane.error:
            raise lane.error
        recording = read_recording(folder)
        spans = load.profile.segments if load.profile else None
        summary = reduce(recording, spans, self._plan.gate.health, stress=load.kind == "stress")
        figures, unknown = figures_of(summary, load, self._service)
        entry = self._entry(pair, side, recording, summary)
        disturbed = f"generator: {summary.health.reasons[0]}" if summary.health.reasons else unknown
        return entry, Usage(entry.number, summary.duration_s, cpu_s, memory_bytes, figures), disturbed

    def _entry(self, pair: int, side: SideName, recording: Recording, summary: RunSummary) -> BlockEntry:
        number, self._number = self._number, self._number + 1
        entry = BlockEntry(
            number=number,
            pair=pair,
            side=side,
            at_s=0.0,
            measured_s=summary.duration_s,
            endpoints=_requests(recording, self._load.kind),
            users=summary.health.users,
            requests=sum(phase.total.requests for phase in summary.phases),
            arrivals=summary.health.arrivals,
            unfinished=0,
            health=HealthSample(summary.health.cpu_mean or 0.0, summary.health.loop_lag_p99_ms or 0.0),
        )
        assert self._journal is not None  # it is open
        self._journal.append(BLOCK, block_to_body(entry))
        return entry

    def close(self) -> None:
        """Let the journal go; engines end with their loads."""
        if self._journal:
            self._journal.close()
            self._journal = None


def shortened(load: Load, longest_s: float) -> Load:
    """The load with every duration scaled so that `PAIRS` pairs take at most `longest_s`; never stretched."""
    each_s = max(longest_s / (2 * PAIRS) - OVERHEAD_S, _SHORTEST_S)
    if load.profile is None:
        return replace(load, max_duration_s=min(load.max_duration_s or each_s, each_s))
    return replace(load, profile=load.profile.scaled(min(1.0, each_s / load.profile.duration_s)))


def figures_of(summary: RunSummary, load: Load, service: Service) -> tuple[dict[str, float], str]:
    """What a whole load gave, and, in words, what could not be known; see `measure.blocks.Block.figures`."""
    if load.kind == "stress":
        capacity = capacity_of(summary, load, service)
        rates = [phase.total.throughput_per_s for phase in summary.phases if phase.name.startswith(STEP)]
        if capacity.level is None or not rates:
            return {}, f"capacity unknown: {capacity.detail}"
        return {"capacity": capacity.level, "highest_throughput": max(rates)}, ""
    if load.kind == "spike":
        return _spike_figures(summary, load, service)
    return {}, ""


def _spike_figures(summary: RunSummary, load: Load, service: Service) -> tuple[dict[str, float], str]:
    recovery, rest = recovery_of(summary, service.budget.for_load(load.name)), summary.phase(RECOVERY)
    if rest is None or recovery.limit_ms is None:
        return {}, f"recovery unknown: {recovery.detail}"
    # One that never came back took longer than it was watched: that is the least that can be said of it.
    took_s = rest.end_s - rest.start_s if recovery.recovery_time_s is None else recovery.recovery_time_s
    spike = summary.phase(SPIKE)
    p95 = spike.total.latency_ms.p95 if spike else None
    return {"recovery_time": took_s, **({} if p95 is None else {"spike_p95": p95})}, ""


def _requests(recording: Recording, kind: LoadKind) -> dict[str, Requests]:
    """What was asked for in the phases that are judged, by endpoint; under stress in all steps together."""
    phases = {STEADY, SPIKE, RECOVERY} if kind == "spike" else {STEADY}
    return Requests.of_cells(
        cell for cell in recording.cells if cell.phase in phases or (kind == "stress" and cell.phase.startswith(STEP))
    )


def _check(load: Load, service: Service) -> None:
    if load.kind == "spike" and p95_limit(service.budget.for_load(load.name)) is None:
        raise UsageError(
            f"the recovery from {load.name} cannot be compared: {service.name} has no p95 budget to recover to",
            place=service.source,
            hint=f"give it one, e.g. in [services.{service.name}.budget.{load.name}]",
        )
