"""The parent's end of the engine: starts it, gives it its order, reads its events, and never leaves it behind."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from perfgate.drive.descendants import MARK, below, end_all, living, marked
from perfgate.drive.order import INTERRUPTED, Done, Event, Order, Refused, event_from_json, go_line, stop_line
from perfgate.errors import EngineError, last_words
from perfgate.measure.log_limit import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

SILENCE_S = 60.0  # an engine that says nothing for so long is stuck: it reports every second
_GRACE_S = 5.0
_TAIL = 2000
ENGINE = "perfgate.drive.engine"


class Driver:
    """One engine process, for one load.

    It is started at once, before its order is known, because importing Locust takes most of a second.

    Args:
        module: what runs in the process; speaks the protocol of `drive.order`.
        name: what it is called in errors.
    """

    def __init__(self, module: str = ENGINE, name: str = "the load engine") -> None:
        self.name = name
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  (lives as long as the driver; for a failed import)
        self._mark = uuid4().hex
        self._process = subprocess.Popen(
            # -P: the working directory must not shadow modules before the scenario is loaded
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, MARK: self._mark},
            start_new_session=True,  # Ctrl-C is for the parent, which then ends the load gracefully
        )
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._stdout, selectors.EVENT_READ)
        self._partial = b""
        self._log = ""
        self._heard_at = time.monotonic()
        self.ended = False

    @property
    def pid(self) -> int:
        """The engine's process id."""
        return self._process.pid

    @property
    def _stdout(self) -> int:
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def fileno(self) -> int:
        """Becomes readable when the engine has said something, so that several can be waited for at once."""
        return self._stdout

    def send(self, order: Order) -> None:
        """Give the engine its order; it loads the scenario, says `Ready`, and waits for `go`."""
        self._log = f"{order.folder}/{order.log}"
        self.write(order.to_json())
        self._heard_at = time.monotonic()

    def go(self, at_s: float) -> None:
        """Let the load begin at this moment of the monotonic clock."""
        self.write(go_line(at_s))

    def stop(self, reason: str = "stopped", detail: str = INTERRUPTED) -> None:
        """Ask the engine to end the load now, gracefully; its `Done` follows."""
        self.write(stop_line(reason, detail))

    def write(self, line: str) -> None:
        """Write one line of the protocol."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it is gone: `events` says so, with its exit code
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()

    def events(self, timeout_s: float) -> Iterator[Event]:
        """The events that have come, waiting at most `timeout_s` for the first.

        Raises:
            EngineError: the engine ended without saying `Done`, or has been silent for too long.
        """
        if not self._selector.select(timeout_s):
            self._check_silence()
            return
        data = os.read(self._stdout, 1 << 16)
        self._heard_at = time.monotonic()
        if self._log:
            with contextlib.suppress(OSError):  # it may be on a disk that is full: what the engine says counts
                shorten(Path(self._log))
        if not data and not self.ended:
            self.ended = True
            raise self._death()
        *lines, self._partial = (self._partial + data).split(b"\n")
        for line in lines:
            event = event_from_json(line.decode())
            self.ended = self.ended or isinstance(event, Done | Refused)
            yield event

    def _check_silence(self) -> None:
        if time.monotonic() - self._heard_at > SILENCE_S:
            self.kill()
            self.ended = True
            raise EngineError(
                f"{self.name} said nothing for {SILENCE_S:.0f} s and was ended",
                hint="does the scenario compute for long, or wait without gevent (a C extension that blocks)?",
                slug="engine-silent",
            )

    def _death(self) -> EngineError:
        code = self._process.wait()
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        hint = f"its log may tell more: {self._log}" if self._log else ""
        output = self._last_output()
        said = f"{self.name} {how}; {last_words(output)}" if output else f"{self.name} {how}"
        return EngineError(said, hint=hint, slug="engine-died", output=output)

    def _last_output(self) -> str:
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace").strip()[-_TAIL:]

    def kill(self) -> None:
        """End the engine at once, with all that its scenario started; what it journaled stays. Safe to call again."""
        if self._process.poll() is None:
            started = below(self.pid)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            end_all(lambda: living(started))
        self._process.wait()

    def close(self) -> None:
        """Let the engine go: wait for its own end for a moment, then kill it."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        if self.ended:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_GRACE_S)
        self.kill()
        end_all(lambda: marked(self._mark))  # of an engine that ended before its time
        self._selector.close()
        self._errors.close()

    def __enter__(self) -> Driver:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
