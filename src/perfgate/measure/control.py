"""The control: a fixed piece of work, timed in the same job as the loads, to compare machines of unlike speed.

Hosted runners differ by 7 % and more from job to job with unchanged code; a service's latency divided by the control of
its own job differs far less. The work is of the kinds that services do: hashing, parsing and building text, and walking
through more memory than the first caches hold. It never changes within a format, or the history would be worth nothing.
"""

from __future__ import annotations

import hashlib
import json
import time

REPETITIONS = 200
_WARM_UP = 5
_DOCUMENT = {f"key {number}": [number, number / 7, str(number) * 3] for number in range(120)}
_TEXT = json.dumps(_DOCUMENT)
_BYTES = bytes(range(256)) * 256
_STRIDE = 4099  # a prime, so that the walk has no short cycle


def _work() -> int:
    """About half a millisecond; returns something that depends on all of it."""
    parsed = json.loads(_TEXT)
    text = json.dumps(parsed, sort_keys=True)
    digest = hashlib.sha256(_BYTES + text.encode()).digest()
    total, place = 0, digest[0]
    for _ in range(6000):
        place = (place + _STRIDE) % len(_BYTES)
        total += _BYTES[place]
    return total


def measure(repetitions: int = REPETITIONS) -> list[float]:
    """Do the work again and again, after a short warm-up.

    Args:
        repetitions: how often it is timed.

    Returns:
        The wall time of each, in ms.
    """
    for _ in range(_WARM_UP):
        _work()
    times = []
    for _ in range(repetitions):
        began = time.perf_counter()
        _work()
        times.append((time.perf_counter() - began) * 1000)
    return times


def median_and_spread(times_ms: list[float]) -> tuple[float, float]:
    """The median in ms, and half the distance between the quartiles in percent of it.

    Raises:
        ValueError: `times_ms` is empty.
    """
    if not times_ms:
        raise ValueError("there is nothing to take a median of")
    ordered = sorted(times_ms)
    low, middle, high = (_quantile(ordered, share) for share in (0.25, 0.5, 0.75))
    return middle, (high - low) / 2 / middle * 100


def _quantile(ordered: list[float], share: float) -> float:
    rank = share * (len(ordered) - 1)
    low = int(rank)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (rank - low) * (ordered[high] - ordered[low])
