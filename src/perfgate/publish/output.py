"""Standard output and standard error as the commands use them: nothing that is measured depends on who reads along."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO, cast

from perfgate.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

# The reader has gone, as `head` does: that is its right, and no fault.
_READER_GONE = frozenset({errno.EPIPE, errno.EIO, errno.ESHUTDOWN, errno.ECONNRESET})


# What the reports are drawn with, for streams that have no such characters; all others are shown as escapes.
_PLAIN = {"─": "-", "…": "...", "·": "*", "≥": ">=", "≤": "<=", "µ": "u"} | dict(
    zip("▁▂▃▄▅▆▇█", "_.-~=+*#", strict=True)
)
_ENCODABLE = "perfgate-encodable"


def _in_plain_characters(error: UnicodeError) -> tuple[str | bytes, int]:
    """An error handler of codecs: what cannot be encoded is drawn with plainer characters, or shown as an escape."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    plain = (_PLAIN.get(char) or char.encode("ascii", "backslashreplace").decode("ascii") for char in text)
    return "".join(plain), error.end


codecs.register_error(_ENCODABLE, _in_plain_characters)


class Output(io.TextIOBase):
    """A text stream that falls silent when it cannot be written to any more, instead of ending what is going on.

    Args:
        stream: where the text goes.

    Attributes:
        lost: why nothing is written any more; None while all is well.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self.lost: OSError | None = None

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """That of the stream."""
        return self._stream.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        """What the stream does with characters that it cannot encode."""
        return self._stream.errors

    def fileno(self) -> int:
        """That of the stream."""
        return self._stream.fileno()

    def isatty(self) -> bool:
        """Whether somebody looks at it in a terminal."""
        return self._stream.isatty()

    def writable(self) -> bool:
        """Always: what cannot be written is dropped."""
        return True

    def write(self, text: str) -> int:
        """Write it, or drop it."""
        try:
            self._stream.write(text)
        except OSError as error:
            self._lose(error)
        return len(text)

    def flush(self) -> None:
        """Hand on what was written, or drop it."""
        try:
            self._stream.flush()
        except OSError as error:
            self._lose(error)

    def _lose(self, error: OSError) -> None:
        self.lost = self.lost or error
        # What still lies in the stream's buffer goes where it harms nobody, also when the interpreter ends.
        with suppress(OSError), open(os.devnull, "wb") as nowhere:  # noqa: PTH123  (fileno may be missing, too)
            os.dup2(nowhere.fileno(), self._stream.fileno())

    def check(self) -> None:
        """Say so when text was lost that somebody wanted to keep.

        Raises:
            StorageError: the stream's disk is full, or the like. Not when a pipe's reader has gone.
        """
        self.flush()
        if self.lost is not None and self.lost.errno not in _READER_GONE:
            raise StorageError(
                f"cannot write to standard output: {self.lost.strerror}",
                hint="free some space, or send the output elsewhere",
            )


@contextmanager
def guarded_streams() -> Iterator[Output]:
    """While inside, `sys.stdout` and `sys.stderr` are `Output`s; gives the former.

    A stream that was closed (`>&-`) becomes one that goes nowhere, so that no file that is opened later gets its
    number, and with it what was meant for the stream.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
    before = sys.stdout, sys.stderr
    handlers = [(stream, stream.errors) for stream in before if isinstance(stream, io.TextIOWrapper)]
    for stream, _ in handlers:  # a name that the terminal has no characters for must not end anything
        stream.reconfigure(errors=_ENCODABLE)
    nowhere = io.StringIO()
    out = Output(sys.stdout or cast("TextIO", nowhere))
    sys.stdout, sys.stderr = cast("TextIO", out), cast("TextIO", Output(sys.stderr or cast("TextIO", nowhere)))
    try:
        yield out
    finally:
        out.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = before
        for stream, errors in handlers:
            if not stream.closed:
                stream.reconfigure(errors=errors)


def is_dumb() -> bool:
    """Whether this terminal has neither colours nor a cursor that moves, as those of editors and of some CI jobs."""
    return os.environ.get("TERM", "") in ("dumb", "unknown")


def wants_color(stream: TextIO) -> bool:
    """Whether to write colours: to a terminal that has them, unless `NO_COLOR` is set (see https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and not is_dumb()
