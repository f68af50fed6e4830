"""CPU and memory of a process tree are sampled each second and journaled; a tree that dies is noted."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.errors import StorageError
from perfgate.measure.journal import read_journal
from perfgate.measure.recording import END, EXIT, SAMPLE, SERVICE_JOURNAL
from perfgate.target.resources import CpuTimes, ProcessTree, ResourceSampler, cpu_between
from perfgate.target.service import start
from tests.target.processes import DOUBLE_FORK, LISTENS, PARENT, PIDS, PLAIN, noted_pids, python, service, until

if TYPE_CHECKING:
    from pathlib import Path

KEY, CHILD, OTHER = (10, 1.0), (11, 2.0), (12, 3.0)

# Uses 0.6 s of CPU in a child that is waited for, then says so.
BUSY_CHILD = (
    PIDS
    + """
pid = os.fork()
if not pid:
    while time.process_time() < 0.6:
        pass
    os._exit(0)
os.waitpid(pid, 0)
live()
"""
)


class TestCpuBetween:
    """CPU between two looks is what the tree used, whatever processes came and went."""

    def test_growth_of_each_process(self) -> None:
        """Processes that stay count with what they used since."""
        before = {KEY: CpuTimes(5.0, 0.0), CHILD: CpuTimes(1.0, 0.0)}
        now = {KEY: CpuTimes(5.5, 0.0), CHILD: CpuTimes(1.25, 0.0)}

        assert cpu_between(before, now) == 0.75

    def test_new_process_counts_whole(self) -> None:
        """A process that was not there before has used all its CPU since."""
        assert cpu_between({KEY: CpuTimes(5.0, 0.0)}, {KEY: CpuTimes(5.0, 0.0), CHILD: CpuTimes(0.4, 0.1)}) == 0.5

    def test_vanished_child_counts_through_its_parent(self) -> None:
        """A child of 3.0 s that ends at 3.5 s has used 0.5 s, which its parent has been given."""
        before = {KEY: CpuTimes(5.0, 1.0), CHILD: CpuTimes(3.0, 0.0)}

        assert cpu_between(before, {KEY: CpuTimes(5.0, 4.5)}) == 0.5

    def test_child_that_came_and_went_counts_through_its_parent(self) -> None:
        """A child that was never seen is seen in what its parent was given."""
        assert cpu_between({KEY: CpuTimes(5.0, 0.0)}, {KEY: CpuTimes(5.0, 0.7)}) == 0.7

    def test_vanished_process_that_nobody_waited_for_is_never_negative(self) -> None:
        """Its last CPU is lost, but what the others used still counts."""
        before = {KEY: CpuTimes(5.0, 0.0), CHILD: CpuTimes(3.0, 0.0)}

        assert cpu_between(before, {KEY: CpuTimes(5.25, 0.0)}) == 0.25

    def test_same_pid_of_another_process_is_another_process(self) -> None:
        """A pid that came again is told by its start time."""
        assert cpu_between({(10, 1.0): CpuTimes(9.0, 0.0)}, {(10, 8.0): CpuTimes(0.25, 0.0)}) == 0.25

    times = st.builds(CpuTimes, st.floats(0, 1e6), st.floats(0, 1e6))
    looks = st.dictionaries(st.sampled_from([KEY, CHILD, OTHER]), times)

    @given(looks, looks)
    def test_is_never_negative(
        self, before: dict[tuple[int, float], CpuTimes], now: dict[tuple[int, float], CpuTimes]
    ) -> None:
        """Whatever two looks saw."""
        assert cpu_between(before, now) >= 0


class TestProcessTree:
    """A look at real processes."""

    def test_counts_processes_and_memory(self, tmp_path: Path) -> None:
        """A parent and its child are two processes, with memory of their own each."""
        with subprocess.Popen(python(PARENT, tmp_path / "pids")) as parent:
            pids = noted_pids(tmp_path / "pids", 2)
            look = ProcessTree(parent.pid).look()
            for pid in pids:
                os.kill(pid, 9)

        assert look.processes == 2
        assert {pid for pid, _ in look.cpu} == set(pids)
        assert look.memory_bytes > 2 * resource.getpagesize()

    def test_counts_the_cpu_of_ended_children(self, tmp_path: Path) -> None:
        """A child that used 0.6 s and was waited for is in its parent's account."""
        with subprocess.Popen(python(BUSY_CHILD, tmp_path / "pids")) as parent:
            tree = ProcessTree(parent.pid)
            noted_pids(tmp_path / "pids", 1)
            used = cpu_between({}, tree.look().cpu)
            parent.kill()

        assert used > 0.55

    def test_ended_tree_is_empty(self, tmp_path: Path) -> None:
        """A tree whose root has ended has no processes; that is no error."""
        with subprocess.Popen(python(PLAIN, tmp_path / "pids")) as root:
            tree = ProcessTree(root.pid)
            root.kill()
        look = tree.look()

        assert (look.processes, look.memory_bytes, look.cpu) == (0, 0, {})


class TestResourceSampler:
    """The sampler's journal."""

    def test_samples_are_journaled(self, tmp_path: Path) -> None:
        """Each sample has its time from the load's start, CPU, memory and processes; stopping twice is stopping."""
        with start(service(python(LISTENS, tmp_path / "pids", "{port}")), tmp_path) as running:
            assert running.pid is not None
            sampler = ResourceSampler(running.pid, tmp_path, running.poll, running.reaper)
            sampler.start(time.monotonic() + 100)
            assert until(lambda: sampler.latest is not None)
            sampler.stop()
            sampler.stop()

        (first, *_) = read_journal(tmp_path / SERVICE_JOURNAL).of_kind(SAMPLE)
        assert sorted(first) == ["at_s", "cpu", "memory_bytes", "processes", "unread"]
        assert first["at_s"] < 0  # the load begins in a hundred seconds
        assert first["processes"] == 1
        assert first["memory_bytes"] > resource.getpagesize()
        assert first["cpu"] >= 0
        assert sampler.error is None

    def test_daemons_that_left_the_tree_are_counted(self, tmp_path: Path) -> None:
        """With the reaper, a process that forked twice into its own session belongs to the tree."""
        port = "import socket\nlistener = socket.create_server(('127.0.0.1', int(sys.argv[2])))\n"
        program = DOUBLE_FORK.replace("os.wait()\n", f"os.wait()\n{port}")
        with start(service(python(program, tmp_path / "pids", "{port}")), tmp_path) as running:
            noted_pids(tmp_path / "pids", 2)
            assert running.pid is not None
            alone = ProcessTree(running.pid).look().processes
            with_reaper = ProcessTree(running.pid, running.reaper).look().processes

        assert (alone, with_reaper) == (1, 2)

    def test_exit_is_journaled(self, tmp_path: Path) -> None:
        """A service that ends by itself is noted with its code, and sampling ends."""
        with start(service(python(LISTENS, tmp_path / "pids", "{port}")), tmp_path) as running:
            assert running.pid is not None
            sampler = ResourceSampler(running.pid, tmp_path, running.poll, running.reaper)
            sampler.start(time.monotonic())
            os.kill(running.pid, 9)
            assert until(lambda: bool(read_journal(tmp_path / SERVICE_JOURNAL).of_kind(EXIT)))
            sampler.stop()

        (noted,) = read_journal(tmp_path / SERVICE_JOURNAL).of_kind(EXIT)
        assert noted["code"] == -9
        assert noted["at_s"] >= 0

    def test_service_that_ended_before_is_noted(self, tmp_path: Path) -> None:
        """A service that ended before the first look has no samples, but its exit is there."""
        with subprocess.Popen(["true"]) as ended:
            pass
        sampler = ResourceSampler(ended.pid, tmp_path, lambda: 3)
        sampler.start(time.monotonic())
        sampler.stop()

        journal = read_journal(tmp_path / SERVICE_JOURNAL)
        assert [entry.kind for entry in journal.entries] == [EXIT, END]
        assert journal.of_kind(EXIT)[0]["code"] == 3

    def test_full_disk_is_kept(self, tmp_path: Path) -> None:
        """When the journal cannot grow, sampling stops and the error is there for whoever asks."""
        program = f"""
import resource, signal, sys, time
from pathlib import Path
from perfgate.target.resources import ResourceSampler
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))
sampler = ResourceSampler({os.getpid()}, Path(sys.argv[1]), lambda: None)
sampler.start(time.monotonic())
while sampler.error is None:
    time.sleep(0.01)
sampler.stop()
sys.exit(f"{{type(sampler.error).__name__}}: {{sampler.error.message}}")
"""
        told = subprocess.run(python(program, tmp_path), stderr=subprocess.PIPE, check=False)

        assert told.stderr.decode() == "StorageError: cannot write the journal: File too large\n"

    def test_journal_that_cannot_be_made(self, tmp_path: Path) -> None:
        """A folder that does not exist is told before anything is sampled."""
        sampler = ResourceSampler(os.getpid(), tmp_path / "gone", lambda: None)
        with pytest.raises(StorageError):
            sampler.start(time.monotonic())
        sampler.stop()
