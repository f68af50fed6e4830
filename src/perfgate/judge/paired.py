"""Paired comparison: what the head costs against the base, decided while blocks are driven at both in turn.

Two errors are kept rare, each in its own way.

*Falsely worse*: the whole verdict has one budget for it. Each look has a part of that (`looks`), which is divided among
the checks (`weights`, after Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of
Statistics 6, 1979): what was proven worse, at whatever look, leaves its part to the others.

*Falsely not worse*: a green verdict needs *every* check to be proven not worse, so that a true slowdown gets through
only where its own check errs. Each check may therefore use the whole budget (Berger, Multiparameter hypothesis testing
and acceptance sampling, Technometrics 24, 1982), divided over the looks alone; this is what makes green verdicts quick.

Decisions stay: what was proven at one look is not tested again.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from perfgate.judge.changed import Change, Decision, Levels, Rules, allowance_of, change_of, resolution_of, tolerated_of
from perfgate.judge.inversion import POWER_Z, normal_point
from perfgate.judge.looks import look_times, parts
from perfgate.judge.sides import CheckKey, cases
from perfgate.judge.signflip import clipped, p_above
from perfgate.judge.weights import weights

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from perfgate.judge.sides import Case
    from perfgate.measure.blocks import Pair

__all__ = ["Change", "CheckKey", "Decision", "Decisions", "Rules", "Sequential", "compare_pairs"]

_DONE = frozenset({"worse", "not_worse", "better", "new", "gone"})
_FAIR_CHANCE_Z = POWER_Z  # one in ten


@dataclass(frozen=True)
class Decisions:
    """What is known after a look.

    Attributes:
        by_check: each check's decision so far, shown-only checks included.
        pairs: that count, and `disturbed` those that do not.
        decided: every gating check is worse, not worse, better, new or gone: there is nothing left to drive for.
        settled: every gating check is decided, or has no fair chance to be within `max_pairs`: going on is no use.
        next_look: at how many pairs that count the next look is due; None after the last.
    """

    by_check: Mapping[CheckKey, Decision]
    pairs: int
    disturbed: int
    decided: bool
    settled: bool
    next_look: int | None

    @property
    def worse(self) -> list[CheckKey]:
        """The checks that are proven worse, shown-only ones included."""
        return [key for key, decision in self.by_check.items() if decision == "worse"]


@dataclass(frozen=True)
class _Tested:
    """A case with the p-values of the three things that can be proven of it."""

    case: Case
    worse: float
    not_worse: float
    better: float


class Sequential:
    """The comparison of one load while it is driven: looks at fixed numbers of pairs, and says when to stop.

    Example:
        >>> comparison = Sequential(Rules(max_slowdown_percent=3.0), max_pairs=60)
        >>> comparison.due(17), comparison.due(18)
        (False, True)

    Drive pairs; whenever `due`, `look`, and stop when all is decided; in the end `look(pairs, final=True)` and
    `changes(pairs)`.
    """

    def __init__(self, rules: Rules, max_pairs: int) -> None:
        """Start with nothing seen; `max_pairs` is the most that can be driven, disturbed ones included."""
        self._rules = rules
        self._max_pairs = max_pairs
        self._times = look_times(max_pairs)
        self._parts = parts(self._times)
        self._looked = 0
        self._part = self._parts[0]  # that the last look could spend
        self._kept: dict[CheckKey, Decision] = {}

    def due(self, counted: int) -> bool:
        """Whether a look is due now that `counted` undisturbed pairs are there."""
        return self._looked < len(self._times) and counted >= self._times[self._looked]

    def look(self, pairs: Sequence[Pair], *, final: bool = False) -> Decisions:
        """Decide what can be decided.

        Args:
            pairs: all so far, disturbed ones included (they are left out here).
            final: no more pairs will come: whatever is left of the error budget is spent now. Only because time is
                over or driving had to stop; never because of what the pairs say.

        Returns:
            Decisions so far. When no look is due nothing is tested, and nothing spent.
        """
        counting = _counting(pairs)
        found = cases(counting)
        part = self._take_part(len(counting), final=final)
        compared = [case for case in found if case.contrast is not None]
        tested = _tested(compared, self._rules) if part else []
        if tested:
            self._decide(tested, part)
        return self._told(found, tested, len(counting), len(pairs) - len(counting))

    def changes(self, pairs: Sequence[Pair]) -> list[Change]:
        """All checks with estimates, intervals and words, in order; spends nothing, changes no decision.

        Args:
            pairs: as given to the last look.
        """
        counting = _counting(pairs)
        found = cases(counting)
        levels = self._levels(found)
        return [change_of(case, self._decision(case), self._rules, levels[case.key], len(counting)) for case in found]

    def _levels(self, found: Sequence[Case]) -> dict[CheckKey, Levels]:
        """At which each check is tested now; one that is only shown at the least of all."""
        gating = [case.key for case in found if case.gating and case.contrast is not None]
        own = weights([key for key in gating if self._kept.get(key) != "worse"], gating)
        rate, upper = self._rules.false_alarm_rate * self._part, self._rules.miss_rate * self._part
        least = 1 / max(len(gating), 1)
        return {case.key: Levels(rate * own.get(case.key, least), upper) for case in found}

    def _take_part(self, counted: int, *, final: bool) -> float:
        """The part of the error budget that may be spent now, all looks that were passed by together."""
        after = len(self._times) if final else sum(time <= counted for time in self._times)
        part = sum(self._parts[self._looked : after])
        self._looked = max(after, self._looked)
        return part

    def _decide(self, tested: Sequence[_Tested], part: float) -> None:
        self._part = part
        self._prove_worse(tested)
        smallest = self._rules.false_alarm_rate * part / max(sum(test.case.gating for test in tested), 1)
        for test in tested:
            key = test.case.key
            if self._kept.get(key) == "worse":
                continue
            if test.not_worse <= self._rules.miss_rate * part:
                self._kept[key] = "not_worse"
            if test.better <= smallest:
                self._kept[key] = "better"

    def _prove_worse(self, tested: Sequence[_Tested]) -> None:
        """Until none of those that are left can be proven with what the others left it."""
        while True:
            levels = self._levels([test.case for test in tested])
            proven: list[CheckKey] = [
                test.case.key
                for test in tested
                if test.case.key not in self._kept and test.worse <= levels[test.case.key].lower
            ]
            if not proven:
                return
            self._kept |= dict.fromkeys(proven, "worse")

    def _decision(self, case: Case) -> Decision:
        return self._kept.get(case.key, case.missing or "undecided")

    def _told(self, found: Sequence[Case], tested: Sequence[_Tested], counted: int, disturbed: int) -> Decisions:
        gating = [case for case in found if case.gating]
        levels = self._levels([test.case for test in tested])
        hopeless = {test.case.key for test in tested if self._is_hopeless(test, counted, levels[test.case.key])}
        decided = bool(gating) and all(self._decision(case) in _DONE for case in gating)
        settled = bool(gating) and all(
            self._decision(case) in {*_DONE, "too_few"} or case.key in hopeless for case in gating
        )
        return Decisions(
            by_check={case.key: self._decision(case) for case in found},
            pairs=counted,
            disturbed=disturbed,
            decided=decided,
            settled=settled,
            next_look=self._times[self._looked] if self._looked < len(self._times) else None,
        )

    def _is_hopeless(self, test: _Tested, counted: int, now: Levels) -> bool:
        """Whether neither end has one chance in ten to be proven at the last look, should what was seen go on.

        With n of N pairs seen, z at the end is expected at z sqrt(N/n), give or take sqrt((N - n)/n).
        """
        last = self._times[-1]
        if counted >= last:
            return True
        reach = _FAIR_CHANCE_Z * sqrt((last - counted) / counted)
        ahead = sqrt(last / counted)
        then = self._parts[-1] / self._part
        worse = normal_point(test.worse) * ahead + reach >= normal_point(now.lower * then)
        not_worse = normal_point(test.not_worse) * ahead + reach >= normal_point(now.upper * then)
        return not (worse or not_worse)


def compare_pairs(pairs: Sequence[Pair], rules: Rules) -> list[Change]:
    """A comparison with one look at the end: the fixed design."""
    comparison = Sequential(rules, max_pairs=max(len(pairs), 1))
    comparison.look(pairs, final=True)
    return comparison.changes(pairs)


def _counting(pairs: Sequence[Pair]) -> list[Pair]:
    return [pair for pair in pairs if not pair.disturbed]


def _tested(compared: Sequence[Case], rules: Rules) -> list[_Tested]:
    """All cases at once: the tail of a hundred rows costs as much as that of one."""
    if not compared:
        return []
    tolerated = [tolerated_of(case.key.metric, rules) for case in compared]
    allowed = [allowance_of(case.key.metric) for case in compared]
    above = p_above(_scores(compared, [t + a for t, a in zip(tolerated, allowed, strict=True)]))
    resolved = [resolution_of(case.key.metric) for case in compared]
    below = p_above(-_scores(compared, [t - r for t, r in zip(tolerated, resolved, strict=True)]))
    faster = p_above(-_scores(compared, [-a for a in allowed]))
    return [
        _Tested(case, float(worse), 0.0 if _never_failed(case) else float(not_worse), float(better))
        for case, worse, not_worse, better in zip(compared, above, below, faster, strict=True)
    ]


def _never_failed(case: Case) -> bool:
    """Where nothing failed at the head nothing got worse; the interval of what never happened needs 500 requests."""
    return case.key.metric == "error_rate" and case.head.value == 0


def _scores(compared: Sequence[Case], changes: Sequence[float]) -> NDArray[np.float64]:
    """Clipped scores, one row per case, filled up with zeros, which say nothing, where a case has fewer pairs."""
    rows = [
        clipped(case.contrast.scores(change)[None, :])[0]
        for case, change in zip(compared, changes, strict=True)
        if case.contrast is not None
    ]
    padded = np.zeros((len(rows), max(row.size for row in rows)))
    for row, values in zip(padded, rows, strict=True):
        row[: values.size] = values
    return padded
