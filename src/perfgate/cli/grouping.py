"""Groups of commands whose help says in whole sentences what each command does."""

from __future__ import annotations

import click

_LONGEST = 300


class Group(click.Group):
    """Click itself cuts what a command does at the width of the terminal."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each command with the first sentence of its help."""
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, command.get_short_help_str(_LONGEST)) for name, command in found if command is not None]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
