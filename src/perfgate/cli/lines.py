"""Lines of progress: on a terminal the last one may be written over, elsewhere each is a line of its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from perfgate.cli.wrapping import wrapped
from perfgate.publish.output import is_dumb
from perfgate.report.tables import printable

if TYPE_CHECKING:
    from typing import TextIO

_LONGEST = 1000  # of a line that stays
_CLEARED = "\r\x1b[2K"  # back to the line's beginning, and all of it away


class Lines:
    """Writes lines that cannot send commands to a terminal.

    Args:
        stream: where to.
        quiet: no progress is written, only what is kept.

    Attributes:
        in_place: whether a line can be written over.
    """

    def __init__(self, stream: TextIO, *, quiet: bool = False) -> None:
        self._stream = stream
        self._quiet = quiet
        self._open = False
        self.in_place = stream.isatty() and not is_dumb()

    def write(self, text: str) -> None:
        """A line of progress that stays; one that was to be written over makes room for it."""
        if not self._quiet:
            self.keep(text)

    def keep(self, text: str) -> None:
        """A line that a person must read, in quiet too."""
        line = wrapped(printable(text, longest=_LONGEST), self._stream)
        self._stream.write(f"{_CLEARED if self._open else ''}{line}\n")
        self._stream.flush()
        self._open = False

    def over(self, text: str) -> None:
        """A line in place of the last such one, as far as the terminal is wide; where none can be, one that stays."""
        if self._quiet:
            return
        if not self.in_place:
            self.write(text)
            return
        width = os.get_terminal_size(self._stream.fileno()).columns
        self._stream.write(f"{_CLEARED}{printable(text, longest=max(width - 1, 20))}")
        self._stream.flush()
        self._open = True

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._open:
            self._stream.write("\n")
            self._open = False
