"""The slowest requests of each endpoint, with what is needed to find them in traces and logs."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from perfgate.measure.recording import SlowRequest

KEPT = 5  # per endpoint and phase
# W3C Trace Context first, then what common proxies and tracers answer with.
TRACE_HEADERS = (
    "traceparent",
    "x-trace-id",
    "x-b3-traceid",
    "x-request-id",
    "x-amzn-trace-id",
    "x-cloud-trace-context",
)
_TRACEPARENT_PARTS = 4  # version-trace-parent-flags


class Slowest:
    """Keeps the slowest few of each endpoint.

    Attributes:
        floor_ns: by endpoint number, the response time that a request must exceed to be looked at: a cheap test.
    """

    def __init__(self) -> None:
        self.floor_ns: list[int] = []
        self._heaps: list[list[float]] = []
        self._fresh: list[SlowRequest] = []

    def add_endpoint(self) -> None:
        """One more endpoint; numbers are given in order."""
        self.floor_ns.append(-1)
        self._heaps.append([])

    def begin_phase(self) -> None:
        """A phase begins: its slowest are sought afresh, as a slow ramp must not hide those of the steady phase."""
        self.floor_ns = [-1] * len(self.floor_ns)
        self._heaps = [[] for _ in self._heaps]

    def note(self, number: int, request: SlowRequest) -> None:
        """A request that exceeds its endpoint's floor joins the slowest, and may push another one out."""
        heap = self._heaps[number]
        push = heapq.heappush if len(heap) < KEPT else heapq.heapreplace
        push(heap, request.response_ms)
        if len(heap) == KEPT:
            self.floor_ns[number] = int(heap[0] * 1e6)
        self._fresh.append(request)

    def take(self) -> list[SlowRequest]:
        """Those that joined since the previous call."""
        fresh, self._fresh = self._fresh, []
        return fresh


def trace_id_of(response: Any) -> str | None:
    """The trace's id: from the request's `traceparent`, else from a header of the response."""
    for holder in (getattr(response, "request", None), response):
        headers: Any = getattr(holder, "headers", None) or {}
        found = next(((name, str(headers[name])) for name in TRACE_HEADERS if headers.get(name)), None)
        if found:
            parts = found[1].split("-")
            is_w3c = found[0] == "traceparent" and len(parts) == _TRACEPARENT_PARTS
            return parts[1] if is_w3c else found[1][:100]
    return None
