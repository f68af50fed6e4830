"""How a demo service can be made to misbehave, for demonstrations and tests: slow, failing, leaking, hanging, dying."""

from __future__ import annotations

import argparse
import hashlib
import itertools
import os
import threading
import time
from dataclasses import dataclass, field
from math import floor, inf
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

T = TypeVar("T")

HEALTH = "/health"
DEATH_CODE = 70  # sysexits' EX_SOFTWARE


@dataclass(frozen=True)
class Misbehaviour:
    """What is switched on.

    Attributes:
        slow: the factor by which an endpoint's work takes longer, by the endpoint's name.
        fail: the share of requests that are answered with 500.
        leak: bytes that each request leaves in memory.
        hang_after_s: from then on no request is answered; seconds since the service began to listen.
        die_after_s: then the process ends at once, with exit code 70.
    """

    slow: dict[str, float] = field(default_factory=dict)
    fail: float = 0.0
    leak: int = 0
    hang_after_s: float | None = None
    die_after_s: float | None = None


def add_switches(parser: argparse.ArgumentParser, endpoints: Sequence[str]) -> None:
    """Add the switches to a service's command line; `endpoints` are the names that `--slow` takes."""
    group = parser.add_argument_group("misbehaviour")
    group.add_argument(
        "--slow",
        metavar="ENDPOINT=FACTOR",
        type=lambda text: _slow(text, endpoints),
        action="append",
        default=[],
        help="make an endpoint's work take FACTOR times as long, by repeating it; may be given several times",
    )
    group.add_argument("--fail", metavar="SHARE", type=_share, default=0.0, help="answer this share of requests by 500")
    group.add_argument(
        "--leak", metavar="BYTES", type=_size, default=0, help="leave this many bytes behind per request"
    )
    group.add_argument("--hang-after", metavar="SECONDS", type=float, help="answer nothing from then on")
    group.add_argument("--die-after", metavar="SECONDS", type=float, help=f"exit with code {DEATH_CODE} then")


def chosen(options: argparse.Namespace) -> Misbehaviour:
    """What the parsed command line switches on."""
    return Misbehaviour(dict(options.slow), options.fail, options.leak, options.hang_after, options.die_after)


def _slow(text: str, endpoints: Sequence[str]) -> tuple[str, float]:
    name, _, factor = text.rpartition("=")
    if name not in endpoints:
        raise argparse.ArgumentTypeError(f"{name!r} is none of the endpoints {', '.join(map(repr, endpoints))}")
    if not (_is_number(factor) and 1 <= float(factor) < inf):
        raise argparse.ArgumentTypeError(f"the factor {factor!r} is not a number of at least 1")
    return name, float(factor)


def _share(text: str) -> float:
    if not _is_number(text) or not 0 <= float(text) <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share between 0 and 1")
    return float(text)


def _size(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return int(text)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


class Slowness:
    """Makes an endpoint's work take a factor longer, by doing it again; nothing sleeps."""

    def __init__(self, factors: dict[str, float]) -> None:
        self._factors = factors

    def __call__(self, endpoint: str, work: Callable[[], T], again: Callable[[], object] | None = None) -> T:
        """Do `work`, and more of it if the endpoint is to be slow.

        Args:
            endpoint: its name, e.g. `GET /items/{id}`.
            work: what the endpoint does.
            again: the same work without its lasting effects, for the repetitions; None when it has none.

        Returns:
            What `work` returned.
        """
        extra = self._factors.get(endpoint, 1.0) - 1.0
        if not extra:
            return work()
        # CPU time, because waiting for other threads must not be multiplied.
        began = time.thread_time()
        result = work()
        once_s = time.thread_time() - began
        for _ in range(floor(extra)):
            (again or work)()
        _spin((extra - floor(extra)) * once_s)
        return result


def _spin(cpu_s: float) -> None:
    """Use CPU: the part of a repetition that a factor like 1.5 asks for."""
    end = time.thread_time() + cpu_s
    while time.thread_time() < end:
        hashlib.sha256(b"perfgate" * 32).digest()


class Misbehaving:
    """WSGI middleware that fails, leaks and hangs as asked.

    Args:
        app: the well-behaved application.
        misbehaviour: what to do; `slow` is the application's own matter and `die_after_s` the server's.
    """

    def __init__(self, app: WSGIApplication, misbehaviour: Misbehaviour) -> None:
        self._app = app
        self._how = misbehaviour
        self._numbers = itertools.count(1)
        self._leaked: list[bytes] = []
        self._began = time.monotonic()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        hang_after_s = self._how.hang_after_s
        if hang_after_s is not None and time.monotonic() - self._began >= hang_after_s:
            threading.Event().wait()
        if environ["PATH_INFO"] == HEALTH:  # else a service that fails always would never become ready
            return self._app(environ, start_response)
        if self._how.leak:
            self._leaked.append(b"\x01" * self._how.leak)
        if self._fails(next(self._numbers)):
            start_response("500 Internal Server Error", [("Content-Type", "text/plain"), ("Content-Length", "13")])
            return [b"it was asked\n"]
        return self._app(environ, start_response)

    def _fails(self, number: int) -> bool:
        """Spread evenly, and the same in every run: of any N requests in a row, N x share fail, give or take one."""
        return floor(number * self._how.fail) > floor((number - 1) * self._how.fail)


def die_later(misbehaviour: Misbehaviour) -> None:
    """Begin to count towards `die_after_s`."""
    if misbehaviour.die_after_s is not None:
        timer = threading.Timer(misbehaviour.die_after_s, os._exit, (DEATH_CODE,))
        timer.daemon = True
        timer.start()
