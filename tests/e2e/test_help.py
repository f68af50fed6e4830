"""`--help` of every command: what it does, its options, and examples that work as they stand."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import click
import pytest

from perfgate.cli import COMMANDS, cli

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMENT = re.compile(r"\s{2,}.*")  # set off behind an example
REDIRECTION = re.compile(r"\s>\s*\S+$")


def _commands(group: click.Group, *names: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Each command below, with the words that call it."""
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command is not None
        yield (*names, name), command
        if isinstance(command, click.Group):
            yield from _commands(command, *names, name)


ALL = list(_commands(cli))


def _examples(command: click.Command) -> list[str]:
    """The command lines in its help, without what is said of them."""
    _, _, lines = (command.epilog or "").partition("Examples:\n")
    found = [COMMENT.sub("", line.strip()) for line in lines.splitlines() if line.startswith("  perfgate ")]
    return [REDIRECTION.sub("", line).removeprefix("perfgate ") for line in found]


def _called(words: list[str]) -> list[str]:
    """The commands that a command line calls; each has parsed what is its own.

    Raises:
        click.UsageError: an option or an argument is wrong.
    """
    ctx = cli.make_context("perfgate", words)
    names = []
    while isinstance(ctx.command, click.Group):
        name, command, rest = ctx.command.resolve_command(ctx, [*ctx._protected_args, *ctx.args])
        assert name is not None
        assert command is not None
        names.append(name)
        ctx = command.make_context(name, rest, parent=ctx)
    return names


@pytest.mark.parametrize(("names", "command"), ALL, ids=[" ".join(names) for names, _ in ALL])
def test_every_command_has_two_examples_that_its_own_parser_takes(
    names: tuple[str, ...], command: click.Command
) -> None:
    """Each calls this command, with options and arguments that it has."""
    examples = _examples(command)
    assert len(set(examples)) >= 2
    for example in examples:
        assert tuple(_called(shlex.split(example)))[: len(names)] == names, example


def test_the_program_itself_has_examples_too() -> None:
    """Of the commands that a newcomer meets first."""
    examples = _examples(cli)
    assert len(examples) >= 2
    assert {_called(shlex.split(example))[0] for example in examples} <= set(COMMANDS)


@pytest.mark.parametrize("words", ["run --budget x", "schema nothing", "worker", "baseline lst", "nothing"])
def test_an_example_that_is_wrong_would_be_found(words: str) -> None:
    """The parser of these tests refuses what the command line refuses."""
    with pytest.raises(click.UsageError):
        _called(shlex.split(words))
