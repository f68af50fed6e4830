"""`perfgate completion`: the script with which a shell completes commands, options, services and loads."""

from __future__ import annotations

import click

from perfgate.cli.completing import COMPLETING, PROGRAM

SHELLS = ("bash", "zsh", "fish")


@click.command(
    epilog="""\b
Examples:
  perfgate completion bash > ~/.local/share/bash-completion/completions/perfgate
  perfgate completion zsh > ~/.zfunc/_perfgate            a folder of fpath, before compinit
  perfgate completion fish > ~/.config/fish/completions/perfgate.fish
For this shell alone: source <(perfgate completion bash), or zsh; perfgate completion fish | source"""
)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print what makes a shell complete commands, options, and the services and loads of budgets.toml."""
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    if made is None:  # click has all three
        raise click.UsageError(f"click knows no completion for {shell}")
    click.echo(made(click.Command(PROGRAM), {}, PROGRAM, COMPLETING).source())
