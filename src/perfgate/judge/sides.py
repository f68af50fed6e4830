"""Pairs of blocks turned into what can be compared: one case for each endpoint, or the whole service, and metric."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import TYPE_CHECKING, Literal

import numpy as np

from perfgate.judge.contrast import Charged, Contrast, Mean, Quantile, Ratio, Share, Values
from perfgate.judge.speed import speeds
from perfgate.measure.histogram import values_of
from perfgate.measure.pairs import UNFINISHED
from perfgate.measure.percentile import QUANTILES, needed_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from perfgate.measure.blocks import Block, Pair, Requests

    Floats = NDArray[np.float64]

COMPARED = ("p50", "p95")
SHOWN = ("p99",)  # too few requests lie beyond it to fail on it alone
MOSTLY_FAILED = 0.5  # the share of an endpoint's requests from which the times of the others say nothing of it
Missing = Literal["", "too_few", "new", "gone", "failed", "unmeasured"]
_SUCCESSFUL, _ALL = "successful", "all"


@dataclass(frozen=True)
class CheckKey:
    """One metric of one endpoint, or of the whole service.

    Attributes:
        endpoint: its name; None is the whole service.
        metric: `mean` (geometric: the mean of log latency), `p50`, `p95`, `p99`, `error_rate`; of the whole service
            also `throughput`, `cpu_per_request`, `memory`.
    """

    endpoint: str | None
    metric: str


@dataclass(frozen=True)
class Side:
    """What was observed at one side, over all pairs that count.

    Attributes:
        value: in the case's unit; None when there was nothing to observe.
        requests: on which it rests.
    """

    value: float | None
    requests: int


@dataclass(frozen=True)
class Case:
    """What can be compared about one check.

    Attributes:
        contrast: None when it cannot be compared; `missing` says why.
        strict: what must be proven too before anything is said in the head's favour, where more of its requests failed
            than of the base's: the same with these taken for slow ones. None where no more did.
        unit: of the values.
        gating: whether it is part of the verdict.
        failed: the share of failed requests at base and head, where it is `missing` because of them.
    """

    key: CheckKey
    contrast: Contrast | None
    missing: Missing
    base: Side
    head: Side
    unit: str
    gating: bool = True
    strict: Contrast | None = None
    failed: tuple[float, float] | None = None


@dataclass(frozen=True)
class _Endpoint:
    """One endpoint's requests at one side."""

    times: Values
    failed: Floats

    @property
    def error_rate(self) -> float:
        """The share of failed requests; 0 without any."""
        return float(self.failed.sum() / max(self.requests.sum(), 1))

    @property
    def seen(self) -> bool:
        return bool(self.times.total or self.failed.sum())

    @property
    def requests(self) -> Floats:
        return np.asarray(self.times.totals + self.failed)

    def mean_logs(self) -> Floats:
        """Per pair; 0 where there was no request."""
        sums = np.bincount(self.times.pair, self.times.counts * self.times.logs, self.failed.size).astype(np.float64)
        return np.divide(sums, self.times.totals, out=np.zeros_like(sums), where=self.times.totals > 0)


def cases(pairs: Sequence[Pair]) -> list[Case]:
    """Everything that can be said about undisturbed pairs; endpoints by name, the whole service last."""
    seen = {name for pair in pairs for block in (pair.base, pair.head) for name in block.endpoints}
    bases = {name: _collected([pair.base for pair in pairs], name) for name in seen}
    heads = {name: _collected([pair.head for pair in pairs], name) for name in seen}
    names = sorted(seen - {UNFINISHED})  # which is no endpoint: what was never answered belongs to the whole
    both = [name for name in names if bases[name].seen and heads[name].seen]
    timed = [name for name in both if _mostly_failed(bases[name], heads[name]) is None]
    speed = speeds([(bases[name].times, heads[name].times) for name in timed], len(pairs))
    found = [case for name in names for case in _endpoint_cases(name, bases[name], heads[name], speed)]
    if both:
        counted = [name for name in (*both, UNFINISHED) if name in seen]
        all_sides = [bases[name] for name in counted], [heads[name] for name in counted]
        found += _whole_latency([bases[name] for name in timed], [heads[name] for name in timed], speed, all_sides)
        found.append(_error_case(None, *all_sides))
        found += _block_cases(pairs)
    return found


def _mostly_failed(base: _Endpoint, head: _Endpoint) -> tuple[float, float] | None:
    """Both error rates, where one is so high that the times of what succeeded are no measure of the endpoint."""
    rates = base.error_rate, head.error_rate
    return rates if max(rates) >= MOSTLY_FAILED else None


def _collected(blocks: Sequence[Block], name: str) -> _Endpoint:
    parts: list[tuple[int, Requests]] = [
        (number, block.endpoints[name]) for number, block in enumerate(blocks) if name in block.endpoints
    ]
    failed = np.zeros(len(blocks))
    for number, part in parts:
        failed[number] = part.failed
    bins = np.concatenate([part.response_ms.bins for _, part in parts] or [np.empty(0, np.int32)])
    counts = np.concatenate([part.response_ms.counts for _, part in parts] or [np.empty(0, np.int64)])
    numbers = np.repeat([number for number, _ in parts], [part.response_ms.bins.size for _, part in parts])
    return _Endpoint(Values.of(values_of(bins), counts, numbers.astype(np.int64), len(blocks)), failed)


def _endpoint_cases(name: str, base: _Endpoint, head: _Endpoint, speed: Floats) -> Iterator[Case]:
    if not (base.seen and head.seen):
        missing: Missing = "new" if head.seen else "gone"
        for metric in ("mean", *COMPARED, "error_rate"):
            sides = _side(base, metric), _side(head, metric)
            yield Case(CheckKey(name, metric), None, missing, *sides, "share" if metric == "error_rate" else "ms")
        return
    if rates := _mostly_failed(base, head):
        for metric in ("mean", *COMPARED):
            yield Case(
                CheckKey(name, metric), None, "failed", _side(base, metric), _side(head, metric), "ms", failed=rates
            )
    else:
        yield _mean_case(name, [base], [head])
        yield from _quantile_cases(name, base, head, speed, _excess(base, head))
    yield _error_case(name, [base], [head])


def _excess(base: _Endpoint, head: _Endpoint) -> Floats:
    """Per pair, the head's failed requests beyond the share of them that the base has.

    Requests that fail are in no latency. Where the slow ones are those that fail, the rest looks faster than it is: so
    what fails more is taken for the slowest before anything is said in the head's favour (Lee, Training, wages, and
    sample selection: estimating sharp bounds on treatment effects, Review of Economic Studies 76, 2009).
    """
    failed = float(head.failed.sum())
    beyond = failed - base.error_rate * float(head.requests.sum())
    return head.failed * (beyond / failed) if failed and beyond > 0 else np.zeros_like(head.failed)


def _side(endpoint: _Endpoint, metric: str) -> Side:
    if metric == "error_rate":
        return _error_side([endpoint])
    requests = int(endpoint.times.total)
    if metric == "mean":
        return Side(_geometric([endpoint]), requests)
    share = QUANTILES[metric]
    return Side(exp(endpoint.times.quantile(share)) if requests >= needed_for(share) else None, requests)


def _geometric(endpoints: Sequence[_Endpoint]) -> float | None:
    requests = sum(endpoint.times.total for endpoint in endpoints)
    sums = sum(float(endpoint.times.counts @ endpoint.times.logs) for endpoint in endpoints)
    return exp(sums / requests) if requests else None


def _error_side(endpoints: Sequence[_Endpoint]) -> Side:
    failed = sum(endpoint.failed.sum() for endpoint in endpoints)
    requests = int(sum(endpoint.requests.sum() for endpoint in endpoints))
    return Side(float(failed / requests) if requests else None, requests)


def _mean_case(name: str | None, bases: Sequence[_Endpoint], heads: Sequence[_Endpoint]) -> Case:
    differences, weights = [], []
    for base, head in zip(bases, heads, strict=True):
        totals = base.times.totals + head.times.totals
        product = base.times.totals * head.times.totals
        weight = np.divide(product, totals, out=np.zeros_like(totals), where=totals > 0)
        weights.append(weight)
        differences.append(np.where(weight > 0, head.mean_logs() - base.mean_logs(), 0.0))
    contrast = Mean(np.array(differences), np.array(weights))
    counts = [int(sum(endpoint.times.total for endpoint in side)) for side in (bases, heads)]
    sides = Side(_geometric(bases), counts[0]), Side(_geometric(heads), counts[1])
    key = CheckKey(name, "mean")
    if not contrast.weights.any():
        return Case(key, None, "too_few", *sides, "ms")
    return Case(key, contrast, "", *sides, "ms", strict=_charged(contrast, bases, heads))


def _charged(contrast: Mean, bases: Sequence[_Endpoint], heads: Sequence[_Endpoint]) -> Charged | None:
    """The head's excess of failed requests, each as slow as the slowest request of its endpoint; None without any."""
    extra = np.zeros(contrast.weights.shape[1])
    for base, head in zip(bases, heads, strict=True):
        excess = _excess(base, head)
        if excess.any() and base.times.total and head.times.total:
            slowest = max(float(base.times.logs[-1]), float(head.times.logs[-1]))
            usual = float(base.times.counts @ base.times.logs) / base.times.total
            extra += excess * (slowest - usual) * base.times.total / (base.times.total + head.times.total)
    return Charged(contrast, extra) if extra.any() else None


def _quantile_cases(
    name: str | None, base: _Endpoint, head: _Endpoint, speed: Floats, excess: Floats
) -> Iterator[Case]:
    evened = base.times.slowed_by(-speed), head.times.slowed_by(-speed)
    for metric in (*COMPARED, *SHOWN):
        sides = _side(base, metric), _side(head, metric)
        few = sides[0].value is None or sides[1].value is None
        contrast = None if few else Quantile(*evened, QUANTILES[metric])
        strict = Quantile(evened[0], evened[1].with_endless(excess), QUANTILES[metric]) if excess.any() else None
        gating = metric in COMPARED and name is not None
        key = CheckKey(name, metric)
        yield Case(key, contrast, "too_few" if few else "", *sides, "ms", gating, None if few else strict)


def _failed(endpoint: _Endpoint) -> Floats:
    return endpoint.failed


def _sent(endpoint: _Endpoint) -> Floats:
    return endpoint.requests


def _error_case(name: str | None, bases: Sequence[_Endpoint], heads: Sequence[_Endpoint]) -> Case:
    columns = [
        np.sum([part(endpoint) for endpoint in side], axis=0) for side in (bases, heads) for part in (_failed, _sent)
    ]
    return Case(CheckKey(name, "error_rate"), Share(*columns), "", _error_side(bases), _error_side(heads), "share")


def _whole_latency(
    bases: Sequence[_Endpoint],
    heads: Sequence[_Endpoint],
    speed: Floats,
    every: tuple[Sequence[_Endpoint], Sequence[_Endpoint]],
) -> Iterator[Case]:
    """Of the endpoints that both sides have, and that answer. Percentiles over different ones fall into gaps: shown."""
    if not bases:
        errors = tuple(_error_side(side) for side in every)
        rates = errors[0].value or 0.0, errors[1].value or 0.0
        yield Case(CheckKey(None, "mean"), None, "failed", Side(None, 0), Side(None, 0), "ms", failed=rates)
        return
    yield _mean_case(None, bases, heads)
    excess = np.sum([_excess(base, head) for base, head in zip(bases, heads, strict=True)], axis=0)
    yield from _quantile_cases(None, _together(bases), _together(heads), speed, excess)


def _together(endpoints: Sequence[_Endpoint]) -> _Endpoint:
    parts = [endpoint.times for endpoint in endpoints]
    times = Values.of(
        np.exp(np.concatenate([part.logs for part in parts])),
        np.concatenate([part.counts for part in parts]).astype(np.int64),
        np.concatenate([part.pair for part in parts]),
        endpoints[0].failed.size,
    )
    return _Endpoint(times, np.sum([endpoint.failed for endpoint in endpoints], axis=0))


def _requests(block: Block, which: str) -> float:
    ok = sum(part.response_ms.count for part in block.endpoints.values())
    return float(ok if which == _SUCCESSFUL else ok + sum(part.failed for part in block.endpoints.values()))


def _throughput(block: Block) -> float | None:
    return _requests(block, _SUCCESSFUL) / block.measured_s if block.measured_s > 0 else None


def _cpu_ms(block: Block) -> float | None:
    requests = _requests(block, _ALL)
    return None if block.cpu_s is None or not requests else block.cpu_s * 1000 / requests


def _memory(block: Block) -> float | None:
    return block.memory_bytes


def _block_cases(pairs: Sequence[Pair]) -> Iterator[Case]:
    """Of the whole service: one number for each block."""
    readings: list[tuple[str, str, Callable[[Block], float | None]]] = [
        ("throughput", "/s", _throughput),
        ("cpu_per_request", "ms", _cpu_ms),
        ("memory", "bytes", _memory),
    ]
    sent = [
        int(sum(_requests(block, _ALL) for block in side))
        for side in ([pair.base for pair in pairs], [pair.head for pair in pairs])
    ]
    for metric, unit, reading in readings:
        both = [(reading(pair.base), reading(pair.head)) for pair in pairs]
        read = np.array([(b, h) for b, h in both if b is not None and h is not None]).reshape(-1, 2)
        if not len(read) or not read.sum(axis=0).all():
            if any(b or h for b, h in both):  # else nothing was measured: perfgate did not start the service
                alone = [_mean_of([one[side] for one in both]) for side in (0, 1)]
                ends = Side(alone[0], sent[0]), Side(alone[1], sent[1])
                yield Case(CheckKey(None, metric), None, "unmeasured", *ends, unit)
            continue
        base, head = read[:, 0], read[:, 1]
        contrast = Ratio(head, base) if metric == "throughput" else Ratio(base, head)
        sides = Side(float(base.mean()), sent[0]), Side(float(head.mean()), sent[1])
        yield Case(CheckKey(None, metric), contrast, "", *sides, unit)


def _mean_of(values: Sequence[float | None]) -> float | None:
    """Of what was measured; None where that is nothing, or nothing but zeros."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if any(known) else None
