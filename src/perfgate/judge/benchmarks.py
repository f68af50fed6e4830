"""Benchmarks and other imported results, held against `[benchmarks."..."]` budgets.

A benchmark that a budget names and that is not there (renamed, deleted, skipped, failed before it was measured) is
`invalid`: it must not turn green by disappearing.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from perfgate.importers.imported import ImportedEndpoint
from perfgate.judge.assemble import ALL_SKIPPED, NOTHING_JUDGED, reasons_of
from perfgate.judge.limits import Reading, check_limit
from perfgate.judge.result import Result
from perfgate.judge.verdict import exit_code, verdict_of
from perfgate.judge.words import counted
from perfgate.measure.percentile import QUANTILES, needed_for
from perfgate.plan.benchmarks import ERROR_RATE, BenchmarkBudgets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.importers.imported import Entry, Imported
    from perfgate.judge.assemble import Circumstances
    from perfgate.judge.result import Acceptance, Baseline, Check, Status
    from perfgate.plan.benchmarks import BenchmarkBudget, BenchmarkLimit


def judge_benchmarks(
    imported: Sequence[Imported], budgets: Sequence[BenchmarkBudget], circumstances: Circumstances
) -> Result:
    """The result for imported results alone.

    Args:
        imported: see `check_benchmarks`.
        budgets: see `check_benchmarks`.
        circumstances: when, where and how they were measured, as far as it is known.
    """
    checks = check_benchmarks(imported, budgets)
    made = any(check.status != "skipped" for check in checks)
    verdict = verdict_of((check.status for check in checks), sound=not circumstances.stopped)
    unjudged = [] if made else [ALL_SKIPPED if checks else NOTHING_JUDGED]
    return Result(
        kind="benchmarks",
        verdict=verdict,
        exit_code=exit_code(verdict, strict=circumstances.strict),
        reasons=[*filter(None, [circumstances.stopped]), *unjudged, *reasons_of(checks, "benchmarks")],
        id=circumstances.id,
        started_at=circumstances.started_at,
        duration_s=circumstances.duration_s,
        strict=circumstances.strict,
        revision=circumstances.revision,
        environment=circumstances.environment,
        control=circumstances.control,
        checks=checks,
    )


def amend_benchmarks(
    result: Result,
    found: Sequence[Check],
    *,
    baseline: Baseline,
    false_alarm_rate: float | None,
    acceptances: Sequence[Acceptance] = (),
) -> Result:
    """The result of `judge_benchmarks` with the checks of a comparison, judged again.

    Args:
        result: judged by its budgets alone.
        found: the checks.
        baseline: what was compared with.
        false_alarm_rate: of the whole verdict, at which they were made; None when nothing could be compared.
        acceptances: what the team lives with.
    """
    checks = [*result.checks, *found]
    verdict = verdict_of(check.status for check in checks)
    made = any(check.status != "skipped" for check in checks)
    unjudged = ALL_SKIPPED if result.checks else NOTHING_JUDGED
    return result.model_copy(
        update={
            "verdict": verdict,
            "exit_code": exit_code(verdict, strict=result.strict),
            "reasons": [*([] if made else [unjudged]), *reasons_of(checks, "benchmarks")],
            "checks": checks,
            "baseline": baseline,
            "false_alarm_rate": false_alarm_rate,
            "acceptances": list(acceptances),
        }
    )


def check_benchmarks(imported: Sequence[Imported], budgets: Sequence[BenchmarkBudget]) -> list[Check]:
    """Hold imported results against their budgets.

    Args:
        imported: one file, or several. Budgets of other tools say nothing.
        budgets: in the order of `budgets.toml`. What no budget stands for is not judged.

    Returns:
        Each entry's checks in the order of the entries, with its name as the endpoint; then those of budgets that stand
        for nothing that is there.
    """
    lookup = BenchmarkBudgets(budgets)
    checks = [
        _check(entry, limit, own=own)
        for one in imported
        for entry in one.entries
        for limit, own in lookup.limits_for((entry.name, *entry.also), one.tool).values()
    ]
    names = [entry.name for one in imported for entry in one.entries]
    gone = lookup.unused({one.tool for one in imported})
    return [*checks, *(check for budget in gone for check in _gone(budget, names))]


def _check(entry: Entry, limit: BenchmarkLimit, *, own: bool) -> Check:
    observed, missing, status = _observed(entry, limit, own=own)
    unit = limit.unit or entry.unit
    return check_limit(
        limit.limit,
        Reading(
            limit.limit.metric,
            unit,
            observed,
            endpoint=entry.name,
            missing=missing,
            missing_status=status,
            note=_note(entry, limit) if observed is not None else "",
        ),
    )


def _observed(entry: Entry, limit: BenchmarkLimit, *, own: bool) -> tuple[float | None, str, Status]:
    """The value; or why there is none, and what that makes of the check."""
    if entry.error:
        return None, entry.error, "invalid"
    statistic = limit.limit.metric
    if statistic == ERROR_RATE:
        return _error_rate(entry)
    if isinstance(entry, ImportedEndpoint) and entry.requests == entry.failures:
        return None, "no request succeeded", "invalid"
    if mismatch := _mismatch(entry, limit):
        return None, mismatch, "invalid"
    value = entry.statistic(statistic)
    if value is not None:
        return value, "", "pass"
    return None, _why_unknown(entry, statistic), "invalid" if own else "skipped"


def _error_rate(entry: Entry) -> tuple[float | None, str, Status]:
    rate = entry.error_rate if isinstance(entry, ImportedEndpoint) else None
    why = "there were no requests" if isinstance(entry, ImportedEndpoint) else "a benchmark has no requests that fail"
    return rate, why, "invalid"


def _mismatch(entry: Entry, limit: BenchmarkLimit) -> str:
    if limit.unit == "ms" and entry.unit != "ms":
        return f"its unit is {entry.unit or 'none'}, and the limit is a time; write a plain number"
    if not limit.unit and entry.unit == "ms":
        return 'it is a time, and the limit is a plain number; write e.g. "2ms"'
    return ""


def _why_unknown(entry: Entry, statistic: str) -> str:
    count = _count(entry)
    needed = needed_for(QUANTILES[statistic]) if statistic in QUANTILES else 1
    if count is not None and count < needed:
        noun = "request" if isinstance(entry, ImportedEndpoint) else "round"
        return f"{counted(count, noun)}, and it needs {needed}"
    return "the file does not state it, and has no single values"


def _count(entry: Entry) -> int | None:
    if isinstance(entry, ImportedEndpoint):
        return entry.requests - entry.failures
    return len(entry.samples) or entry.rounds


def _note(entry: Entry, limit: BenchmarkLimit) -> str:
    mixed = isinstance(entry, ImportedEndpoint) and entry.mixed and entry.failures and limit.limit.metric != ERROR_RATE
    return "; the times of failed requests are among them" if mixed else ""


def _gone(budget: BenchmarkBudget, names: Sequence[str]) -> Iterator[Check]:
    nearest = get_close_matches(budget.pattern, names, n=1, cutoff=0.0)
    words = f"nothing of this name was measured; the nearest is {nearest[0]}" if nearest else "nothing was measured"
    for limit in budget.limits.values():
        yield check_limit(
            limit.limit, Reading(limit.limit.metric, limit.unit, None, endpoint=budget.pattern, missing=words)
        )
