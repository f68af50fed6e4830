"""Requests that no user waits for: sent from a greenlet of the scenario's own, and unanswered when the load had ended.

A task that spawns `self.client.get` and goes on is no user who is cut off, however long the service takes; and a
request that is never answered is never recorded. So when the users have left, whoever is still within a request is
looked for among all greenlets, by the frames that they stand in, which costs the load itself nothing.
"""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING, Any

import gevent
from greenlet import greenlet

from perfgate.drive.client.session import Session

if TYPE_CHECKING:
    from types import CodeType, FrameType

_POLL_S = 0.05


def wait_for_answers(timeout_s: float) -> int:
    """Wait until no request is unanswered, so long at most; returns how many still are.

    To be called when all users have left.
    """
    deadline = time.monotonic() + timeout_s
    codes = _codes()
    while (left := _unanswered(codes)) and time.monotonic() < deadline:
        gevent.sleep(_POLL_S)
    return left


def _codes() -> frozenset[CodeType]:
    """Of the methods in which a greenlet stands while it waits for an answer that is to be recorded."""
    from locust.clients import HttpSession
    from locust.contrib.fasthttp import FastHttpSession

    methods: tuple[Any, ...] = (Session.request, HttpSession.request, FastHttpSession.request)
    return frozenset(method.__code__ for method in methods)


def _unanswered(codes: frozenset[CodeType]) -> int:
    waiting = [one for one in gc.get_objects() if isinstance(one, greenlet) and not one.dead]
    return sum(_stands_in(one.gr_frame, codes) for one in waiting)


def _stands_in(frame: FrameType | None, codes: frozenset[CodeType]) -> bool:
    while frame is not None:
        if frame.f_code in codes:
            return True
        frame = frame.f_back
    return False
