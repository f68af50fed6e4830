"""Markdown for a job's summary or a pull-request comment: the verdict, what failed or changed, the rest folded away.

Everything from outside is escaped so that it is shown and does nothing: no HTML, no links, no mentions, no new lines.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from perfgate.judge.words import counted
from perfgate.report import changes, grounds
from perfgate.report.page import Page
from perfgate.report.statements import (
    caveats,
    closing,
    failed_otherwise,
    failure_kinds,
    findings,
    headline,
    health_notes,
    unjudged,
)
from perfgate.report.tables import (
    SLOWEST_HEADINGS,
    SUMMARY_HEADINGS,
    UNKNOWN,
    WHOLE_SERVICE,
    CheckRow,
    check_rows,
    printable,
    slowest_row,
    summary_row,
    with_status,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.judge.result import Result, RunResult
    from perfgate.measure.summary import SlowestRequest

LONGEST = 65_536  # characters of a comment on GitHub
SYMBOLS = {"pass": "✅", "warn": "⚠️", "fail": "❌", "invalid": "🚫", "skipped": "⏭️"}
BETTER = "🚀"

_CELL = 160  # characters of one name in a table
_SENTENCE = 500
_RESERVED = 200  # for the note about what was cut
_SPECIAL = re.compile(r"[\\`*_{}\[\]()<>#+!|~&$@^=:%\"']|(?<=www)\.")
_NOWHERE = "\u200b"  # of no width: it parts what a site would take together for a reference
# Commits (`1a2b3c4`), issues (`GH-12`) and pictures (`:name:`): sites find them in the finished text.
_COMMIT = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{7,40}(?![0-9A-Za-z])")
_NAMED = re.compile(r"(?<![0-9A-Za-z])[Gg][Hh]-(?=\d)|:(?=[\w+-]+:)")
# At the start of a line: a list, or the line under a heading.
_LEADING = re.compile(r"^(?:[-+](?=\s)|-(?=-)|=|\d{1,9}[.)](?=\s|$))")


def render(result: Result, *, longest: int = LONGEST) -> str:
    """The report as GitHub-flavoured markdown that ends with a newline.

    Args:
        result: what to show.
        longest: at most so many characters (at least 2,000); rows that do not fit are left out, the least important
            first, and a note says how many.
    """
    footer = _footer(result)
    page = Page(max(longest, 2_000) - _RESERVED - len(footer))
    rows = [row for row in check_rows(result) if not changes.is_compared(row)]
    compared = changes.compared_rows(result)
    page.add(f"## {SYMBOLS[result.verdict]} perfgate {sentence(headline(result))}", "")
    page.add_all([], [f"> {sentence(note)}" for note in caveats(result)])
    page.add_all([], [sentence(both)] if (both := grounds.sides_told(result)) else [])
    page.add_all(_opening(*_COMPARED), _compared_rows(changes.in_parts(compared, *_RED)))
    changed = with_status(rows, "fail") + with_status(rows, "warn")
    page.add_all(_opening(*_CHANGED), [_changed_row(row) for row in changed])
    page.add_all(["**Failed**", ""], _list(failed_otherwise(result)))
    undecided = changes.in_parts(compared, "undecided")
    page.add_all(["**Undecided**", "", *_opening(*_COMPARED)], _compared_rows(undecided))
    page.add_all(["**What to do**", ""], _advice(result))
    page.add_all(["**Warned of**", ""], _list(changes.warned_told(compared)))
    page.add_all(["**Could not be judged**", ""], _list(unjudged(result, undecided=False)))
    page.add_all(["**At one side only**", ""], _list(changes.at_one_side(compared)))
    page.add_all(["**Better**", "", *_opening(*_COMPARED)], _compared_rows(changes.in_parts(compared, "better")))
    page.add_all(["**How sure this is**", ""], _list(grounds.grounds(result)))
    page.add_all(["**Accepted regressions**", ""], _list(grounds.acceptances(result)))
    page.add_all(_opening("service", *SUMMARY_HEADINGS), _summaries(result))
    page.add_all([], _list(_findings(result)))
    page.add_all(["**Kinds of failures**", ""], _list(failure_kinds(result)))
    page.add_all(["**Generator health**", ""], _list(health_notes(result)))
    _add_quiet(page, compared)
    _add_folded(page, with_status(rows, "pass"), "passed")
    _add_folded(page, [*with_status(rows, "skipped"), *changes.in_parts(compared, "missing")], "skipped")
    _add_slowest(page, result)
    return "\n".join([*page.lines, *_cut_note(page.cut), footer]) + "\n"


def code(text: str) -> str:
    """A name from outside as code, in one line, safe inside a table cell.

    A code span is enough for nearly all names. A backtick, a pipe or a backslash can end a span or a cell, and then
    each special character is written as a character reference, which cannot have a meaning in markdown.
    """
    clean = printable(text, longest=_CELL)
    if clean and clean == clean.strip() and not set(clean) & set("`|\\"):
        return f"`{clean}`"
    return f"<code>{_SPECIAL.sub(_reference, clean)}</code>"


def sentence(text: str) -> str:
    """A sentence that may hold names from outside: shown as it is, without mentions, links, references or markup."""
    clean = _COMMIT.sub(_parted, printable(text, longest=_SENTENCE).strip())
    parted = _NAMED.sub(lambda match: match[0] + _NOWHERE, clean)
    return _LEADING.sub(lambda match: match[0][:-1] + f"&#{ord(match[0][-1])};", _SPECIAL.sub(_inert, parted))


def _parted(match: re.Match[str]) -> str:
    """Digits in groups of six: a commit's name has seven at least."""
    return _NOWHERE.join(match[0][start : start + 6] for start in range(0, len(match[0]), 6))


def _reference(match: re.Match[str]) -> str:
    return f"&#{ord(match[0])};"


def _inert(match: re.Match[str]) -> str:
    """Mentions (`@name`) and references (`#12`) are found after character references are resolved: break those."""
    following = match.string[match.end() : match.end() + 1]
    if match[0] == ":":
        return f":{_NOWHERE}" if match.string.startswith("//", match.end()) else ":"
    if match[0] == ".":
        return f"{_NOWHERE}."
    if match[0] in ":()'\"=+{}":
        return match[0]
    if match[0] == "%":  # a milestone on GitLab, when a name follows
        return f"%{_NOWHERE}" if following.isalnum() or following in ('"', "_") else "%"
    return _reference(match) + (_NOWHERE if match[0] in "@#" or (match[0] in "!~$&" and following.isalnum()) else "")


_CHANGED = ("", "service / load", "endpoint", "metric", "observed", "limit", "over by", "where")


_COMPARED = ("", "service / load", "endpoint", "metric", "base", "head", "change", "interval", "would find", "decision")
_RED: tuple[changes.Part, ...] = ("worse", "accepted", "noted")


def _opening(*headings: str) -> list[str]:
    return [f"| {' | '.join(headings)} |", "|" + " --- |" * len(headings)]


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _subject(row: CheckRow) -> str:
    return WHOLE_SERVICE if row.name is None else code(row.name)


def _changed_row(row: CheckRow) -> str:
    return _line(*_held_cells(row), row.excess, _where(row))


def _compared_rows(rows: Sequence[CheckRow]) -> list[str]:
    return [_compared_row(row) for row in rows]


def _compared_row(row: CheckRow) -> str:
    part = changes.part_of(row)
    change = sentence(changes.change(row))
    cells = (changes.measure(row), changes.before(row), changes.after(row))
    more = "" if row.check.accepted else changes.remark(row)
    decision = ": ".join(filter(None, (changes.decision(row), more if part in ("worse", "undecided") else "")))
    rest = (changes.interval(row), changes.detectable(row), decision)
    return _line(
        BETTER if part == "better" else SYMBOLS[row.status],
        sentence(row.group),
        _subject(row),
        *(sentence(cell) for cell in cells),
        f"**{change}**" if part in _RED else change,
        *(sentence(cell) for cell in rest),
    )


def _where(row: CheckRow) -> str:
    return code(row.check.source) if row.check.source else sentence(row.source) or UNKNOWN


def _held_cells(row: CheckRow) -> list[str]:
    return [
        SYMBOLS[row.status],
        sentence(row.group),
        _subject(row),
        sentence(row.metric),
        f"**{sentence(row.observed)}**" if row.status in ("fail", "warn") else sentence(row.observed),
        sentence(row.limit),
    ]


def _list(reasons: Sequence[str]) -> list[str]:
    return [f"- {sentence(reason)}" for reason in reasons]


def _advice(result: Result) -> list[str]:
    command = grounds.search_command(result)
    return _list(grounds.advice(result)) + ([f"- To find the commit: {code(command)}"] if command else [])


def _summaries(result: Result) -> list[str]:
    return [_line(sentence(run.service), *(sentence(cell) for cell in summary_row(run))) for run in result.runs]


def _findings(result: Result) -> list[str]:
    found = [f"{run.service} / {run.load}: {text}" for run in result.runs for text in findings(run)]
    found += [
        f"{service.name}: health score {service.score.score:.0f}/100 ({service.score.grade})"
        for service in result.services
        if service.score.score is not None and result.kind != "compare"
    ]
    return found


_HELD = ("", "service / load", "endpoint", "metric", "observed", "limit", "note")


def _add_folded(page: Page, rows: Sequence[CheckRow], what: str) -> None:
    """A table that the reader opens; skipped checks say why they were skipped."""
    opening = [f"<details><summary>{counted(len(rows), 'check')} {what}</summary>", "", *_opening(*_HELD)]
    notes = [sentence(row.check.message) if row.status == "skipped" else "" for row in rows]
    lines = [_line(*_held_cells(row), note) for row, note in zip(rows, notes, strict=True)]
    page.add_all(opening, lines, ["", "</details>", ""])


def _add_quiet(page: Page, rows: Sequence[CheckRow]) -> None:
    """What was compared and needs no attention, with what is only shown."""
    quiet = changes.in_parts(rows, "quiet")
    opening = [
        f"<details><summary>{counted(len(quiet), 'check')} not worse, or only shown</summary>",
        "",
        *_opening(*_COMPARED),
    ]
    page.add_all(opening, _compared_rows(quiet), ["", "</details>", ""])


def _add_slowest(page: Page, result: Result) -> None:
    opening = [
        "<details><summary>Slowest requests</summary>",
        "",
        *_opening("service / load", *SLOWEST_HEADINGS),
    ]
    lines = [_slow_line(run, request) for run in result.runs for request in run.slowest]
    page.add_all(opening, lines, ["", "</details>", ""])


def _slow_line(run: RunResult, request: SlowestRequest) -> str:
    _, at, time, status, _, _ = slowest_row(request)
    place = sentence(f"{run.service} / {run.load}")
    trace = code(request.trace_id) if request.trace_id else UNKNOWN
    url = code(request.url) if request.url else UNKNOWN
    return _line(place, code(request.endpoint), at, sentence(time), status, url, trace)


def _cut_note(cut: int) -> list[str]:
    if not cut:
        return []
    rows = "1 row was" if cut == 1 else f"{cut:,} rows were"
    return [f"**{rows} left out**: a comment holds only so many characters. `perfgate report` shows all.", ""]


def _footer(result: Result) -> str:
    commit = f" at {code(result.revision.commit[:12])}" if result.revision.commit else ""
    return f"<sub>{sentence(closing(result))}{commit}, {sentence(printable(result.environment.machine, 100))}</sub>"
