"""Sentences on a terminal, broken between words: the terminal itself would break them anywhere."""

from __future__ import annotations

import os
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

_NARROWEST = 40
_USUAL = 80  # where a terminal does not say how wide it is
_HANGING = 2


def wrapped(text: str, stream: TextIO) -> str:
    """The text with its lines as wide as the terminal; what goes on stands a little further in.

    Elsewhere (a file, a pipe, a job's log) it is left as it is, so that each sentence is a line to search for.
    """
    if not stream.isatty():
        return text
    width = max(os.get_terminal_size(stream.fileno()).columns or _USUAL, _NARROWEST)
    return "\n".join(_folded(line, width) for line in text.split("\n"))


def _folded(line: str, width: int) -> str:
    if len(line) <= width:
        return line
    indent = " " * (len(line) - len(line.lstrip(" ")) + _HANGING)
    words = textwrap.wrap(
        line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, replace_whitespace=False
    )
    return "\n".join(words)
