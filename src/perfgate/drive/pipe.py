"""The engine's end of the pipe to its parent: events out, commands in, and nothing else in between."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING, Protocol

from gevent.os import tp_read

from perfgate.drive import order as protocol
from perfgate.drive.order import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perfgate.errors import PerfgateError

MAX_LOGGED_ERRORS = 100
MAX_LOGGED_LINES = 10_000


class Commanded(Protocol):
    """What obeys the parent's commands."""

    def go(self, at_s: float) -> None:
        """Begin the load at this moment of the monotonic clock."""

    def stop(self, reason: str, detail: str) -> None:
        """End the load now, gracefully."""


class EventPipe:
    """The way back to the parent: the process's original standard output, which nothing else can write to."""

    def __init__(self) -> None:
        self._file = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
        os.dup2(2, 1)  # what a scenario prints must not look like an event
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides

    def send(self, event: protocol.Event) -> None:
        """Write one event; a parent that is gone is no error here, its end of file on stdin ends the load."""
        try:
            self._file.write(protocol.event_to_json(event) + "\n")
        except BrokenPipeError:
            sys.stderr.write("perfgate: the parent no longer listens\n")


def read_line() -> str:
    """One line of standard input, byte by byte: what follows it are commands, and must stay in the pipe."""
    line = bytearray()
    while (byte := os.read(0, 1)) not in {b"", b"\n"}:
        line += byte
    return line.decode()


def obey(commanded: Commanded, **more: Callable[[str], None]) -> None:
    """Carry out the parent's commands; when the parent is gone, end the load.

    Args:
        commanded: obeys those that every load has.
        more: by name, those that this engine has besides; each takes the rest of its line.
    """
    partial = b""
    while data := tp_read(0, 4096):
        *lines, partial = (partial + data).split(b"\n")
        for line in lines:
            _carry_out(line.decode(), commanded, more)
    commanded.stop("stopped", protocol.PARENT_GONE)


def _carry_out(line: str, commanded: Commanded, more: Mapping[str, Callable[[str], None]]) -> None:
    name, _, argument = line.partition(" ")
    if name == protocol.GO:
        commanded.go(float(argument))
    elif name == protocol.STOP:
        reason, detail = json.loads(argument)
        commanded.stop(reason, detail)
    elif name in more:
        more[name](argument)


def refusal(error: PerfgateError) -> Refused:
    """An error as an event."""
    return Refused(type(error).__name__, error.slug, error.message, error.place, error.hint)


def start_logging() -> None:
    """What the scenario logs goes to the engine's log, from `INFO` on, as with Locust; but it must not fill the disk.

    Locust logs each error of a user, and each step of the users' number, of which there are ten a second here.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("locust.runners").setLevel(logging.WARNING)
    logging.getLogger("locust.user.task").addFilter(FirstMessages(MAX_LOGGED_ERRORS))
    for handler in logging.getLogger().handlers:
        handler.addFilter(FirstLines(MAX_LOGGED_LINES))


class FirstMessages(logging.Filter):
    """Lets the first messages through."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._left = most

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to log this one."""
        self._left -= record.levelno >= logging.ERROR
        return self._left >= 0


class FirstLines(logging.Filter):
    """Lets the first messages below a warning through, and says so when there are more."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._left = most

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to log this one."""
        if record.levelno >= logging.WARNING:
            return True
        self._left -= 1
        if self._left == 0:
            logging.getLogger("perfgate").warning("further messages below a warning are left out")
        return self._left > 0
