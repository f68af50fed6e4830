"""Which limit applies where, as a table for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from perfgate.judge.words import label
from perfgate.measure.percentile import QUANTILES, bounded_from, needed_for
from perfgate.report.console import plain_table, print_part, text_console, trimmed
from perfgate.report.tables import WHOLE_SERVICE, group_name, number, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.plan.explain import AppliedLimit

_HEADINGS = ("endpoint", "metric", "warn", "fail", "written for", "where")


def render(limits: Sequence[AppliedLimit], *, width: int = 100, color: bool = False) -> str:
    """The table, grouped by service and load, without a newline at its end.

    Args:
        limits: from `plan.explain.applicable_limits`.
        width: columns of the terminal; long names fold.
        color: whether to emit ANSI colours.
    """
    if not limits:
        return "No limit applies: add a [services.NAME.budget] table to budgets.toml."
    console, buffer = text_console(width, color=color)
    table = plain_table(*_HEADINGS, right=("warn", "fail"))
    group = None
    for limit in limits:
        if (name := _group(limit)) != group:
            group = name
            table.add_row(Text(name, style="bold"))
        table.add_row(*(Text(cell) for cell in _cells(limit)))
    print_part(console, table)
    if any(limit.use == "step" for limit in limits):
        console.print(Text("* decides whether a step of a stress load held; it is no check of its own"))
    for line in _certainty(limits):
        console.print(Text(line))
    return trimmed(buffer.getvalue())


def _certainty(limits: Sequence[AppliedLimit]) -> list[str]:
    """How many values the percentiles need, and what a limit is that is broken within the percentile's interval."""
    held = [limit for limit in limits if limit.use == "check" and _percentile(limit)]
    if not held:
        return []
    names = [name for name in QUANTILES if any(_percentile(limit) == name for limit in held)]
    needs = [
        f"{label(name)} {needed_for(QUANTILES[name]):,} and {bounded_from(QUANTILES[name], above=True):,}"
        for name in names
    ]
    made = {"warn": "a warning", "fail": "a failure"}
    kinds = ", or ".join(dict.fromkeys(made[limit.uncertain] for limit in held))
    return [
        f"values to be known, and to have an upper end: {', '.join(needs)}",
        f"a limit broken within the percentile's own 95 % interval is {kinds} ([gate] uncertain)",
    ]


def _percentile(limit: AppliedLimit) -> str:
    """The percentile that a limit is on; empty for all else."""
    name = "" if limit.inherited_from == "artifacts" else limit.metric.rpartition(".")[2]
    return name if name in QUANTILES else ""


def _group(limit: AppliedLimit) -> str:
    return "benchmarks" if limit.inherited_from == "benchmarks" else group_name(limit.service or "", limit.load or "")


def _cells(limit: AppliedLimit) -> list[str]:
    artifact = limit.inherited_from == "artifacts"
    subject = limit.metric if artifact else limit.endpoint
    metric = "size" if artifact else printable(label(limit.metric))
    return [
        f"  {WHOLE_SERVICE if subject is None else printable(subject)}",
        f"{metric} *" if limit.use == "step" else metric,
        number(limit.warn, limit.unit),
        number(limit.fail, limit.unit),
        limit.inherited_from,
        printable(limit.source),
    ]
