"""The service's process tree as perfgate holds it: started through the supervisor, and ended with it."""

from __future__ import annotations

import errno
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from perfgate.errors import ServiceError
from perfgate.target import supervisor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# What the supervisor may take beyond the stop timeout: its own patience with SIGKILL, and some air.
_SUPERVISOR_MARGIN_S = 15.0
_SWEEP_TIMEOUT_S = 5.0
# Every process of the tree inherits this variable, so that the tree is found even when its supervisor was killed.
_MARK = "PERFGATE_SERVICE"


@dataclass(frozen=True)
class Spawned:
    """The service's root process.

    Attributes:
        pid: its process id.
        at: `time.monotonic()` just before it was started.
    """

    pid: int
    at: float


class SupervisedProcess:
    """A command running below a supervisor; see `supervisor.py` for what the two say to each other.

    Args:
        command: the words of the command.
        env: laid over this process's environment.
        cwd: its working folder; None for this process's own.
        log: an open file that takes all its output.
        stop_timeout_s: how long it may take to end after SIGTERM.

    Raises:
        OSError: when the command cannot be started; `strerror` says why.
    """

    def __init__(
        self, command: Sequence[str], *, env: Mapping[str, str], cwd: Path | None, log: int, stop_timeout_s: float
    ) -> None:
        self._stop_timeout_s = stop_timeout_s
        self._mark = secrets.token_hex(8)
        self._lock = threading.Lock()  # the sampler's thread polls too
        self._code: int | None = None
        self._left: set[int] = set()
        self._stopping = False
        self._unread = b""
        self._supervisor = subprocess.Popen(
            [sys.executable, "-I", "-S", supervisor.__file__, str(stop_timeout_s), "--", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=cwd,
            env={**environment_with(env), _MARK: self._mark},
            start_new_session=True,
        )
        assert self._supervisor.stdin  # both are pipes
        assert self._supervisor.stdout
        self._orders, self._reports = self._supervisor.stdin, self._supervisor.stdout
        try:
            self.spawned = self._await_start()
        except BaseException:  # a Ctrl-C at this moment must not leave it behind either
            self._end()
            raise

    @property
    def reaper(self) -> int:
        """The supervisor's pid: the parent of all that the service leaves behind."""
        return self._supervisor.pid

    def _await_start(self) -> Spawned:
        word, *values = self._reports.readline().decode().split() or [""]
        os.set_blocking(self._reports.fileno(), False)
        if word == "started":
            return Spawned(int(values[0]), float(values[1]))
        if word == "failed":
            raise OSError(int(values[0]), os.strerror(int(values[0])))
        raise OSError(errno.ECHILD, "its supervisor ended before it")

    def poll(self) -> int | None:
        """The exit code when the service has ended by itself (negative: by that signal), else None."""
        if self._stopping:  # not a matter for the lock, which `stop` may hold for seconds
            return self._code
        with self._lock:
            if self._code is None and not self._stopping:
                self._code = self._exit_code()
            return self._code

    def _exit_code(self) -> int | None:
        supervised = self._supervisor.poll() is None  # asked before reading, so that its last words are read
        code = self._read_reports()
        if code is not None or supervised:
            return code
        # The supervisor was killed, and the kernel has killed the service with it; its mark finds the others.
        self._left = self._sweep()
        return -signal.SIGKILL

    def _read_reports(self) -> int | None:
        """Take what the supervisor has said by now; returns the service's exit code if that was said."""
        *lines, self._unread = (self._unread + (self._reports.read() or b"")).split(b"\n")
        code = None
        for word, *values in (line.decode().split() for line in lines):
            if word == "exited":
                code = int(values[0])
            if word == "left":
                self._left = {int(pid) for pid in values}
        return code

    def stop(self) -> None:
        """End the whole tree; returns when nothing of it is left. Does nothing the second time.

        Raises:
            ServiceError: `service-not-stopped`, when processes could not be ended.
        """
        self.poll()
        with self._lock:
            if self._stopping:
                return
            self._stopping = True
            self._end()
        if self._left:
            raise ServiceError(
                f"these processes of the service could not be ended: {', '.join(map(str, sorted(self._left)))}",
                hint="end them by hand; perfgate may not signal processes of other users",
                slug="service-not-stopped",
            )

    def _end(self) -> None:
        with suppress(BrokenPipeError):  # it is ending already
            self._orders.write(b"stop\n")
            self._orders.flush()
        try:
            self._supervisor.wait(self._stop_timeout_s + _SUPERVISOR_MARGIN_S)
        except subprocess.TimeoutExpired:
            self._supervisor.kill()
        except BaseException:  # a second Ctrl-C: nobody waits for a graceful end any more
            self._kill_tree()
            raise
        killed = self._supervisor.wait() < 0
        self._read_reports()
        if killed:
            self._left = self._sweep()
        self._close()

    def _kill_tree(self) -> None:
        with suppress(psutil.NoSuchProcess):
            for process in psutil.Process(self._supervisor.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                    process.kill()
        self._supervisor.kill()
        self._supervisor.wait()
        self._left = self._sweep()
        self._close()

    def _close(self) -> None:
        self._reports.close()
        with suppress(BrokenPipeError):  # the order to stop, when nobody was there to read it
            self._orders.close()

    def _sweep(self) -> set[int]:
        """Kill every process that carries our mark; returns the pids of those that would not go."""
        marked = [process for process in psutil.process_iter() if self._is_marked(process)]
        for process in marked:
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):  # the latter shows below as still alive
                process.kill()
        deadline = time.monotonic() + _SWEEP_TIMEOUT_S
        while (alive := {process.pid for process in marked if _is_alive(process)}) and time.monotonic() < deadline:
            time.sleep(0.02)
        return alive

    def _is_marked(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(_MARK) == self._mark
        except (psutil.Error, OSError):  # another user's, or gone
            return False


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def environment_with(extra: Mapping[str, str]) -> dict[str, str]:
    """This process's environment and `extra`, with the folder of our own interpreter first in PATH.

    So `python` in a command is the interpreter that runs perfgate, with the packages installed beside it, whether or
    not its virtual environment is activated.
    """
    merged = {**os.environ, **extra}
    own = str(Path(sys.executable).parent)
    return {**merged, "PATH": os.pathsep.join([own, merged.get("PATH") or os.defpath])}
