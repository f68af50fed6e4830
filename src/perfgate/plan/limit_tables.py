"""The `budget` tables of `budgets.toml`: which limits may stand on a service, a load and an endpoint."""

# No `from __future__ import annotations`: pydantic evaluates the annotations, so they must be real imports.

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from perfgate.plan.budget import METRICS
from perfgate.plan.tiers import (
    CapacityTiers,
    CoresTiers,
    DriftTiers,
    LatencyTiers,
    NumberTiers,
    RateTiers,
    ShareTiers,
    SizeTiers,
    TimeTiers,
)

# What is wrong with any other key there.
NOT_IN_BUDGET = "unknown key: neither a limit nor a load"


class Table(BaseModel):
    """A table with fixed keys."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def key(about: str, **options: Any) -> Any:
    """A key that need not be written, with its description."""
    return Field(default=None, description=about, **options)


def _limit(metric: str) -> Any:
    kind = METRICS[metric]
    return key(f"{kind.about}; {'at most' if kind.at_most else 'at least'}")


class StatLimits(Table):
    """Limits on the statistics of a custom metric, as plain numbers in the metric's own unit."""

    mean: NumberTiers | None = key("mean of all values")
    p50: NumberTiers | None = key("median")
    p90: NumberTiers | None = key("90th percentile")
    p95: NumberTiers | None = key("95th percentile")
    p99: NumberTiers | None = key("99th percentile")
    p99_9: NumberTiers | None = key("99.9th percentile")
    min: NumberTiers | None = key("smallest value")
    max: NumberTiers | None = key("largest value")


class RequestLimits(Table):
    """Limits on what is measured on requests; they may stand on a service, a load, or an endpoint."""

    mean: LatencyTiers | None = _limit("mean")
    p50: LatencyTiers | None = _limit("p50")
    p90: LatencyTiers | None = _limit("p90")
    p95: LatencyTiers | None = _limit("p95")
    p99: LatencyTiers | None = _limit("p99")
    p99_9: LatencyTiers | None = _limit("p99_9")
    max: LatencyTiers | None = _limit("max")
    error_rate: ShareTiers | None = _limit("error_rate")
    throughput: RateTiers | None = _limit("throughput")
    metrics: dict[str, StatLimits] | None = key("Limits on custom metrics: `metrics.tokens.p95 = 800`.")


class LoadLimits(RequestLimits):
    """Limits of a service under one load."""

    cpu: CoresTiers | None = _limit("cpu")
    memory: SizeTiers | None = _limit("memory")
    capacity: CapacityTiers | None = _limit("capacity")
    recovery_time: TimeTiers | None = _limit("recovery_time")
    p95_drift: DriftTiers | None = _limit("p95_drift")
    memory_drift: DriftTiers | None = _limit("memory_drift")


class ServiceLimits(LoadLimits):
    """Limits of a service under every load; a sub-table named like a load holds that load's own limits."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)
    __pydantic_extra__: dict[str, LoadLimits] = Field(init=False)

    startup_time: TimeTiers | None = _limit("startup_time")


class EndpointLoadLimits(RequestLimits):
    """Limits of one endpoint under one load."""


class EndpointLimits(RequestLimits):
    """Limits of one endpoint under every load; a sub-table named like a load holds that load's own limits."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)
    __pydantic_extra__: dict[str, EndpointLoadLimits] = Field(init=False)
