"""Accepted regressions: what the team lives with is shown, and fails nothing, until its day has passed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.judge.result import Acceptance
from perfgate.judge.words import signed_percent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from perfgate.judge.result import Check
    from perfgate.plan.plan import Accept


def acceptances(accepts: Sequence[Accept], today: date) -> list[Acceptance]:
    """As a result shows them; `today` is the day on which it was measured."""
    return [
        Acceptance(
            service=accept.service,
            load=accept.load,
            endpoint=accept.endpoint,
            metric=accept.metric,
            up_to_percent=accept.up_to_percent,
            reason=accept.reason,
            by=accept.by,
            until=accept.until.isoformat(),
            expired=accept.until < today,
            source=accept.source,
        )
        for accept in accepts
    ]


def accepted(check: Check, service: str, load: str, known: Sequence[Acceptance]) -> Check:
    """The check, as it stands with what the team has accepted.

    A comparison that failed becomes a warning when an acceptance covers its change; one that has expired, or covers
    less, stays red and is named. Budgets are not touched: whoever accepts more than a budget allows changes the budget.
    """
    if check.kind == "budget" or check.status != "fail" or check.change_percent is None:
        return check
    covering = [own for own in known if _covers(own, check, service, load)]
    if not covering:
        return check
    best = max(covering, key=lambda own: (not own.expired, own.up_to_percent))
    if best.expired:
        words = f"{check.message}; it was accepted by {best.by} until {best.until}, which has passed"
        return check.model_copy(update={"message": words})
    if abs(check.change_percent) > best.up_to_percent:
        most = signed_percent(best.up_to_percent if check.change_percent > 0 else -best.up_to_percent)
        return check.model_copy(update={"message": f"{check.message}; only {most} was accepted by {best.by}"})
    words = f"{check.message}; accepted by {best.by} until {best.until}: {best.reason}"
    return check.model_copy(update={"status": "warn", "message": words, "accepted": best})


def _covers(own: Acceptance, check: Check, service: str, load: str) -> bool:
    return (
        own.metric == check.metric
        and own.endpoint == check.endpoint
        and own.service in (None, service)
        and own.load in (None, load)
    )
