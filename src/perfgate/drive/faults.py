"""Exceptions of a scenario that Locust logs and goes on from: in event listeners, load shapes and `__init__`.

Plain Locust ends with an exit code of its own for them. A listener that fails may have left out the log-in or the data
that all requests rest on, so such a load is not judged.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import gevent
from locust import User

from perfgate.drive.outcomes import is_recorded
from perfgate.drive.values import sentence_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

MOST = 20
LONGEST = 300
_LISTENER = "Uncaught exception in event handler"
_GREENLET = "Unhandled exception in greenlet"


class ScenarioFaults(logging.Handler):
    """Listens to the log, the only place where Locust tells of them.

    Attributes:
        seen: what was raised, in words, each once, at most 20.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def words(self, exit_code: int | None) -> str:
        """Why a load with these faults, or whose scenario set this exit code, must not be judged; empty for neither."""
        if self.seen:
            return "; ".join(self.seen)
        code = text_of(exit_code, LONGEST)
        return f"the scenario set environment.process_exit_code to {code}" if exit_code else ""

    def emit(self, record: logging.LogRecord) -> None:
        """Take the exception out of a record that tells of one."""
        text = str(record.msg)
        if text.startswith(_LISTENER):
            self._note("an event listener raised", record.getMessage())
        elif text.startswith(_GREENLET) and record.exc_info and record.exc_info[1] is not None:
            error, greenlets = record.exc_info[1], record.args if isinstance(record.args, tuple) else ()
            if not any(is_recorded(error, greenlet) for greenlet in greenlets):
                self._note("the scenario raised", sentence_of(error, LONGEST))

    def _note(self, who: str, trace: str) -> None:
        fault = text_of(f"{who} {trace.strip().splitlines()[-1]}"[:LONGEST], LONGEST)
        if fault not in self.seen and len(self.seen) < MOST:
            self.seen.append(fault)


def watch_faults() -> ScenarioFaults:
    """Listen from now on; what Locust logs still goes to the engine's log."""
    faults = ScenarioFaults()
    logging.getLogger().addHandler(faults)
    return faults


def watch_greenlets(tell_exit: Callable[[object], None], tell_error: Callable[[BaseException, Any], None]) -> None:
    """Hear what greenlets end with, instead of what gevent would do with it.

    Args:
        tell_exit: is told the code of a `sys.exit` in a task. gevent would raise it again in whatever the main greenlet
            is waiting for, and end the process in the middle of its recording.
        tell_error: is told what a user's greenlet ended with, and the greenlet: of an exception in `on_stop`, Locust
            tells nobody.
    """
    hub: Any = gevent.get_hub()
    handle = hub.handle_error

    def handle_error(context: Any, kind: Any, value: Any, trace: Any) -> None:
        if kind is not None and issubclass(kind, SystemExit):
            tell_exit(getattr(value, "code", value))
            return
        if isinstance(value, Exception) and any(isinstance(one, User) for one in getattr(context, "args", ())):
            tell_error(value, context)
        handle(context, kind, value, trace)

    hub.handle_error = handle_error
