"""Whether the generator can be trusted: its own figures held against its limits, in words.

Only judged phases count: users come to life in the ramps, and that may cost what it costs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from perfgate.measure.histogram import Histogram
from perfgate.measure.summary import Health
from perfgate.measure.window import window_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.measure.journals import Recording
    from perfgate.measure.recording import End, Second
    from perfgate.measure.window import Window

REMEDY = "add processes or lower the load"
CUT_OFF_SHARE = 0.10  # of the users: when more were still busy as the stop timeout ended, the service hangs
USER_ERROR_SHARE = 0.01  # of the requests


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
    def bad_seconds(self) -> float:
        """Share of judged seconds that may be past `generator_cpu` or `steal`."""


def health_of(recording: Recording, windows: Sequence[Window], limits: GeneratorLimits, *, stress: bool) -> Health:
    """The generator's health over the judged phases of a run.

    Args:
        recording: what the journals hold.
        windows: the phases that were driven.
        limits: past these the generator, not the service, was measured.
        stress: the load climbs until something gives way, so a saturated generator, arrivals without a user and
            iterations that were cut off bound its capacity, and do not make it invalid.
    """
    judged = [second for second in recording.seconds if _is_judged(second, windows)]
    end = recording.end
    reasons = [*_refusals(end), *_steal(judged, limits), *_scenario_errors(recording)]
    if not stress:
        reasons += [*saturation(judged, limits), *_unserved_words(recording), *_cut_off_words(recording, judged)]
    cpus = [second.health.cpu for second in judged]
    steals = [second.health.steal for second in judged if second.health.steal is not None]
    return Health(
        valid=not reasons,
        clock=_clock(recording),
        schedule_lag_p99_ms=_schedule_lag(judged),
        loop_lag_p99_ms=_loop_lag(judged),
        cpu_max=max(cpus, default=None),
        cpu_mean=sum(cpus) / len(cpus) if cpus else None,
        steal_max=max(steals, default=None),
        cut_off=end.cut_off if end else 0,
        arrivals=sum(second.arrivals for second in recording.seconds),
        unserved=_unserved(recording),
        reasons=reasons,
    )


def _is_judged(second: Second, windows: Sequence[Window]) -> bool:
    """Whether the middle of the second lies in a judged phase."""
    window = window_at(windows, second.second + 0.5)
    return window is not None and window.judged


def saturation(seconds: Sequence[Second], limits: GeneratorLimits) -> list[str]:
    """In which ways the generator itself was the bottleneck in these seconds, in words; empty when it was not."""
    return [*_busy(seconds, limits), *_late_loop(seconds, limits), *_late_schedule(seconds, limits)]


def _busy(seconds: Sequence[Second], limits: GeneratorLimits) -> list[str]:
    bad = [second for second in seconds if second.health.cpu > limits.generator_cpu]
    if len(bad) <= limits.bad_seconds * len(seconds):
        return []
    used = max(second.health.cpu for second in bad)
    when = _when(bad, seconds)
    return [f"the generator used {_percent(used)} of a core {when} (limit {_percent(limits.generator_cpu)}): {REMEDY}"]


def _late_loop(seconds: Sequence[Second], limits: GeneratorLimits) -> list[str]:
    lag = _loop_lag(seconds)
    if lag is None or lag <= limits.loop_lag_ms:
        return []
    bad = [second for second in seconds if second.health.loop_lag_ms > limits.loop_lag_ms]
    late = f"{lag:.4g} ms late (p99 over seconds, limit {limits.loop_lag_ms:g} ms)"
    return [f"the generator's event loop was {late} {_when(bad, seconds)}: {REMEDY}"]


def _late_schedule(seconds: Sequence[Second], limits: GeneratorLimits) -> list[str]:
    lag = _schedule_lag(seconds)
    if lag is None or lag <= limits.schedule_lag_ms:
        return []
    bad = [s for s in seconds if s.schedule_lag_ms is not None and s.schedule_lag_ms.maximum > limits.schedule_lag_ms]
    late = f"{lag:.4g} ms late (p99, limit {limits.schedule_lag_ms:g} ms)"
    return [f"the generator released arrivals {late} {_when(bad, seconds)}: {REMEDY}"]


def _steal(seconds: Sequence[Second], limits: GeneratorLimits) -> list[str]:
    bad = [second for second in seconds if (second.health.steal or 0.0) > limits.steal]
    if len(bad) <= limits.bad_seconds * len(seconds):
        return []
    taken = f"{_percent(max(second.health.steal or 0.0 for second in bad))} of the machine's CPU time"
    limit = _percent(limits.steal)
    return [f"the hypervisor took {taken} {_when(bad, seconds)} (limit {limit}): use a machine with less company"]


def _refusals(end: End | None) -> list[str]:
    hosts = end.refused_hosts if end else []
    return [f"the scenario tried to reach {host}, which allowed_hosts does not name" for host in hosts]


def _unserved_words(recording: Recording) -> list[str]:
    if not (count := _unserved(recording)):
        return []
    return [f"{count:,} arrivals never found a user: the service was too slow for this rate, or max_users too low"]


def _cut_off_words(recording: Recording, judged: Sequence[Second]) -> list[str]:
    users = judged[-1].users if judged else max((second.users for second in recording.seconds), default=0)
    cut_off = recording.end.cut_off if recording.end else 0
    if cut_off <= CUT_OFF_SHARE * users:
        return []
    who = f"{cut_off:,} of {users:,} users were cut off in the middle of a task when the stop timeout ended"
    return [f"{who}, so what they waited for is in no figure: look at the service, or raise stop_timeout"]


def _scenario_errors(recording: Recording) -> list[str]:
    """Exceptions in scenario code mean that requests were left out; a few are shown, many leave nothing to judge."""
    errors = recording.end.user_errors if recording.end else {}
    count = sum(errors.values())
    requests = sum(cell.response_ms.count for second in recording.seconds for cell in second.cells)
    if count <= USER_ERROR_SHARE * requests:
        return []
    most = max(errors, key=lambda text: errors[text])
    return [f"the scenario raised {count:,} exceptions beside {requests:,} requests, most often {most}: mend it"]


def _unserved(recording: Recording) -> int:
    if recording.end:
        return recording.end.unserved
    return recording.seconds[-1].waiting if recording.seconds else 0


def _clock(recording: Recording) -> str | None:
    return recording.begin.clock if recording.begin else None


def _schedule_lag(seconds: Sequence[Second]) -> float | None:
    lags = Histogram.merged(second.schedule_lag_ms for second in seconds if second.schedule_lag_ms is not None)
    return lags.quantile(0.99) if lags.count else None


def _loop_lag(seconds: Sequence[Second]) -> float | None:
    return float(np.quantile([second.health.loop_lag_ms for second in seconds], 0.99)) if seconds else None


def _percent(share: float) -> str:
    return f"{share * 100:.3g} %"


def _when(bad: Sequence[Second], seconds: Sequence[Second]) -> str:
    """`from 00:12 on` when it stayed so, else `in 7 of 60 judged seconds, first at 00:12`."""
    first = bad[0].second
    since = [second for second in seconds if second.second >= first]
    moment = f"{first // 60:02d}:{first % 60:02d}"
    if len(bad) == len(since):
        return f"from {moment} on"
    return f"in {len(bad)} of {len(seconds)} judged seconds, first at {moment}"
