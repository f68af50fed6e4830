"""The first line: whether the change is fast enough, why, and what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from perfgate.judge.words import counted, signed_percent
from perfgate.report import concern
from perfgate.report.changes import change as changed_by
from perfgate.report.changes import interval, tolerated_percent
from perfgate.report.comment.subject import worst
from perfgate.report.grounds import busy_reasons
from perfgate.report.markdown import SYMBOLS, code, sentence
from perfgate.report.statements import unjudged
from perfgate.report.tables import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.report.comment.record import Entry
    from perfgate.report.comment.subject import Context, Outcome, Row, Subject

SIGNS: dict[Outcome, str] = {
    "pass": SYMBOLS["pass"],
    "warn": SYMBOLS["warn"],
    "fail": SYMBOLS["fail"],
    "invalid": SYMBOLS["invalid"],
    "undecided": "❔",
}


def lead(subject: Subject, others: Sequence[Entry]) -> str:
    """The first line of the comment.

    Args:
        subject: what the comment is about.
        others: what other jobs said of the same commit.
    """
    verdict = together(subject, others)
    told = verdict_words(subject, verdict)
    return f"### {SIGNS[verdict]} perfgate {verdict.upper()}: {told}. {_why(verdict, subject, others)}"


def verdict_words(subject: Subject, verdict: Outcome) -> str:
    """A verdict in a few words, of what it is about: `not fast enough`, `too large`."""
    if verdict == "invalid":
        return "not known whether it is fast enough"
    if verdict == "undecided":
        return "not known yet whether it is slower"
    first = next((row.row for row in subject.with_status(verdict)), None)
    if verdict == "fail":
        return concern.broken(first)
    held = concern.held([row.row for row in subject.rows])
    if verdict == "pass":
        return held
    about = concern.warned(first)
    return f"{about}, and here a warning fails" if subject.is_strict else f"{held}, but {about}"


def together(subject: Subject, others: Sequence[Entry]) -> Outcome:
    """The verdict of this comment: the worst of its results and of what other jobs said of the same commit."""
    return worst([subject.outcome, *(entry.verdict for entry in others)])


def _why(verdict: Outcome, subject: Subject, others: Sequence[Entry]) -> str:
    if verdict == subject.outcome:
        return why(subject)
    decisive = next(entry for entry in others if entry.verdict == verdict)
    return f"Job {code(decisive.job)}: {_ended(decisive.words)}"


def why(subject: Subject) -> str:
    """The reason for the verdict of the results, and what to do about it, in markdown."""
    reasons = {"fail": _failed, "invalid": _invalid, "undecided": _undecided, "warn": _warned, "pass": _passed}
    return reasons[subject.outcome](subject)


def told(row: Row) -> str:
    """A check in a sentence: `p95 of GET /items (catalog / peak) is 312.4 ms, budget 250 ms`."""
    check = row.row.check
    name = "" if row.row.name is None else f" of {code(row.row.name)}"
    head = f"{sentence(row.row.metric)}{name} ({sentence(row.group)})"
    if check.kind != "budget" and change(row) != UNKNOWN:
        return f"{head} changed by {change(row)}{tolerated(row, ', tolerated is ')}"
    if check.observed is None or check.limit is None or check.kind != "budget":
        return f"{head}: {sentence(check.message)}"
    return f"{head} is {sentence(row.row.observed)}, budget {sentence(row.row.limit)}"


def change(row: Row) -> str:
    """A change with its interval: `+25 % (+20 % to +30 %)`; a dash when there is none."""
    ends = f" ({interval(row.row)})" if row.row.check.interval_percent is not None else ""
    return sentence(changed_by(row.row) + ends) if row.row.check.kind != "budget" else UNKNOWN


def tolerated(row: Row, opening: str = "") -> str:
    """The change that is tolerated, e.g. `+10 %`, and `-9.1 %` where less is worse; empty when nobody told."""
    most = tolerated_percent(row.row)
    return "" if most is None else f"{opening}{sentence(signed_percent(most))}"


def _more(count: int, what: str) -> str:
    return f", and {counted(count, 'more check')} {what}" if count > 0 else ""


def _failed(subject: Subject) -> str:
    failed = subject.with_status("fail")
    if not failed:
        reasons = [reason for part in subject.parts if part.result.verdict == "fail" for reason in part.result.reasons]
        return f"{_ended(reasons[0] if reasons else 'no check says why')} Look at the report."
    first = failed[0]
    return f"{_stop(told(first) + _more(len(failed) - 1, 'failed'))} {_remedy(first, subject.context)}"


def _remedy(row: Row, context: Context) -> str:
    budgets = code(context.budgets)
    if row.row.check.kind == "budget":
        place = row.row.check.source
        where = code(place) if re.fullmatch(r".+:\d+", place) else budgets
        return f"{concern.remedy(row.row)}, or change the limit at {where}."
    return f"{concern.remedy(row.row)}, or accept it for a time with `[[accept]]` in {budgets}."


def _invalid(subject: Subject) -> str:
    if subject.context.problem:
        return f"{_ended(subject.context.problem)} Look at the job that measured."
    reasons = [reason for part in subject.parts for reason in unjudged(part.result)]
    reasons = reasons or [
        reason for part in subject.parts if part.result.verdict == "invalid" for reason in part.result.reasons
    ]
    if not reasons and subject.context.ended_with not in (None, "success"):
        return f"{_ended(distrust(subject.context))} Look at that job."
    more = f" ({counted(len(reasons) - 1, 'more reason')} below)" if len(reasons) > 1 else ""
    return f"{_ended(reasons[0] if reasons else 'nothing was judged')}{more} Mend that, and run it again."


def distrust(context: Context) -> str:
    """Why a pass is not believed."""
    return f"The result says pass, but the job that measured ended with {context.ended_with}."


def _undecided(subject: Subject) -> str:
    unknown = sorted((row for row in subject.rows if row.is_undecided), key=lambda row: row.severity, reverse=True)
    first = f"{told(unknown[0])}{_more(len(unknown) - 1, 'could not tell')}" if unknown else "nothing was compared"
    if any(busy_reasons(part.result) for part in subject.parts):
        return f"{_stop(first)} The machine was busy: run it again where it is quieter."
    return f"{_stop(first)} Run it again, or raise `max_duration` under `[compare]` in {code(subject.context.budgets)}."


def _warned(subject: Subject) -> str:
    warned = subject.with_status("warn")
    first = told(warned[0]) + _more(len(warned) - 1, "warned") if warned else "a warning stands below"
    if warned and subject.is_strict:
        return f"{_stop(first)} {_remedy(warned[0], subject.context)}"
    return f"{_stop(first)} Nothing has to be done now."


def _passed(subject: Subject) -> str:
    held = sum(row.status == "pass" for row in subject.rows)
    compared = any(row.row.check.kind != "budget" and row.status == "pass" for row in subject.rows)
    slower = ", and nothing is proven slower than before" if compared else ""
    return f"{counted(held, 'check')} held{slower}. Nothing has to be done."


def _stop(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _ended(reason: str) -> str:
    return _stop(sentence(reason))
