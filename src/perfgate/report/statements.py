"""What every report says in sentences: the verdict, its caveats, what a load found, and what could not be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.judge.words import counted, quantity, signed_percent
from perfgate.report.changes import change, in_parts, is_compared, measure, most_changed, undecided_told, verdict_word
from perfgate.report.tables import WHOLE_SERVICE, check_rows, lasting, placed_doubts, printable, with_status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.judge.result import Capacity, Drift, Recovery, Result, RunResult, Status
    from perfgate.report.changes import Part
    from perfgate.report.tables import CheckRow

_TOLD: tuple[Part, ...] = ("worse", "undecided", "accepted", "better")
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


def closing(result: Result) -> str:
    """The last line: `PASS in 2 m 40 s (exit 0)`."""
    strict = ", warnings count as failures" if result.strict and result.verdict == "warn" else ""
    return f"{result.verdict.upper()} in {lasting(result.duration_s)} (exit {result.exit_code}{strict})"


def caveats(result: Result) -> list[str]:
    """What a reader must know before trusting any number below."""
    notes = []
    if result.scale != 1.0:
        notes.append(f"Every duration was multiplied by {result.scale:g}: a quick look, not a measurement to keep.")
    if any(row.check.uncertain for row in check_rows(result)):
        notes.append("~ marks a value whose limit lies within the measurement's own uncertainty.")
    return notes


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
    found = []
    if result.verdict == "invalid":
        messages = tuple(f": {row.check.message}" for row in rows)
        found += [reason for reason in result.reasons if reason not in told and not reason.endswith(messages)]
    for service in result.services:
        if service.verdict == "invalid" and not service.checks:
            found += service.reasons
    found += [reason for run in result.runs for reason in placed_doubts(run)]
    found += [f"{row.place}: {row.check.message}" for row in rows if row.check.status == "invalid" and not row.doubted]
    apart = () if undecided else undecided_told(rows)
    told_once = dict.fromkeys(printable(reason, longest=1000) for reason in found)
    return [reason for reason in told_once if reason not in apart]


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
