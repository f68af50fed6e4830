"""From statuses to one verdict, and from the verdict to the exit code.

A proven red must not be hidden by an unknown beside it, so `fail` goes before `invalid`; and an unknown is never
green, so `invalid` goes before `warn` and `pass`, and nothing judged at all is `invalid`. What was not measured
soundly proves nothing: there every status is unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfgate.judge.result import Status, Verdict

_WORST_FIRST: tuple[Verdict, ...] = ("fail", "invalid", "warn", "pass")


def verdict_of(statuses: Iterable[Status], *, sound: bool = True) -> Verdict:
    """The verdict of checks, or of several verdicts together.

    Args:
        statuses: of checks, runs or services; skipped ones say nothing.
        sound: False when the recording itself cannot be trusted or is partial.
    """
    seen = set(statuses)
    if not sound:
        return "invalid"
    return next((verdict for verdict in _WORST_FIRST if verdict in seen), "invalid")


def exit_code(verdict: Verdict, *, strict: bool = False) -> ExitCode:
    """The process exit code: 1 is a broken budget (with `strict`, a warning too), 3 could not be judged."""
    if verdict == "warn":
        return ExitCode.FAIL if strict else ExitCode.PASS
    return {"pass": ExitCode.PASS, "fail": ExitCode.FAIL, "invalid": ExitCode.INVALID}[verdict]
