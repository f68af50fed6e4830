"""Compared checks as people read them: what changed, from what to what, how sure that is, and what it means.

A change is shown as it was measured, "more" being positive; whether more is worse depends on the metric.
"""

from __future__ import annotations

from math import inf, isnan, nan
from typing import TYPE_CHECKING, Literal

from perfgate.judge.words import label, quantity, signed_percent
from perfgate.judge.words import number as words_number
from perfgate.report.tables import UNKNOWN, check_rows, number, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.judge.result import Check, Result
    from perfgate.report.tables import CheckRow

Part = Literal[
    "worse", "undecided", "accepted", "noted", "better", "new", "gone", "quiet", "warned", "unjudged", "missing"
]

LATENCIES = frozenset({"mean", "p50", "p90", "p95", "p99", "p99_9", "max"})
_DECIDED: dict[str, Part] = {"worse": "noted", "better": "better", "new": "new", "gone": "gone"}
_WITHOUT_DECISION: dict[str, Part] = {"warn": "warned", "invalid": "unjudged"}
_ONE_SIDED = ("new", "gone")
_WORDS = {"worse": "worse", "not_worse": "not worse", "better": "better"}
_LATENCY_WORDS = {"worse": "slower", "not_worse": "not slower", "better": "faster"}


def is_compared(row: CheckRow) -> bool:
    """Whether the check is about a change, and not about a limit."""
    return row.check.kind != "budget"


def compared_rows(result: Result) -> list[CheckRow]:
    """Every check of a result that is about a change, in its order."""
    return [row for row in check_rows(result) if is_compared(row)]


def part_of(row: CheckRow) -> Part:
    """Where a report tells of a compared check.

    `worse` made the verdict red; `accepted` would have; `noted` is worse and is only shown (p99, percentiles of the
    whole service); `quiet` needs no attention. `warned` and `unjudged` are of something else than a change of a figure
    (a page that has become empty), and `missing` could not be compared: the check's message says what, or why. A check
    of a run that is not sound is `quiet`: the run's doubts are told instead.
    """
    check = row.check
    if row.doubted:
        return "quiet"
    if check.status == "fail":
        return "worse"
    if check.accepted is not None:
        return "accepted"
    return _undisputed(check)


def _undisputed(check: Check) -> Part:
    if check.decision is None:
        return _WITHOUT_DECISION.get(check.status, "missing")
    if check.decision == "undecided" and check.status in ("invalid", "warn"):
        return "undecided"
    return _DECIDED.get(check.decision, "quiet")


def in_parts(rows: Iterable[CheckRow], *parts: Part) -> list[CheckRow]:
    """The rows that belong to one of `parts`, in the same order."""
    return [row for row in rows if part_of(row) in parts]


def most_changed(rows: Sequence[CheckRow]) -> CheckRow:
    """The one to name first: errors that became more, an endpoint's latency, the service's, resources; the surest."""
    return max(
        rows,
        key=lambda row: (
            _has_more_errors(row.check),
            row.check.metric in LATENCIES and row.check.endpoint is not None,
            row.check.metric in LATENCIES,
            sureness(row.check),
        ),
    )


def sureness(check: Check) -> tuple[float, float]:
    """What changes are ranked by: how far it moved at least, and of those that are alike, how far by the estimate.

    At least is the end of the interval that lies nearer to "no change": the largest of many estimates is mostly the
    one that is known worst. It is below 0 where the interval reaches over to the other side, and comes after all
    others where no interval is known. To be halved is to move as far as to be doubled, which is 1.0. Errors that surely
    became more come before all else: latencies of a service that fails say little.
    """
    if _has_more_errors(check):
        return inf, abs(_points(check) or 0.0)
    estimate = check.change_percent
    if estimate is None or isnan(estimate):
        return -inf, abs(_points(check) or 0.0) / 100
    ends = check.interval_percent
    nearer = nan if ends is None else min(ends) if estimate >= 0 else max(ends)
    moved = _distance(nearer) if estimate >= 0 else -_distance(nearer)
    return -inf if isnan(moved) else moved, abs(_distance(estimate))


def _has_more_errors(check: Check) -> bool:
    return check.metric == "error_rate" and check.decision == "worse" and check.status == "fail"


def _distance(percent: float) -> float:
    """A change on a scale on which doubling is 1.0 and halving -1.0."""
    if percent >= 0:
        return percent / 100
    return 1 - 1 / (1 + percent / 100) if percent > -100 else -inf


def verdict_word(rows: Sequence[CheckRow], decision: str = "worse") -> str:
    """`slower` when a latency is among them, else `worse`; likewise for other decisions."""
    latency = any(row.check.metric in LATENCIES for row in rows)
    return (_LATENCY_WORDS if latency else _WORDS).get(decision, decision)


def decision(row: CheckRow) -> str:
    """What was found, in words: `slower`, `not slower`, `faster`, `undecided`, `slower, accepted`, `new`, `gone`."""
    found = row.check.decision
    if found is None:
        return "not compared"
    words = verdict_word([row], found).replace("_", " ")
    if row.doubted:
        return f"{words}, not judged"
    if row.check.accepted is not None:
        return f"{words}, accepted"
    return f"{words}, only shown" if is_only_shown(row) else words


def is_only_shown(row: CheckRow) -> bool:
    """Whether the check is no part of the verdict: p99, and percentiles of the whole service."""
    check = row.check
    if check.decision in (None, *_ONE_SIDED) or check.accepted is not None or row.doubted:
        return False
    return check.status == "skipped" or (check.decision == "worse" and check.status == "warn")


def measure(row: CheckRow) -> str:
    """The metric's name for people."""
    return printable(label(row.check.metric, row.check.kind))


def before(row: CheckRow) -> str:
    """What it was at the base, or is expected to be from earlier runs."""
    return number(row.check.baseline, row.check.unit)


def after(row: CheckRow) -> str:
    """What it is now, told apart from what it was."""
    check = row.check
    if check.observed is None:
        return UNKNOWN
    return printable(quantity(check.observed, check.unit, apart_from=check.baseline))


def change(row: CheckRow) -> str:
    """The change: `+52 %`, or `+0.4 points` of a rate; a dash when none is known."""
    check = row.check
    if check.change_percent is not None:
        return signed_percent(check.change_percent)
    points = _points(check)
    if points is None:
        return UNKNOWN
    return f"{'-' if points < 0 else '+'}{words_number(abs(points), 2)} points"


def _points(check: Check) -> float | None:
    """The change of a rate in percentage points; None when it is not known, or is no rate."""
    if check.unit != "share" or check.baseline is None or check.observed is None:
        return None
    return (check.observed - check.baseline) * 100


def interval(row: CheckRow) -> str:
    """The interval of the change: `+45 % to +59 %`; a dash when none is known."""
    ends = row.check.interval_percent
    if ends is None:
        return "unbounded" if row.check.change_percent is not None else UNKNOWN
    return " to ".join(signed_percent(end) for end in ends)


def detectable(row: CheckRow) -> str:
    """The smallest worsening that would have been found in 9 of 10 cases."""
    least = row.check.smallest_detectable_percent
    if least is None:
        return UNKNOWN
    return signed_percent(-least if _more_is_better(row.check) else least)


def change_told(row: CheckRow) -> str:
    """The change with its interval: `+52 % (+45 % to +59 %)`."""
    ends = interval(row)
    return change(row) if ends == UNKNOWN else f"{change(row)} ({ends})"


def remark(row: CheckRow) -> str:
    """What the check's message adds to its figures and its verdict: what it would take, whose acceptance is over."""
    return printable("; ".join(row.check.message.split("; ")[2:]), longest=1000)


def tolerated_percent(row: CheckRow) -> float | None:
    """The change up to which a check is not worse, in percent; negative where less is worse; None when not known."""
    check = row.check
    if check.change_percent is None:
        return None
    if row.comparison is not None and check.kind == "paired":
        most = row.comparison.max_slowdown_percent
        return (1 / (1 + most / 100) - 1) * 100 if _more_is_better(check) else most
    if check.limit is None or not check.baseline:
        return None
    return (check.limit / check.baseline - 1) * 100


def _more_is_better(check: Check) -> bool:
    return check.direction == "at_least"


def at_one_side(rows: Iterable[CheckRow]) -> list[str]:
    """Endpoints that are new or gone, each once: `catalog/peak GET /carts: new, not at the base`."""
    words = {"new": "new: there is nothing to compare it with", "gone": "gone: the load met it only before"}
    told = [f"{row.place}: {words[row.check.decision or '']}" for row in in_parts(rows, "new", "gone")]
    return list(dict.fromkeys(printable(text, longest=1000) for text in told))


def warned_told(rows: Iterable[CheckRow]) -> list[str]:
    """What is warned of that is no change of a figure, each in its own words."""
    return [printable(f"{row.place}: {row.check.message}", longest=1000) for row in in_parts(rows, "warned")]


def undecided_told(rows: Iterable[CheckRow]) -> list[str]:
    """What is undecided, each in its own words, which say what it would take."""
    return [printable(f"{row.place}: {row.check.message}", longest=1000) for row in in_parts(rows, "undecided")]


def span_of_detectable(rows: Iterable[CheckRow]) -> str:
    """The smallest changes for the worse that would have been found, by metric: `p50 +11 % to +13 %, p95 +14 %`."""
    by_metric: dict[str, list[CheckRow]] = {}
    for row in rows:
        if row.check.smallest_detectable_percent is not None and not is_only_shown(row):
            by_metric.setdefault(measure(row), []).append(row)
    return ", ".join(f"{name} {_span(found)}" for name, found in by_metric.items())


def _span(rows: Sequence[CheckRow]) -> str:
    ranked = sorted(rows, key=lambda row: row.check.smallest_detectable_percent or 0.0)
    low, high = detectable(ranked[0]), detectable(ranked[-1])
    return low if low == high else f"{low} to {high}"
