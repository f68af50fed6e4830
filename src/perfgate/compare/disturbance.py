"""Which blocks count: a rule that was fixed before anything was measured, and that looks at no latency.

It asks only whether the machine or the generator was disturbed, by the limits of `[gate.health]`, two of which are
held tighter than for a whole run: what a run forgives in one second of a minute is a whole block here. How slow either
service was plays no part, else the rule itself would choose the result; and both sides of a pair go together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfgate.measure.block_entries import BlockEntry
    from perfgate.plan.plan import HealthLimits

STEAL = 0.10  # share of the machine's CPU time in a block
_FEW_TICKS_S = 0.012  # on two CPUs a block of 50 ms has nine or ten ticks, and three of them are more than this
THROTTLED = 0.05  # share of a block for which the CPU quota held the generator back


def disturbance(blocks: Iterable[BlockEntry], limits: HealthLimits) -> str:
    """Why the pair of these blocks does not count, in words that begin with the reason; empty when it does."""
    return next((why for block in blocks if (why := _of(block, limits))), "")


def _of(block: BlockEntry, limits: HealthLimits) -> str:
    health = block.health
    # Stolen time is counted in ticks of 10 ms, of which a short block has few: one or two of them say nothing.
    steal = max(min(limits.steal, STEAL), _FEW_TICKS_S / block.measured_s if block.measured_s > 0 else 0.0)
    throttled_ms = min(limits.throttled_ms, THROTTLED * 1000)
    looks: list[tuple[str, float | None, float, str]] = [
        ("clock step", abs(health.clock_step_ms), limits.clock_step_ms, "ms"),
        ("steal", _percent(health.steal), _percent(steal) or 0.0, "%"),
        ("throttled", health.throttled_ms, throttled_ms, "ms/s"),
        ("generator busy", _percent(health.cpu), _percent(limits.generator_cpu) or 0.0, "% of a core"),
        ("schedule lag", block.lag_ms, limits.schedule_lag_ms, "ms"),
        ("loop lag", health.loop_lag_ms, limits.loop_lag_ms, "ms"),
    ]
    for reason, value, limit, unit in looks:
        if value is not None and value > limit:
            return f"{reason}: {value:.3g} {unit} at {block.side} (limit {limit:.3g})"
    return ""


def _percent(share: float | None) -> float | None:
    return None if share is None else share * 100
