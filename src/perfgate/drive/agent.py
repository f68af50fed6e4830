"""`perfgate worker`: has one process after another drive its share of each load of a master, until there is no more."""

from __future__ import annotations

import json
import tempfile
import time
from typing import TYPE_CHECKING

from perfgate import errors
from perfgate.drive.driver import Driver
from perfgate.drive.order import SPARE, Done, Event, Note, Ready, Refused
from perfgate.errors import EngineError, PerfgateError, StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable

WORKER = "perfgate.drive.worker"
_POLL_S = 0.2
_STOP_GRACE_S = 20.0


def serve(host: str, port: int, timeout_s: float, say: Callable[[str], object]) -> int:
    """Join the master again and again, once for each of its loads.

    Args:
        host: where it is.
        port: where it listens.
        timeout_s: how long to wait for it, each time.
        say: is told how it goes.

    Returns:
        How many loads were driven.

    Raises:
        PerfgateError: there is no master, it was lost, or its load cannot be driven here.
        StoppedError: Ctrl-C or SIGTERM.
    """
    driven = 0
    while True:
        say(f"waiting for a master at {host}:{port}")
        try:
            done = _drive(host, port, timeout_s, say)
        except EngineError as error:
            if error.slug == "no-master" and driven:
                return driven  # it said that more would follow, and then its services did not come up
            raise
        driven += done.reason != SPARE
        say(f"ended: {done.reason}{f' ({done.detail})' if done.detail else ''}")
        if not done.more:
            return driven


def _drive(host: str, port: int, timeout_s: float, say: Callable[[str], object]) -> Done:
    with tempfile.TemporaryDirectory(prefix="perfgate-worker-") as folder, Driver(WORKER, "the worker") as driver:
        driver.write(json.dumps({"host": host, "port": port, "timeout_s": timeout_s, "folder": folder}))
        ear = _Ear(driver, say)
        try:
            return ear.hear(deadline=None)
        except StoppedError as error:
            if ear.joined:  # the master is to have what was measured
                driver.stop("stopped", error.message)
                ear.hear(time.monotonic() + _STOP_GRACE_S)
            raise


class _Ear:
    """Hears one worker process.

    Attributes:
        joined: it is connected to its master, and obeys.
    """

    def __init__(self, driver: Driver, say: Callable[[str], object]) -> None:
        self._driver = driver
        self._say = say
        self.joined = False

    def hear(self, deadline: float | None) -> Done:
        """Until it is done, or for so long."""
        while deadline is None or time.monotonic() < deadline:
            for event in self._driver.events(_POLL_S):
                if isinstance(event, Done):
                    return event
                self._take(event)
        return Done("stopped")

    def _take(self, event: Event) -> None:
        self.joined = self.joined or isinstance(event, Ready)
        if isinstance(event, Refused):
            raise _error_of(event)
        if isinstance(event, Note) and event.text:
            self._say(event.text)


def _error_of(refused: Refused) -> PerfgateError:
    kind = getattr(errors, refused.kind, EngineError)
    error: PerfgateError = kind(refused.message, place=refused.place, hint=refused.hint, slug=refused.slug)
    return error
