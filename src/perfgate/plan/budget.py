"""Budgets: what a limit is, which metrics there are, and which limit applies where.

Inheritance, in one sentence: a limit on a service holds for every load, for the service as a whole and for each of
its endpoints; a limit on a load replaces it for that load; a limit on an endpoint replaces both for that endpoint.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Literal

Unit = Literal["ms", "s", "share", "/s", "cores", "bytes", "users", "percent", ""]

Uncertain = Literal["warn", "fail"]


class Scope(Enum):
    """What a metric is measured on."""

    REQUESTS = "requests"  # the whole service and each endpoint
    RUN = "run"  # the service as a whole, once a load
    SERVICE = "service"  # once a service, whatever the loads
    ARTIFACT = "artifact"  # a file, once


@dataclass(frozen=True)
class MetricKind:
    """A metric that can have a budget.

    Attributes:
        name: as in `budgets.toml`.
        unit: the unit of observed values and limits.
        at_most: True when lower is better and the limit is a maximum; False when the limit is a minimum.
        quantile: the share of a percentile (0.95 for p95), else None.
        loads: kinds of load that the metric is for; empty means all but stress, whose steps are judged by it.
        about: one line for `perfgate explain` and the docs.
    """

    name: str
    unit: Unit
    at_most: bool
    scope: Scope
    about: str
    quantile: float | None = None
    loads: frozenset[str] = frozenset()


def _kinds() -> dict[str, MetricKind]:
    requests, run, service = Scope.REQUESTS, Scope.RUN, Scope.SERVICE
    spike, stress, soak = frozenset({"spike"}), frozenset({"stress"}), frozenset({"soak"})
    kinds = [
        MetricKind("mean", "ms", True, requests, "mean response time of successful requests"),
        MetricKind("p50", "ms", True, requests, "median response time", 0.50),
        MetricKind("p90", "ms", True, requests, "90th percentile of response time", 0.90),
        MetricKind("p95", "ms", True, requests, "95th percentile of response time", 0.95),
        MetricKind("p99", "ms", True, requests, "99th percentile of response time", 0.99),
        MetricKind("p99_9", "ms", True, requests, "99.9th percentile of response time", 0.999),
        MetricKind("max", "ms", True, requests, "the slowest successful request", 1.0),
        MetricKind("error_rate", "share", True, requests, "failed requests / all requests"),
        MetricKind("throughput", "/s", False, requests, "successful requests per second, at least"),
        MetricKind("cpu", "cores", True, run, "mean CPU of the service's process tree; 100% is one core"),
        MetricKind("memory", "bytes", True, run, "largest resident memory of the service's process tree"),
        MetricKind("capacity", "", False, run, "stress: the highest step that held, at least", loads=stress),
        MetricKind("recovery_time", "s", True, run, "spike: time until back within budget", loads=spike),
        MetricKind("p95_drift", "percent", True, run, "soak: p95, last fifth against first", loads=soak),
        MetricKind("memory_drift", "percent", True, run, "soak: memory, last fifth against first", loads=soak),
        MetricKind("startup_time", "s", True, service, "from the service's start until it is ready"),
    ]
    return {kind.name: kind for kind in kinds}


METRICS: dict[str, MetricKind] = _kinds()


@dataclass(frozen=True)
class Limit:
    """A limit on one metric, in the metric's unit; at least one tier is set.

    Attributes:
        source: where it stands, `budgets.toml:42`, or `default`.
        uncertain: what it makes of a value past `fail` whose own 95 % interval reaches back to `fail`.
    """

    metric: str
    warn: float | None = None
    fail: float | None = None
    source: str = ""
    uncertain: Uncertain = "warn"


DEFAULT = "default"  # the source of limits that nobody wrote

# Holds wherever no error rate is written: what failed is in no latency and in no throughput, so that without it a
# service that refuses most of its visitors at once would look quick.
DEFAULT_ERROR_RATE = Limit("error_rate", warn=0.01, fail=0.5, source=DEFAULT)


@dataclass(frozen=True)
class CustomMetric:
    """A metric that a scenario reports, or that is read from responses.

    Attributes:
        better: which direction is good.
        header: the response header that carries the value, else None.
        json_field: the dotted path of the value in a JSON response body, else None.
        endpoint: read it only from this endpoint's responses; None reads every response.
    """

    name: str
    unit: str = ""
    better: Literal["lower", "higher"] = "lower"
    header: str | None = None
    json_field: str | None = None
    endpoint: str | None = None


@dataclass(frozen=True)
class BudgetLayer:
    """The limits of one table: by metric name, and by (custom metric, statistic)."""

    limits: dict[str, Limit] = field(default_factory=dict)
    custom: dict[tuple[str, str], Limit] = field(default_factory=dict)

    @property
    def error_rate(self) -> Limit:
        """The limit on the error rate: what is written, else the default."""
        return self.limits.get("error_rate", DEFAULT_ERROR_RATE)

    def deciding(self, uncertain: Uncertain) -> BudgetLayer:
        """The same limits, each of which makes this of what is uncertain."""
        return BudgetLayer(
            {name: replace(limit, uncertain=uncertain) for name, limit in self.limits.items()},
            {key: replace(limit, uncertain=uncertain) for key, limit in self.custom.items()},
        )

    def over(self, below: BudgetLayer) -> BudgetLayer:
        """This layer laid over another: what it names replaces what lies below."""
        return BudgetLayer({**below.limits, **self.limits}, {**below.custom, **self.custom})


@dataclass(frozen=True)
class Budget:
    """All limits of one service.

    Attributes:
        every: the service's own layer.
        loads: a layer per load name.
        endpoints: per endpoint, a layer for every load.
        endpoint_loads: per (endpoint, load name), a layer.
        endpoint_sources: where each endpoint's table stands (`budgets.toml:42`).
    """

    every: BudgetLayer = field(default_factory=BudgetLayer)
    loads: dict[str, BudgetLayer] = field(default_factory=dict)
    endpoints: dict[str, BudgetLayer] = field(default_factory=dict)
    endpoint_loads: dict[tuple[str, str], BudgetLayer] = field(default_factory=dict)
    endpoint_sources: dict[str, str] = field(default_factory=dict)

    def deciding(self, uncertain: Uncertain) -> Budget:
        """The same budgets, whose limits all make this of what is uncertain."""
        return replace(
            self,
            every=self.every.deciding(uncertain),
            loads={name: layer.deciding(uncertain) for name, layer in self.loads.items()},
            endpoints={name: layer.deciding(uncertain) for name, layer in self.endpoints.items()},
            endpoint_loads={key: layer.deciding(uncertain) for key, layer in self.endpoint_loads.items()},
        )

    def for_load(self, load: str) -> BudgetLayer:
        """What holds for the whole service under `load`."""
        return self.loads.get(load, BudgetLayer()).over(self.every)

    def own_of_endpoint(self, endpoint: str, load: str) -> BudgetLayer:
        """What was written for this endpoint itself (its load table over its own)."""
        every = self.endpoints.get(endpoint, BudgetLayer())
        return self.endpoint_loads.get((endpoint, load), BudgetLayer()).over(every)

    def for_endpoint(self, endpoint: str, load: str) -> BudgetLayer:
        """What holds for one endpoint under `load`: its own limits over the inherited ones.

        Only metrics of requests are inherited, and throughput is not: the whole's is not each part's.
        """
        inherited = {
            name: limit
            for name, limit in self.for_load(load).limits.items()
            if METRICS[name].scope is Scope.REQUESTS and name != "throughput"
        }
        return self.own_of_endpoint(endpoint, load).over(BudgetLayer(inherited))
