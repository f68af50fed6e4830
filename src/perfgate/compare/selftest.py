"""Shows that the gate works here: a known delay before an unchanged service turns it red, and none does not."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from perfgate.compare.judging import judge
from perfgate.compare.recording import record
from perfgate.compare.subject import Subject
from perfgate.errors import ExitCode, UsageError
from perfgate.judge.comparison import compared_verdict
from perfgate.signals import STOPPED_BY
from perfgate.target.proxy import Proxy
from perfgate.target.revision import current
from perfgate.target.service import start

if TYPE_CHECKING:
    from pathlib import Path

    from perfgate.compare.recording import Watcher
    from perfgate.judge.result import Result
    from perfgate.plan.plan import Plan

LEAST_DELAY_MS = 1.0
_STEADY = ("steady", "soak")


@dataclass(frozen=True)
class Selftest:
    """What was seen.

    Attributes:
        delay_ms: that was put before the service.
        unchanged: the result without it.
        delayed: the result with it; None when the work was stopped before.
    """

    delay_ms: float
    unchanged: Result
    delayed: Result | None

    @property
    def exit_code(self) -> ExitCode:
        """Pass when the gate told the two apart; 1 when it did not; 3 when it cannot be told.

        Only comparisons count: a budget that the delay breaks would be broken by any service as slow.
        """
        before = compared_verdict(self.unchanged)
        after = "invalid" if self.delayed is None else compared_verdict(self.delayed)
        if before == "fail":
            return ExitCode.FAIL
        if after == "invalid":
            return ExitCode.INVALID
        return ExitCode.PASS if after == "fail" else ExitCode.FAIL


def one_load(plan: Plan) -> Plan:
    """The plan with its first steady load only, at the first service that has one.

    Raises:
        UsageError: there is none.
    """
    for service in plan.services.values():
        for name in service.loads:
            if plan.loads[name].kind in _STEADY:
                own = replace(service, loads=(name,))
                return replace(plan, services={service.name: own}, loads={name: plan.loads[name]}, artifacts=())
    raise UsageError(
        "no service has a steady load",
        place=str(plan.path),
        hint="add one, e.g. [loads.normal] with users and duration",
    )


def selftest(plan: Plan, folder: Path, watcher: Watcher, *, delay_ms: float | None = None) -> Selftest:
    """Compare a service with itself, first as it is, then with a delay before one side.

    Both sides are reached through a proxy in both comparisons, so that the delay is all that differs.

    Args:
        plan: with one load at one service, see `one_load`.
        folder: for the two recordings.
        watcher: is told how it goes.
        delay_ms: the delay; unless given twice the slowdown that is tolerated, of the highest p95 seen.

    Raises:
        ServiceError: the service or a proxy could not be started.
    """
    (service,) = plan.services.values()
    with ExitStack() as stack:
        urls = []
        for side in ("base", "head"):
            place = folder / side
            place.mkdir(parents=True)
            urls.append(stack.enter_context(start(service, place)).url if service.command else service.url)
        watcher.doing("without a delay:")
        unchanged = _compared(plan, urls, 0.0, folder / "unchanged", watcher)
        delay = delay_ms or _delay_for(unchanged, plan)
        if any(reason.startswith(STOPPED_BY) for reason in unchanged.reasons):
            return Selftest(delay, unchanged, None)
        watcher.doing(f"with a delay of {delay:.3g} ms before the head:")
        return Selftest(delay, unchanged, _compared(plan, urls, delay, folder / "delayed", watcher))


def _compared(plan: Plan, urls: list[str], delay_ms: float, folder: Path, watcher: Watcher) -> Result:
    with Proxy(urls[0], 0.0) as base, Proxy(urls[1], delay_ms) as head:
        revision = current(plan.root)
        subjects = (
            Subject("base", "the service as it is", revision, url=base.url),
            Subject("head", f"the same, {delay_ms:.3g} ms later", revision, url=head.url),
        )
        return judge(folder, record(plan, *subjects, folder, watcher, choice="selftest"))


def _delay_for(result: Result, plan: Plan) -> float:
    (run,) = result.runs
    slowest = max((endpoint.latency_ms.p95 or 0.0 for endpoint in run.endpoints), default=0.0)
    return max(2 * plan.gate.max_slowdown_percent / 100 * slowest, LEAST_DELAY_MS)
