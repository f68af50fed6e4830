"""The connections of one user, kept for the next request; and the exchange that uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.drive.client.connection import Connection, Route, open_connection
from perfgate.drive.client.errors import UnreadError, UnsolicitedError

if TYPE_CHECKING:
    from perfgate.drive.client.call import Call
    from perfgate.drive.client.clock import Timing

_MOST_IDLE = 10  # per route; a user has one greenlet unless its scenario makes more


class Pool:
    """Idle connections by route, the one that was used last first."""

    def __init__(self) -> None:
        self._idle: dict[Route, list[Connection]] = {}
        self._retried = self._unsolicited = 0  # since they were last told

    def exchange(
        self,
        route: Route,
        call: Call,
        wire: bytes,
        timeout: tuple[float | None, float | None],
        stream: bool,
    ) -> tuple[Connection, Timing]:
        """Send `wire` on a kept connection or a new one and read the answer.

        A kept connection that the server has closed, or on which something came that nobody asked for, is not used
        again. That leaves the moment between looking and sending. A request of which the service provably could not
        read a byte is sent once more, on a new connection, and its time counts from the first sending; one that it may
        have read is a failure, since a service that reads and drops must not look like one that answers.

        Args:
            timeout: seconds for opening a connection, and for the exchange.

        Raises:
            ClientError: there was no answer.
        """
        idle = self._idle.get(route)
        connection = (idle and self._take_quiet(idle, asking=not call.is_safe)) or open_connection(route, timeout[0])
        try:
            timing = connection.exchange(wire, call.method == "HEAD", timeout[1], stream)
        except (UnreadError, UnsolicitedError) as error:
            connection.close()
            self._unsolicited += isinstance(error, UnsolicitedError)
            if isinstance(error, UnsolicitedError) and not call.is_safe:
                raise
            self._retried += 1
            self._drop(route)  # the others are older still, and a new connection raises neither
            connection, timing = self.exchange(route, call, wire, timeout, stream)
            timing.sent_ns = error.sent_ns
        except BaseException:  # a kill or the scenario's own timeout, too, leaves the stream in the middle of an answer
            connection.close()
            raise
        if self._retried or self._unsolicited:
            self.tell(timing)
        return connection, timing

    def tell(self, timing: Timing) -> None:
        """Add what was sent again, and what came unasked, to a request's timing: each is told once."""
        timing.retried += self._retried
        timing.unsolicited += self._unsolicited
        self._retried = self._unsolicited = 0

    def _take_quiet(self, idle: list[Connection], *, asking: bool) -> Connection | None:
        while idle:
            connection = idle.pop()
            state = connection.idle_state(asking=asking)
            if state == "quiet":
                return connection
            self._unsolicited += state == "talking"
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
            self._unsolicited += connection.reader.overfed
            connection.close()

    def _drop(self, route: Route) -> None:
        for connection in self._idle.pop(route, []):
            connection.close()

    def close(self) -> None:
        """Close all that are idle."""
        for route in list(self._idle):
            self._drop(route)
