"""Stands between perfgate and the service that it starts, so that nothing is left behind on any way out.

Run as `python -I -S supervisor.py STOP_TIMEOUT_S -- COMMAND...`, with the standard library alone, so that it is up in
a few milliseconds. It starts the command in a session of its own (a Ctrl-C in the terminal must not reach the service
while load is still being drained) and becomes the reaper of whatever the command leaves behind, so that on Linux even
a daemon that forked twice and made its own session stays its descendant. Elsewhere a process escapes if it does both.

Its standard input is a pipe whose other end perfgate alone holds. A line on it, or its end (perfgate is gone, by
whatever signal), ends the whole tree: SIGTERM, the stop timeout, then SIGKILL. Its standard error is the service's log.
On standard output it tells what happened, a line each:

    started PID MONOTONIC_S   the service runs; the moment is `time.monotonic()` just before its start
    failed ERRNO              the command could not be started
    exited CODE               the service itself ended; negative: by that signal
    left PID...               at the very end: processes that could not be ended
"""

# ruff: noqa: PTH110, PTH123, PTH208
# (nor is there time for pathlib)

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time

TYPE_CHECKING = False  # importing `typing` or `dataclasses` would take a third of this program's start
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    # A line of the process table: pid, parent's pid, session (or where that is not to be had: group), state.
    Entry = tuple[int, int, int, str]

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_TICK_S = 0.02  # the end of a process that is not our own child raises no signal here: it must be looked for
_KILL_TIMEOUT_S = 10.0  # a killed process that is still there hangs in the kernel, or belongs to another user
_CONTROL = 0
_REPORT = 1


def table_of_proc() -> Iterator[Entry]:
    """The process table of Linux, where /proc is a file system."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
            # The command's name stands in brackets and may hold brackets and spaces itself.
            state, parent, _, session = file.read().rpartition(")")[2].split()[:4]
            yield int(name), int(parent), int(session), state


def table_of_ps() -> Iterator[Entry]:
    """The process table of any other POSIX system."""
    with subprocess.Popen(["ps", "-A", "-o", "pid=,ppid=,pgid=,stat="], stdout=subprocess.PIPE) as ps:
        listing, _ = ps.communicate()
    for line in listing.decode().splitlines():
        pid, parent, group, state = line.split()[:4]
        if int(pid) != ps.pid:
            yield int(pid), int(parent), int(group), state[0]


def living_tree(service: int, table: Iterable[Entry]) -> set[int]:
    """The living processes below this one, and those of the service's session, whose parents may be gone."""
    entries = list(table)
    children: dict[int, list[int]] = {}
    for pid, parent, _, _ in entries:
        children.setdefault(parent, []).append(pid)
    below: set[int] = set()
    pending = [os.getpid()]
    while pending:
        found = children.get(pending.pop(), [])
        below.update(found)
        pending.extend(found)
    return {pid for pid, _, group, state in entries if (pid in below or group == service) and state not in "ZX"}


def _tree(service: int) -> set[int]:
    return living_tree(service, table_of_proc() if os.path.exists("/proc/self/stat") else table_of_ps())


def _report(*words: object) -> None:
    # When nobody listens any more, the other pipe is at its end as well, and that ends everything.
    with contextlib.suppress(BrokenPipeError):
        os.write(_REPORT, (" ".join(map(str, words)) + "\n").encode())


class Service:
    """The process that the command became."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        # Kept, because a Popen that is collected as garbage waits for its process, and its exit code would be lost.
        self._process = process
        self.pid = process.pid
        self.ended = False

    def reap(self) -> None:
        """Collect every child that has ended, ours or adopted, and report the service's own end."""
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                if pid == self.pid:
                    self.ended = True
                    _report("exited", os.waitstatus_to_exitcode(status))

    def end_tree(self, number: signal.Signals, timeout_s: float) -> set[int]:
        """Send a signal to all processes of the tree, also to those that appear meanwhile; returns what remains."""
        deadline = time.monotonic() + timeout_s
        signalled: set[int] = set()
        self.reap()
        while remaining := _tree(self.pid):
            for pid in remaining - signalled:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
            signalled |= remaining
            if time.monotonic() > deadline:
                return remaining
            time.sleep(_TICK_S)
            self.reap()
        return set()


def _prctl() -> Callable[[int, int], object]:
    if sys.platform == "linux":
        function: Callable[[int, int], object] = ctypes.CDLL(None).prctl
        return function
    return lambda _option, _value: None


def _start(command: list[str]) -> Service | None:
    """Start the command; None, after a report, when it cannot be."""
    prctl = _prctl()
    prctl(_PR_SET_CHILD_SUBREAPER, 1)
    began = time.monotonic()
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            start_new_session=True,
            # Should this process itself be killed, the service must not outlive it. (One thread: forking is safe.)
            preexec_fn=lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGKILL),  # noqa: PLW1509
        )
    except OSError as error:
        _report("failed", error.errno)
        return None
    _report("started", process.pid, began)
    return Service(process)


def _listen_to_signals() -> int:
    """Turn signals into bytes on a pipe, whose reading end is returned."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda _number, _frame: None)
    return reading


def _watch(service: Service, signals: int) -> None:
    """Return when the service has ended, or is to be ended."""
    while not service.ended:
        readable, _, _ = select.select([_CONTROL, signals], [], [])
        if _CONTROL in readable:
            return
        if set(os.read(signals, 4096)) - {signal.SIGCHLD}:
            return
        service.reap()


def main(arguments: list[str]) -> int:
    """Start `arguments[2:]`, watch over it, and end all of it; `arguments[0]` is the stop timeout in seconds."""
    signals = _listen_to_signals()
    service = _start(arguments[2:])
    if service is None:
        return 1
    _watch(service, signals)
    service.end_tree(signal.SIGTERM, float(arguments[0]))
    left = service.end_tree(signal.SIGKILL, _KILL_TIMEOUT_S)
    service.reap()
    if left:
        _report("left", *sorted(left))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
