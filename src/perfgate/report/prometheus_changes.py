"""The Prometheus families of a comparison: the change of each check with its interval, and what it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.report.changes import compared_rows
from perfgate.report.family import Family, based, scaled

if TYPE_CHECKING:
    from perfgate.judge.result import Result
    from perfgate.report.tables import CheckRow

DECISIONS = ("worse", "not_worse", "better", "undecided", "new", "gone")
_PERCENT = 1e-2
_GAUGES = {
    "check_baseline": "what a compared check measured at the base, or expected, in the base unit its label names; "
    "the metric mean of kind paired is the geometric mean",
    "check_change_ratio": "the change from the base, 0.1 is 10 % more; more is worse but for throughput",
    "check_change_low_ratio": "the lower end of the change's interval",
    "check_change_high_ratio": "the upper end of the change's interval",
    "check_detectable_ratio": "the smallest worsening that would have been found in 9 of 10 cases",
    "check_decision": "1 for what a comparison found about a check, 0 for the others",
    "check_accepted": "1 when an acceptance keeps a compared check from being red, else 0",
    "comparison_pairs": "pairs of blocks that count",
    "comparison_pairs_dropped": "pairs of blocks that were left out because the machine was disturbed, by reason",
    "comparison_tolerated_ratio": "the largest slowdown that is tolerated",
    "false_alarm_ratio": "how often the whole verdict is red on unchanged code, at most",
    "acceptances_expired": "acceptances whose day has passed",
    "control_seconds": "a fixed piece of work, timed in the same job",
}


def families(result: Result) -> list[Family]:
    """The families, in a fixed order; without a comparison none has samples."""
    found = {name: Family(f"perfgate_{name}", "gauge", about) for name, about in _GAUGES.items()}
    rows = compared_rows(result)
    for row in rows:
        _add_check(found, row)
    for run in result.runs:
        if run.comparison:
            labels = {"service": run.service, "load": run.load}
            found["comparison_pairs"].add(run.comparison.pairs, **labels)
            found["comparison_tolerated_ratio"].add(scaled(run.comparison.max_slowdown_percent, _PERCENT), **labels)
            for reason, count in run.comparison.dropped.items():
                found["comparison_pairs_dropped"].add(count, **labels, reason=reason)
    if rows or result.baseline:
        found["false_alarm_ratio"].add(result.false_alarm_rate)
        found["acceptances_expired"].add(sum(one.expired for one in result.acceptances))
        found["control_seconds"].add(scaled(result.control.median_ms, 1e-3) if result.control else None)
    return list(found.values())


def _add_check(found: dict[str, Family], row: CheckRow) -> None:
    check = row.check
    unit, factor = based(check.unit)
    labels = {
        "service": row.service,
        "load": row.load,
        "endpoint": check.endpoint or "",
        "metric": check.metric,
        "kind": check.kind,
    }
    low, high = check.interval_percent or (None, None)
    found["check_baseline"].add(scaled(check.baseline, factor), **labels, unit=unit)
    found["check_change_ratio"].add(scaled(check.change_percent, _PERCENT), **labels)
    found["check_change_low_ratio"].add(scaled(low, _PERCENT), **labels)
    found["check_change_high_ratio"].add(scaled(high, _PERCENT), **labels)
    found["check_detectable_ratio"].add(scaled(check.smallest_detectable_percent, _PERCENT), **labels)
    found["check_accepted"].add(float(check.accepted is not None), **labels)
    if check.decision is not None:
        for decision in DECISIONS:
            found["check_decision"].add(float(check.decision == decision), **labels, decision=decision)
