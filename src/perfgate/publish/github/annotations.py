"""Annotations without a token: lines that GitHub reads from a job's output.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.publish.github.broken import Broken

MOST = 10  # of each level and step: GitHub shows no more


def commands(found: Sequence[Broken]) -> list[str]:
    """A `::error` or `::warning` line for each, at most ten of either, with a note about the rest."""
    lines = []
    for level, command in (("failure", "error"), ("warning", "warning")):
        chosen = [one for one in found if one.level == level]
        shown = chosen if len(chosen) <= MOST else chosen[: MOST - 1]
        lines += [_command(command, one.message, file=one.path, line=str(one.line), title=one.title) for one in shown]
        if len(shown) < len(chosen):
            rest = f"{len(chosen) - len(shown):,} more: see the job's summary"
            lines.append(_command(command, rest, title="perfgate"))
    return lines


def _command(name: str, message: str, **properties: str) -> str:
    told = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {told}::{_data(message)}"


def _data(text: str) -> str:
    """As GitHub's own toolkit escapes messages, so that no text begins a command of its own."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
