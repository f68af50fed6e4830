"""Budgets proposed from a short measurement: room for what was seen and more, so that unchanged code is not red."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.judge.words import duration
from perfgate.scaffold.first_load import SHORTEST_S, long_enough
from perfgate.scaffold.spread import readable_up, roomy, upper_end

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perfgate.judge.result import Result, RunResult
    from perfgate.measure.histogram import Histogram
    from perfgate.measure.summary import EndpointSummary
    from perfgate.scaffold.spread import Measurement, Seconds

FACTOR = 1.5  # of CPU and memory, which are hints
THROUGHPUT_SHARE = 0.8
_MOST_ENDPOINTS = 10
_ERROR_RATE = 0.01
_ERROR_FACTOR = 3.0
_MOST_ERRORS = 0.9  # a limit of 100 % would say that an endpoint need never succeed
_UNSEEN = {"p95": (500.0, 2000.0), "p99": (1000.0, 5000.0)}  # warn and fail in ms of what was not measured
_ENOUGH = {"p95": 40, "p99": 200}  # requests of an endpoint with limits of its own: twice what the percentile needs
_MB = 1_000_000


@dataclass(frozen=True)
class Proposed:
    """A line of a budget.

    Attributes:
        limit: as it is written, e.g. `250ms`; past it a run fails.
        about: the comment behind it.
        warn: past it a run is a warning; empty for one tier.
    """

    metric: str
    limit: str
    about: str = ""
    warn: str = ""


@dataclass(frozen=True)
class Proposal:
    """The budgets of one service.

    Attributes:
        origin: one sentence on where the numbers come from.
        limits: of the whole service.
        endpoints: of endpoints that are much faster than the whole, or fail now and then, by name.
        hints: limits that are written as comments.
        notes: what the user should know, a sentence each.
        load_s: how long the load is that the limits are for.
    """

    origin: str
    limits: tuple[Proposed, ...]
    hints: tuple[Proposed, ...]
    endpoints: dict[str, tuple[Proposed, ...]]
    notes: tuple[str, ...] = ()
    measured: bool = False
    load_s: int = SHORTEST_S


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
            *(Proposed(metric, f"{fail:g}ms", warn=f"{warn:g}ms") for metric, (warn, fail) in _UNSEEN.items()),
        ),
        hints=(
            Proposed("throughput", "10/s", "at least"),
            *((Proposed("cpu", "80%", "100% is one core"), Proposed("memory", "500MB")) if own_process else ()),
        ),
        endpoints={},
        notes=(note,) if note else (),
    )


def proposed_from(measured: Measurement, service: str, *, own_process: bool = False) -> Proposal:
    """Limits from the first run of `service`; generous ones, with the reason, when it cannot be used.

    No limit is proposed that the measurement itself would break: what fails now and then gets a limit that says so.
    """
    result = measured.result
    run = next((run for run in result.runs if run.service == service), None)
    reason = _unusable(run, result)
    if reason or run is None or run.total is None:
        return unmeasured(f"the measurement could not be used: {reason}", own_process=own_process)
    return Proposal(
        origin=f"proposed from {run.total.requests} requests in {run.duration_s:.0f} s of {run.load} load: "
        "warn at twice and fail at four times the upper end of what was seen, or a floor",
        limits=(_error_limit(run.total), *_latency_limits(run.total, measured.seconds)),
        hints=tuple(_hints(run, run.total)),
        endpoints=_endpoints(run, measured.seconds),
        notes=tuple(_failing(run)),
        measured=True,
        load_s=long_enough(run),
    )


def unanswered(measured: Measurement, service: str) -> dict[str, str]:
    """Endpoints that never answered well, and what came instead, in words; none when nothing did at all.

    Where no request of any endpoint succeeded the service is down or wants credentials, and no endpoint is to blame.
    """
    dead = never_answered(measured, service)
    return dead if len(dead) < len(_asked(measured, service)) else {}


def never_answered(measured: Measurement, service: str) -> dict[str, str]:
    """Endpoints of which no request succeeded, and what came instead, in words."""
    return {
        name: _kinds(entries[0]) or "no answer"
        for name, entries in _asked(measured, service).items()
        if all(entry.requests == entry.failures for entry in entries)
    }


def _asked(measured: Measurement, service: str) -> dict[str, list[EndpointSummary]]:
    """Every endpoint that was asked: in the judged phase, or, as a login while users come to life, only in others."""
    run = next((run for run in measured.result.runs if run.service == service), None)
    judged: dict[str, list[EndpointSummary]] = {}
    others: dict[str, list[EndpointSummary]] = {}
    for found, entries in (
        ((judged, run.endpoints), *((others, phase.endpoints) for phase in run.phases)) if run else ()
    ):
        for entry in entries:
            if entry.name is not None and entry.requests:
                found.setdefault(entry.name, []).append(entry)
    return others | judged


def _unusable(run: RunResult | None, result: Result) -> str:
    """Why nothing can be proposed from a run, in words; empty when something can."""
    if run is None or run.total is None:
        return "; ".join(run.reasons if run else result.reasons) or "nothing was measured"
    if not run.health.valid:
        return "; ".join(run.health.reasons) or "the generator could not be trusted"
    if run.total.requests == run.total.failures:
        return (
            f"no request succeeded ({_kinds(run.total)}): runs are red until some do"
            if run.total.requests
            else "there were no requests"
        )
    return ""


def _latency_limits(total: EndpointSummary, seconds: Seconds) -> Iterator[Proposed]:
    """A service's limit is inherited by its endpoints, so it must hold for the slowest of them."""
    for metric in ("p95", "p99"):
        ends = _upper_ends(seconds, metric)
        if ends:
            yield _latency_limit(metric, max(ends.values()), getattr(total.latency_ms, metric))


def _upper_ends(seconds: Mapping[str | None, tuple[Histogram, ...]], metric: str) -> dict[str | None, float]:
    return {name: upper_end(own, metric) for name, own in seconds.items() if own}


def _latency_limit(metric: str, upper_ms: float, observed: float | None) -> Proposed:
    limit = roomy(upper_ms, metric)
    seen = f"up to {_ms(upper_ms)} seen" + (f", {_ms(observed)} in the whole" if observed is not None else "")
    return Proposed(metric, f"{limit.fail:g}ms", seen, warn=f"{limit.warn:g}ms")


def _error_limit(summary: EndpointSummary) -> Proposed:
    """At most 1 %, unless more was seen: then three times that, and 1 % is a warning."""
    about = f"observed {_percent(summary.error_rate)}"
    if summary.error_rate * _ERROR_FACTOR <= _ERROR_RATE:
        return Proposed("error_rate", "1%", about)
    share = min(readable_up(round(summary.error_rate * _ERROR_FACTOR, 9)), max(_MOST_ERRORS, summary.error_rate))
    return Proposed("error_rate", f"{math.ceil(round(share * 1000, 6)) / 10:g}%", about, warn="1%")


def _endpoints(run: RunResult, seconds: Seconds) -> dict[str, tuple[Proposed, ...]]:
    """Own limits for the busiest endpoints that are much faster than the slowest, and for those that fail at times."""
    whole = max(_upper_ends(seconds, "p95").values(), default=0.0)
    own: dict[str, tuple[Proposed, ...]] = {}
    for rank, entry in enumerate(sorted(run.endpoints, key=lambda entry: -entry.requests)):
        name, found = entry.name or "", seconds.get(entry.name, ())
        limits = []
        # Where the whole fails at times, those that do not keep the narrow limit, which they would not inherit.
        if entry.requests > entry.failures and _fails_at_times(entry, run.total):
            limits.append(_error_limit(entry))
        good = entry.requests - entry.failures
        if rank < _MOST_ENDPOINTS and found and good >= _ENOUGH["p95"]:
            upper = upper_end(found, "p95")
            if upper * 2 <= whole and (roomy(upper, "p95").fail or 0) < (roomy(whole, "p95").fail or 0):
                limits.append(_latency_limit("p95", upper, entry.latency_ms.p95))
        if name and limits:
            own[name] = tuple(limits)
    return own


def _fails_at_times(*summaries: EndpointSummary | None) -> bool:
    return any(entry is not None and entry.error_rate * _ERROR_FACTOR > _ERROR_RATE for entry in summaries)


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
    for entry in run.endpoints:
        if entry.error_rate > _ERROR_RATE:
            kinds = _kinds(entry)
            told = f"{entry.name}: {_percent(entry.error_rate)} of requests failed{f' ({kinds})' if kinds else ''}"
            dead = entry.requests == entry.failures
            yield told + (
                "; runs are red until it is mended or left out" if dead else "; its limit makes that a warning for now"
            )


def _kinds(entry: EndpointSummary) -> str:
    """What came instead, the most frequent first; a check's own text with its numbers, which its kind folds."""
    kinds = entry.failures_by_kind[:3]
    return ", ".join(kind.example if kind.example and "status N" in kind.kind else kind.kind for kind in kinds)


def _percent(share: float) -> str:
    """A share in percent, never rounded to a false 0 or 100."""
    if 0 < share < 0.0001:
        return "less than 0.01 %"
    return "more than 99.99 %" if 0.9999 < share < 1 else f"{share * 100:.2f} %"


def _ms(value: float) -> str:
    return duration(value, 3) if value < 1000 else f"{value:.0f} ms"
