"""In which ways the generator, or the machine under it, was the bottleneck in some seconds, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perfgate.measure.histogram import Histogram
    from perfgate.measure.recording import Begin, HealthSample, Tick


class GeneratorLimits(Protocol):
    """What a generator may use; `[gate.health]` of `budgets.toml` is one."""

    @property
    def generator_cpu(self) -> float:
        """Share of one core in a second."""

    @property
    def loop_lag_ms(self) -> float:
        """99th percentile over seconds of the longest timer delay in each."""

    @property
    def schedule_lag_ms(self) -> float:
        """99th percentile of the delay between an arrival's due time and its release."""

    @property
    def steal(self) -> float:
        """Share of CPU time taken by the hypervisor in a second."""

    @property
    def throttled_ms(self) -> float:
        """Time in a second for which the container's CPU quota held the generator back."""

    @property
    def clock_step_ms(self) -> float:
        """How far the realtime clock may move against the monotonic one in a second."""

    @property
    def open_files(self) -> float:
        """Share of its open-file limit that a generator may use."""

    @property
    def ports(self) -> float:
        """Share of the machine's ephemeral ports that may be in use."""

    @property
    def bad_seconds(self) -> float:
        """Share of judged seconds that may be past a limit on single seconds."""


def remedy(begin: Begin | None) -> str:
    """What to do about a generator that is too busy."""
    less = "lower the rate" if begin and begin.model == "open" else "use fewer users"
    if begin and begin.workers:
        return f"use {2 * begin.workers} workers or {less}"
    return f"add `--processes {2 * (begin.engines if begin else 1)}` or {less}"


def saturation(seconds: Sequence[Tick], lags: Histogram, limits: GeneratorLimits, mend: str = "") -> list[str]:
    """In which ways the generator itself was the bottleneck in these seconds, in words; empty when it was not.

    Args:
        seconds: of one phase, or all judged ones.
        lags: how late arrivals were released in them.
        limits: past these it was.
        mend: what to do about a generator that is too busy; see `remedy`.
    """
    return [
        *_busy(seconds, limits, mend),
        *_late_loop(seconds, limits, mend),
        *_late_schedule(seconds, lags, limits, mend),
        *_throttled(seconds, limits),
        *_files(seconds, limits),
        *_ports(seconds, limits),
    ]


def _past(
    seconds: Sequence[Tick],
    read: Callable[[HealthSample], float | None],
    limit: float,
    share: float,
) -> tuple[float, list[Tick]] | None:
    """The worst value and the seconds past the limit, when they are more than that share of all; else None."""
    bad = [second for second in seconds if (read(second.health) or 0.0) > limit]
    if len(bad) <= share * len(seconds):
        return None
    return max(read(second.health) or 0.0 for second in bad), bad


def _busy(seconds: Sequence[Tick], limits: GeneratorLimits, mend: str) -> list[str]:
    if not (found := _past(seconds, lambda sample: sample.cpu, limits.generator_cpu, limits.bad_seconds)):
        return []
    used, bad = found
    limit = percent(limits.generator_cpu)
    return [f"the generator used {percent(used)} of a core {when(bad, seconds)} (limit {limit}): {mend}"]


def _late_loop(seconds: Sequence[Tick], limits: GeneratorLimits, mend: str) -> list[str]:
    lag = loop_lag(seconds)
    if lag is None or lag <= limits.loop_lag_ms:
        return []
    bad = [second for second in seconds if second.health.loop_lag_ms > limits.loop_lag_ms]
    late = f"{lag:.4g} ms late (p99 over seconds, limit {limits.loop_lag_ms:g} ms)"
    return [f"the generator's event loop was {late} {when(bad, seconds)}: {mend}"]


def _late_schedule(seconds: Sequence[Tick], lags: Histogram, limits: GeneratorLimits, mend: str) -> list[str]:
    lag = schedule_lag(lags)
    if lag is None or lag <= limits.schedule_lag_ms:
        return []
    bad = [second for second in seconds if (second.lag_max_ms or 0.0) > limits.schedule_lag_ms]
    late = f"{lag:.4g} ms late (p99, limit {limits.schedule_lag_ms:g} ms)"
    return [f"the generator released arrivals {late} {when(bad, seconds)}: {mend}"]


def _throttled(seconds: Sequence[Tick], limits: GeneratorLimits) -> list[str]:
    if not (found := _past(seconds, lambda sample: sample.throttled_ms, limits.throttled_ms, limits.bad_seconds)):
        return []
    most, bad = found
    held = f"the container's CPU quota held the generator back for up to {most:.3g} ms in a second"
    return [f"{held} {when(bad, seconds)} (limit {limits.throttled_ms:g} ms): raise the quota or lower the load"]


def _files(seconds: Sequence[Tick], limits: GeneratorLimits) -> list[str]:
    if not (found := _past(seconds, lambda sample: sample.open_files, limits.open_files, limits.bad_seconds)):
        return []
    used, bad = found
    limit = percent(limits.open_files)
    had = f"the generator had used {percent(used)} of its open files {when(bad, seconds)} (limit {limit})"
    return [f"{had}: raise it with `ulimit -n`, or use fewer users"]


def _ports(seconds: Sequence[Tick], limits: GeneratorLimits) -> list[str]:
    if not (found := _past(seconds, lambda sample: sample.ports, limits.ports, limits.bad_seconds)):
        return []
    used, bad = found
    limit = percent(limits.ports)
    had = f"the machine had used {percent(used)} of its ephemeral ports {when(bad, seconds)} (limit {limit})"
    return [f"{had}: keep connections alive instead of opening one for each request, or use fewer users"]


def stolen(seconds: Sequence[Tick], limits: GeneratorLimits) -> list[str]:
    """What the hypervisor took, in words: no property of the service, and no bound of its capacity either."""
    if not (found := _past(seconds, lambda sample: sample.steal, limits.steal, limits.bad_seconds)):
        return []
    most, bad = found
    taken = f"{percent(most)} of the machine's CPU time"
    limit = percent(limits.steal)
    return [f"the hypervisor took {taken} {when(bad, seconds)} (limit {limit}): use a machine with less company"]


def schedule_lag(lags: Histogram) -> float | None:
    """99th percentile of how late arrivals were released, in ms; None without arrivals."""
    return lags.quantile(0.99) if lags.count else None


def loop_lag(seconds: Sequence[Tick]) -> float | None:
    """99th percentile over seconds of how late timers fired at worst, in ms; None without seconds."""
    return float(np.quantile([second.health.loop_lag_ms for second in seconds], 0.99)) if seconds else None


def percent(share: float) -> str:
    """`98 %`."""
    return f"{share * 100:.3g} %"


def when(bad: Sequence[Tick], seconds: Sequence[Tick]) -> str:
    """`from 00:12 on` when it stayed so, else `in 7 of 60 judged seconds, first at 00:12`."""
    first = bad[0].second
    since = [second for second in seconds if second.second >= first]
    moment = f"{first // 60:02d}:{first % 60:02d}"
    if len(bad) == len(since):
        return f"from {moment} on"
    return f"in {len(bad)} of {len(seconds)} judged seconds, first at {moment}"
