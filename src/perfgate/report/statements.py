"""What every report says in sentences: the verdict, its caveats, what a load found, and what could not be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.judge.uncertainty import is_far
from perfgate.judge.words import counted, lasting, quantity, signed_percent
from perfgate.report.changes import change, in_parts, is_compared, measure, most_changed, undecided_told, verdict_word
from perfgate.report.tables import WHOLE_SERVICE, check_rows, number, placed_doubts, printable, with_status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.judge.result import Capacity, Check, Drift, Recovery, Result, RunResult, Status
    from perfgate.measure.summary import Failure
    from perfgate.report.changes import Part
    from perfgate.report.tables import CheckRow

_TOLD: tuple[Part, ...] = ("worse", "undecided", "accepted", "better")
_MOST_NAMED = 5
_STATUSES: tuple[Status, ...] = ("pass", "warn", "fail", "invalid", "skipped")


def headline(result: Result) -> str:
    """The verdict in words: `FAIL: 2 of 23 checks failed, 1 warning`.

    A comparison says what changed most: `FAIL: slower, p95 of GET /items by +52 % (3 of 23 checks)`. That names an
    endpoint, made printable; all else is perfgate's own.
    """
    rows = list(check_rows(result))
    count = {status: len(with_status(rows, status)) for status in _STATUSES}
    judged = counted(count["pass"] + count["warn"] + count["fail"], "check")
    if found := _changed(result, rows):
        return f"{result.verdict.upper()}: {', '.join(found)}"
    opening = {
        "pass": f"{counted(count['pass'], 'check')} held",
        "warn": f"{counted(count['warn'], 'warning')} in {judged}",
        "fail": f"{count['fail']} of {judged} failed" if count["fail"] else "not by a check",
        "invalid": "it could not be judged",
    }[result.verdict]
    return f"{result.verdict.upper()}: " + ", ".join([opening, *_also(result, count)])


def _changed(result: Result, rows: Sequence[CheckRow]) -> list[str]:
    """What was found by comparing, in the order of its weight; empty when that is not what decided."""
    part = {name: in_parts(filter(is_compared, rows), name) for name in _TOLD}
    opening = _opening(result, rows, part)
    if not opening:
        return []
    if part["undecided"] and result.verdict != "invalid":
        opening.append(f"{len(part['undecided'])} undecided")
    if part["better"]:
        opening.append(f"{len(part['better'])} {verdict_word(part['better'], 'better')}")
    return opening


def _opening(result: Result, rows: Sequence[CheckRow], part: dict[Part, list[CheckRow]]) -> list[str]:
    worse, failed = part["worse"], len(with_status(rows, "fail"))
    judged = counted(len([row for row in rows if row.status != "skipped"]), "check")
    if result.verdict == "fail" and worse:
        budgets = f", {counted(failed - len(worse), 'budget')} broken" if failed > len(worse) else ""
        return [f"{_told(worse)} ({failed} of {judged}{budgets})"]
    if result.kind != "compare" or not any(map(is_compared, rows)):
        return []
    if result.verdict == "invalid" and part["undecided"]:
        return [f"undecided, {len(part['undecided'])} of {judged} could not be told"]
    if result.verdict in ("pass", "warn"):
        held = counted(len([row for row in rows if row.status == "pass"]), "check")
        return [f"{_told(part['accepted'])}, as accepted"] if part["accepted"] else [f"not slower in {held}"]
    return []


def _told(rows: Sequence[CheckRow]) -> str:
    """`slower, p95 of GET /items by +52 %`."""
    first = most_changed(rows)
    whole = "" if first.subject == WHOLE_SERVICE else f" of {first.subject}"
    return f"{verdict_word([first])}, {measure(first)}{whole} by {change(first)}"


def _also(result: Result, count: dict[Status, int]) -> list[str]:
    """What the opening does not say."""
    also = []
    if result.verdict == "invalid" and count["fail"]:
        also.append(f"{counted(count['fail'], 'check')} failed")
    if result.verdict == "fail" and (unknown := unjudged(result)):
        also.append(f"{len(unknown)} could not be judged")
    if result.verdict in ("fail", "invalid") and count["warn"]:
        also.append(counted(count["warn"], "warning"))
    if count["skipped"]:
        also.append(f"{count['skipped']} skipped")
    return also


def closing(result: Result, exit_code: int | None = None) -> str:
    """The last line: `PASS in 2 m 40 s (exit 0)`; with the command's own exit code where that is another."""
    strict = ", warnings count as failures" if result.strict and result.verdict == "warn" else ""
    code = result.exit_code if exit_code is None else exit_code
    but = "" if code == result.exit_code else ", but not everything could be written"
    known = result.kind != "benchmarks" or result.duration_s > 0  # few tools say how long theirs took
    lasted = f" in {lasting(result.duration_s)}" if known else ""
    return f"{result.verdict.upper()}{lasted}{but} (exit {code}{strict})"


def caveats(result: Result) -> list[str]:
    """What a reader must know before trusting any number below."""
    notes = []
    if result.scale != 1.0:
        notes.append(f"Every duration was multiplied by {result.scale:g}: a quick look, not a measurement to keep.")
    return [
        *notes,
        *_uncertain(result),
        *_of_hosts(result),
        *_of_checks(result),
        *(printable(note, longest=1000) for note in result.notes),
    ]


def _uncertain(result: Result) -> list[str]:
    """Which values may be on either side of their limits, the broken ones first, and what would decide.

    Those far within their limits are counted only: that so few requests give no upper end is no reason to worry there.
    """
    uncertain = [row for row in check_rows(result) if row.check.uncertain]
    rows = sorted((row for row in uncertain if not _is_far_within(row)), key=lambda row: row.status == "pass")
    told = [f"{printable(row.place, longest=1000)} {row.metric}: {spread_of(row)}" for row in rows[:_MOST_NAMED]]
    if len(rows) > _MOST_NAMED:
        told.append(f"{counted(len(rows) - _MOST_NAMED, 'more value')} with a ~ before it")
    if rows:
        opening = "~ marks a value whose limit lies within the measurement's own uncertainty: it may be on either side."
        soft = ' A broken one is a warning (`[gate] uncertain = "fail"` makes it a failure).'
        told.insert(0, opening + (soft if any(row.status == "warn" for row in rows) else ""))
    if within := len(uncertain) - len(rows):
        told.append(f"{counted(within, 'percentile')} far within the limit: too few requests to bound the other end.")
    return told


def _is_far_within(row: CheckRow) -> bool:
    check = row.check
    kept = row.status == "pass" and check.observed is not None and check.limit is not None
    return kept and is_far(check.observed or 0.0, check.limit or 0.0)


def _ends(check: Check) -> str:
    """The interval, of which so few values may bound one end only, or none."""
    low, high = check.observed_interval or (None, None)
    if low is not None and high is not None:
        return f"{number(low, check.unit)} to {number(high, check.unit)}"
    if low is not None:
        return f"at least {number(low, check.unit)}"
    return "any value" if high is None else f"at most {number(high, check.unit)}"


def spread_of(row: CheckRow) -> str:
    """An uncertain value with its interval, what it rests on, and what would decide."""
    check = row.check
    ends = _ends(check)
    rests = f", of {counted(check.samples, 'value')}" if check.samples is not None else ""
    needed = f"; about {check.samples_needed:,} would decide" if check.samples_needed else ""
    return f"{row.observed.lstrip('~')}, limit {row.limit}; {ends} (95 %){rests}{needed}"


def _of_hosts(result: Result) -> list[str]:
    """Which User classes were not driven where the service is, or not where the scenario has them."""
    about: dict[tuple[str, str, str], list[str]] = {}
    for run in result.runs:
        for host in run.hosts:
            names = about.setdefault((run.service, host.own, host.driven), [])
            names.extend([] if host.user_class in names else [host.user_class])
    return [printable(_host_told(*key, _listed(names)), longest=1000) for key, names in about.items()]


def _host_told(service: str, own: str, driven: str, names: str) -> str:
    if not driven:
        return f"{service}: no users of {names} were started: it has no tasks, and other classes inherit from it."
    if own == driven:
        return f"{service}: {names} was driven at a host of its own, {own}, which is not the service's."
    return f"{service}: {names} was driven at {driven}, and not at {own}, the host that the scenario gives it."


def _of_checks(result: Result) -> list[str]:
    """What one must know of single values, each once with the checks that it is about."""
    about: dict[str, list[str]] = {}
    for row in check_rows(result):
        if row.check.caveat:
            about.setdefault(printable(row.check.caveat), []).append(f"{row.metric} of {row.subject}")
    return [f"{_listed(where)}: {caveat}." for caveat, where in about.items()]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def failure_kinds(result: Result, most: int | None = None) -> list[str]:
    """What failed requests failed by: `catalog/peak: 12 requests: HTTP 503, e.g. Service Unavailable`.

    Args:
        result: of which.
        most: kinds of each load; the others are counted. None is all that are known.
    """
    loads = [(_place(run), run.failures) for run in result.runs]
    return [line for place, kinds in [*loads, ("imported", result.failures)] for line in _kinds(place, kinds, most)]


def _kinds(place: str, kinds: Sequence[Failure], most: int | None) -> list[str]:
    told = [f"{place}: {failure_told(kind)}" for kind in kinds[:most]]
    rest = kinds[len(told) :]
    others = f"{place}: {counted(sum(kind.count for kind in rest), 'request')} of {counted(len(rest), 'other kind')}"
    return [*told, others] if rest else told


def failure_told(failure: Failure) -> str:
    """Failures of one kind in a line: how many, which, and an example where it says more."""
    kind, example = printable(failure.kind), printable(failure.example)
    more = f", e.g. {example}" if example and example != kind else ""
    return f"{counted(failure.count, 'request')}: {kind}{more}"


def failed_otherwise(result: Result) -> list[str]:
    """The reasons of a failure that no check shows."""
    shown = result.verdict != "fail" or with_status(list(check_rows(result)), "fail")
    return [] if shown else [printable(reason) for reason in result.reasons]


def unjudged(result: Result, *, undecided: bool = True) -> list[str]:
    """Why something could not be judged, each reason once: the whole, then runs, then single checks.

    Args:
        result: of which.
        undecided: with comparisons that could not be told; a report that lists them apart leaves them out.
    """
    told = {reason for service in result.services for reason in service.reasons}
    told |= {reason for run in result.runs for reason in run.reasons}
    rows = list(check_rows(result))
    doubted = {doubt for run in result.runs for doubt in placed_doubts(run)}
    found = []
    if result.verdict == "invalid":
        messages = tuple(f": {row.check.message}" for row in rows)
        found += [reason for reason in result.reasons if reason not in told and not reason.endswith(messages)]
    found += _doubts_once(result.runs)  # the cause before what it kept from being judged
    for service in result.services:
        if service.verdict == "invalid" and not service.checks:
            found += [reason for reason in service.reasons if reason not in doubted]
    found += [f"{row.place}: {row.check.message}" for row in rows if row.check.status == "invalid" and not row.doubted]
    # Of a run that is not sound its doubts are told: that each check was undecided when it was stopped is no news.
    apart = {f"{row.place}: {row.check.message}" for row in rows if row.doubted and row.check.decision == "undecided"}
    apart |= set() if undecided else set(undecided_told(rows))
    told_once = dict.fromkeys(printable(reason, longest=1000) for reason in found if reason not in apart)
    return [reason for reason in told_once if reason not in apart]


def _doubts_once(runs: Sequence[RunResult]) -> list[str]:
    """Why runs as a whole are not sound: what holds for several (their service did not start) is told once."""
    places: dict[str, list[str]] = {}
    for run in runs:
        for doubt in run.doubts:
            places.setdefault(doubt, []).append(_place(run))
    return [f"{', '.join(dict.fromkeys(where))}: {doubt}" for doubt, where in places.items()]


def health_notes(result: Result) -> list[str]:
    """Who drove, when several did; what speaks against the generator and is no doubt about its run, and its notes."""
    return _several_drivers(result) + [
        f"{_place(run)}: {printable(words, longest=1000)}"
        for run in result.runs
        for words in (*run.health.reasons, *run.health.notes)
        if words not in run.doubts
    ]


def _place(run: RunResult) -> str:
    return f"{printable(run.service)}/{printable(run.load)}"


def _several_drivers(result: Result) -> list[str]:
    """Each number of drivers once, with the loads that it holds for; it is the same for all but in rare results."""
    words = {_place(run): drivers(run) for run in result.runs}
    found = [several for several in dict.fromkeys(words.values()) if several]
    if len(found) == len(set(words.values())) == 1:
        return found
    return [f"{', '.join(place for place, own in words.items() if own == several)}: {several}" for several in found]


def drivers(run: RunResult) -> str:
    """Who drove the load together; empty for a single process."""
    engines, workers = run.health.engines, run.health.workers
    if engines <= 1:
        return ""
    return f"driven by {workers} workers" if workers else f"driven by {engines} processes"


def findings(run: RunResult) -> list[str]:
    """What a load was for: its capacity, recovery and drift, in words; empty for a steady load."""
    return [
        text
        for text in (
            _capacity(run.capacity) if run.capacity else "",
            _recovery(run.recovery) if run.recovery else "",
            _drift(run.drift) if run.drift else "",
        )
        if text
    ]


def _capacity(capacity: Capacity) -> str:
    detail = printable(capacity.detail)
    if capacity.level is None:
        return f"capacity unknown: {detail}" if detail else "capacity unknown"
    if not detail and capacity.broke_at is not None:
        detail = f"broke at {quantity(capacity.broke_at, capacity.unit)}"
    least = "at least " if capacity.lower_bound else ""
    by = f", limited by {capacity.broke_by}" if capacity.broke_by else ""
    text = f"capacity {least}{quantity(capacity.level, capacity.unit)}{by}"
    return f"{text}; {detail}" if detail else text


def _recovery(recovery: Recovery) -> str:
    seconds = recovery.recovery_time_s
    text = "did not recover" if seconds is None else f"recovered in {quantity(seconds, 's')}"
    return f"{text}: {printable(recovery.detail)}" if recovery.detail else text


def _drift(drift: Drift) -> str:
    parts = [("p95", drift.p95_percent), ("memory", drift.memory_percent)]
    known = ", ".join(f"{name} {signed_percent(percent)}" for name, percent in parts if percent is not None)
    return f"drift, last fifth against first: {printable(drift.detail) or known or 'unknown'}"
