"""What every report for a terminal is made of: a console that takes nothing from the environment, tables, lists."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import RenderableType

_NARROWEST = 8  # columns that a name needs at least; longer ones fold

_BETWEEN = 2  # blanks between two columns of `plain_table`

COLOURS = {"pass": "green", "warn": "yellow", "fail": "red", "invalid": "magenta", "skipped": "dim"}


def text_console(width: int, *, color: bool) -> tuple[Console, StringIO]:
    """A console that writes to the buffer beside it and takes nothing from the environment.

    Markup and emoji codes are off: `GET /items/[id]` and `:smile:` are names, not commands.
    """
    buffer = StringIO()
    console = Console(
        file=buffer,
        width=max(width, 40),
        color_system="standard" if color else None,
        force_terminal=color,
        force_jupyter=False,
        force_interactive=False,
        no_color=not color,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
        _environ={},
    )
    return console, buffer


def print_part(console: Console, part: RenderableType) -> None:
    """Print it; a table is never narrower than its numbers: a line too long is wrapped, a digit cut is a lie."""
    terminal = console.width
    if isinstance(part, Table):
        for column in part.columns:
            widest = max((cell_len(str(cell)) for cell in [column.header, *column.cells]), default=0)
            column.min_width = widest if column.no_wrap else min(widest, _NARROWEST)
        needed = sum((column.min_width or 0) + _BETWEEN for column in part.columns) - _BETWEEN
        console.width = max(terminal, needed)
    console.print(part)
    console.width = terminal


def trimmed(text: str) -> str:
    """The text without blanks at the ends of its lines, which rich's tables pad, and at its own end."""
    return "\n".join(line.rstrip() for line in text.split("\n")).rstrip()


def heading(title: str, style: str = "") -> Text:
    """A title after an empty line."""
    return Text(f"\n{title}", style=f"bold {style}".strip())


def plain_table(*headings: str, right: Sequence[str] = ()) -> Table:
    """A table with a line under its headings only; the columns named in `right` hold numbers."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in headings:
        table.add_column(
            Text(heading),
            justify="right" if heading in right else "left",
            overflow="fold",
            no_wrap=heading in right or heading == "verdict",
            min_width=7 if heading == "load" else None,
        )
    return table


def notes(title: str, told: Sequence[str], style: str = "") -> Iterable[RenderableType]:
    """A list under a title; nothing when there is nothing to list."""
    if told:
        yield heading(title, style)
        yield from (bullet(note) for note in told)


def bullet(note: str) -> Table:
    """One item of a list."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_row(Text("-"), Text(note, overflow="fold"))
    return grid
