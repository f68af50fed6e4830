"""The connections of one user, kept for the next request; and the exchange that uses them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.drive.client.connection import Answer, Connection, Route, open_connection
from perfgate.drive.client.errors import ClosedEarlyError, StaleError

if TYPE_CHECKING:
    from perfgate.drive.client.call import Call

_MOST_IDLE = 10  # per route; a user has one greenlet unless its scenario makes more


@dataclass(slots=True)
class Exchanged:
    """An answer, with what it took to get it besides the service time."""

    answer: Answer
    connection: Connection
    connect_ms: float
    tls_ms: float
    retried: int


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
        *,
        stream: bool,
    ) -> Exchanged:
        """Send `wire` on a kept connection or a new one and read the answer.

        A kept connection may have been closed by the server in the meantime. When nothing of an answer came, a
        request that may be sent twice is sent once more, on a new connection. For others the kernel is asked
        beforehand, which leaves the moment between asking and sending: then it is a failure.

        Args:
            timeout: seconds for opening a connection, and for the exchange.

        Raises:
            ClientError: there was no answer.
        """
        connection = self._take(route, sure=not call.is_idempotent) or open_connection(route, timeout[0])
        is_head = call.method == "HEAD"
        retried = 0
        try:
            answer = connection.exchange(wire, is_head=is_head, timeout_s=timeout[1], stream=stream)
        except StaleError as stale:
            connection.close()
            if not call.is_idempotent:
                raise ClosedEarlyError(str(stale)) from stale
            self._drop(route)  # the others are older still
            retried = 1
            connection = open_connection(route, timeout[0])
            answer = self._exchange_on(connection, wire, is_head, timeout[1], stream=stream)
        except BaseException:  # a kill or the scenario's own timeout, too, leaves the stream in the middle of an answer
            connection.close()
            raise
        exchanged = Exchanged(answer, connection, connection.connect_ms, connection.tls_ms, retried)
        connection.connect_ms = connection.tls_ms = 0.0
        return exchanged

    def _exchange_on(
        self,
        connection: Connection,
        wire: bytes,
        is_head: bool,
        timeout_s: float | None,
        *,
        stream: bool,
    ) -> Answer:
        try:
            return connection.exchange(wire, is_head=is_head, timeout_s=timeout_s, stream=stream)
        except BaseException:
            connection.close()
            raise

    def _take(self, route: Route, *, sure: bool) -> Connection | None:
        idle = self._idle.get(route)
        while idle:
            connection = idle.pop()
            if not sure or connection.is_quiet():
                return connection
            connection.close()
        return None

    def give_back(self, connection: Connection) -> None:
        """Keep a connection whose answer has come whole; close any other."""
        if not connection.is_reusable:
            connection.close()
            return
        idle = self._idle.setdefault(connection.route, [])
        if len(idle) < _MOST_IDLE:
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
