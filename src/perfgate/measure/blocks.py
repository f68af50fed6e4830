"""Blocks: short stretches of the same load at two sides, base and head, in turn; what a paired comparison is made of.

The unit is the pair: one block at each side, with the same schedule and the same payloads, one right after the other,
so that whatever the machine does in these seconds it does to both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from perfgate.measure.histogram import Histogram

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.measure.recording import Cell

SideName = Literal["base", "head"]


@dataclass(frozen=True)
class Requests:
    """The requests of one endpoint in one block, the block's warm-up left out.

    Attributes:
        response_ms: response times of successful requests.
        failed: how many failed.
        bytes_received: the sum of the successful ones' response lengths.
        empty: how many of the successful ones had no body, or nobody told its length.
        redirected: how many of the successful ones were answered from elsewhere, or told to look there.
    """

    response_ms: Histogram = field(default_factory=Histogram)
    failed: int = 0
    bytes_received: int = 0
    empty: int = 0
    redirected: int = 0

    @classmethod
    def of_cells(cls, cells: Iterable[Cell]) -> dict[str, Requests]:
        """The requests of cells by endpoint, in the order of their first."""
        own: dict[str, list[Cell]] = {}
        for cell in cells:
            own.setdefault(cell.endpoint, []).append(cell)
        return {name: cls._of(parts) for name, parts in own.items()}

    @classmethod
    def _of(cls, cells: Sequence[Cell]) -> Requests:
        good = [cell for cell in cells if cell.outcome == "ok"]
        return cls(
            Histogram.merged(cell.response_ms for cell in good),
            sum(cell.requests for cell in cells if cell.outcome != "ok"),
            sum(cell.bytes_received for cell in good),
            sum(cell.empty for cell in good),
            sum(cell.redirected for cell in good),
        )


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
