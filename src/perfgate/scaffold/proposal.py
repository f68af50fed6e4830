"""Budgets proposed from a short measurement: what was observed, times 1.5, rounded up to a readable number."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.judge.result import Result, RunResult
    from perfgate.measure.summary import EndpointSummary, Latency

FACTOR = 1.5  # a first limit must not be red on the next quiet Tuesday; it is to be tightened later
THROUGHPUT_SHARE = 0.8
_LEAST_MS = 5.0  # below it the machine's own scheduling decides more than the service
_STEPS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_MOST_ENDPOINTS = 10
_ERROR_RATE = 0.01
_MB = 1_000_000


@dataclass(frozen=True)
class Proposed:
    """A line of a budget.

    Attributes:
        limit: as it is written, e.g. `250ms`.
        about: the comment behind it.
    """

    metric: str
    limit: str
    about: str = ""


@dataclass(frozen=True)
class Proposal:
    """The budgets of one service.

    Attributes:
        origin: one sentence on where the numbers come from.
        limits: of the whole service.
        endpoints: of endpoints that are much faster than the whole, by name.
        hints: limits that are written as comments.
        notes: what the user should know, a sentence each.
    """

    origin: str
    limits: tuple[Proposed, ...]
    hints: tuple[Proposed, ...]
    endpoints: dict[str, tuple[Proposed, ...]]
    notes: tuple[str, ...] = ()
    measured: bool = False


def readable_up(value: float) -> float:
    """The next number of the series 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10 times a power of ten; never below `value`.

    Example:
        >>> readable_up(46.8)
        50.0
    """
    power = 10.0 ** math.floor(math.log10(value))
    steps = (round(step * power, 12) for step in _STEPS)
    return next((step for step in steps if step >= value), 10 * power)


def unmeasured(note: str = "", *, own_process: bool = False) -> Proposal:
    """Generous limits for a service that was not measured.

    Args:
        note: why it was not, a sentence.
        own_process: perfgate starts the service, so that it sees its CPU and memory.
    """
    return Proposal(
        origin="proposed without a measurement: run `perfgate run` and tighten",
        limits=(
            Proposed("error_rate", "1%"),
            Proposed("p95", "500ms"),
            Proposed("p99", "1000ms"),
        ),
        hints=(
            Proposed("throughput", "10/s", "at least"),
            *((Proposed("cpu", "80%", "100% is one core"), Proposed("memory", "500MB")) if own_process else ()),
        ),
        endpoints={},
        notes=(note,) if note else (),
    )


def from_result(result: Result, service: str, *, own_process: bool = False) -> Proposal:
    """Limits from the first run of `service` in `result`; generous ones, with the reason, when it cannot be used."""
    run = next((run for run in result.runs if run.service == service), None)
    reason = _unusable(run, result)
    if reason or run is None or run.total is None:
        return unmeasured(f"the measurement could not be used: {reason}", own_process=own_process)
    summaries = [run.total, *_successful(run)]
    limits = tuple(_latency_limits([summary.latency_ms for summary in summaries]))
    return Proposal(
        origin=f"proposed from {run.total.requests} requests in {run.duration_s:.0f} s of {run.load} load: "
        "observed x 1.5, rounded up",
        limits=(Proposed("error_rate", "1%", f"observed {_percent(run.total.error_rate)}"), *limits),
        hints=tuple(_hints(run, run.total)),
        endpoints=_endpoints(run),
        notes=tuple(_failing(run)),
        measured=True,
    )


def _unusable(run: RunResult | None, result: Result) -> str:
    """Why nothing can be proposed from a run, in words; empty when something can."""
    if run is None or run.total is None:
        return "; ".join(run.reasons if run else result.reasons) or "nothing was measured"
    if not run.health.valid:
        return "; ".join(run.health.reasons) or "the generator could not be trusted"
    if run.total.requests == run.total.failures:
        return "no request succeeded" if run.total.requests else "there were no requests"
    return "" if run.total.latency_ms.p95 is not None else f"{run.total.requests} requests carry no p95"


def _successful(run: RunResult) -> list[EndpointSummary]:
    return [endpoint for endpoint in run.endpoints if endpoint.requests > endpoint.failures]


def _latency_limits(latencies: list[Latency]) -> Iterator[Proposed]:
    """A service's limit is inherited by its endpoints, so it must hold for the slowest of them."""
    for metric in ("p95", "p99"):
        observed = [value for latency in latencies if (value := getattr(latency, metric)) is not None]
        if observed:
            yield Proposed(metric, _limit_ms(max(observed)), f"observed {_ms(max(observed))}")


def _limit_ms(observed: float) -> str:
    return f"{max(readable_up(max(observed, 1e-6) * FACTOR), _LEAST_MS):g}ms"


def _endpoints(run: RunResult) -> dict[str, tuple[Proposed, ...]]:
    """Own limits for the busiest endpoints that are at least twice as fast as the slowest."""
    busiest = sorted(_successful(run), key=lambda endpoint: -endpoint.requests)[:_MOST_ENDPOINTS]
    observed = {
        endpoint.name: endpoint.latency_ms.p95
        for endpoint in busiest
        if endpoint.name is not None and endpoint.latency_ms.p95 is not None
    }
    slowest = max(observed.values(), default=0.0)
    return {
        name: (Proposed("p95", _limit_ms(p95), f"observed {_ms(p95)}"),)
        for name, p95 in observed.items()
        if p95 * 2 <= slowest and slowest * FACTOR > _LEAST_MS
    }


def _hints(run: RunResult, total: EndpointSummary) -> Iterator[Proposed]:
    # At most what was seen, and never rounded up: the normal load asks for no more.
    throughput = total.throughput_per_s * THROUGHPUT_SHARE
    yield Proposed("throughput", f"{throughput:.0f}/s" if throughput >= 10 else f"{throughput:.1f}/s", "at least")
    if run.cpu_mean is not None:
        limit = readable_up(max(run.cpu_mean * 100 * FACTOR, 10.0))
        yield Proposed("cpu", f"{limit:g}%", f"100% is one core; observed {run.cpu_mean:.0%}")
    if run.memory_max_bytes is not None:
        limit = readable_up(max(run.memory_max_bytes / _MB * FACTOR, 10.0))
        yield Proposed("memory", f"{limit:g}MB", f"observed {run.memory_max_bytes / _MB:.0f} MB")


def _failing(run: RunResult) -> Iterator[str]:
    for endpoint in run.endpoints:
        if endpoint.error_rate > _ERROR_RATE:
            kinds = ", ".join(failure.kind for failure in endpoint.failures_by_kind[:3])
            yield f"{endpoint.name}: {_percent(endpoint.error_rate)} of requests failed{f' ({kinds})' if kinds else ''}"


def _percent(share: float) -> str:
    """A share in percent, never rounded to a false 0 or 100."""
    if 0 < share < 0.0001:
        return "less than 0.01 %"
    return "more than 99.99 %" if 0.9999 < share < 1 else f"{share * 100:.2f} %"


def _ms(value: float) -> str:
    return f"{value:.3g} ms" if value < 1000 else f"{value:.0f} ms"
