"""CPU and memory of the service's process tree, once a second, into `service.journal`.

Memory is the sum of the processes' resident sets (RSS), so pages that they share are counted once in each: for a
server that forks workers the sum is above the truth. The proportional set (PSS) would be exact, but reading it makes
the kernel walk every page table of the service under load, exists on Linux alone, and may be refused; a budget needs
a number that is cheap, the same everywhere, and never too low.
"""

from __future__ import annotations

import math
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import psutil

from perfgate.errors import StorageError
from perfgate.measure.journal import JournalWriter
from perfgate.measure.recording import (
    END,
    ENDED,
    EXIT,
    LISTENER,
    SAMPLE,
    SERVICE_JOURNAL,
    ProcessEnded,
    ServiceEnd,
    ServiceExit,
    ServiceListener,
    ServiceSample,
)
from perfgate.target.cpu_clock import process_cpu_s
from perfgate.target.listening import listener_at
from perfgate.target.members import Members

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_INTERVAL_S = 1.0
_EXIT_POLL_S = 0.1
_SHORTEST_S = 0.25  # a shorter stretch at the end says nothing about CPU, whose clock ticks each 10 ms


@dataclass(frozen=True)
class CpuTimes:
    """CPU seconds of one process since its start.

    Attributes:
        own: its own.
        reaped: of its children that have ended and that it has waited for, with theirs in turn.
    """

    own: float
    reaped: float


Key = tuple[int, float]  # pid and start time: a pid alone may come again


def cpu_between(before: Mapping[Key, CpuTimes], now: Mapping[Key, CpuTimes]) -> float:
    """CPU seconds that a process tree used between two looks, processes included that came and went.

    What an ended process had used appears in its parent's `reaped`, if the parent waited for it: so the growth of
    `reaped`, less what was known of the vanished, is what they used since the first look. Where a parent does not
    wait (SIGCHLD ignored) that difference would be negative; it is taken as nothing, and so the sum is a lower bound.
    """
    unseen = CpuTimes(0.0, 0.0)
    own = sum(max(0.0, times.own - before.get(key, unseen).own) for key, times in now.items())
    reaped = sum(max(0.0, times.reaped - before.get(key, unseen).reaped) for key, times in now.items())
    vanished = sum(times.own + times.reaped for key, times in before.items() if key not in now)
    return own + max(0.0, reaped - vanished)


@dataclass(frozen=True)
class Look:
    """A process tree at one moment.

    Attributes:
        at: on the monotonic clock.
        processes: how many live; zombies do not.
        alive: these.
        unread: how many more there are, of which nothing could be read: they are another user's.
    """

    at: float
    cpu: dict[Key, CpuTimes]
    memory_bytes: int
    processes: int
    alive: frozenset[Key] = frozenset()
    unread: int = 0


class ProcessTree:
    """A process and all below it.

    Args:
        pid: the root process.
        reaper: the process that adopts orphans of the tree: all below it belongs to the tree, itself does not.

    Raises:
        psutil.NoSuchProcess: when one of the two has ended.
    """

    def __init__(self, pid: int, reaper: int | None = None) -> None:
        # Kept as objects: psutil then notices when a pid has gone to another process.
        self._root = psutil.Process(pid)
        self._reaper = psutil.Process(reaper) if reaper is not None else None

    def look(self) -> Look:
        """Look now; processes that end meanwhile are left out, those that may not be read are counted."""
        at = time.monotonic()
        cpu: dict[Key, CpuTimes] = {}
        sizes: dict[Key, int] = {}
        unread = 0
        for process in self._members():
            try:
                with process.oneshot():
                    key = process.pid, process.create_time()
                    cpu[key] = _cpu_times(process)
                    sizes[key] = process.memory_info().rss
            except psutil.NoSuchProcess:  # a zombie too, where it has no memory to be read
                continue
            except psutil.AccessDenied:
                unread += 1
        alive = frozenset(key for key, size in sizes.items() if size > 0)
        return Look(at, {**cpu, **self._reaped_orphans()}, sum(sizes.values()), len(alive), alive, unread)

    def pids(self) -> list[int]:
        """Of all its processes now."""
        return [process.pid for process in self._members()]

    def _members(self) -> list[psutil.Process]:
        try:
            if self._reaper:
                return self._reaper.children(recursive=True)
            return [self._root, *self._root.children(recursive=True)]
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return []

    def _reaped_orphans(self) -> dict[Key, CpuTimes]:
        """What the reaper has waited for; what it uses itself is perfgate's, not the service's."""
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if self._reaper:
                times = _cpu_times(self._reaper)
                return {(self._reaper.pid, self._reaper.create_time()): CpuTimes(0.0, times.reaped)}
        return {}


def _cpu_times(process: psutil.Process) -> CpuTimes:
    times = process.cpu_times()
    reaped = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    own = process_cpu_s(process.pid)
    return CpuTimes(times.user + times.system if own is None else own, reaped)


class ResourceSampler:
    """Samples a service's process tree each second, from a thread of its own, while load is driven.

    Args:
        pid: the service's root process.
        folder: the run's folder; `service.journal` is written there.
        poll: tells the service's exit code once it has ended by itself.
        reaper: `RunningService.reaper`, so that daemons which left the tree are counted.
        address: host and port of the service, of which it is told who accepts connections there; None does not look.

    Attributes:
        latest: the latest sample, for the live view; None before the first.
        error: what stopped the sampling (the disk is full); None while all is well.
    """

    def __init__(
        self,
        pid: int,
        folder: Path,
        poll: Callable[[], int | None],
        reaper: int | None = None,
        address: tuple[str, int] | None = None,
    ) -> None:
        self.latest: ServiceSample | None = None
        self.error: StorageError | None = None
        self._pid, self._reaper = pid, reaper
        self._folder = folder
        self._poll = poll
        self._address = address
        self._samples = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, origin: float) -> None:
        """Begin sampling.

        Args:
            origin: `time.monotonic()` of the load's start; samples tell their time from there.

        Raises:
            StorageError: when the journal cannot be created.
        """
        journal = JournalWriter(self._folder / SERVICE_JOURNAL)
        self._thread = threading.Thread(target=self._run, args=(origin, journal), name="resources", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take a last sample and end the thread. Does nothing the second time, or when it was never started."""
        self._stop.set()
        if self._thread:
            self._thread.join()

    def _run(self, origin: float, journal: JournalWriter) -> None:
        try:
            with journal:
                self._sample(origin, journal)
        except StorageError as error:
            self.error = error

    def _sample(self, origin: float, journal: JournalWriter) -> None:
        try:
            self._sample_until_stopped(ProcessTree(self._pid, self._reaper), origin, journal)
        except psutil.NoSuchProcess:  # it had ended before it could be looked at
            self._wait_until(math.inf)
        code = self._poll()
        if code is not None:
            journal.append(EXIT, asdict(ServiceExit(time.monotonic() - origin, code)))
        journal.append(END, asdict(ServiceEnd(self._samples)))

    def _sample_until_stopped(self, tree: ProcessTree, origin: float, journal: JournalWriter) -> None:
        before = tree.look()
        members = Members(before.alive)
        self._look_at_listener(tree, members, origin, journal)
        due = before.at + _INTERVAL_S
        while self._wait_until(due):
            before = self._append_sample(tree, before, origin, journal)
            if before.processes:
                for process in members.ended(before.alive):
                    journal.append(ENDED, asdict(ProcessEnded(before.at - origin, process)))
            if self._samples.bit_count() == 1:  # a power of two: ever more rarely, as it costs a look at all sockets
                self._look_at_listener(tree, members, origin, journal)
            due = max(due, before.at - _INTERVAL_S) + _INTERVAL_S  # samples that were missed are not made up for
        if time.monotonic() - before.at >= _SHORTEST_S:
            self._append_sample(tree, before, origin, journal)

    def _look_at_listener(self, tree: ProcessTree, members: Members, origin: float, journal: JournalWriter) -> None:
        """Note who accepts connections at the service's address."""
        if self._address is None:
            return
        found = listener_at(*self._address, tree.pids())
        if self._poll() is not None:  # it has ended, and nobody is left who would listen
            return
        members.hold(found.holders)
        at_s = time.monotonic() - origin
        journal.append(LISTENER, asdict(ServiceListener(at_s, found.where, found.process, list(found.peers))))

    def _wait_until(self, due: float) -> bool:
        """False as soon as the service has ended or sampling is to stop."""
        while (rest := due - time.monotonic()) > 0:
            if self._stop.wait(min(rest, _EXIT_POLL_S)) or self._poll() is not None:
                return False
        return True

    def _append_sample(self, tree: ProcessTree, before: Look, origin: float, journal: JournalWriter) -> Look:
        now = tree.look()
        if not now.processes and not now.unread:  # it has just ended, and its exit is about to be known
            return now
        cpu = cpu_between(before.cpu, now.cpu) / (now.at - before.at)
        self.latest = ServiceSample(now.at - origin, cpu, now.memory_bytes, now.processes, now.unread)
        journal.append(SAMPLE, asdict(self.latest))
        self._samples += 1
        return now
