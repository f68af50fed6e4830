"""A finding: one thing that was looked at, how it is, and what to mend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from perfgate.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfgate.errors import PerfgateError

Status = Literal["ok", "warn", "fail"]
Area = Literal["machine", "packages", "git", "file", "services"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        status: `warn` makes results worse, `fail` makes a run impossible.
        what: its name, a few words.
        detail: how it is, with numbers.
        mend: what to do about it, an imperative; empty when it is fine.
        area: what it belongs to.
        output: the last lines that a failed command wrote, set off from perfgate's own; empty without any.
    """

    status: Status
    what: str
    detail: str
    mend: str = ""
    area: Area = "machine"
    output: str = ""

    @classmethod
    def failed(cls, what: str, error: PerfgateError, mend: str, area: Area) -> Finding:
        """What an error makes impossible; `mend` where it does not say itself what to do."""
        detail = f"{error.place}: {error.message}" if error.place else error.message
        return cls("fail", what, f"{detail} [{error.slug}]", error.hint or mend, area, error.indented_output())


def exit_code(findings: Iterable[Finding]) -> ExitCode:
    """0 when nothing fails, 2 when the budgets file or a scenario is wrong, 3 when something else fails."""
    areas = {finding.area for finding in findings if finding.status == "fail"}
    if "file" in areas:
        return ExitCode.USAGE
    return ExitCode.INVALID if areas else ExitCode.PASS
