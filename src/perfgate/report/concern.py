"""What a check is about, and so what to say of a broken one: a file that is too large is not made faster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from perfgate.report.changes import LATENCIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.report.tables import CheckRow

Concern = Literal["speed", "size", "errors", "memory", "cpu", "other"]

_SPEED = LATENCIES | {"min", "throughput", "startup_time", "capacity", "recovery_time", "p95_drift"}
_CONCERNS: dict[str, Concern] = {
    "error_rate": "errors",
    "checks": "errors",
    "memory": "memory",
    "memory_drift": "memory",
    "cpu": "cpu",
    "cpu_per_request": "cpu",
}
_BROKEN: dict[Concern, str] = {
    "speed": "not fast enough",
    "size": "too large",
    "errors": "too much fails",
    "memory": "it needs too much memory",
    "cpu": "it needs too much CPU",
    "other": "a limit is broken",
}
_REMEDIES: dict[Concern, str] = {
    "speed": "Make it faster",
    "size": "Make it smaller",
    "errors": "Mend what fails",
    "memory": "Let it need less memory",
    "cpu": "Let it need less CPU",
    "other": "Mend it",
}


def concern(row: CheckRow) -> Concern:
    """What a check is about."""
    if row.is_artifact:
        return "size"
    if row.check.metric in _SPEED:
        plain = not row.service and row.check.unit != "ms"  # a benchmark's number that is no time
        return "other" if plain else "speed"
    return _CONCERNS.get(row.check.metric, "other")


def broken(row: CheckRow | None) -> str:
    """What is wrong when this check failed: `too large`; without any check it is speed that was asked about."""
    return _BROKEN["speed" if row is None else concern(row)]


def remedy(row: CheckRow) -> str:
    """What to do about it, as the beginning of a sentence."""
    return _REMEDIES[concern(row)]


def held(rows: Sequence[CheckRow]) -> str:
    """What is well when nothing failed: speed, where any was judged."""
    judged = [row for row in rows if row.status in ("pass", "warn")]
    return "fast enough" if not judged or any(concern(row) == "speed" for row in judged) else "within the limits"


def warned(row: CheckRow | None) -> str:
    """What a warning is about."""
    if row is not None and concern(row) == "errors":
        return "some requests fail"
    return "close to a limit" if row is None or row.check.limit is not None else "with a warning"
