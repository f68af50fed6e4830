"""Drives the rounds of a calibration: the same revision at both sides, both started anew for each round."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from perfgate.compare.block_lane import PAUSE_S
from perfgate.compare.blocks import read_pairs
from perfgate.compare.calibration import Round, calibrate
from perfgate.compare.judging import judge
from perfgate.compare.looking import rules_of
from perfgate.compare.recording import record
from perfgate.compare.subject import Subject
from perfgate.errors import BaselineError, PerfgateError
from perfgate.judge.comparison import compared_verdict
from perfgate.signals import STOPPED_BY
from perfgate.target.revision import current

if TYPE_CHECKING:
    from pathlib import Path

    from perfgate.compare.calibration import Calibration
    from perfgate.compare.recording import Watcher
    from perfgate.judge.result import Result
    from perfgate.plan.plan import Plan


@dataclass(frozen=True)
class Rounds:
    """What was driven.

    Attributes:
        calibration: of one load at one service.
        stopped: the work was ended before all rounds were driven.
    """

    service: str
    load: str
    calibration: Calibration
    stopped: str = ""


def run(plan: Plan, folder: Path, watcher: Watcher, *, times: int) -> Rounds:
    """Compare a service with itself as often as asked, each time for the whole of `[compare] max_duration`.

    Args:
        plan: with one load at one service, see `selftest.one_load`.
        folder: for the recordings, one a round.
        watcher: is told how it goes.
        times: how many rounds.

    Raises:
        PerfgateError: not one round could be driven to its end.
    """
    (service,) = plan.services.values()
    (load,) = plan.loads.values()
    revision = current(plan.root)
    sides = Subject("base", "unchanged", revision), Subject("head", "unchanged", revision)
    rounds: list[Round] = []
    stopped = ""
    block_s = 0.0
    for number in range(1, times + 1):
        watcher.doing(f"round {number} of {times}")
        own = folder / f"round-{number}"
        result = judge(own, record(plan, *sides, own, watcher, choice="unchanged", whole=True))
        stopped = next((reason for reason in result.reasons if reason.startswith(STOPPED_BY)), "")
        if stopped:
            break
        if not result.runs[0].sound or refused(result):
            raise _unsound([*refused(result), *result.reasons], own)
        assert result.runs[0].comparison is not None  # it was compared
        block_s = result.runs[0].comparison.block_s
        plan = replace(plan, compare=replace(plan.compare, block_s=block_s))  # all rounds have what the first has found
        rounds.append(Round(compared_verdict(result), read_pairs(own / service.name / load.name)))
    if not rounds:
        raise _unsound([stopped], folder)
    rules = rules_of(plan.gate, 1)
    return Rounds(service.name, load.name, calibrate(rounds, rules, 2 * (block_s + PAUSE_S)), stopped)


def refused(result: Result) -> list[str]:
    """What was not compared because a side failed: it must not count as "not red"."""
    return [
        check.message
        for run in result.runs
        for check in run.checks
        if check.kind == "paired" and check.status == "invalid" and check.decision is None
    ]


def _unsound(reasons: list[str], folder: Path) -> PerfgateError:
    return BaselineError(
        f"a round could not be judged: {'; '.join(reasons)}",
        place=str(folder),
        hint="mend what it names; `perfgate doctor` looks at the machine",
        slug="calibration",
    )
