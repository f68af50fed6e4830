"""Drives single blocks: a level of load at one side for a short time, drained, and reduced to what is compared."""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import gevent
from locust.runners import STATE_RUNNING

from perfgate.drive import users
from perfgate.drive.arrivals import arrivals_of
from perfgate.drive.block_order import seed_of
from perfgate.drive.health import HealthMonitor
from perfgate.drive.recorder import PhaseFinder
from perfgate.measure.block_entries import BlockEntry
from perfgate.measure.blocks import Requests
from perfgate.plan.profile import STEADY, hold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.drive.block_order import BlockCommand, BlocksOrder
    from perfgate.drive.recorder import Flushed
    from perfgate.drive.side import Side
    from perfgate.measure.blocks import SideName
    from perfgate.measure.recording import HealthSample

_DRAIN_POLL_S = 0.002
_LEAD_S = 0.01  # so that the first arrivals are not late already


@dataclass(frozen=True)
class _Driven:
    """What is known of a side besides its requests."""

    side: Side
    drain_s: float
    unfinished: int


class BlockDriver:
    """Drives one block after the other.

    Args:
        order: the load.
        sides: both.
    """

    def __init__(self, order: BlocksOrder, sides: dict[SideName, Side]) -> None:
        self._order = order
        self._sides = sides
        self._pools = {
            name: side.pool(order.share, order.max_users) for name, side in sides.items() if side.queue is not None
        }
        self._health = HealthMonitor()
        self._began = time.monotonic()

    def spare_collections(self) -> None:
        """Take what is there by now, Locust and the users, out of the garbage collector's sight: it takes 30 ms."""
        gc.collect()
        gc.freeze()

    def prepare(self) -> None:
        """Let the scenario's listeners begin, and start the users of both sides."""
        gevent.spawn(self._health.probe)
        for side in self._sides.values():
            side.environment.events.init.fire(environment=side.environment, runner=side.runner, web_ui=None)
            side.statistics.heed_replacement()
            side.recorder.warm()
        for side in self._sides.values():
            if self._pools:
                self._pools[side.name].grow_to(users.FIRST_POOL)
            else:
                side.users.set(round(self._order.level))

    @property
    def settled(self) -> bool:
        """Every user of both sides has come to its first task; or has ended before."""
        return all(
            side.runner.state == STATE_RUNNING and side.settled >= side.runner.user_count
            for side in self._sides.values()
        )

    def drive(self, command: BlockCommand) -> Iterator[tuple[BlockEntry, int]]:
        """Drive a block to the end of its drain; gives each side's entry and how many of all requests failed."""
        sides = [self._sides[name] for name in command.sides]
        seed = seed_of(self._order.seed, command.pair)
        gc.collect()  # between blocks, so that it is less often due in one
        begin_at = time.monotonic() + _LEAD_S
        for side in sides:
            self._set_up(side, command, seed, begin_at)
        gevent.sleep(begin_at - time.monotonic())
        self._health.sample()
        followers = [gevent.spawn(self._follow, side, command, seed) for side in sides]
        gevent.joinall(followers, raise_error=True)
        health = self._health.sample()
        driven = [self._drain(side) for side in sides]
        self._even_out()
        for one in driven:
            yield self._entry(command, one, health, begin_at)

    def _set_up(self, side: Side, command: BlockCommand, seed: int, begin_at: float) -> None:
        side.seed = seed
        side.recorder.phases = PhaseFinder(hold(self._order.level, command.duration_s, warm_up_s=command.settle_s))
        side.recorder.start(begin_at)
        if side.queue:
            side.queue.seed = seed
            side.queue.take_counts()

    def _follow(self, side: Side, command: BlockCommand, seed: int) -> None:
        side.gate.open()
        try:
            if side.queue is None:
                gevent.sleep(max(command.duration_s - side.recorder.now_s(), 0))
                return
            order, profile = self._order, hold(self._order.level, command.duration_s)
            due = arrivals_of(order.share, profile, arrivals=order.arrivals, seed=seed)
            users.follow_arrivals(self._pools[side.name], side.queue, due, command.duration_s)
        finally:
            side.gate.close()

    def _drain(self, side: Side) -> _Driven:
        """Wait until nothing is in flight, for as long as the stop timeout."""
        began = time.monotonic()
        deadline = began + self._order.stop_timeout_s
        while (side.in_flight or _waiting(side)) and time.monotonic() < deadline:
            gevent.sleep(_DRAIN_POLL_S)
        drain_s = time.monotonic() - began
        dropped = side.queue.drop() if side.queue else 0
        return _Driven(side, drain_s, side.in_flight + dropped)

    def _even_out(self) -> None:
        """A pool that had to grow at one side grows at the other, which then has as many connections."""
        size = max((pool.size for pool in self._pools.values()), default=0)
        for pool in self._pools.values():
            pool.grow_to(size)

    def _entry(
        self, command: BlockCommand, driven: _Driven, health: HealthSample, begin_at: float
    ) -> tuple[BlockEntry, int]:
        side = driven.side
        flushed = side.recorder.flush()
        counts = side.queue.take_counts() if side.queue else None
        entry = BlockEntry(
            number=command.number,
            pair=command.pair,
            side=side.name,
            at_s=begin_at - self._began,
            measured_s=command.duration_s - command.settle_s,
            endpoints=_measured(flushed),
            users=side.runner.user_count,
            requests=flushed.requests,
            arrivals=counts[0] if counts else 0,
            unfinished=driven.unfinished,
            drain_s=driven.drain_s,
            lag_ms=counts[2].quantile(0.99) if counts and counts[2] else None,
            health=health,
        )
        return entry, flushed.failures


def _waiting(side: Side) -> int:
    return side.queue.waiting if side.queue else 0


def _measured(flushed: Flushed) -> dict[str, Requests]:
    """The requests that were intended after the block's beginning and before its end, by endpoint."""
    return Requests.of_cells(cell for cell in flushed.cells if cell.phase == STEADY)
