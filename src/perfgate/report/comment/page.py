"""The comment, put together: what matters most comes first and is the last to be left out."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from perfgate.judge.words import counted
from perfgate.report.comment import statements, tables
from perfgate.report.comment.lead import SIGNS, distrust, lead, together, verdict_words, why
from perfgate.report.comment.record import Record, entry_for, fitted, marker
from perfgate.report.comment.subject import Context, Part, Subject, subject_of
from perfgate.report.finite import finite
from perfgate.report.markdown import LONGEST, code, sentence
from perfgate.report.page import Page, length
from perfgate.report.statements import caveats
from perfgate.report.tables import UNKNOWN, moment, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.report.comment.record import Entry
    from perfgate.report.comment.subject import Outcome

_RESERVED = 400  # for the note about what was cut, and new lines
_MOST_HISTORY = 20
_LEAST = 24_000  # characters: the first line, the hidden record and the note always fit


def render(parts: Sequence[Part], context: Context, before: Record | None = None, *, longest: int = LONGEST) -> str:
    """The comment, as GitHub-flavoured markdown that ends with a newline.

    Args:
        parts: the results that it holds; of several, each has a name.
        context: see there.
        before: what the comment said before: verdicts of earlier commits, and of other jobs at this one.
        longest: at most so many characters (at least 24,000); the least important rows are left out, and a note says
            how many.
    """
    parts = [Part(printable(part.name, longest=80), finite(part.result)) for part in parts]
    subject = subject_of(parts, context)
    own = _entry(subject)
    record = fitted((before or Record()).with_entry(own))
    others = record.beside(own)
    ending = [_footer(parts, context), "", marker(context.budgets), record.block()]
    room = max(longest, _LEAST) - _RESERVED - sum(length(line) + 1 for line in ending)
    page = Page(room)
    page.add(lead(subject, others), "")
    _add_verdict(page, subject)
    _add_jobs(page, own, others)
    _add_figures(page, subject)
    _add_folded(page, subject)
    _add_history(page, record.before(own))
    return "\n".join([*page.lines, *_cut_note(page.cut, context), *ending]) + "\n"


def verdict_of(parts: Sequence[Part], context: Context, before: Record | None = None) -> Outcome:
    """What the comment's first line says."""
    subject = subject_of(parts, context)
    return together(subject, (before or Record()).beside(_entry(subject)))


def words_for(parts: Sequence[Part], context: Context, verdict: Outcome) -> str:
    """A verdict in a few words: `not fast enough`."""
    return verdict_words(subject_of(parts, context), verdict)


def _entry(subject: Subject) -> Entry:
    return entry_for(subject.context, subject.outcome, _plain(why(subject)))


def _plain(markdown: str) -> str:
    """Words for the record, from markdown: they are escaped again wherever they are shown."""
    text = html.unescape(re.sub(r"</?code>", "", markdown.replace("`", "")))
    return text.replace("\u200b", "").partition(". ")[0]


def _add_verdict(page: Page, subject: Subject) -> None:
    parts, context = subject.parts, subject.context
    notes = dict.fromkeys(note for part in parts for note in caveats(part.result))
    notes |= dict.fromkeys(statements.busy(parts))
    if context.ended_with not in (None, "success") and all(part.result.exit_code == 0 for part in parts):
        notes[distrust(context)] = None
    page.add_all([], [f"> {sentence(note)}" for note in notes])
    page.add_all(tables.opening(*tables.CHANGED), tables.changed(subject))
    page.add_all(["**Failed**", ""], statements.bullets(statements.failures(parts)))
    page.add_all(["**Could not be judged**", ""], statements.bullets(statements.unknown(parts)))
    page.add_all(["**Accepted regressions**", ""], statements.accepted(subject))


def _add_jobs(page: Page, own: Entry, others: Sequence[Entry]) -> None:
    if others:
        lines = [tables.line(SIGNS[entry.verdict], code(entry.job), sentence(entry.words)) for entry in (own, *others)]
        page.add_all(["**Jobs at this commit**", "", *tables.opening("", "job", "why")], lines)


def _add_figures(page: Page, subject: Subject) -> None:
    page.add_all(tables.opening(*tables.LOADS), tables.loads(subject.parts))
    page.add_all([], statements.bullets(statements.found(subject.parts)))
    page.add_all(["**Kinds of failures**", ""], statements.bullets(statements.failed_requests(subject.parts)))
    page.add_all([], statements.trust(subject))


def _add_folded(page: Page, subject: Subject) -> None:
    if command := statements.reproduce(subject):
        page.add(*_fold("Reproduce it locally", command))
    untold = statements.bullets(statements.untold(subject))
    summary = f"<details><summary>What it would take to tell ({len(untold)} undecided)</summary>"
    page.add_all([summary, ""], untold, ["", "</details>", ""])
    for title, lines, headings in (
        ("passed", tables.passed(subject), tables.CHANGED),
        ("skipped", tables.skipped(subject), tables.SKIPPED),
    ):
        summary = f"<details><summary>{counted(len(lines), 'check')} {title}</summary>"
        page.add_all([summary, "", *tables.opening(*headings)], lines, ["", "</details>", ""])
    notes = statements.bullets(statements.notes(subject.parts))
    page.add_all(["<details><summary>Notes on the load generator</summary>", ""], notes, ["", "</details>", ""])


def _fold(title: str, lines: Sequence[str]) -> list[str]:
    return [f"<details><summary>{title}</summary>", "", *lines, "", "</details>", ""]


def _add_history(page: Page, entries: Sequence[Entry]) -> None:
    lines = [
        tables.line(SIGNS[entry.verdict], _commit(entry), moment(entry.at), sentence(_words(entry)))
        for entry in entries[:_MOST_HISTORY]
    ]
    summary = f"<details><summary>Earlier commits ({len(entries)})</summary>"
    page.add_all([summary, "", *tables.opening("", "commit", "when", "why")], lines, ["", "</details>", ""])


def _words(entry: Entry) -> str:
    return f"{entry.job}: {entry.words}" if entry.job else entry.words


def _commit(entry: Entry) -> str:
    return code(entry.commit[:12]) if entry.commit else UNKNOWN


def _cut_note(cut: int, context: Context) -> list[str]:
    if not cut:
        return []
    rows = "1 row was" if cut == 1 else f"{cut:,} rows were"
    where = "The full report" if context.report_url else "`perfgate report`"
    return [f"**{rows} left out**: a comment holds only so many characters. {where} shows all.", ""]


def _footer(parts: Sequence[Part], context: Context) -> str:
    texts = [f"commit {code(context.commit[:12])}"] if context.commit else []
    texts += [f"budgets {code(context.budgets)}"]
    machines = dict.fromkeys(printable(part.result.environment.machine, longest=60) for part in parts)
    texts += [sentence(", ".join(list(machines)[:3]))] if machines else []
    if context.report_url and _is_plain_url(context.report_url):
        texts.append(f"[full report]({context.report_url})")
    return f"<sub>{' · '.join(texts)}</sub>"


def _is_plain_url(url: str) -> bool:
    """A URL that can stand between parentheses as it is; it comes from the CI's own variables."""
    return url.startswith(("https://", "http://")) and not set(url) & set(" ()<>\"'\\`\n\r\t|") and url.isprintable()
