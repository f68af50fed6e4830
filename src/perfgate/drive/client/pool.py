"""The connections of one user, kept for the next request; and the exchange that uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.drive.client.connection import Connection, Route, open_connection
from perfgate.drive.client.errors import ClosedEarlyError, StaleError

if TYPE_CHECKING:
    from perfgate.drive.client.call import Call
    from perfgate.drive.client.clock import Timing

_MOST_IDLE = 10  # per route; a user has one greenlet unless its scenario makes more


class Pool:
    """Idle connections by route, the one that was used last first."""

    def __init__(self) -> None:
        self._idle: dict[Route, list[Connection]] = {}

    def exchange(
        self,
        route: Route,
        call: Call,
        wire: bytes,
        timeout: tuple[float | None, float | None],
        stream: bool,
    ) -> tuple[Connection, Timing]:
        """Send `wire` on a kept connection or a new one and read the answer.

        A kept connection may have been closed by the server in the meantime. When nothing of an answer came, a
        request that may be sent twice is sent once more, on a new connection. For others the kernel is asked
        beforehand, which leaves the moment between asking and sending: then it is a failure.

        Args:
            timeout: seconds for opening a connection, and for the exchange.

        Raises:
            ClientError: there was no answer.
        """
        idle = self._idle.get(route)
        if idle and call.is_idempotent:
            connection = idle.pop()
        else:
            connection = self._take_quiet(idle) or open_connection(route, timeout[0])
        try:
            timing = connection.exchange(wire, call.method == "HEAD", timeout[1], stream)
        except StaleError as stale:
            connection.close()
            if not call.is_idempotent:
                raise ClosedEarlyError(str(stale)) from stale
            self._drop(route)  # the others are older still, and a new connection is never stale
            connection, timing = self.exchange(route, call, wire, timeout, stream)
            timing.retried = 1
        except BaseException:  # a kill or the scenario's own timeout, too, leaves the stream in the middle of an answer
            connection.close()
            raise
        return connection, timing

    def _take_quiet(self, idle: list[Connection] | None) -> Connection | None:
        while idle:
            connection = idle.pop()
            if connection.is_quiet():
                return connection
            connection.close()
        return None

    def give_back(self, connection: Connection) -> None:
        """Keep a connection whose answer has come whole; close any other."""
        idle = self._idle.get(connection.route)
        if idle is None:
            idle = self._idle[connection.route] = []
        if len(idle) < _MOST_IDLE and connection.is_reusable():
            idle.append(connection)
        else:
            connection.close()

    def _drop(self, route: Route) -> None:
        for connection in self._idle.pop(route, []):
            connection.close()

    def close(self) -> None:
        """Close all that are idle."""
        for route in list(self._idle):
            self._drop(route)
