"""The host guard, which refuses connections before a byte is sent."""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import ExitStack
from typing import Any

import pytest

from perfgate.drive.guard import HostGuard, HostRefusedError
from perfgate.drive.outside import Outlook, sockets_of_tree

LOOPBACK = ["127.0.0.1", "localhost", "::1"]


def _audit(guard: HostGuard, event: str, *arguments: Any) -> None:
    """What Python's audit hooks are told; nothing is looked up or connected."""
    guard._audit(event, arguments)


@pytest.mark.parametrize("address", [("127.0.0.1", 80), ("127.0.0.9", 80), ("::1", 80, 0, 0)])
def test_allowed_addresses_pass(address: tuple[Any, ...]) -> None:
    """Loopback, however it is written."""
    guard = HostGuard(LOOPBACK)
    _audit(guard, "socket.connect", None, address)
    assert guard.refused == []


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("socket.getaddrinfo", ("elsewhere.invalid", 80, 0, 0, 0)),
        ("socket.getaddrinfo", (b"elsewhere.invalid", 80, 0, 0, 0)),
        ("socket.connect", (None, ("192.0.2.1", 80))),
        ("socket.sendto", (None, ("192.0.2.1", 53))),
        ("socket.connect", (None, ("2001:db8::1", 80, 0, 0))),
    ],
)
def test_others_are_refused_and_remembered(event: str, arguments: tuple[Any, ...]) -> None:
    """By name or by address, over TCP or UDP; the error is an OSError, which HTTP clients take as a failed request."""
    guard = HostGuard(LOOPBACK)
    with pytest.raises(HostRefusedError):
        _audit(guard, event, *arguments)
    with pytest.raises(OSError, match="allowed_hosts"):
        _audit(guard, event, *arguments)
    assert len(guard.refused) == 1


def test_the_addresses_of_an_allowed_name_are_allowed() -> None:
    """A name that was looked up and allowed may be connected to."""
    guard = HostGuard(["localhost"])
    _audit(guard, "socket.getaddrinfo", "localhost", 80, 0, 0, 0)
    _audit(guard, "socket.connect", None, ("127.0.0.1", 80))
    assert guard.refused == []


def test_unix_sockets_and_other_events_are_not_its_business() -> None:
    """They reach no host."""
    guard = HostGuard([])
    _audit(guard, "socket.connect", None, "/run/service.sock")
    _audit(guard, "open", "/etc/hosts", "r", 0)
    assert guard.refused == []


def test_the_look_up_of_the_master_is_allowed_and_nothing_else_of_it() -> None:
    """Locust's own connection is libzmq's; a scenario that looks the master up elsewhere or connects is refused."""
    guard = HostGuard(LOOPBACK, ("master.invalid", 5557))
    _audit(guard, "socket.getaddrinfo", "master.invalid", 5557, 0, 0, 0)
    assert guard.refused == []
    for port in (80, None):
        with pytest.raises(HostRefusedError):
            _audit(guard, "socket.getaddrinfo", "master.invalid", port, 0, 0, 0)


LOOKS = 20
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other kernels do not tell")
CONNECT = """
import socket, sys
connection = socket.create_connection((sys.argv[1], int(sys.argv[2])))
print("connected", flush=True)
sys.stdin.read()
"""


@LINUX
@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_a_connection_of_a_child_process_is_noticed(family: int, address: str) -> None:
    """The audit hook does not see it; the kernel knows it. An allowed one is nobody's business."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server((address, 0), family=family))
        child = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-c", CONNECT, address, str(listener.getsockname()[1])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        )
        assert child.stdout is not None
        assert child.stdout.readline() == b"connected\n"
        outlooks = {
            allowed: Outlook(HostGuard([allowed]).is_foreign) for allowed in ("192.0.2.1", "localhost", "*.x.test")
        }
        found: dict[str, set[str]] = {allowed: set() for allowed in outlooks}
        for _ in range(LOOKS):  # the kernel's table may miss a row while others come and go
            for allowed, outlook in outlooks.items():
                found[allowed].update(outlook.look())
        assert address in found["192.0.2.1"]
        assert (found["localhost"], found["*.x.test"]) == (set(), set())


@LINUX
def test_who_connects_to_the_scenario_was_not_reached_by_it() -> None:
    """A scenario may listen, for call-backs of the service say: what comes in is not of its doing."""
    before = set(sockets_of_tree())  # servers of other tests
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        address, port = listener.getsockname()
        child = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-c", CONNECT, address, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        )
        assert child.stdout is not None
        assert child.stdout.readline() == b"connected\n"
        stack.enter_context(listener.accept()[0])
        outlook, mine = Outlook(lambda _address: False), set(sockets_of_tree()) - before
        seen = {inode for _ in range(LOOKS) for inode, _ in outlook.connections() if inode in mine}
        assert child.poll() is None
        assert len(seen) == 1  # the child's end alone


def test_what_was_noticed_is_remembered_once() -> None:
    """As what the hook refused."""
    guard = HostGuard(LOOPBACK)
    guard.note("192.0.2.7")
    guard.note("192.0.2.7")
    assert guard.refused == ["192.0.2.7"]
