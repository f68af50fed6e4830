"""The slowest requests of each endpoint, as they may be shown."""

from __future__ import annotations

import re
from collections import defaultdict
from heapq import nlargest
from typing import TYPE_CHECKING

from perfgate.measure.summary import SlowestRequest
from perfgate.measure.window import window_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.measure.recording import SlowRequest
    from perfgate.measure.window import Window

KEPT = 5  # per endpoint
HIDDEN = "***"
_CREDENTIALS = re.compile(r"(?<=//)[^/?#@]*@")
# Whatever the names, `key=value` after a telling key: reports are read by more people than the service's own logs.
_TELLING = re.compile(
    r"(?i)((?:^|[?&;#])[^=&;#]*(?:token|key|secret|passw|pwd|auth|sig|session|sid|code|credential|jwt|otp)[^=&;#]*=)"
    r"[^&;#]*"
)


def slowest_of(requests: Iterable[SlowRequest], windows: Sequence[Window]) -> list[SlowestRequest]:
    """The slowest of each endpoint in the judged phases, endpoint by endpoint, the slowest first.

    Args:
        requests: those that the recorder kept.
        windows: the phases that were driven.
    """
    by_endpoint: dict[str, list[SlowestRequest]] = defaultdict(list)
    for request in requests:
        window = window_at(windows, request.at_s)
        if window is not None and window.judged:
            by_endpoint[request.endpoint].append(_shown(request, window))
    return [
        request
        for endpoint in sorted(by_endpoint)
        for request in nlargest(KEPT, by_endpoint[endpoint], key=lambda one: one.response_ms)
    ]


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
