"""What another tool itself found wrong with its run: its red never becomes green by being imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.judge.result import Check
from perfgate.judge.words import counted, quantity
from perfgate.plan.budget import DEFAULT_ERROR_RATE

if TYPE_CHECKING:
    from perfgate.importers.imported import OwnFinding
    from perfgate.judge.result import Status


def check_finding(finding: OwnFinding, tool: str) -> Check:
    """A finding as a check.

    A threshold of the tool that was not kept is a failure, as it is for the tool. Failed checks of answers, exceptions
    of the scenario and dropped iterations are warnings above the share at which failed requests are.
    """
    share = finding.failures / finding.total if finding.total else None
    return Check(
        endpoint=finding.name,
        metric=finding.kind,
        unit="" if share is None else "share",
        observed=float(finding.failures) if share is None else share,
        status=_status(finding, share),
        message=_words(finding, tool, share),
    )


def _status(finding: OwnFinding, share: float | None) -> Status:
    if finding.kind == "threshold":
        return "fail"
    tolerated = DEFAULT_ERROR_RATE.warn or 0.0
    return "pass" if share is not None and share <= tolerated else "warn"


def _words(finding: OwnFinding, tool: str, share: float | None) -> str:
    if finding.kind == "threshold":
        return f"{tool}'s own threshold was not kept: {finding.name}"
    if finding.kind == "user_errors":
        most = f", most often {finding.detail}" if finding.detail else ""
        return f"the scenario raised {counted(finding.failures, 'exception')}{most}"
    rate = f"{finding.failures:,} of {finding.total:,} ({quantity(share or 0.0, 'share')})"
    if finding.kind == "dropped_iterations":
        return f"{tool} could not begin {rate} iterations when they were due: the load was lighter than asked for"
    return f"{tool}'s own check failed {rate} times: {finding.name}"
