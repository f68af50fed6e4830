"""How the generator itself is doing, second by second: its CPU, its event loop's lag, and the machine under it.

A sample costs about 0.1 ms: counters are read from files of the kernel, and nothing is listed or walked.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import gevent

from perfgate.measure.recording import HealthSample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PROBE_INTERVAL_S = 0.02
_PROC_STAT = Path("/proc/stat")
_STEAL_FIELD = 8  # of the first line of /proc/stat: cpu user nice system idle iowait irq softirq steal ...
# cgroup version 2 and 1: the file, its field, and how many of the field's units are a millisecond.
THROTTLED = (
    (Path("/sys/fs/cgroup/cpu.stat"), "throttled_usec", 1e3),
    (Path("/sys/fs/cgroup/cpu/cpu.stat"), "throttled_time", 1e6),
)
_OWN_FILES = Path("/proc/self/fd")
SOCKETS = (Path("/proc/self/net/sockstat"), Path("/proc/self/net/sockstat6"))
PORT_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_CLOCK_TRIES = 5
_CLOCK_NEAR_NS = 20_000  # two clocks that were read within this time are as good as read at once


class HealthMonitor:
    """Samples the generator; `probe` runs in a greenlet of its own, `sample` is called once a second."""

    def __init__(self) -> None:
        self._worst_lag_s = 0.0
        self._files_before = _open_files() or 0
        self._before = _Counters.read()

    def probe(self) -> None:
        """Set a short timer again and again; how late it fires is the event loop's lag. Never returns."""
        while True:
            before = time.monotonic()
            gevent.sleep(PROBE_INTERVAL_S)
            self._worst_lag_s = max(self._worst_lag_s, time.monotonic() - before - PROBE_INTERVAL_S)

    def sample(self) -> HealthSample:
        """How it was since the previous call."""
        before, now, files = self._before, _Counters.read(), _open_files()
        elapsed_s = max(now.wall_s - before.wall_s, 1e-9)
        sample = HealthSample(
            cpu=(now.cpu_s - before.cpu_s) / elapsed_s,
            loop_lag_ms=self._worst_lag_s * 1000,
            steal=_steal_share(before.ticks, now.ticks),
            throttled_ms=_per_second(before.throttled_ms, now.throttled_ms, elapsed_s),
            clock_step_ms=(now.clock_gap_ns - before.clock_gap_ns) / 1e6,
            # What was open before the load are the journal, pipes and the like: what came since are sockets.
            sockets=None if files is None else max(files - self._files_before, 0),
            open_files=_share_of_limit(files),
            ports=ports_in_use(),
        )
        self._worst_lag_s = 0.0
        self._before = now
        return sample


@dataclass(frozen=True)
class _Counters:
    """What is sampled as the difference of two readings."""

    wall_s: float
    cpu_s: float
    clock_gap_ns: int
    ticks: list[int] | None
    throttled_ms: float | None

    @classmethod
    def read(cls) -> _Counters:
        """All of them now."""
        return cls(time.monotonic(), time.process_time(), clock_gap_ns(), _cpu_ticks(), throttled_ms())


def clock_gap_ns(
    monotonic_ns: Callable[[], int] = time.monotonic_ns, realtime_ns: Callable[[], int] = time.time_ns
) -> int:
    """Realtime minus monotonic clock.

    A process that is put aside between reading the one and the other would see a step that never was; so the
    monotonic clock is read on both sides, and the narrowest of a few tries counts.
    """
    narrowest, gap = 1 << 62, 0
    for _ in range(_CLOCK_TRIES):
        before, realtime, after = monotonic_ns(), realtime_ns(), monotonic_ns()
        if after - before < narrowest:
            narrowest, gap = after - before, realtime - (before + after) // 2
        if narrowest < _CLOCK_NEAR_NS:
            break
    return gap


def _cpu_ticks() -> list[int] | None:
    text = _text(_PROC_STAT)
    return [int(field) for field in text.partition("\n")[0].split()[1:9]] if text else None


def _steal_share(before: list[int] | None, after: list[int] | None) -> float | None:
    if before is None or after is None or len(after) < _STEAL_FIELD:
        return None
    passed = sum(after) - sum(before)
    return (after[_STEAL_FIELD - 1] - before[_STEAL_FIELD - 1]) / passed if passed > 0 else 0.0


def throttled_ms(sources: Iterable[tuple[Path, str, float]] = THROTTLED) -> float | None:
    """For how long the CPU quota has held this cgroup back since it was made; None where no source tells.

    Args:
        sources: a file of `name value` lines, the name, and how many of its units are a millisecond.
    """
    for path, name, per_ms in sources:
        fields = dict(line.split() for line in _text(path).splitlines() if len(line.split()) == 2)
        if name in fields:
            return int(fields[name]) / per_ms
    return None


def _per_second(before: float | None, after: float | None, elapsed_s: float) -> float | None:
    """The growth in a second; the last sample of a load covers less than one, which is not blown up to a whole."""
    return None if before is None or after is None else (after - before) / max(elapsed_s, 1.0)


def _open_files() -> int | None:
    """The descriptors that this process has open; from Linux 6.2 on their number is the folder's size."""
    try:
        return os.stat(_OWN_FILES).st_size or len(os.listdir(_OWN_FILES))  # noqa: PTH116, PTH208  (once a second)
    except OSError:  # not Linux
        return None


def _share_of_limit(files: int | None) -> float | None:
    if files is None or sys.platform == "win32":
        return None
    import resource  # which Windows does not have

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 0.0 if soft == resource.RLIM_INFINITY else files / soft


def ports_in_use(sockets: Iterable[Path] = SOCKETS, port_range: Path = PORT_RANGE) -> float | None:
    """TCP sockets of the machine, in use or waiting for their close to pass, as a share of its ephemeral ports.

    Args:
        sockets: files as `/proc/net/sockstat`, IPv4 first.
        port_range: a file with the first and the last ephemeral port.
    """
    limits = _text(port_range).split()
    fields = [_socket_fields(_text(path)) for path in sockets]
    if len(limits) != 2 or not fields[0]:
        return None
    used = sum(one.get("inuse", 0) + one.get("tw", 0) for one in fields)
    return used / (int(limits[1]) - int(limits[0]) + 1)


def _socket_fields(text: str) -> dict[str, int]:
    """The fields of the line of TCP: `TCP: inuse 5 orphan 0 tw 3 alloc 9 mem 2` (IPv6: `TCP6: inuse 1`)."""
    words = next((line.split()[1:] for line in text.splitlines() if line.startswith("TCP")), [])
    return {name: int(value) for name, value in zip(words[::2], words[1::2], strict=False)}


def _text(path: Path) -> str:
    """The file's text; empty where the kernel has no such file."""
    try:
        return path.read_text()
    except OSError:
        return ""
