"""The tables of a comment: what failed or changed, what passed, and each load with its curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.report.comment.lead import change, tolerated
from perfgate.report.comment.subject import placed
from perfgate.report.markdown import SYMBOLS, code, sentence
from perfgate.report.sparkline import sparkline
from perfgate.report.tables import SUMMARY_HEADINGS, UNKNOWN, WHOLE_SERVICE, group_name, number, summary_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.judge.result import Check, RunResult
    from perfgate.report.comment.subject import Part, Row, Subject

CHANGED = ("", "service / load", "endpoint", "metric", "base", "head", "change", "budget")
_DECISIONS = {
    "worse": "slower",
    "better": "better",
    "undecided": "undecided",
    "new": "new",
    "gone": "gone",
}


def opening(*headings: str) -> list[str]:
    """The first two lines of a table."""
    return [f"| {' | '.join(headings)} |", "|" + " --- |" * len(headings)]


def line(*cells: str) -> str:
    """A row of a table."""
    return f"| {' | '.join(cells)} |"


def changed(subject: Subject) -> list[str]:
    """What failed, what warned, what could not be told, and what became better, in this order."""
    told = [*subject.with_status("fail"), *subject.with_status("warn")]
    rest = [row for row in subject.rows if row.status not in ("fail", "warn")]
    told += [row for row in rest if row.is_undecided]
    told += [row for row in rest if _is_change(row)]
    return _lines(told, _compared(subject.rows))


def _is_change(row: Row) -> bool:
    return row.row.check.decision in ("better", "worse", "new", "gone")


def passed(subject: Subject) -> list[str]:
    """What is as it was, or within its budget."""
    quiet = [row for row in subject.rows if row.status == "pass" and not _is_change(row)]
    return _lines(quiet, _compared(subject.rows))


def skipped(subject: Subject) -> list[str]:
    """What was not judged on purpose, and why."""
    return [
        line(SYMBOLS["skipped"], sentence(row.group), _subject(row), sentence(row.row.metric), _message(row))
        for row in subject.rows
        if row.status == "skipped" and not _is_change(row)
    ]


SKIPPED = ("", "service / load", "endpoint", "metric", "why")


def _message(row: Row) -> str:
    return sentence(row.row.check.message) or UNKNOWN


Key = tuple[int, str, str, str | None, str]


def _key(row: Row) -> Key:
    return id(row.part), row.row.service, row.row.load, row.row.check.endpoint, row.row.check.metric


def _compared(rows: Sequence[Row]) -> dict[Key, Row]:
    """The comparison of each metric, so that a budget's row can show it."""
    return {_key(row): row for row in rows if row.row.check.kind != "budget"}


def _lines(rows: Sequence[Row], compared: dict[Key, Row]) -> list[str]:
    return [_line(row, compared.get(_key(row))) for row in rows]


def _line(row: Row, comparison: Row | None) -> str:
    check = row.row.check
    base = comparison.row.check.baseline if comparison else check.baseline
    observed = _whole(sentence(row.row.observed))
    return line(
        _sign(check),
        sentence(row.group),
        _subject(row),
        sentence(row.row.metric),
        _whole(sentence(number(base, check.unit))),
        f"**{observed}**" if row.status in ("fail", "warn") else observed,
        _change(comparison or row),
        _limit(row),
    )


def _sign(check: Check) -> str:
    if check.decision == "undecided" and check.status != "fail":
        return "❔"
    if check.decision == "better" and check.status == "pass":
        return "🚀"
    return SYMBOLS[check.status]


def _subject(row: Row) -> str:
    return WHOLE_SERVICE if row.row.name is None else code(row.row.name)


def _change(row: Row) -> str:
    text = change(row)
    word = _DECISIONS.get(row.row.check.decision or "", "")
    if text == UNKNOWN:
        return word or UNKNOWN
    return f"{text.replace(' %', _whole(' %'))} {word}".rstrip()


def _limit(row: Row) -> str:
    check = row.row.check
    if check.kind != "budget":
        return f"change of at most {tolerated(row)}" if tolerated(row) else UNKNOWN
    if check.limit is None:  # it holds whatever the budgets are, and says why
        return sentence(check.message) if row.status in ("fail", "warn") else UNKNOWN
    over = "" if row.row.excess == UNKNOWN else f", passed by {sentence(row.row.excess)}"
    where = f" {code(check.source)}" if check.source and row.status in ("fail", "warn") else ""
    return f"{_whole(sentence(row.row.limit))}{over}{where}"


def _whole(quantity: str) -> str:
    """A number that is not parted from its unit at the end of a line."""
    return quantity.replace(" ", "\u00a0")


LOADS = ("", "service / load", *SUMMARY_HEADINGS[1:-1], "p95 each second")
_CURVE = 16  # characters; with more the table is wider than a comment


def loads(parts: Sequence[Part]) -> list[str]:
    """One line for each load, with its 95th percentile over time."""
    return [_load(part, run) for part in parts for run in part.result.runs]


def _load(part: Part, run: RunResult) -> str:
    _, *cells, _ = (sentence(cell) for cell in summary_row(run))
    curve = sparkline(run.series.p95_ms, _CURVE) or UNKNOWN
    where = sentence(placed(part, group_name(run.service, run.load)))
    return line(SYMBOLS[run.verdict], where, *cells, curve)
