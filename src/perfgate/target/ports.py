"""A TCP port for a service that is to be started: free, and nobody else's until that service has ended.

To ask the kernel for any port, let it go and hand its number on does not hold: until the service listens, any outgoing
connection and any other program that asks may be given the same number, and whoever listens there then answers in the
service's place. So the number comes from a range that the kernel gives to nobody by itself, and a socket in the
abstract namespace holds it against other perfgates: of any user, in the same network namespace, as long as its process
lives.
"""

from __future__ import annotations

import random
import socket
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from perfgate.errors import ServiceError
from perfgate.target.system import System

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

# Below the ports of outgoing connections (Linux from 32768, others from 49152) and those of Kubernetes (from 30000).
PORTS = range(20_000, 30_000)
_EPHEMERAL = "proc/sys/net/ipv4/ip_local_port_range"
_RFC_6335 = (49_152, 65_535)  # as macOS has it


class ReservedPort:
    """A port that no other perfgate takes. Use it as a context manager, or call `release`.

    Attributes:
        number: the port.
    """

    def __init__(self, number: int, hold: socket.socket | None) -> None:
        self.number = number
        self._hold = hold

    def release(self) -> None:
        """Let others have it. Does nothing the second time."""
        if self._hold:
            self._hold.close()

    def __enter__(self) -> int:
        return self.number

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def reserve_port(candidates: Iterable[int] | None = None) -> ReservedPort:
    """A port at which nobody listens, at no address of this machine.

    Args:
        candidates: ports in the order in which they are tried; by default those of `PORTS`, shuffled.

    Raises:
        ServiceError: `port-in-use`, when none of them is free.
    """
    for number in _shuffled() if candidates is None else candidates:
        with suppress(OSError):
            hold = _hold(number)
            if _is_free(number):
                return ReservedPort(number, hold)
            if hold:
                hold.close()
    raise ServiceError(
        f"none of the ports from {PORTS[0]} to {PORTS[-1]} is free",
        hint="end what listens there, or write a port of your own in url and command",
        slug="port-in-use",
    )


def _shuffled() -> list[int]:
    first, last = _ephemeral()
    # A machine may be told to use all of them for connections; then being random has to do.
    numbers = [number for number in PORTS if not first <= number <= last] or list(PORTS)
    random.SystemRandom().shuffle(numbers)  # a seed that a scenario sets must not make two runs meet
    return numbers


def _ephemeral() -> tuple[int, int]:
    """The ports that the kernel gives by itself: the first and the last."""
    found = (System().text(_EPHEMERAL) or "").split()
    if len(found) != len(_RFC_6335) or not all(word.isdecimal() for word in found):
        return _RFC_6335
    return int(found[0]), int(found[1])


def _hold(number: int) -> socket.socket | None:
    """Raises OSError when another perfgate holds it."""
    if sys.platform != "linux":
        return None
    hold = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        hold.bind(f"\0perfgate-port-{number}")
    except OSError:
        hold.close()
        raise
    return hold


def _is_free(number: int) -> bool:
    """Whether all addresses can be bound, which any other's socket at any of them forbids."""
    with socket.socket() as looked:
        try:
            looked.bind(("", number))
        except OSError:
            return False
    return True
