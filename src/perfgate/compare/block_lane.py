"""A steady load in short blocks: one engine, two services, the engine told block by block which is next."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from perfgate.compare.alive import check_alive
from perfgate.compare.block_length import SHORTEST_S, block_length
from perfgate.compare.disturbance import disturbance
from perfgate.compare.meter import Meter
from perfgate.compare.placing import Placing
from perfgate.drive.block_order import WARM_UP_PAIR, BlockCommand, BlocksOrder
from perfgate.drive.driver import Driver
from perfgate.drive.order import BlockDone, Done, Note, Ready, Refused
from perfgate.errors import EngineError
from perfgate.measure.block_entries import BLOCK, BLOCKS_JOURNAL, BlockEntry, PairEntry, Usage, block_from_body
from perfgate.measure.journal import JournalTail
from perfgate.measure.pairs import pair_of
from perfgate.plan.profile import STEADY, WARM_UP, hold
from perfgate.stage import Seat, error_of, order_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Protocol

    from perfgate.drive.order import Event
    from perfgate.measure.blocks import Pair, SideName
    from perfgate.plan.plan import Load, Plan, Service
    from perfgate.target.service import RunningService

    class Listener(Protocol):
        """Who is told what is being done."""

        def doing(self, text: str) -> None:
            """What is being done now."""


_SIDES: tuple[SideName, ...] = ("base", "head")
ENGINE = "perfgate.drive.block_engine"
SETTLE_SHARE = 0.1  # of each block, at its beginning, is left out of what is measured
WARM_UP_BLOCKS = 2  # each side is driven for so many blocks' time before anything counts, or the load's own warm-up,
WARM_UP_S = 2.0  # or for this long where the length of blocks is still to be found
WARM_UP_SHARE = 0.2  # of the whole time, at most
PAUSE_S = 0.015  # between two blocks: the last requests end, what was measured is written down
_POLL_S = 0.2
_END_S = 15.0  # beyond the stop timeout, for an engine that was asked to end


class BlockLane:
    """Drives pairs of blocks.

    Args:
        plan: what the load belongs to.
        load: its level is held in every block.
        service: whose scenario is driven.
        running: both sides.
        folder: where the engine writes.
        watcher: is told what is being done.
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
        self._plan, self._load, self._service = plan, load, service
        self._running = running
        self._folder = folder
        self._watcher = watcher
        self._block_s = plan.compare.block_s or SHORTEST_S
        self._blocks: dict[int, BlockEntry] = {}
        self._tail = JournalTail(folder / BLOCKS_JOURNAL)
        self._number = 0
        self.hosts: list[dict[str, str]] = []
        self._driver: Driver | None = None
        self._meters = {name: Meter(own) for name, own in running.items()}
        self._placing: Placing | None = None

    @property
    def own_cpus(self) -> bool:
        """Whether the generator and the services run on CPUs of their own."""
        return self._placing is not None and self._placing.own

    @property
    def block_s(self) -> float:
        """The length of a block; final once it is open."""
        return self._block_s

    @property
    def pair_s(self) -> float:
        """Two blocks, and a little for what is between them."""
        return 2 * (self._block_s + PAUSE_S)

    @property
    def most_pairs(self) -> int:
        """As many as fit into the time there is."""
        return max(int(self._plan.compare.max_duration_s / self.pair_s), 1)

    def open(self) -> None:
        """Start the engine, bring its users to their first tasks, and warm both sides up."""
        self._driver = Driver(ENGINE)
        self._driver.send(self._order())
        self._await(Ready, "before the load")
        warm_up_s = self._warm_up_s()
        used = {side: self._drive_block(WARM_UP_PAIR, side, warm_up_s).cpu_s for side in _SIDES}
        self._settle({side: None if cpu_s is None else cpu_s / warm_up_s for side, cpu_s in used.items()})
        self._block_s = block_length(self._plan.compare, list(self._blocks.values()))
        self._blocks.clear()

    def _settle(self, used: Mapping[SideName, float | None]) -> None:
        trees = {side: meter.tree for side, meter in self._meters.items()}
        self._placing = Placing(trees, self._engine.pid, wanted=self._plan.compare.own_cpus)
        self._placing.settle(used)

    def _order(self) -> BlocksOrder:
        seat = Seat(self._service, self._load, self._running["base"], self._folder)
        order = order_of(seat, self._plan)
        fields = {**vars(order), "profile": hold(self._level(), self._block_s), "stop_when": {}, "metrics": []}
        return BlocksOrder(**fields, head_host=self._running["head"].url)

    def _level(self) -> float:
        profile = self._load.profile
        assert profile is not None  # only loads with `shape = "scenario"` have none, and these are driven whole
        return next(segment.end_level for segment in reversed(profile.segments) if segment.phase == STEADY)

    def _warm_up_s(self) -> float:
        profile = self._load.profile
        compare = self._plan.compare
        own_s = sum(phase.duration_s for phase in profile.phases if phase.name == WARM_UP) if profile else 0.0
        least_s = WARM_UP_S if compare.block_s is None else WARM_UP_BLOCKS * compare.block_s
        longest_s = max(WARM_UP_SHARE * compare.max_duration_s / 2, self._block_s)
        return min(max(own_s, least_s), longest_s)

    def drive(self, number: int, first: SideName) -> tuple[PairEntry, Pair]:
        """Drive a block at each side, `first` first.

        Raises:
            ServiceError: a service died.
            EngineError: the engine did.
        """
        second: SideName = "head" if first == "base" else "base"
        used = {side: self._drive_block(number, side, self._block_s) for side in (first, second)}
        blocks = [self._blocks[usage.block] for usage in used.values()]
        why = disturbance(blocks, self._plan.gate.health)
        entry = PairEntry(number, first, why, used["base"], used["head"])
        pair = pair_of(entry, self._blocks)
        self._blocks.clear()  # the journal has them
        return entry, pair

    def _drive_block(self, pair: int, side: SideName, duration_s: float) -> Usage:
        meter = self._meters[side]
        meter.start()
        (block,) = self.drive_blocks(pair, (side,), duration_s)
        cpu_s, memory_bytes = meter.read()
        self._blocks[block.number] = block
        return Usage(block.number, block.measured_s, cpu_s, memory_bytes)

    def drive_blocks(self, pair: int, sides: tuple[SideName, ...], duration_s: float) -> list[BlockEntry]:
        """Drive a block at one side, or at both at once; what each gave.

        Raises:
            ServiceError: a service died.
            EngineError: the engine did.
        """
        number, self._number = self._number, self._number + 1
        self._engine.write(BlockCommand(number, pair, sides, duration_s, SETTLE_SHARE * duration_s).line())
        self._await(BlockDone, f"while {' and '.join(sides)} was driven")
        return [block_from_body(entry.body) for entry in self._tail.take() if entry.kind == BLOCK]

    @property
    def _engine(self) -> Driver:
        assert self._driver is not None  # it is open
        return self._driver

    def _await(self, kind: type[Event], when: str) -> None:
        """Take what the engine says until it says this.

        Raises:
            ServiceError: a service died meanwhile.
            EngineError, ScenarioError: the engine ended, or could not do it.
        """
        while True:
            for event in self._engine.events(_POLL_S):
                if isinstance(event, Ready):
                    self.hosts = event.hosts
                if isinstance(event, kind):
                    return
                self._take(event)
            self._check_services(when)

    def _take(self, event: Event) -> None:
        if isinstance(event, Note):
            self._watcher.doing(event.text)
        elif isinstance(event, Refused):
            raise error_of(event)
        elif isinstance(event, Done):
            raise EngineError(f"the load ended before its end: {event.detail}", slug="comparison-ended")

    def _check_services(self, when: str) -> None:
        for side, running in self._running.items():
            check_alive(side, running, when)

    def close(self) -> None:
        """End the engine gracefully: users stop, and the scenario hears of the end."""
        if self._driver is None:
            return
        driver, self._driver = self._driver, None
        with driver:
            if self._placing:
                self._placing.release()
            if not driver.ended:
                driver.stop()
                _wait_for_end(driver, self._load.stop_timeout_s * 2 + _END_S)


def _wait_for_end(driver: Driver, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    try:
        while not driver.ended and time.monotonic() < deadline:
            for _ in driver.events(_POLL_S):
                pass
    except EngineError:  # it is gone, and what it wrote is kept: there is nothing left to lose
        return
