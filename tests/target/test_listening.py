"""Whoever holds the listening socket is the service; what is none of the tree cannot be measured through the tree."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from perfgate.measure.journal import read_journal
from perfgate.measure.recording import ENDED, LISTENER, SERVICE_JOURNAL
from perfgate.target.listening import listener_at
from perfgate.target.members import Members
from perfgate.target.resources import ResourceSampler
from tests.target.processes import python, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who holds a socket")

# Forks two workers that hold its listening socket, and a new one for each that ends, as gunicorn does.
PREFORK = """
import ctypes, os, signal, socket, sys, time
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
def fork():
    pid = os.fork()
    if not pid:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # ends with its master
        while True:
            time.sleep(3600)
    return pid
workers = [fork(), fork()]
print(*workers, flush=True)
while True:
    os.wait()
    fork()
"""


@contextmanager
def listening(host: str = "127.0.0.1", family: socket.AddressFamily = socket.AF_INET) -> Iterator[int]:
    """This process listens; gives the port."""
    with socket.create_server((host, 0), family=family) as listener:
        port: int = listener.getsockname()[1]
        yield port


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])
def test_a_process_of_the_tree_that_listens_is_the_service(host: str) -> None:
    """At the very address or at all of them."""
    with listening("127.0.0.1" if host == "localhost" else host) as port:
        found = listener_at("127.0.0.1" if host == "0.0.0.0" else host, port, [os.getpid()])
    assert (found.where, found.holders) == ("inside", frozenset({os.getpid()}))


def test_a_process_outside_of_the_tree_is_named() -> None:
    """As where the command only asks a daemon."""
    with listening() as port, subprocess.Popen(["sleep", "60"]) as child:
        found = listener_at("127.0.0.1", port, [child.pid])
        child.kill()
    assert found.where == "outside"
    assert f"(pid {os.getpid()})" in found.process


def test_nobody_who_may_be_seen_is_unknown() -> None:
    """A process in another network namespace, a rule of the firewall: nothing here listens."""
    with listening() as port:
        pass
    assert listener_at("127.0.0.1", port, [os.getpid()]).where == "unknown"


def test_another_machine_is_outside() -> None:
    """Whatever listens here at the same port."""
    with listening("0.0.0.0") as port:
        found = listener_at("192.0.2.1", port, [os.getpid()])
    assert (found.where, found.process) == ("outside", "another machine (192.0.2.1)")


def test_the_narrower_socket_takes_the_connections() -> None:
    """A wildcard of ours behind another's socket at the very address says nothing, and the other way round."""
    with subprocess.Popen(["sleep", "60"]) as child, socket.socket() as wide:
        wide.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        wide.bind(("0.0.0.0", 0))
        wide.listen()
        port = wide.getsockname()[1]
        with socket.socket() as narrow:
            narrow.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            narrow.bind(("127.0.0.1", port))
            narrow.listen()
            assert listener_at("127.0.0.1", port, [os.getpid()]).where == "inside"
        assert listener_at("127.0.0.1", port, [child.pid]).where == "outside"
        child.kill()


def test_what_the_tree_is_connected_to_is_told() -> None:
    """A proxy in the tree leaves the work to a service that is none of it, and whose CPU and memory are not counted."""
    with listening() as port, socket.create_server(("127.0.0.1", 0)) as backend:
        inside = "import socket, sys, time; s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))"
        own = "; t = socket.create_server(('127.0.0.1', 0)); print(t.getsockname()[1], flush=True); time.sleep(60)"
        command = python(inside + own, backend.getsockname()[1])
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as proxy:
            assert proxy.stdout is not None
            found = listener_at("127.0.0.1", int(proxy.stdout.readline()), [proxy.pid])
            proxy.kill()
        assert port
        assert found.where == "inside"
        assert found.peers == (f"127.0.0.1:{backend.getsockname()[1]}",)


def test_the_sampler_notes_who_listens(tmp_path: Path) -> None:
    """At once, so that a short load has it too."""
    with listening() as port, subprocess.Popen(["sleep", "60"]) as child:
        sampler = ResourceSampler(child.pid, tmp_path, child.poll, address=("127.0.0.1", port))
        sampler.start(time.monotonic())
        sampler.stop()
        child.kill()
    (noted,) = read_journal(tmp_path / SERVICE_JOURNAL).of_kind(LISTENER)
    assert noted["where"] == "outside"


def test_a_worker_that_ends_and_is_replaced_is_noted(tmp_path: Path) -> None:
    """Also where its master is quick: the failures of a moment would be all that is left of it."""
    with listening() as port:
        pass
    with subprocess.Popen(python(PREFORK, port), stdout=subprocess.PIPE, text=True) as master:
        assert master.stdout is not None
        workers = [int(word) for word in master.stdout.readline().split()]
        sampler = ResourceSampler(master.pid, tmp_path, master.poll, address=("127.0.0.1", port))
        sampler.start(time.monotonic())
        assert until(lambda: bool(read_journal(tmp_path / SERVICE_JOURNAL).of_kind(LISTENER)))
        os.kill(workers[0], signal.SIGKILL)
        assert until(lambda: bool(read_journal(tmp_path / SERVICE_JOURNAL).of_kind(ENDED)))
        sampler.stop()
        master.kill()
    (noted,) = read_journal(tmp_path / SERVICE_JOURNAL).of_kind(ENDED)
    assert f"(pid {workers[0]})" in noted["process"]


class TestMembers:
    """Which ends are told."""

    def test_processes_for_single_requests_are_not(self) -> None:
        """They come and go with the load."""
        members = Members([(1, 0.0)])
        assert members.ended([(1, 0.0), (2, 1.0)]) == []
        assert members.ended([(1, 0.0), (3, 2.0)]) == []
        assert members.ended([(1, 0.0)]) == []

    def test_a_helper_that_was_there_and_has_no_successor_is_not(self) -> None:
        """A script that warmed the service up."""
        members = Members([(os.getpid(), 0.0), (1, 1.0)])
        assert members.ended([(os.getpid(), 0.0)]) == []

    def test_one_that_was_there_and_has_a_successor_of_its_name_is(self) -> None:
        """Workers need not hold the listening socket: their master may pass them the connections."""
        members = Members([(os.getpid(), 0.0)])
        assert len(members.ended([(os.getpid(), 5.0)])) == 1
        assert len(members.ended([(os.getpid(), 9.0)])) == 1  # and its successor likewise

    def test_one_that_holds_the_socket_is(self) -> None:
        """Whether it is replaced or not; told once."""
        members = Members([(os.getpid(), 0.0), (1, 1.0)])
        members.hold([1])
        assert len(members.ended([(os.getpid(), 0.0)])) == 1
        assert members.ended([(os.getpid(), 0.0)]) == []
