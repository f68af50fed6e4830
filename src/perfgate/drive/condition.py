"""`stop_when`: whether a load should end early, decided over the whole load, however many engines share it."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections import deque
from typing import TYPE_CHECKING

from perfgate.plan.profile import RAMP

if TYPE_CHECKING:
    from perfgate.drive.order import Progress
    from perfgate.measure.histogram import Histogram

STOP_WINDOW = 5  # seconds that a stop condition looks back over
STOP_REQUESTS = 20  # fewer requests than this in the window stop nothing


class StopCondition:
    """Holds when the last seconds of the present phase, ramps excepted, pass a limit.

    Args:
        limits: `{"error_rate": share, "p95_ms": ms}`, each optional; none of them never holds.
    """

    def __init__(self, limits: dict[str, float]) -> None:
        self._limits = limits
        self._phase = ""
        self._window: deque[list[Progress]] = deque(maxlen=STOP_WINDOW)

    def holds(self, parts: list[Progress]) -> str:
        """Why the load should end now, in words; empty when it should not.

        Args:
            parts: what each engine said of the same second.
        """
        phase = parts[0].phase
        if not self._limits or phase == RAMP:
            return ""
        if phase != self._phase:
            self._phase = phase
            self._window.clear()
        self._window.append([part for part in parts if part.phase == phase])
        return self._judge([part for second in self._window for part in second])

    def _judge(self, recent: list[Progress]) -> str:
        # Imported late: a parent that has no condition to watch has no need of numpy before it judges.
        from perfgate.measure.histogram import Histogram

        good = Histogram.merged(_from_text(part.good) for part in recent if part.good)
        failed = sum(part.bad for part in recent)
        if good.count + failed < STOP_REQUESTS:
            return ""
        return self._past(failed / (good.count + failed), good.quantile(0.95))

    def _past(self, error_rate: float, p95_ms: float) -> str:
        limit = self._limits.get("error_rate")
        if limit is not None and error_rate > limit:
            return f"error rate {error_rate:.1%} passed stop_when {limit:.1%} in {self._phase}"
        limit = self._limits.get("p95_ms")
        if limit is not None and p95_ms > limit:
            return f"p95 {p95_ms:.0f} ms passed stop_when {limit:.0f} ms in {self._phase}"
        return ""


def to_text(histogram: Histogram) -> str:
    """A histogram as it travels in `Progress.good`."""
    import msgpack

    return b64encode(msgpack.packb(histogram.to_wire())).decode()


def _from_text(text: str) -> Histogram:
    import msgpack

    from perfgate.measure.histogram import Histogram

    return Histogram.from_wire(msgpack.unpackb(b64decode(text)))
