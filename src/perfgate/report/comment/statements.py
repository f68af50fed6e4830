"""What a comment says besides its tables: health, false alarms, what would have been found, what is accepted."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from perfgate.judge.words import counted, label, quantity, signed_percent
from perfgate.report.changes import span_of_detectable
from perfgate.report.comment.subject import placed
from perfgate.report.grounds import busy_reasons, many_dropped
from perfgate.report.markdown import code, sentence
from perfgate.report.statements import failed_otherwise, failure_kinds, findings, health_notes, unjudged
from perfgate.report.tables import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.judge.result import Acceptance, Result
    from perfgate.report.comment.subject import Context, Part, Row, Subject

_COMMIT = re.compile(r"[0-9a-f]{7,64}")  # nothing else is a word of a command that people copy
_MOST_NAMED = 4  # loads that the command names; beyond that it drives them all


def bullets(texts: Iterable[str]) -> list[str]:
    """A list of sentences from outside."""
    return [f"- {sentence(text)}" for text in texts]


def failures(parts: Sequence[Part]) -> list[str]:
    """The reasons of a failure that no check shows."""
    return [placed(part, reason) for part in parts for reason in failed_otherwise(part.result)]


def unknown(parts: Sequence[Part]) -> list[str]:
    """Why something could not be judged; what a comparison could not tell stands in the table."""
    return [placed(part, reason) for part in parts for reason in unjudged(part.result, undecided=False)]


def busy(parts: Sequence[Part]) -> list[str]:
    """That the machine was busy, where that explains why something could not be told."""
    return [placed(part, reason) for part in parts for reason in busy_reasons(part.result)]


def untold(subject: Subject) -> list[str]:
    """What a comparison could not tell, and what it would take."""
    rows = (row for row in subject.rows if row.is_undecided)
    return [placed(row.part, f"{row.row.place}: {row.row.check.message}") for row in rows]


def found(parts: Sequence[Part]) -> list[str]:
    """What stress, spike and soak loads were for."""
    return [
        placed(part, f"{run.service} / {run.load}: {text}")
        for part in parts
        for run in part.result.runs
        for text in findings(run)
    ]


def failed_requests(parts: Sequence[Part]) -> list[str]:
    """What requests failed by."""
    return [placed(part, told) for part in parts for told in failure_kinds(part.result)]


def trust(subject: Subject) -> list[str]:
    """How far the verdict can be trusted, a line of markdown for each statement."""
    lines = [_compared_with(part) for part in subject.parts if part.result.baseline or part.result.base]
    lines += [_false_alarms(subject.parts), _detectable(subject.rows), _health(subject.parts)]
    lines += [
        f"**Dropped pairs:** {sentence(placed(part, told))}"
        for part in subject.parts
        for told in many_dropped(part.result)
    ]
    return [f"- {text}" for text in lines if text]


def _compared_with(part: Part) -> str:
    result = part.result
    commit = (result.base.commit if result.base else None) or (result.baseline.commit if result.baseline else None)
    against = f"{code(commit[:12])}" if commit else ""
    detail = result.baseline
    if detail is None:
        return f"**Compared with** {against}" if against else ""
    how = f"({sentence(detail.choice)}{_walked(detail.walked)})"
    runs = f", {counted(detail.runs, 'earlier run')}" if detail.kind == "history" else ""
    told = detail.found if against and detail.kind == "paired" else detail.detail
    why = f": {sentence(told)}" if told else ""
    name = f"{sentence(part.name)}: " if part.name else ""
    return f"**Compared with** {name}{against or 'nothing'} {how}{runs}{why}"


def _walked(commits: int) -> str:
    return f", {counted(commits, 'commit')} before it" if commits else ""


def _false_alarms(parts: Sequence[Part]) -> str:
    rates = [part.result.false_alarm_rate for part in parts if part.result.false_alarm_rate is not None]
    if not rates:
        return (
            ""
            if not parts
            else "**False alarms:** only budgets were judged; nothing was compared with an earlier version"
        )
    together = min(sum(rates), 1.0)
    return (
        f"**False alarms:** on unchanged code, these comparisons together are falsely red in at most "
        f"{sentence(quantity(together, 'share'))} of runs"
    )


def _detectable(rows: Sequence[Row]) -> str:
    span = span_of_detectable(row.row for row in rows)
    return f"**Smallest slowdown that would have been found** (in 9 of 10 cases): {sentence(span)}" if span else ""


def _health(parts: Sequence[Part]) -> str:
    runs = [run for part in parts for run in part.result.runs]
    if not runs:
        return ""
    sound = sum(run.sound for run in runs)
    if sound == len(runs):
        every = "the only load" if sound == 1 else f"all {sound} loads"
        return f"**Health:** the load generator was sound in {every}"
    return f"**Health:** {counted(len(runs) - sound, 'load')} of {len(runs)} cannot be trusted; the reasons stand above"


def notes(parts: Sequence[Part]) -> list[str]:
    """What else is worth knowing about the load generator."""
    return [placed(part, note) for part in parts for note in health_notes(part.result)]


def accepted(subject: Subject) -> list[str]:
    """Regressions that the team has accepted: those that this run met, and those that are over."""
    met = [
        f"{row.row.place} {label(row.row.check.metric, row.row.check.kind)} "
        f"({signed_percent(row.row.check.change_percent or 0.0)}): {_acceptance(row.row.check.accepted)}"
        for row in subject.rows
        if row.row.check.accepted is not None
    ]
    over = [
        f"no longer accepted: {label(one.metric)}: {_acceptance(one)}"
        for part in subject.parts
        for one in part.result.acceptances
        if one.expired
    ]
    return bullets([*met, *over])


def _acceptance(one: Acceptance) -> str:
    where = f" ({one.source})" if one.source else ""
    texts = (printable(text, longest=120) for text in (one.until, one.by, one.reason, where))
    until, by, reason, where = texts
    return f"up to {signed_percent(one.up_to_percent)} until {until}, by {by}: {reason}{where}"


def reproduce(subject: Subject) -> list[str]:
    """How to see the same on one's own machine, as a block of code.

    Nothing can end the block: each of its lines begins with a word of ours, and no text in them has a line of its own.
    """
    measured = (part.result for part in subject.parts if part.result.kind != "benchmarks")  # those are read from files
    commands = list(dict.fromkeys(_command(result, subject.context) for result in measured))
    if not commands:
        return []
    commit = subject.context.commit
    fetch = [f"git fetch origin {shlex.quote(subject.context.fetch)}"] if subject.context.fetch else []
    checkout = [*fetch, f"git checkout {shlex.quote(commit)}"] if commit else []
    return ["```sh", *checkout, *commands[:_MOST_NAMED], "```"]


def _command(result: Result, context: Context) -> str:
    words = ["perfgate", *(_comparing(result, context) if result.kind == "compare" else ["run"])]
    words += ["--budgets", context.budgets] if context.budgets != "budgets.toml" else []
    words += _chosen(result) if not _is_suite(result) else []
    words += ["--seed", str(result.seed)]
    words += ["--scale", f"{result.scale:g}"] if result.scale != 1.0 else []
    words += ["--strict"] if result.strict and result.kind == "run" else []
    return " ".join(shlex.quote(printable(word, longest=200)) for word in words)


def _comparing(result: Result, context: Context) -> list[str]:
    """The command and what it compares with.

    A pull request's job measures the merge of its commit with the target. The commit alone is not to be held against
    the target, whose other changes it has not: then the merge base is left to be found again.
    """
    base = result.base.commit if result.base else None
    if base is None and not _is_suite(result):
        urls = next((run.comparison for run in result.runs if run.comparison), None)
        return ["compare", "--base-url", urls.base_url, "--head-url", urls.head_url] if urls else ["compare"]
    choice, detail = (result.baseline.choice, result.baseline.detail) if result.baseline else ("", "")
    found_again = choice == "merge-base" and result.revision.commit != context.commit
    words = ["compare", base] if base and _COMMIT.fullmatch(base) and not found_again else ["compare"]
    return [*words, "--benchmarks", detail.partition(": ")[2]] if _is_suite(result) else words


def _is_suite(result: Result) -> bool:
    """Whether benchmarks were compared: nothing has a URL then."""
    made = [run.comparison for run in result.runs if run.comparison]
    return result.kind == "compare" and bool(made) and not any(one.base_url for one in made)


def _chosen(result: Result) -> list[str]:
    """What was red, where that is not much."""
    words: list[str] = []
    red = [run for run in result.runs if run.verdict in ("fail", "invalid", "warn")]
    if 0 < len(red) <= _MOST_NAMED:
        for name, option in (("service", "--service"), ("load", "--load")):
            chosen = dict.fromkeys(str(getattr(run, name)) for run in red)
            words += [word for one in chosen for word in (option, one)]
    return words
