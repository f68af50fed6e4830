"""The supervisor leaves no process behind, on whatever way out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from perfgate.target import supervisor
from perfgate.target.process import SupervisedProcess
from tests.target.processes import (
    DOUBLE_FORK,
    LEAVES_A_DAEMON,
    LONG_S,
    PARENT,
    PLAIN,
    STUBBORN,
    is_gone,
    noted_pids,
    processes_below,
    python,
    until,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Another perfgate: starts a command below a supervisor, then waits to be killed.
PARENT_PROGRAM = """
import os, sys, time
from perfgate.target.process import SupervisedProcess
process = SupervisedProcess(sys.argv[2:], env={}, cwd=None, log=2, stop_timeout_s=float(sys.argv[1]))
time.sleep(3600)
"""


@pytest.fixture
def log(tmp_path: Path) -> Iterator[int]:
    """A file that takes a service's output."""
    with (tmp_path / "log").open("wb") as file:
        yield file.fileno()


def supervised(log: int, command: tuple[str, ...], stop_timeout_s: float = 0.3) -> SupervisedProcess:
    """A command below a supervisor."""
    return SupervisedProcess(command, env={}, cwd=None, log=log, stop_timeout_s=stop_timeout_s)


@pytest.mark.parametrize(
    ("program", "count"),
    [(PLAIN, 1), (PARENT, 2), (STUBBORN, 1), (DOUBLE_FORK, 2)],
    ids=["plain", "with a child", "ignores SIGTERM", "double fork into another session, ignoring SIGTERM"],
)
class TestEveryWayOut:
    """Whatever the program is, and however perfgate ends, the whole tree ends."""

    def test_stop(self, program: str, count: int, log: int, tmp_path: Path) -> None:
        """After `stop` nothing of the tree is left, nor the supervisor."""
        process = supervised(log, python(program, tmp_path / "pids"))
        pids = noted_pids(tmp_path / "pids", count)

        process.stop()

        assert [is_gone(pid) for pid in [*pids, process.reaper]] == [True] * (count + 1)

    def test_parent_killed(self, program: str, count: int, tmp_path: Path) -> None:
        """When perfgate is killed with SIGKILL, the supervisor ends the tree."""
        command = python(program, tmp_path / "pids")
        with subprocess.Popen([sys.executable, "-c", PARENT_PROGRAM, "0.3", *command]) as parent:
            pids = noted_pids(tmp_path / "pids", count)
            parent.kill()

        assert until(lambda: all(map(is_gone, pids))), "the tree outlived perfgate"

    def test_supervisor_killed(self, program: str, count: int, log: int, tmp_path: Path) -> None:
        """When the supervisor itself is killed, the service ends with it, and `stop` finds the rest."""
        process = supervised(log, python(program, tmp_path / "pids"))
        pids = noted_pids(tmp_path / "pids", count)

        os.kill(process.reaper, signal.SIGKILL)
        process.stop()

        assert until(lambda: all(map(is_gone, pids)))

    def test_supervisor_asked_to_end(self, program: str, count: int, log: int, tmp_path: Path) -> None:
        """SIGTERM to the supervisor, say from a machine that shuts down, ends the tree in order."""
        process = supervised(log, python(program, tmp_path / "pids"))
        pids = noted_pids(tmp_path / "pids", count)

        os.kill(process.reaper, signal.SIGTERM)

        assert until(lambda: all(map(is_gone, [*pids, process.reaper])))
        process.stop()


def test_graceful_end_is_awaited(log: int, tmp_path: Path) -> None:
    """A service that needs its time to end after SIGTERM gets it, up to the stop timeout."""
    program = """
import pathlib, signal, sys, time
def end(number, frame):
    time.sleep(0.5)
    pathlib.Path(sys.argv[2]).write_text("in order")
    sys.exit()
signal.signal(signal.SIGTERM, end)
pathlib.Path(sys.argv[1]).write_text("1\\n")
time.sleep(3600)
"""
    process = supervised(log, python(program, tmp_path / "up", tmp_path / "farewell"), stop_timeout_s=LONG_S)
    noted_pids(tmp_path / "up", 1)

    process.stop()

    assert (tmp_path / "farewell").read_text() == "in order"


def test_what_the_service_leaves_is_ended(log: int, tmp_path: Path) -> None:
    """When the service ends by itself, its code is told and the daemon that it left is ended at once."""
    process = supervised(log, python(LEAVES_A_DAEMON, tmp_path / "pids"))
    (daemon,) = noted_pids(tmp_path / "pids", 1)

    assert until(lambda: process.poll() is not None)
    assert process.poll() == 5
    assert until(lambda: is_gone(daemon))
    process.stop()


def test_exit_by_signal_is_negative(log: int, tmp_path: Path) -> None:
    """A service that is killed from outside is reported with the signal, as a negative number."""
    process = supervised(log, python(PLAIN, tmp_path / "pids"))
    (pid,) = noted_pids(tmp_path / "pids", 1)

    os.kill(pid, signal.SIGKILL)

    assert until(lambda: process.poll() is not None)
    assert process.poll() == -9
    process.stop()


def test_killed_supervisor_is_noticed(log: int, tmp_path: Path) -> None:
    """Without its supervisor the service is dead, and `poll` says so."""
    process = supervised(log, python(PLAIN, tmp_path / "pids"))
    noted_pids(tmp_path / "pids", 1)

    os.kill(process.reaper, signal.SIGKILL)

    assert until(lambda: process.poll() is not None)
    assert process.poll() == -9
    process.stop()


def test_end_by_stop_is_no_exit_by_itself(log: int, tmp_path: Path) -> None:
    """A service that perfgate has stopped has not died."""
    process = supervised(log, python(PLAIN, tmp_path / "pids"))
    noted_pids(tmp_path / "pids", 1)

    process.stop()
    process.stop()

    assert process.poll() is None


def test_terminal_signals_do_not_reach_the_service(log: int, tmp_path: Path) -> None:
    """Supervisor and service have sessions of their own, so Ctrl-C in the terminal reaches neither."""
    process = supervised(log, python(PLAIN, tmp_path / "pids"))
    noted_pids(tmp_path / "pids", 1)

    sessions = {os.getsid(pid) for pid in (os.getpid(), process.reaper, process.spawned.pid)}
    process.stop()

    assert len(sessions) == 3


def test_missing_command_is_told(log: int) -> None:
    """A command that does not exist raises the system's own error, and no supervisor stays."""
    before = processes_below()
    with pytest.raises(FileNotFoundError):
        supervised(log, ("no-such-program",))

    assert processes_below() - before == set()


def test_service_has_signals_as_usual(log: int, tmp_path: Path) -> None:
    """The service does not inherit ignored signals: SIGINT, SIGTERM and SIGPIPE act on it as on any program."""
    process = supervised(log, ("sh", "-c", f"echo $$ > {tmp_path / 'pids'}; exec sleep 3600"))
    (pid,) = noted_pids(tmp_path / "pids", 1)

    os.kill(pid, signal.SIGPIPE)

    assert until(lambda: process.poll() is not None)
    assert process.poll() == -signal.SIGPIPE
    process.stop()


@pytest.mark.parametrize("table", [supervisor.table_of_proc, supervisor.table_of_ps], ids=["/proc", "ps"])
class TestProcessTable:
    """The process table is the same from either source."""

    def test_child_of_ours_is_in_our_tree(self, table: object, tmp_path: Path) -> None:
        """A child and its child belong to the tree; this process does not."""
        assert callable(table)
        others = processes_below()
        with subprocess.Popen(python(PARENT, tmp_path / "pids")) as child:
            pids = noted_pids(tmp_path / "pids", 2)
            tree = supervisor.living_tree(child.pid, table())
            for pid in pids:
                os.kill(pid, signal.SIGKILL)

        assert tree - others == set(pids)

    def test_dead_processes_are_not_in_the_tree(self, table: object) -> None:
        """A child that has ended and was not waited for has nothing left to end."""
        assert callable(table)
        others = processes_below()
        child = subprocess.Popen(["true"])
        assert until(lambda: is_gone(child.pid))

        tree = supervisor.living_tree(child.pid, table())
        child.wait()

        assert tree - others == set()


def test_orphans_of_the_session_are_in_the_tree() -> None:
    """Where orphans go to process 1 instead of the supervisor, the session still tells them."""
    table = [(1, 0, 1, "S"), (os.getpid(), 1, 1, "S"), (70, 1, 50, "S"), (80, 1, 80, "S"), (90, 1, 50, "Z")]

    assert supervisor.living_tree(50, table) == {70}
