"""Which exceptions of a scenario say nothing new: the failure that they tell of is recorded already.

`raise_for_status()`, `assert response.ok`, or an interceptor that tells of its call and raises again: the request is
recorded as failed, and what the user then raises is the same thing once more. An exception is taken for one of these
when the latest request of its greenlet, in this iteration, has failed, or when it is, or wraps, what an earlier request
of the iteration failed with. All others are the scenario's own fault: requests may be missing.

One state for the whole process, as users are its greenlets.
"""

from __future__ import annotations

from typing import Any

from gevent import getcurrent

_MOST_KEPT = 8  # failures of one iteration
_DEPTH = 6


class _Failures:
    """What failed in one iteration.

    Attributes:
        latest: the latest request did.
        known: the exceptions and responses of failed ones.
    """

    __slots__ = ("known", "latest")

    def __init__(self) -> None:
        self.latest = True
        self.known: list[Any] = []


FAILED: dict[Any, _Failures] = {}  # by greenlet; empty while nothing fails, which is all that a good request looks at

_DEAD: list[Any] = []


def note_failure(exception: Any, response: Any) -> None:
    """A request of the present greenlet is recorded as failed."""
    own = FAILED.get(getcurrent())
    if own is None:
        own = FAILED[getcurrent()] = _Failures()
    own.latest = True
    own.known[_MOST_KEPT:] = []
    own.known[:0] = [part for part in (exception, response) if part is not None and not isinstance(part, str)]


def note_success() -> None:
    """A request of the present greenlet is recorded as good; called only when something has failed."""
    own = FAILED.get(getcurrent())
    if own is not None:
        own.latest = False


def begin_iteration() -> None:
    """The present greenlet begins an iteration: what it raises from now on has nothing to do with the one before."""
    if FAILED:
        FAILED.pop(getcurrent(), None)


def forget_dead() -> None:
    """Users that had ended when this was last called raise nothing more; what they ended with is heard a bit later."""
    for greenlet in _DEAD:
        FAILED.pop(greenlet, None)
    _DEAD[:] = [greenlet for greenlet in FAILED if greenlet.dead]


def is_recorded(error: BaseException, greenlet: Any = None) -> bool:
    """Whether what an exception tells of is recorded as a failed request already.

    Args:
        error: what a user raised.
        greenlet: of the user; the present one unless given.
    """
    own = FAILED.get(getcurrent() if greenlet is None else greenlet)  # one that has ended is false
    return own is not None and (own.latest or any(part is known for part in _parts(error) for known in own.known))


def _parts(error: BaseException) -> list[Any]:
    """The exception, its response, and those that it was raised from."""
    parts: list[Any] = []
    one: Any = error
    for _ in range(_DEPTH):
        if one is None:
            break
        parts += [one, *_response_of(one)]
        one = one.__cause__ or one.__context__
    return parts


def _response_of(error: BaseException) -> list[Any]:
    try:
        response = getattr(error, "response", None)
    except Exception:  # noqa: BLE001  (an exception of the scenario's own may raise anything)
        return []
    return [] if response is None else [response]
