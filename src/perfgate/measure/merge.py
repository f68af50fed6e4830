"""Adds up what several engines recorded at the same time, as if one engine had driven the whole load.

Requests, failures and metrics are added exactly; users and arrivals are summed; of the generator's health the worst
counts, because each engine has a core of its own and one that is saturated spoils the whole.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from perfgate.measure.histogram import Histogram
from perfgate.measure.recording import Begin, Cell, End, FailureCount, HealthSample, MetricCell, Second, Tick

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_N = TypeVar("_N", int, float)

# What stands for the whole when engines ended for different reasons: the first of these that one of them had.
_REASONS = ("error", "refused", "stopped", "stop_when", "shape", "completed")


def merge_seconds(parts: Sequence[Second], second: int) -> Second:
    """One entry of all that several engines wrote of the same second."""
    if len(parts) == 1 and parts[0].second == second:
        return parts[0]
    return Second(
        second=second,
        users=sum(part.users for part in parts),
        cells=merge_cells(chain.from_iterable(part.cells for part in parts)),
        failures=_merge_failures(chain.from_iterable(part.failures for part in parts)),
        metrics=_merge_metrics(chain.from_iterable(part.metrics for part in parts)),
        health=worst_health([part.health for part in parts]),
        iterations=sum(part.iterations for part in parts),
        arrivals=sum(part.arrivals for part in parts),
        waiting=sum(part.waiting for part in parts),
        schedule_lag_ms=_merge_optional([part.schedule_lag_ms for part in parts]),
        slowest=[slow for part in parts for slow in part.slowest],
        stamped=sum(part.stamped for part in parts),
        retried=sum(part.retried for part in parts),
        odd=dict(sum((Counter(part.odd) for part in parts), Counter())),
        unsolicited=sum(part.unsolicited for part in parts),
    )


def merge_cells(cells: Iterable[Cell]) -> list[Cell]:
    """One cell per endpoint, outcome, phase and second; exact."""
    groups: dict[tuple[str, str, str, int], list[Cell]] = defaultdict(list)
    for cell in cells:
        groups[cell.place].append(cell)
    return [group[0] if len(group) == 1 else _merge_group(group) for group in groups.values()]


def _merge_group(group: list[Cell]) -> Cell:
    return replace(
        group[0],
        response_ms=Histogram.merged(cell.response_ms for cell in group),
        service_ms=_merge_optional([cell.service_ms for cell in group]),
        bytes_received=sum(cell.bytes_received for cell in group),
        untimed=sum(cell.untimed for cell in group),
        empty=sum(cell.empty for cell in group),
        redirected=sum(cell.redirected for cell in group),
    )


def _merge_optional(histograms: Iterable[Histogram | None]) -> Histogram | None:
    present = [histogram for histogram in histograms if histogram is not None]
    return Histogram.merged(present) if present else None


def _merge_failures(failures: Iterable[FailureCount]) -> list[FailureCount]:
    merged: dict[tuple[str, str, int, str], FailureCount] = {}
    for failure in failures:
        key = (failure.endpoint, failure.phase, failure.second, failure.kind)
        before = merged.get(key)
        merged[key] = replace(before, count=before.count + failure.count) if before else failure
    return list(merged.values())


def _merge_metrics(cells: Iterable[MetricCell]) -> list[MetricCell]:
    groups: dict[tuple[str, str, str | None, str, int], list[MetricCell]] = defaultdict(list)
    for cell in cells:
        groups[cell.name, cell.unit, cell.endpoint, cell.phase, cell.second].append(cell)
    return [
        replace(
            group[0],
            values=Histogram.merged(cell.values for cell in group),
            unusable=sum(cell.unusable for cell in group),
        )
        for group in groups.values()
    ]


def worst_health(samples: Sequence[HealthSample]) -> HealthSample:
    """The worst of each figure; open sockets are summed."""
    return HealthSample(
        cpu=max((sample.cpu for sample in samples), default=0.0),
        loop_lag_ms=max((sample.loop_lag_ms for sample in samples), default=0.0),
        steal=_of_known(samples, lambda sample: sample.steal, max),
        throttled_ms=_of_known(samples, lambda sample: sample.throttled_ms, max),
        clock_step_ms=max((sample.clock_step_ms for sample in samples), key=abs, default=0.0),
        sockets=_of_known(samples, lambda sample: sample.sockets, sum),
        open_files=_of_known(samples, lambda sample: sample.open_files, max),
        ports=_of_known(samples, lambda sample: sample.ports, max),
    )


def _of_known(
    samples: Sequence[HealthSample], read: Callable[[HealthSample], _N | None], fold: Callable[[list[_N]], _N]
) -> _N | None:
    known = [value for sample in samples if (value := read(sample)) is not None]
    return fold(known) if known else None


def merge_timelines(timelines: Sequence[Sequence[Tick]]) -> list[Tick]:
    """The ticks of several engines as those of one.

    An engine whose event loop was late may have no entry for a second: what happened in it stands in its next entry,
    and its users are taken to be as many as before.
    """
    by_engine = [{tick.second: tick for tick in timeline} for timeline in timelines]
    numbers = sorted({number for engine in by_engine for number in engine})
    users = [_users_at(engine, numbers) for engine in by_engine]
    present = ([engine[number] for engine in by_engine if number in engine] for number in numbers)
    return [_merge_ticks(parts, sum(column)) for parts, column in zip(present, zip(*users, strict=True), strict=True)]


def _merge_ticks(parts: Sequence[Tick], users: int) -> Tick:
    """As `merge_seconds`, but for the users: those of an engine that says nothing of this second count as well."""
    if len(parts) == 1 and parts[0].users == users:
        return parts[0]
    return Tick(
        second=parts[0].second,
        users=users,
        health=worst_health([part.health for part in parts]) if len(parts) > 1 else parts[0].health,
        arrivals=sum(part.arrivals for part in parts),
        waiting=sum(part.waiting for part in parts),
        stamped=sum(part.stamped for part in parts),
        retried=sum(part.retried for part in parts),
        unsolicited=sum(part.unsolicited for part in parts),
        lag_max_ms=max((lag for part in parts if (lag := part.lag_max_ms) is not None), default=None),
    )


def _users_at(engine: dict[int, Tick], numbers: Sequence[int]) -> list[int]:
    """Its users at each of the numbers: 0 before its first entry and after its last."""
    last, users, column = max(engine, default=-1), 0, []
    for number in numbers:
        users = engine[number].users if number in engine else users
        column.append(users if number <= last else 0)
    return column


def merge_begins(begins: Sequence[Begin]) -> Begin:
    """The first start, and every user class."""
    classes = list(dict.fromkeys(name for begin in begins for name in begin.user_classes))
    return replace(begins[0], started_at=min(begin.started_at for begin in begins), user_classes=classes)


def merge_ends(ends: Sequence[End]) -> End:
    """The gravest reason, and the sums of what was cut off, unserved or raised."""
    reason = min((end.reason for end in ends), key=_gravity)
    errors: Counter[str] = Counter()
    for end in ends:
        errors.update(end.user_errors)
    return End(
        reason=reason,
        detail="; ".join(dict.fromkeys(end.detail for end in ends if end.reason == reason and end.detail)),
        duration_s=max(end.duration_s for end in ends),
        cut_off=sum(end.cut_off for end in ends),
        unserved=sum(end.unserved for end in ends),
        user_errors=dict(errors),
        refused_hosts=list(dict.fromkeys(host for end in ends for host in end.refused_hosts)),
        classes_at_work=list(dict.fromkeys(name for end in ends for name in end.classes_at_work)),
    )


def _gravity(reason: str) -> int:
    return _REASONS.index(reason) if reason in _REASONS else -1
