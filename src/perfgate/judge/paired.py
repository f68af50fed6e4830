"""Paired comparison: what the head costs against the base, decided while blocks are driven at both in turn.

Two errors are kept rare, each in its own way.

*Falsely worse*: the whole verdict has one budget for it. Each look has a part of that (`looks`), which is divided among
the checks (`weights`, after Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of
Statistics 6, 1979): what was proven worse, at whatever look, leaves its part to the others.

*Falsely not worse*: a green verdict needs *every* check to be proven not worse, so that a true slowdown gets through
only where its own check errs. Each check may therefore use the whole budget (Berger, Multiparameter hypothesis testing
and acceptance sampling, Technometrics 24, 1982), divided over the looks alone; this is what makes green verdicts quick.

What was proven worse stays so. What was proven not worse, or better, is tested for "worse" at every later look, which
costs nothing: each look has its own part. It falls open again where the estimate has come to lie on the other side. Of
error rates it is never final before the last look: they begin late (a pool runs dry, a disk fills up), where latencies
move from the start.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from perfgate.judge.changed import (
    Change,
    Decision,
    Levels,
    Rules,
    allowance_of,
    change_of,
    never_failed,
    resolution_of,
    tolerated_of,
)
from perfgate.judge.contrast import Share
from perfgate.judge.inversion import POWER_Z, normal_point, scores_of
from perfgate.judge.looks import look_times, parts
from perfgate.judge.sides import CheckKey, cases
from perfgate.judge.signflip import p_above
from perfgate.judge.weights import weights

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from perfgate.judge.contrast import Contrast
    from perfgate.judge.sides import Case
    from perfgate.measure.blocks import Pair

__all__ = ["Change", "CheckKey", "Decision", "Decisions", "Rules", "Sequential", "compare_pairs"]

_DONE = frozenset({"worse", "not_worse", "better", "new", "gone"})
_SETTLED = _DONE | {"too_few", "failed", "unmeasured"}
_FAVOURABLE = frozenset({"not_worse", "better"})
_EVEN = 0.5  # the p-value of an estimate that is what is supposed
_LEAST_SHARE = 0.3  # of the pairs, before all may be said to be in order: what breaks, breaks late
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
        self._found: Sequence[Case] = ()  # by the last look, of so many pairs that count
        self._counted = 0

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
        found = self._found = cases(counting)
        self._counted = len(counting)
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

    def estimates(self, keys: Sequence[CheckKey]) -> list[Change]:
        """Some checks as of the last look, for whoever watches; spends nothing, changes no decision.

        Args:
            keys: of these; an interval takes a tenth of a second, so that not all are made.
        """
        by_key = {case.key: case for case in self._found}
        levels = self._levels(self._found)
        wanted = [by_key[key] for key in keys if key in by_key]
        return [change_of(case, self._decision(case), self._rules, levels[case.key], self._counted) for case in wanted]

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
        self._reopen(tested)
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

    def _reopen(self, tested: Sequence[_Tested]) -> None:
        """Let go of what was said in the head's favour, where it has to be proven by all pairs so far."""
        for test in tested:
            decision, key = self._kept.get(test.case.key), test.case.key
            wrong = (decision == "not_worse" and test.not_worse > _EVEN) or (
                decision == "better" and test.better > _EVEN
            )
            if wrong or (decision in _FAVOURABLE and key.metric == "error_rate"):
                del self._kept[key]

    def _prove_worse(self, tested: Sequence[_Tested]) -> None:
        """Until none of those that are left can be proven with what the others left it."""
        while True:
            levels = self._levels([test.case for test in tested])
            proven: list[CheckKey] = [
                test.case.key
                for test in tested
                if self._kept.get(test.case.key) != "worse" and test.worse <= levels[test.case.key].lower
            ]
            if not proven:
                return
            self._kept |= dict.fromkeys(proven, "worse")

    def _decision(self, case: Case) -> Decision:
        return case.missing or self._kept.get(case.key, "undecided")  # what cannot be compared any more is not decided

    def _told(self, found: Sequence[Case], tested: Sequence[_Tested], counted: int, disturbed: int) -> Decisions:
        gating = [case for case in found if case.gating]
        levels = self._levels([test.case for test in tested])
        hopeless = {test.case.key for test in tested if self._is_hopeless(test, counted, levels[test.case.key])}
        decided = bool(gating) and all(self._decision(case) in _DONE for case in gating)
        settled = bool(gating) and all(self._decision(case) in _SETTLED or case.key in hopeless for case in gating)
        early = counted < _LEAST_SHARE * self._times[-1] and self._is_green(gating)
        return Decisions(
            by_check={case.key: self._decision(case) for case in found},
            pairs=counted,
            disturbed=disturbed,
            decided=decided and not early,
            settled=settled and not early,
            next_look=self._times[self._looked] if self._looked < len(self._times) else None,
        )

    def _is_green(self, gating: Sequence[Case]) -> bool:
        return not any(self._decision(case) == "worse" for case in gating)

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
    metrics = [case.key.metric for case in compared]
    tolerated = np.array([tolerated_of(metric, rules) for metric in metrics])
    allowed = np.array([allowance_of(metric) for metric in metrics])
    resolved = np.array([resolution_of(metric) for metric in metrics])
    contrasts = [case.contrast for case in compared if case.contrast is not None]
    above = p_above(_scores(contrasts, tolerated + allowed))
    below = p_above(-_scores(contrasts, tolerated - resolved))
    faster = p_above(-_scores(contrasts, -allowed))
    places = [place for place, case in enumerate(compared) if case.strict is not None]
    if places:
        strict = [case.strict for case in compared if case.strict is not None]
        below[places] = np.maximum(below[places], p_above(-_scores(strict, (tolerated - resolved)[places])))
        faster[places] = np.maximum(faster[places], p_above(-_scores(strict, -allowed[places])))
    for place, contrast in enumerate(contrasts):
        if isinstance(contrast, Share):
            counts, most = contrast.counts, float(tolerated[place])
            above[place] = max(above[place], counts.p_above(most))
            below[place] = 0.0 if never_failed(compared[place]) else max(below[place], counts.p_below(most))
            faster[place] = max(faster[place], counts.p_below(0.0))
    return [
        _Tested(case, float(worse), float(not_worse), float(better))
        for case, worse, not_worse, better in zip(compared, above, below, faster, strict=True)
    ]


def _scores(contrasts: Sequence[Contrast], changes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores, one row per contrast, filled up with zeros, which say nothing, where one has fewer pairs."""
    rows = [scores_of(contrast, float(change)) for contrast, change in zip(contrasts, changes, strict=True)]
    padded = np.zeros((len(rows), max(row.size for row in rows)))
    for row, values in zip(padded, rows, strict=True):
        row[: values.size] = values
    return padded
