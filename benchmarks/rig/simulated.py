"""Simulated services and the pairs of blocks that driving them would give, noise of CI machines included.

A world is what a machine and a service are like. Each block is a queue: arrivals are Poisson, the same at both sides of
a pair (same schedule, same payloads), and what one request waits is what those before it left over, so that latencies
within a block are correlated as they are in real services. Around that: the machine's speed drifts slowly (an
autoregressive walk that both sides of a pair share but for a second), has bursts that fall on one block, and some
requests are slow by far (a heavy tail).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perfgate.measure.blocks import Block, Pair, Requests
from perfgate.measure.histogram import Histogram

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MEASURED_S = 0.9
_STICKS = 0.95  # of the machine's speed, from block to block


@dataclass(frozen=True)
class World:
    """A machine and a service.

    Attributes:
        endpoints: how many; their shares are unequal (a Dirichlet draw).
        per_block: requests in a block, on average.
        busy: utilisation; how much the requests queue.
        spread: of log service times within an endpoint, lowest and highest.
        payload: the share of that variance which comes from the payload, and so is the same at both sides.
        drift: standard deviation of the machine's log speed.
        jitter: of each block's own.
        bursts: share of blocks that a burst falls on, and its mean size (log).
        slow: share of requests that are slow by far, and the exponent of their Pareto tail.
        even: shares are 1, 2, 3, ... instead of a draw, so that an endpoint's share is known.
    """

    endpoints: int = 20
    per_block: int = 200
    busy: float = 0.5
    spread: tuple[float, float] = (0.2, 0.6)
    payload: float = 0.5
    drift: float = 0.03
    jitter: float = 0.01
    bursts: tuple[float, float] = (0.03, 0.15)
    slow: tuple[float, float] = (0.01, 2.5)
    even: bool = False


WORLDS = {
    "calm": World(busy=0.2, spread=(0.15, 0.35), drift=0.02, bursts=(0.01, 0.1), slow=(0.005, 3.0)),
    "hosted runner": World(busy=0.4, drift=0.05, bursts=(0.05, 0.2)),
    "busy queue": World(busy=0.7),
    "heavy tails": World(busy=0.4, slow=(0.02, 1.8)),
}


@dataclass(frozen=True)
class Service:
    """One draw of a world: shapes (endpoints,)."""

    world: World
    shares: Floats
    centre: Floats
    spread: Floats

    @classmethod
    def drawn(cls, world: World, rng: np.random.Generator) -> Service:
        """A service of this world."""
        count = world.endpoints
        shares = (
            np.arange(1, count + 1) / (count * (count + 1) / 2) if world.even else rng.dirichlet(np.full(count, 2.0))
        )
        return cls(world, shares, np.log(3.0) + rng.normal(0, 0.4, count), rng.uniform(*world.spread, count))

    def pairs(
        self, count: int, rng: np.random.Generator, change: Floats | None = None, stretch: Floats | float = 1.0
    ) -> list[Pair]:
        """Pairs of blocks in ABBA order.

        Args:
            count: of pairs.
            rng: source of randomness.
            change: the log change of each endpoint's service time at the head; None is none. Latencies change by
                more, as queues grow.
            stretch: a factor on every latency at the head, its waiting included, for all endpoints or each: then they
                change by that and no more.
        """
        speed = _speed(self.world, 2 * count, rng)
        shift = np.zeros(self.world.endpoints) if change is None else change
        factors = np.broadcast_to(stretch, self.world.endpoints)
        return [
            self._pair(number, speed[2 * number : 2 * number + 2], (shift, factors), rng) for number in range(count)
        ]

    def _pair(self, number: int, speed: Floats, head: tuple[Floats, Floats], rng: np.random.Generator) -> Pair:
        shift, factors = head
        world = self.world
        requests = max(int(rng.poisson(world.per_block)), 1)
        which = rng.choice(world.endpoints, requests, p=self.shares)
        usual = float((self.shares * np.exp(self.centre + self.spread**2 / 2)).sum())
        gaps = rng.exponential(usual / world.busy, requests)
        payload = rng.standard_normal(requests)
        base_first = number % 2 == 0
        sides = []
        for is_head in (False, True):
            own = rng.standard_normal(requests)
            z = np.sqrt(world.payload) * payload + np.sqrt(1 - world.payload) * own
            logs = self.centre[which] + self.spread[which] * z + speed[int(is_head == base_first)]
            times = np.exp(logs + (shift[which] if is_head else 0.0))
            slow = rng.random(requests) < world.slow[0]
            times = np.where(slow, times * (2 + rng.pareto(world.slow[1], requests)), times)
            factor = factors[which] if is_head else np.ones(requests)
            sides.append(_block(which, (times + _waits(times, gaps)) * factor, float((times * factor).sum())))
        return Pair(number, sides[0], sides[1], "base" if base_first else "head")


def _speed(world: World, blocks: int, rng: np.random.Generator) -> Floats:
    steps = rng.normal(0, world.drift * np.sqrt(1 - _STICKS**2), blocks)
    drift = np.empty(blocks)
    now = rng.normal(0, world.drift)
    for place, step in enumerate(steps):
        now = _STICKS * now + step
        drift[place] = now
    bursts = np.where(rng.random(blocks) < world.bursts[0], rng.exponential(world.bursts[1], blocks), 0.0)
    return np.asarray(drift + rng.normal(0, world.jitter, blocks) + bursts)


def _waits(times: Floats, gaps: Floats) -> Floats:
    """Waiting times of a queue with one server (Lindley's recursion, unrolled)."""
    walk = np.concatenate([[0.0], np.cumsum(times[:-1] - gaps[1:])])
    return np.asarray(walk - np.minimum.accumulate(walk))


def _block(which: NDArray[np.int64], times: Floats, work_ms: float) -> Block:
    order = np.argsort(which, kind="stable")
    numbers, starts = np.unique(which[order], return_index=True)
    parts = np.split(times[order], starts[1:])
    endpoints = {
        f"GET /{number}": Requests(Histogram.of(part)) for number, part in zip(numbers.tolist(), parts, strict=True)
    }
    return Block(endpoints, MEASURED_S, cpu_s=work_ms / 1000)
