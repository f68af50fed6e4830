"""The machine: whether load can be driven and measured on it."""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from perfgate.doctor.finding import Finding, Status
from perfgate.doctor.receive_clock import kernel_stamps

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from perfgate.target.system import Quota, System

OLDEST_PYTHON = (3, 11)
_WATCH_S = 0.5
_NAP_S = 0.001
_GB = 1_000_000_000
_SPARE_FILES = 100  # of the generator itself: journal, pipes, modules
_BUSY = 0.5  # share of the cores that others may keep busy
_STEAL = 0.05
_LATE_MS = 2.0


def cores() -> int:
    """How many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def python_version() -> Finding:
    """The interpreter."""
    fits = sys.version_info[:2] >= OLDEST_PYTHON
    mend = "" if fits else "use Python 3.11 or newer"
    return Finding("ok" if fits else "fail", "Python", platform.python_version(), mend)


def cpu_count() -> Finding:
    """The generator and the service share what there is."""
    usable, there = cores(), os.cpu_count() or 1
    detail = f"{usable} of {there} cores may be used" if usable != there else f"{there} cores"
    if usable > 1:
        return Finding("ok", "CPU", detail)
    return Finding("warn", "CPU", detail, "give it two cores: the generator and a service on one disturb each other")


def load_average() -> Finding:
    """What else runs here."""
    one_minute = os.getloadavg()[0]
    busy = one_minute > _BUSY * cores()
    mend = "stop what else runs here, or wait: it is measured too" if busy else ""
    return Finding("warn" if busy else "ok", "load average", f"{one_minute:.2f} on {cores()} cores", mend)


def memory() -> Finding:
    """The generator stays below 200 MB at 100 users; the service needs some as well."""
    available = psutil.virtual_memory().available
    status: Status = "ok" if available >= 0.5 * _GB else "warn" if available >= 0.1 * _GB else "fail"
    mend = "" if status == "ok" else "end other programs: a machine that swaps cannot be measured"
    return Finding(status, "free memory", f"{available / _GB:.1f} GB", mend)


def disk(folder: Path) -> Finding:
    """Recordings are written to .perfgate beside the budgets file."""
    usage = shutil.disk_usage(folder)
    recordings = folder / ".perfgate"
    writable = os.access(recordings if recordings.exists() else folder, os.W_OK)
    where = f"free for recordings in {recordings}"
    if not writable:
        return Finding("fail", "disk", f"{recordings} cannot be written", "make it writable, or give --out")
    status: Status = "ok" if usage.free >= _GB else "warn" if usage.free >= 0.05 * _GB else "fail"
    mend = "" if status == "ok" else "delete old recordings in .perfgate/runs"
    return Finding(status, "disk", f"{usage.free / _GB:.1f} GB {where}", mend)


def quota(system: System) -> Finding | None:
    """The CPU that a container may use; None outside control groups."""
    found = system.quota()
    if found is None:
        return None
    if found.cores is None:
        return Finding("ok", "CPU quota", "none")
    detail = f"{found.cores:g} of {cores()} cores"
    if found.cores >= cores():
        return Finding("ok", "CPU quota", detail)
    return Finding("warn", "CPU quota", detail, "raise the container's CPU limit: a throttled generator adds latency")


def governor(system: System) -> Finding | None:
    """How the frequency of the cores is chosen; None where it cannot be read, as in most virtual machines."""
    text = system.text("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    if not text or not text.strip():
        return None
    name = text.strip()
    if name == "performance":
        return Finding("ok", "frequency governor", name)
    mend = "set the governor `performance` (cpupower frequency-set -g performance) for steadier results"
    return Finding("warn", "frequency governor", name, mend)


def open_files(users: int) -> Finding | None:
    """Each user holds a connection; None on systems without the limit.

    Args:
        users: the largest number of users in the plan.
    """
    if sys.platform == "win32":
        return None
    import resource

    return files_for(users, *resource.getrlimit(resource.RLIMIT_NOFILE), unlimited=resource.RLIM_INFINITY)


def files_for(users: int, soft: int, hard: int, *, unlimited: int) -> Finding:
    """Whether a limit of open files is enough.

    Args:
        users: the largest number of users in the plan.
        soft: the limit in force.
        hard: how far it can be raised without being root.
        unlimited: the value that means no limit.
    """
    wanted = users + _SPARE_FILES
    if soft == unlimited or soft >= wanted:
        shown = "no limit" if soft == unlimited else f"{soft}"
        return Finding("ok", "open files", f"{shown}, {wanted} needed")
    detail = f"{soft}, {wanted} needed for {users} users"
    if hard == unlimited or hard >= wanted:
        return Finding("warn", "open files", detail, f"run `ulimit -n {wanted}` first")
    return Finding("fail", "open files", detail, f"raise the hard limit, which is {hard}, or drive fewer users")


def ports(system: System, users: int) -> Finding | None:
    """Ports for outgoing connections; None where the range cannot be read."""
    fields = (system.text("proc/sys/net/ipv4/ip_local_port_range") or "").split()
    if len(fields) != 2 or not all(field.isdecimal() for field in fields):
        return None
    count = int(fields[1]) - int(fields[0]) + 1
    detail = f"{count} ({fields[0]} to {fields[1]})"
    if count >= max(2 * users, 5000):
        return Finding("ok", "ephemeral ports", detail)
    status: Status = "fail" if count < users else "warn"
    mend = 'widen them: sysctl -w net.ipv4.ip_local_port_range="10000 65535"'
    return Finding(status, "ephemeral ports", detail, mend)


def receive_clock(stamps: Callable[[], bool] = kernel_stamps) -> Finding:
    """Which clock measures when an answer arrived."""
    if stamps():
        return Finding("ok", "receive clock", "kernel (SO_TIMESTAMPNS)")
    return Finding(
        "warn",
        "receive clock",
        "user: latencies hold the generator's own delay",
        "measure on Linux outside a sandbox for the kernel's clock",
    )


@dataclass(frozen=True)
class Watch:
    """What half a second of watching saw; None where it is not to be had.

    Attributes:
        late_ms: by how much a timer of 1 ms is late, median.
        steal: share of all CPU time that the hypervisor took.
        throttled: periods in which the container had to wait, of how many.
    """

    late_ms: float
    steal: float | None
    throttled: tuple[int, int] | None


def watch(system: System, duration_s: float = _WATCH_S) -> Watch:
    """Watch the machine for a while."""
    ticks, quota_before = system.cpu_ticks(), system.quota()
    end = time.monotonic() + duration_s
    naps = [_nap()]
    while time.monotonic() < end:
        naps.append(_nap())
    return Watch(
        late_ms=statistics.median(naps) * 1000,
        steal=_share(ticks, system.cpu_ticks()),
        throttled=_periods(quota_before, system.quota()),
    )


def _nap() -> float:
    before = time.perf_counter()
    time.sleep(_NAP_S)
    return time.perf_counter() - before - _NAP_S


def _share(before: tuple[int, int] | None, after: tuple[int, int] | None) -> float | None:
    if before is None or after is None:
        return None
    passed = after[1] - before[1]
    return (after[0] - before[0]) / passed if passed > 0 else 0.0


def _periods(before: Quota | None, after: Quota | None) -> tuple[int, int] | None:
    if before is None or after is None or after.cores is None:
        return None
    return after.throttled - before.throttled, after.periods - before.periods


def watched(seen: Watch) -> list[Finding]:
    """What the watch saw, in words."""
    late = seen.late_ms > _LATE_MS
    mend = "use a quieter machine: timers that are late make arrivals late" if late else ""
    findings = [Finding("warn" if late else "ok", "timers", f"{seen.late_ms:.2f} ms late at the median", mend)]
    if seen.steal is not None:
        stolen = seen.steal > _STEAL
        mend = "use another machine, or a dedicated one: the hypervisor gives its CPU to others" if stolen else ""
        findings.append(Finding("warn" if stolen else "ok", "VM steal", f"{seen.steal:.1%} of CPU time", mend))
    if seen.throttled is not None:
        waited, periods = seen.throttled
        mend = "raise the container's CPU limit" if waited else ""
        detail = f"in {waited} of {periods} periods"
        findings.append(Finding("warn" if waited else "ok", "CPU throttling", detail, mend))
    return findings
