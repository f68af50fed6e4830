"""What the suite says of runs and checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.judge.uncertainty import CERTAINTY
from perfgate.judge.words import label, quantity, signed_percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.judge.result import Check


def check_title(check: Check) -> str:
    """What a check is called: `GET /items/{id} p95`, and what it is held against when that is no budget."""
    return f"{subject_of(check)} {metric_title(check)}"


def subject_of(check: Check) -> str:
    """What a check is about: an endpoint, a benchmark, or all of the service."""
    return check.endpoint or "whole service"


def metric_title(check: Check) -> str:
    """The same below what it is about: `p95`, `mean history`."""
    metric = label(check.metric, check.kind) if check.metric == "mean" else check.metric
    return metric if check.kind == "budget" else f"{metric} {check.kind}"


def failure_words(check: Check) -> str:
    """A broken check: observed, limit, change, and what to do."""
    lines = [check.message]
    if check.observed is not None:
        lines.append(f"  observed: {quantity(check.observed, check.unit)}")
    if check.limit is not None:
        where = f" ({check.source})" if check.source else ""
        lines.append(f"  limit:    {quantity(check.limit, check.unit)}{where}")
    if check.baseline is not None:
        lines.append(f"  baseline: {quantity(check.baseline, check.unit)}")
    if check.change_percent is not None:
        lines.append(f"  change:   {signed_percent(check.change_percent)}{_interval(check)}")
    return "\n".join([*lines, f"  next:     {_next_step(check)}"])


def _interval(check: Check) -> str:
    if check.interval_percent is None:
        return ""
    low, high = check.interval_percent
    return f" (from {signed_percent(low)} to {signed_percent(high)})"


def _next_step(check: Check) -> str:
    if check.status == "invalid":
        return "measure longer, or mend what kept it from being judged"
    if check.kind != "budget":
        return "make it faster, or accept it for a time with [[accept]]"
    if check.metric == CERTAINTY:
        return "drive more requests: a longer load, or a higher rate"
    if check.uncertain:
        return "the limit lies within the measurement's uncertainty: measure longer before acting on it"
    if check.limit is None:
        return "mend what it names"
    return f"make {label(check.metric)} better, or change the limit{f' at {check.source}' if check.source else ''}"


def doubts_line(doubts: Sequence[str]) -> str:
    """Why nothing was judged, in one line: the first doubt, and how many more there are."""
    more = f" (and {len(doubts) - 1} more)" if len(doubts) > 1 else ""
    return f"nothing was judged: {doubts[0] if doubts else 'nothing could be'}{more}"


def doubts_words(doubts: Sequence[str]) -> str:
    """Why a run proves nothing."""
    return "\n".join(["the run is invalid, so nothing was judged:", *(f"  {doubt}" for doubt in doubts)])


def source_line(source: str) -> int:
    """The line of a limit's source, `budgets.toml:42`; 1 where there is none."""
    line = source.rpartition(":")[2]
    return int(line) if line.isdecimal() else 1
