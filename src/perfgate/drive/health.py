"""How the generator itself is doing, second by second: its CPU, its event loop's lag, and the machine under it."""

from __future__ import annotations

import time
from pathlib import Path

import gevent

from perfgate.measure.recording import HealthSample

PROBE_INTERVAL_S = 0.02
_CPU_STAT = Path("/sys/fs/cgroup/cpu.stat")
_PROC_STAT = Path("/proc/stat")
_STEAL_FIELD = 8  # of the first line of /proc/stat: cpu user nice system idle iowait irq softirq steal ...


class HealthMonitor:
    """Samples the generator; `probe` runs in a greenlet of its own, `sample` is called once a second."""

    def __init__(self) -> None:
        self._worst_lag_s = 0.0
        self._wall = time.monotonic()
        self._cpu = time.process_time()
        self._clock_gap = time.time() - time.monotonic()
        self._ticks = _cpu_ticks()
        self._throttled = _throttled_ms()

    def probe(self) -> None:
        """Set a short timer again and again; how late it fires is the event loop's lag. Never returns."""
        while True:
            before = time.monotonic()
            gevent.sleep(PROBE_INTERVAL_S)
            self._worst_lag_s = max(self._worst_lag_s, time.monotonic() - before - PROBE_INTERVAL_S)

    def sample(self) -> HealthSample:
        """How it was since the previous call."""
        wall, cpu, clock_gap = time.monotonic(), time.process_time(), time.time() - time.monotonic()
        ticks, throttled = _cpu_ticks(), _throttled_ms()
        sample = HealthSample(
            cpu=(cpu - self._cpu) / max(wall - self._wall, 1e-9),
            loop_lag_ms=self._worst_lag_s * 1000,
            steal=_steal_share(self._ticks, ticks),
            throttled_ms=None if throttled is None or self._throttled is None else throttled - self._throttled,
            clock_step_ms=(clock_gap - self._clock_gap) * 1000,
        )
        self._worst_lag_s = 0.0
        self._wall, self._cpu, self._clock_gap = wall, cpu, clock_gap
        self._ticks, self._throttled = ticks, throttled
        return sample


def _cpu_ticks() -> list[int] | None:
    try:
        first = _PROC_STAT.read_text().partition("\n")[0]
    except OSError:  # not Linux
        return None
    return [int(field) for field in first.split()[1:9]]


def _steal_share(before: list[int] | None, after: list[int] | None) -> float | None:
    if before is None or after is None or len(after) < _STEAL_FIELD:
        return None
    passed = sum(after) - sum(before)
    return (after[_STEAL_FIELD - 1] - before[_STEAL_FIELD - 1]) / passed if passed > 0 else 0.0


def _throttled_ms() -> float | None:
    try:
        lines = _CPU_STAT.read_text().splitlines()
    except OSError:  # not Linux, or cgroup version 1
        return None
    fields = dict(line.split() for line in lines if len(line.split()) == 2)
    return int(fields["throttled_usec"]) / 1000 if "throttled_usec" in fields else None
