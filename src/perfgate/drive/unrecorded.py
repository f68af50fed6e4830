"""Requests that were sent and never recorded, because the scenario let go of them: they are counted, never forgotten.

With `catch_response=True` it is the end of a with-block that records a request. Without a with-block, or when the block
is left by an exception that says nothing about the response, Locust records nothing, and so do we: what the service
did then stands in no figure, and a load with such requests cannot be judged.
"""

from __future__ import annotations

from contextlib import suppress
from functools import wraps
from typing import TYPE_CHECKING, Any

from gevent import GreenletExit

if TYPE_CHECKING:
    from collections.abc import Callable

_MARK = "perfgate_unrecorded"  # on an exception that left a with-block


class Unrecorded:
    """Counts; one for the engine's process (`LOST`).

    Attributes:
        caught: responses that wait for their with-block, or had one.
        entered: with-blocks that were begun.
        left: with-blocks and requests that ended in an exception without being recorded.
        unanswered: requests that were still waited for, by nobody who counts, when the load had ended.
    """

    def __init__(self) -> None:
        self.caught = self.entered = self.left = self.unanswered = 0
        self._is_over = False

    def leave(self, error: BaseException | None) -> None:
        """An exception ended a with-block or a request, and nothing was recorded.

        A user who is stopped in the middle is no mistake of the scenario's: it counts among those who were cut off.
        """
        if self._is_over or isinstance(error, GreenletExit):
            return
        self.left += 1
        with suppress(AttributeError):  # an exception with slots
            setattr(error, _MARK, True)

    def discount(self, error: BaseException) -> bool:
        """The exception went on to the user, where it counts as one of the scenario's: it is not told twice.

        Returns:
            Whether it had kept a request from being recorded.
        """
        if not getattr(error, _MARK, False):
            return False
        self.left -= 1
        with suppress(AttributeError):
            setattr(error, _MARK, False)
        return True

    def close(self) -> None:
        """The load is over: users who are stopped now leave their blocks because of that."""
        self._is_over = True

    @property
    def count(self) -> int:
        """Requests that were sent and never recorded."""
        return self.left + self.caught - self.entered

    def words(self) -> str:
        """The same for people, and what was never answered; empty when all were recorded."""
        return "; ".join(filter(None, [self._unrecorded(), self._unanswered()]))

    def _unanswered(self) -> str:
        if not self.unanswered:
            return ""
        were = "request was" if self.unanswered == 1 else "requests were"
        return (
            f"{self.unanswered:,} {were} sent from greenlets of the scenario's own and never answered, so what they "
            "took is in no figure: look at the service, raise stop_timeout, or let the task wait for them (join)"
        )

    def _unrecorded(self) -> str:
        if not self.count:
            return ""
        were = "request was" if self.count == 1 else "requests were"
        return (
            f"{self.count:,} {were} sent and never recorded: `catch_response=True` records at the end of a with-block, "
            "and not when an exception other than ResponseError leaves it before success() or failure() was called"
        )


LOST = Unrecorded()


def watch_locusts_own(lost: Unrecorded = LOST) -> None:
    """Count for Locust's own two clients as well, which a scenario may keep; once in a process."""
    from locust import clients
    from locust.contrib import fasthttp

    http: Any = clients.ResponseContextManager
    fast: Any = fasthttp.ResponseContextManager
    sessions: tuple[Any, ...] = (clients.HttpSession, fasthttp.FastHttpSession)
    if getattr(http, _MARK, False):
        return
    setattr(http, _MARK, True)
    http.wrap_response = classmethod(_counting(http.wrap_response.__func__, lost))
    fast.__init__ = _counting(fast.__init__, lost)
    for cls in (http, fast):
        cls.__enter__ = _entering(cls.__enter__, lost)
        cls.__exit__ = _leaving(cls.__exit__, lost)
        cls._report_request = _reporting(cls._report_request)
    for session in sessions:
        session._send_request_safe_mode = _sending(session._send_request_safe_mode, lost)  # noqa: SLF001


def _counting(make: Any, lost: Unrecorded) -> Any:
    @wraps(make)
    def counted(*args: Any, **kwargs: Any) -> Any:
        made = make(*args, **kwargs)
        if kwargs["catch_response"] if "catch_response" in kwargs else args[-1]:
            lost.caught += 1
        return made

    return counted


def _entering(enter: Callable[[Any], Any], lost: Unrecorded) -> Any:
    @wraps(enter)
    def entered(self: Any) -> Any:
        was, found = self._entered, enter(self)
        lost.entered += not was
        return found

    return entered


def _leaving(leave: Any, lost: Unrecorded) -> Any:
    @wraps(leave)
    def left(self: Any, kind: Any, error: Any, trace: Any) -> Any:
        try:
            return leave(self, kind, error, trace)
        finally:
            if error is not None and not getattr(self, "_perfgate_reported", False):
                lost.leave(error)

    return left


def _reporting(report: Any) -> Any:
    @wraps(report)
    def reported(self: Any, *args: Any, **kwargs: Any) -> Any:
        self._perfgate_reported = True
        return report(self, *args, **kwargs)

    return reported


def _sending(send: Any, lost: Unrecorded) -> Any:
    @wraps(send)
    def sent(*args: Any, **kwargs: Any) -> Any:
        try:
            return send(*args, **kwargs)
        except Exception:
            raise  # it could not be sent as it was given, and is an error of the scenario's
        except BaseException as error:
            lost.leave(error)  # a timeout of the scenario's own: the service has read it
            raise

    return sent
