"""The host guard, which refuses connections before a byte is sent."""

from __future__ import annotations

from typing import Any

import pytest

from perfgate.drive.guard import HostGuard, HostRefusedError

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
