"""Steps of a stress load whose users, or arrivals, never got an answer: a service that hangs leaves no figure behind.

A request that is never answered is in no percentile and in no error rate. All that is left of it is a user who was
cut off as the load ended, long after the step in which it began to wait. When no more than a few stragglers
were cut off nothing is concluded. When more were, the last step that was driven is broken, and earlier ones are held
against what their users must have brought about:

- *open model*: a step in which fewer than 95 % of the arrivals that fell due brought about an answered request is
  broken. Where tasks ask several times, a step with less than 80 % of the most answers per arrival of any step is, too.
- *closed model*: by Little's law, users at work = throughput x (mean response time + mean pause). The pause is not
  recorded; it is taken from the step in which a user asked most often, be it the last one with only those users
  counted who were not cut off. A step in which less than 80 % of its users are accounted for is broken.

This can be wrong by a few users, and where pauses shrink as answers slow down (constant pacing) it is lenient: only the
last step is then sure to be seen as broken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.judge.words import number
from perfgate.plan.profile import step_phase

if TYPE_CHECKING:
    from perfgate.measure.summary import EndpointSummary, PhaseSummary, RunSummary
    from perfgate.plan.plan import Load

DUE_SHARE = 0.95  # of the arrivals: each asks at least once
KNOWN_SHARE = 0.80  # of the users, or of the answers: estimates are no better
_FEWEST = 2  # arrivals at the edge of a second may be counted in the next one


def unanswered(summary: RunSummary, load: Load) -> dict[int, str]:
    """By the number of the step, from 1, in which way its users were left without an answer, in words."""
    driven = [number for number in range(1, len(load.levels) + 1) if summary.phase(step_phase(number))]
    if not driven or not summary.complete or not (summary.health.hangs or summary.health.unserved):
        return {}
    found = _arrivals_without(summary, driven) if load.model == "open" else {}
    if summary.health.hangs:
        found |= _users_without(summary, load, driven) if load.model == "closed" else {}
        health = summary.health
        found[driven[-1]] = f"{health.cut_off:,} of {health.users:,} users were still without an answer at the end"
    return found


def _arrivals_without(summary: RunSummary, steps: list[int]) -> dict[int, str]:
    counts = {step: _due_and_answered(summary, step) for step in steps}
    most = max((answered / due for due, answered in counts.values() if due), default=0.0)
    share = max(DUE_SHARE, KNOWN_SHARE * most)
    return {
        step: f"{due:,} arrivals fell due, and {answered:,} requests of theirs were answered"
        for step, (due, answered) in counts.items()
        if answered < share * due and max(most, 1.0) * due - answered > _FEWEST
    }


def _due_and_answered(summary: RunSummary, step: int) -> tuple[int, int]:
    """Over the whole seconds of a step: a second on its edge belongs to it in part."""
    phase, series = summary.phase(step_phase(step)), summary.series
    if phase is None:
        return 0, 0
    rows = zip(series.second, series.arrivals, series.requests, strict=True)
    inside = [(due, answered) for at, due, answered in rows if phase.start_s <= at and at + 1 <= phase.end_s]
    return sum(due for due, _ in inside), sum(answered for _, answered in inside)


@dataclass(frozen=True)
class _Pace:
    """How a step's users asked: how many there were, requests per second, and the mean response time in seconds."""

    users: float
    per_s: float
    response_s: float

    @property
    def busy(self) -> float:
        """Users who waited for an answer that came, on average."""
        return self.per_s * self.response_s

    @property
    def each_per_s(self) -> float:
        return self.per_s / self.users


def _users_without(summary: RunSummary, load: Load, steps: list[int]) -> dict[int, str]:
    phases = {step: phase for step in steps if (phase := summary.phase(step_phase(step)))}
    paces = {step: _pace(phase, load.levels[step - 1]) for step, phase in phases.items()}
    reference = max([*paces.values(), *_at_the_end(summary, paces[steps[-1]])], key=lambda pace: pace.each_per_s)
    if not reference.per_s:
        return {}
    pause_s = max(1 / reference.each_per_s - reference.response_s, 0.0)
    known = {step: pace.busy + pace.per_s * pause_s for step, pace in paces.items()}
    return {
        step: f"only about {number(known[step], 2)} of {number(pace.users)} users were being answered"
        for step, pace in paces.items()
        if known[step] < KNOWN_SHARE * pace.users
    }


def _at_the_end(summary: RunSummary, last: _Pace) -> list[_Pace]:
    """The last step's answers as those of the users who were not cut off, if so few can have waited for them all."""
    left = last.users - summary.health.cut_off
    fits = left > 0 and last.busy * KNOWN_SHARE <= left
    return [_Pace(left, last.per_s, last.response_s)] if fits else []


def _pace(phase: PhaseSummary, users: float) -> _Pace:
    measured_s = phase.end_s - phase.start_s - phase.left_out_s
    return _Pace(users, phase.total.requests / measured_s if measured_s > 0 else 0.0, _mean_s(phase.total))


def _mean_s(total: EndpointSummary) -> float:
    """The mean response time of all requests, failed ones too."""
    good = (total.requests - total.failures) * (total.latency_ms.mean or 0.0)
    bad = total.failures * (total.failed_ms.mean or 0.0)
    return (good + bad) / total.requests / 1000 if total.requests else 0.0
