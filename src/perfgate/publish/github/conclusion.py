"""The verdict as GitHub's own words for the end of a check or a status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.report.comment import Outcome, Part

Conclusion = Literal["success", "failure", "neutral"]
State = Literal["success", "failure", "error"]


def conclusion(outcome: Outcome, parts: Sequence[Part], *, neutral_on_invalid: bool = False) -> Conclusion:
    """How the check run ends.

    What is unknown is a failure, or neutral when the user wants it so; it is never a success. A warning is a success,
    unless warnings fail.
    """
    if outcome in ("invalid", "undecided"):
        return "neutral" if neutral_on_invalid else "failure"
    return "failure" if outcome == "fail" or _fails(parts) else "success"


def state(outcome: Outcome, parts: Sequence[Part]) -> State:
    """The state of the commit status; what is unknown is an error."""
    if outcome in ("invalid", "undecided"):
        return "error"
    return "failure" if outcome == "fail" or _fails(parts) else "success"


def _fails(parts: Sequence[Part]) -> bool:
    return any(part.result.exit_code != 0 for part in parts)
