"""Refuses connections to hosts that are not allowed, before a byte is sent, whatever library opens them.

A Python audit hook sees every name look-up and every connect of this process, those of C extensions that go through
the `socket` module included, and cannot be removed again: a scenario reaches no host that the user has not named, be
it by a redirect, by an absolute URL or by a client of its own.
"""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING, Any

from perfgate.plan.hosts import is_allowed

if TYPE_CHECKING:
    from collections.abc import Sequence


class HostRefusedError(PermissionError):
    """A connection to a host that `allowed_hosts` does not name; an OSError, so HTTP clients report it as a failure."""

    kind = "host not allowed"

    def __init__(self, host: str) -> None:
        super().__init__(f"host {host} is not in allowed_hosts: refused before a byte was sent")


class HostGuard:
    """Decides on each look-up and connect.

    Args:
        allowed: what a scenario may reach.
        locusts_own: host and port of the master, whose name Locust looks up when it connects or binds. The look-up is
            all that is allowed: the connection is libzmq's, which does not go through Python's sockets.

    Attributes:
        refused: hosts that were refused, in order, each once.
    """

    def __init__(self, allowed: Sequence[str], locusts_own: tuple[str, int] | None = None) -> None:
        self._allowed = tuple(allowed)
        self._locusts_own = locusts_own
        self._names: set[str] = {name for name in allowed if "*" not in name}
        self._addresses: set[str] = set()
        self._resolving = False
        self._has_wildcards = any("*" in name for name in allowed)
        self._suspects: set[str] = set()
        self.refused: list[str] = []

    def install(self) -> None:
        """Watch from now on, for as long as the process lives."""
        sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not event.startswith("socket.") or self._resolving:
            return
        if event == "socket.getaddrinfo":
            if arguments[:2] != self._locusts_own:
                self._check_name(arguments[0])
        elif event in {"socket.connect", "socket.sendto", "socket.sendmsg"} and isinstance(arguments[1], tuple):
            self._check_address(str(arguments[1][0]))

    def _check_name(self, name: str | bytes | None) -> None:
        host = name.decode() if isinstance(name, bytes) else name
        if host is None or is_allowed(host, self._allowed):
            self._names.update([host] if host else [])
        elif host not in self._addresses:
            self._refuse(host)

    def _check_address(self, address: str) -> None:
        if is_allowed(address, self._allowed) or address in self._addresses:
            return
        self._resolve_names()
        if address not in self._addresses:
            self._refuse(address)

    def is_foreign(self, address: str) -> bool:
        """Whether something that is connected to this address got around the hook.

        With `*.` entries nobody can tell which addresses have an allowed name, and none is called foreign. Addresses
        of names change, so that one is told only when it is met a second time.
        """
        if self._has_wildcards or is_allowed(address, self._allowed) or address in self._addresses:
            return False
        if address in self._suspects:
            return True
        self._resolve_names()
        own = self._look_up(self._locusts_own[0]) if self._locusts_own else set()
        if address not in self._addresses | own:
            self._suspects.add(address)
        return False

    def note(self, address: str) -> None:
        """Something is connected to an address that is not allowed."""
        if address not in self.refused:
            self.refused.append(address)

    def _resolve_names(self) -> None:
        """Learn the addresses of the allowed names that were looked up; they may change while a load runs."""
        for name in self._names:
            self._addresses |= self._look_up(name)

    def _look_up(self, name: str) -> set[str]:
        self._resolving = True
        try:
            return {str(found[4][0]) for found in socket.getaddrinfo(name, None)}
        except OSError:  # a name that cannot be resolved allows no address
            return set()
        finally:
            self._resolving = False

    def _refuse(self, host: str) -> None:
        if host not in self.refused:
            self.refused.append(host)
        raise HostRefusedError(host)
