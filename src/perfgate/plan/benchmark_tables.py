"""The tables of `budgets.toml` that limit imported results: `[benchmarks."test_encode"]`."""

# No `from __future__ import annotations`: pydantic evaluates the annotations, so they must be real imports.

from perfgate.plan.limit_tables import Table, key
from perfgate.plan.tiers import MeasureTiers, ShareTiers


class BenchmarkTable(Table):
    """Limits on benchmarks and other imported results, by name or glob (`*` and `?`)."""

    tool: str | None = key(
        "only results of this tool, as `perfgate import` names it; of any unless written", min_length=1
    )
    mean: MeasureTiers | None = key("mean of all values; at most")
    p50: MeasureTiers | None = key("median; at most")
    p90: MeasureTiers | None = key("90th percentile; at most")
    p95: MeasureTiers | None = key("95th percentile; at most")
    p99: MeasureTiers | None = key("99th percentile; at most")
    p99_9: MeasureTiers | None = key("99.9th percentile; at most")
    min: MeasureTiers | None = key("smallest value; at most")
    max: MeasureTiers | None = key("largest value; at most")
    error_rate: ShareTiers | None = key("failed requests / all requests, of an imported load; at most")
