"""Failed requests that no budget speaks of.

A failed request is in no latency and in no throughput, so a service that refuses nearly everybody would pass whatever
is written about these. Hence the error rate has a limit by default, wherever none is written: see
`plan.budget.DEFAULT_ERROR_RATE`. And an endpoint that never succeeded is broken, however rarely it is asked for: only a
limit of 100 % that is written for that very endpoint says otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.judge.limits import check_limit
from perfgate.judge.readings import entry_of, request_reading
from perfgate.judge.result import Check
from perfgate.judge.words import counted, quantity
from perfgate.plan.budget import DEFAULT, DEFAULT_ERROR_RATE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.judge.limits import Reading
    from perfgate.measure.summary import PhaseSummary
    from perfgate.plan.budget import BudgetLayer, Limit

METRIC = "error_rate"


def is_default_warning(check: Check) -> bool:
    """A warning that holds whatever is written: not a budget that was judged."""
    return (check.metric, check.source, check.status) == (METRIC, DEFAULT, "warn")


def default_checks(phases: Sequence[PhaseSummary], layer: BudgetLayer, endpoint: str | None) -> Iterator[Check]:
    """What the default limit says, where none is written and it is broken; that it is kept needs no check.

    Args:
        phases: those that errors are judged in.
        layer: the limits that hold for the endpoint.
        endpoint: None for the whole service.
    """
    if METRIC in layer.limits:
        return
    check = check_limit(DEFAULT_ERROR_RATE, request_reading(METRIC, phases, endpoint))
    if check.status in {"warn", "fail"}:
        yield check.model_copy(update={"message": f"{check.message}; {default_words()}"})


def default_words() -> str:
    """Why there is a limit that nobody wrote."""
    warn, fail = (quantity(tier or 0.0, "share") for tier in (DEFAULT_ERROR_RATE.warn, DEFAULT_ERROR_RATE.fail))
    return f"no error_rate is written, so more than {warn} is a warning, and more than {fail} a failure"


def never_succeeded(phases: Sequence[PhaseSummary], endpoint: str) -> int:
    """How many requests an endpoint had in these phases, if all of them failed; else 0."""
    entries = [entry for phase in phases if (entry := entry_of(phase, endpoint))]
    requests = sum(entry.requests for entry in entries)
    return requests if requests == sum(entry.failures for entry in entries) else 0


def dead_endpoint(endpoint: str, requests: int, own: Limit | None) -> Iterator[Check]:
    """The check of an endpoint that never succeeded.

    Args:
        endpoint: its name.
        requests: how many there were.
        own: the error rate that is written for it alone.
    """
    if own is not None and own.fail is not None and own.fail >= 1.0:
        return
    words = f"no request succeeded ({counted(requests, 'request')}): that is never a pass"
    yield Check(
        endpoint=endpoint,
        metric=METRIC,
        unit="share",
        observed=1.0,
        status="fail",
        message=f'{words}, unless error_rate = "100%" is written for this endpoint',
    )


def default_reading(phase: PhaseSummary, layer: BudgetLayer, endpoint: str | None, fewest: int) -> Reading | None:
    """The error rate in a step of a stress load, where no limit on it is written; None where it is not to be judged.

    Args:
        phase: the step.
        layer: the limits that hold for the endpoint.
        endpoint: None for the whole service.
        fewest: requests below which a step says nothing about it.
    """
    entry = entry_of(phase, endpoint)
    if METRIC in layer.limits or entry is None or entry.requests < fewest:
        return None
    return request_reading(METRIC, [phase], endpoint)
