"""Blocks: short stretches of the same load at two sides, base and head, in turn; what a paired comparison is made of.

The unit is the pair: one block at each side, with the same schedule and the same payloads, one right after the other,
so that whatever the machine does in these seconds it does to both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from perfgate.measure.histogram import Histogram

SideName = Literal["base", "head"]


@dataclass(frozen=True)
class Requests:
    """The requests of one endpoint in one block, the block's warm-up left out.

    Attributes:
        response_ms: response times of successful requests.
        failed: how many failed.
    """

    response_ms: Histogram = field(default_factory=Histogram)
    failed: int = 0


@dataclass(frozen=True)
class Block:
    """One side of a pair.

    Attributes:
        endpoints: by name.
        measured_s: how long the block was measured, its warm-up left out.
        cpu_s: CPU time that the service's process tree used for the measured requests: of what it used in the whole
            block, warm-up included, their share by number. None when perfgate did not start it.
        memory_bytes: of its process tree at the block's end; None likewise.
        figures: what a whole load gave where that is the block. Stress: `capacity` (users, or arrivals per second) and
            `highest_throughput` (per second), of both of which less is worse; spike: `recovery_time` (seconds, 0 where
            it never was out of budget) and `spike_p95` (ms), of which more is. Empty for blocks of a steady load.
    """

    endpoints: dict[str, Requests]
    measured_s: float
    cpu_s: float | None = None
    memory_bytes: float | None = None
    figures: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Pair:
    """One block at each side.

    Attributes:
        number: from 0; the schedule and the payloads of both sides derive from it and the seed.
        first: which side was driven first (ABBA: base, head, head, base, ...).
        disturbed: why both sides are left out, by a rule fixed before anything was measured; empty: they count.
    """

    number: int
    base: Block
    head: Block
    first: SideName
    disturbed: str = ""
