"""The slowest requests of each endpoint, as they may be shown."""

from __future__ import annotations

import re
from heapq import nlargest
from typing import TYPE_CHECKING

from perfgate.measure.summary import SlowestRequest
from perfgate.measure.window import window_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.measure.recording import SlowRequest
    from perfgate.measure.window import Window

KEPT = 5  # per endpoint
_MOST_WAITING = 50  # before the slowest of them are chosen
HIDDEN = "***"
_CREDENTIALS = re.compile(r"(?<=//)[^/?#@]*@")
# Whatever the names, `key=value` after a telling key: reports are read by more people than the service's own logs.
_TELLING = re.compile(
    r"(?i)((?:^|[?&;#])[^=&;#]*(?:token|key|secret|passw|pwd|auth|sig|session|sid|code|credential|jwt|otp)[^=&;#]*=)"
    r"[^&;#]*"
)


class Slowest:
    """The slowest of each endpoint in the judged phases.

    Args:
        windows: the phases that were driven.
    """

    def __init__(self, windows: Sequence[Window]) -> None:
        self._windows = windows
        self._by_endpoint: dict[str, list[SlowestRequest]] = {}

    def add(self, requests: Iterable[SlowRequest]) -> None:
        """Look at some of those that the recorder kept."""
        for request in requests:
            window = self._window_of(request)
            if window is not None and window.judged:
                kept = self._by_endpoint.setdefault(request.endpoint, [])
                kept.append(_shown(request, window))
                if len(kept) > _MOST_WAITING:
                    kept[:] = _first(kept)

    def _window_of(self, request: SlowRequest) -> Window | None:
        """The phase that it belongs to; see `drive.recorder.PhaseFinder.charge`."""
        window = window_at(self._windows, request.at_s)
        if window is None or window.judged:
            return window
        end_s = request.at_s + request.response_ms / 1000
        later = (w for w in self._windows if w.judged and request.at_s < w.start_s < end_s)
        return next(later, window)

    @property
    def requests(self) -> list[SlowestRequest]:
        """Endpoint by endpoint, the slowest first."""
        return [request for _, kept in sorted(self._by_endpoint.items()) for request in _first(kept)]


def _first(requests: Iterable[SlowestRequest]) -> list[SlowestRequest]:
    return nlargest(KEPT, requests, key=lambda one: one.response_ms)


def _shown(request: SlowRequest, window: Window) -> SlowestRequest:
    return SlowestRequest(
        endpoint=request.endpoint,
        phase=window.name,
        at_s=request.at_s,
        response_ms=request.response_ms,
        status=request.status,
        url=public(request.url),
        trace_id=request.trace_id,
    )


def public(url: str) -> str:
    """The URL without credentials, and without the values of parameters whose names are telling.

    >>> public("http://me:pw@shop.test/search?q=tea&api_key=abc")
    'http://***@shop.test/search?q=tea&api_key=***'
    """
    return _TELLING.sub(rf"\1{HIDDEN}", _CREDENTIALS.sub(f"{HIDDEN}@", url))
