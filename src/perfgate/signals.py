"""Ctrl-C and SIGTERM as an error like any other, so that each level cleans up on its way out."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from perfgate.errors import StoppedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

STOPPED_BY = "stopped by "
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


_asked: list[StoppedError] = []  # since the outermost `stop_signals`


@contextmanager
def stop_signals() -> Iterator[None]:
    """While inside, each stop signal raises `StoppedError` in the main thread.

    May be nested: the inner one only heeds what came before it. Outside the main thread, where Python delivers no
    signals, this does nothing. A hang-up that is ignored already stays so: that is what `nohup` asks for.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    if signal.getsignal(signal.SIGINT) is _stop:
        heed_stop()
        yield
        return
    _asked.clear()
    heeded = [
        number for number in STOP_SIGNALS if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN
    ]
    before = {number: signal.signal(number, _stop) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def heed_stop() -> None:
    """Raise the stop that was asked for but that other code has swallowed, as some imports and callbacks do.

    Raises:
        StoppedError: a stop signal has come.
    """
    if _asked:
        raise _asked[0]


def _stop(number: int, _frame: FrameType | None) -> None:
    error = StoppedError(f"{STOPPED_BY}{signal.Signals(number).name}", hint="what was measured until then is kept")
    _asked.append(error)
    raise error
