"""Benchmarks and other imported results, held against `[benchmarks."..."]` budgets.

A benchmark that a budget names and that is not there (renamed, deleted, skipped, failed before it was measured) is
`invalid`: it must not turn green by disappearing. Failed requests are held by the default that holds for driven loads,
and what the tool itself found wrong is a check, too.
"""

from __future__ import annotations

from collections import Counter
from difflib import get_close_matches
from typing import TYPE_CHECKING

from perfgate.importers.imported import ImportedEndpoint
from perfgate.judge.assemble import ALL_SKIPPED, NOTHING_JUDGED, reasons_of
from perfgate.judge.failures import default_words, is_default_warning
from perfgate.judge.limits import Reading, check_limit
from perfgate.judge.own_findings import check_finding
from perfgate.judge.result import Result
from perfgate.judge.uncertainty import Sample
from perfgate.judge.verdict import exit_code, verdict_of
from perfgate.judge.words import counted
from perfgate.measure.percentile import QUANTILES, needed_for
from perfgate.measure.summary import Failure
from perfgate.plan.benchmarks import ERROR_RATE, BenchmarkBudgets
from perfgate.plan.budget import DEFAULT_ERROR_RATE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.importers.imported import Entry, Imported
    from perfgate.judge.assemble import Circumstances
    from perfgate.judge.result import Acceptance, Baseline, Check, Status, Verdict
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
    unjudged = _unjudged(checks)
    verdict = _verdict(checks, sound=not circumstances.stopped)
    return Result(
        kind="benchmarks",
        verdict=verdict,
        exit_code=exit_code(verdict, strict=circumstances.strict),
        reasons=[*filter(None, [circumstances.stopped, unjudged]), *reasons_of(checks, "benchmarks")],
        id=circumstances.id,
        started_at=circumstances.started_at,
        duration_s=circumstances.duration_s,
        strict=circumstances.strict,
        revision=circumstances.revision,
        environment=circumstances.environment,
        control=circumstances.control,
        checks=checks,
        failures=_failures(imported),
        notes=list(dict.fromkeys(note for one in imported for note in one.notes)),
    )


def _failures(imported: Sequence[Imported]) -> list[Failure]:
    """Failed requests by kind over all files, most frequent first."""
    counts: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for failure in (failure for one in imported for failure in one.failures):
        counts[failure.kind] += failure.count
        examples.setdefault(failure.kind, failure.example)
    return [Failure(kind=kind, count=count, example=examples[kind]) for kind, count in counts.most_common()]


def _verdict(checks: Sequence[Check], *, sound: bool = True) -> Verdict:
    """The verdict; where nothing that somebody asked for was judged it is invalid, or worse."""
    statuses: list[Status] = [check.status for check in checks]
    return verdict_of([*statuses, "invalid"] if _unjudged(checks) else statuses, sound=sound)


def _unjudged(checks: Sequence[Check]) -> str:
    """Why nothing was judged, if so: what holds without any budget is no judgement of what somebody asked for."""
    limited = (check for check in checks if not is_default_warning(check))
    asked = [check for check in limited if check.limit is not None or check.kind != "budget"]
    if not asked:
        return NOTHING_JUDGED
    return ALL_SKIPPED if all(check.status == "skipped" for check in asked) else ""


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
    verdict = _verdict(checks)
    # What could not be compared tells why itself: there being no budget is the reason then, if one is missing.
    unjudged = [_unjudged(result.checks)] if _unjudged(checks) else []
    return result.model_copy(
        update={
            "verdict": verdict,
            "exit_code": exit_code(verdict, strict=result.strict),
            "reasons": [*unjudged, *reasons_of(checks, "benchmarks")],
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
        Each entry's checks in the order of the entries, with its name as the endpoint; then what the tool itself found
        wrong, and those of budgets that stand for nothing that is there.
    """
    lookup = BenchmarkBudgets(budgets)
    checks = [check for one in imported for entry in one.entries for check in _of_entry(entry, lookup, one.tool)]
    found = [check_finding(finding, one.tool) for one in imported for finding in one.findings]
    names = [entry.name for one in imported for entry in one.entries]
    gone = lookup.unused({one.tool for one in imported})
    return [*checks, *found, *(check for budget in gone for check in _gone(budget, names))]


def _of_entry(entry: Entry, lookup: BenchmarkBudgets, tool: str) -> Iterator[Check]:
    limits = lookup.limits_for((entry.name, *entry.also), tool)
    for limit, own in limits.values():
        yield _check(entry, limit, own=own)
    if isinstance(entry, ImportedEndpoint) and not entry.error and ERROR_RATE not in limits:
        yield from _default(entry)


def _default(entry: ImportedEndpoint) -> Iterator[Check]:
    """Failures of an imported load of which no limit speaks, when they are more than the default allows."""
    check = check_limit(DEFAULT_ERROR_RATE, Reading(ERROR_RATE, "share", entry.error_rate, endpoint=entry.name))
    if check.status in {"warn", "fail"}:
        yield check.model_copy(update={"message": f"{check.message}; {default_words()}"})


def _check(entry: Entry, limit: BenchmarkLimit, *, own: bool) -> Check:
    observed, missing, status = _observed(entry, limit, own=own)
    unit = limit.unit or (entry.unit if entry.unit_known else "")
    return check_limit(
        limit.limit,
        Reading(
            limit.limit.metric,
            unit,
            observed,
            endpoint=entry.name,
            missing=missing,
            missing_status=status,
            sample=None if observed is None else _sample(entry, limit.limit.metric),
            caveat=_caveat(entry, limit) if observed is not None else "",
        ),
    )


def _sample(entry: Entry, statistic: str) -> Sample | None:
    """What a percentile rests on; None where the file has a summary alone."""
    interval, count = entry.interval(statistic), _count(entry)
    if interval is None or count is None:
        return None
    return Sample(QUANTILES[statistic], count, interval, _noun(entry))


def _noun(entry: Entry) -> str:
    return "request" if isinstance(entry, ImportedEndpoint) else "round"


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
    if not entry.unit_known:
        return ""
    if limit.unit == "ms" and entry.unit != "ms":
        return f"its unit is {entry.unit or 'none'}, and the limit is a time; write a plain number"
    if not limit.unit and entry.unit == "ms":
        return 'it is a time, and the limit is a plain number; write e.g. "2ms"'
    return ""


def _why_unknown(entry: Entry, statistic: str) -> str:
    if entry.unknown:
        return entry.unknown
    count = _count(entry)
    needed = needed_for(QUANTILES[statistic]) if statistic in QUANTILES else 1
    if count is not None and count < needed:
        return f"{counted(count, _noun(entry))}, and it needs {needed}"
    return "the file does not state it, and has no single values"


def _count(entry: Entry) -> int | None:
    if isinstance(entry, ImportedEndpoint):
        return entry.requests - entry.failures
    return len(entry.samples) or entry.rounds


def _caveat(entry: Entry, limit: BenchmarkLimit) -> str:
    if limit.limit.metric == ERROR_RATE:
        return ""
    if isinstance(entry, ImportedEndpoint) and entry.mixed and entry.failures:
        return "the times of failed requests are among them"
    return "" if entry.unit_known else "the file does not state its unit, and it is taken for the limit's"


def _gone(budget: BenchmarkBudget, names: Sequence[str]) -> Iterator[Check]:
    nearest = get_close_matches(budget.pattern, names, n=1, cutoff=0.0)
    words = f"nothing of this name was measured; the nearest is {nearest[0]}" if nearest else "nothing was measured"
    for limit in budget.limits.values():
        yield check_limit(
            limit.limit, Reading(limit.limit.metric, limit.unit, None, endpoint=budget.pattern, missing=words)
        )
