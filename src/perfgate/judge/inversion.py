"""Tests turned into figures: p-values of supposed changes, and the interval of changes that are not rejected."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite
from typing import TYPE_CHECKING

import numpy as np

from perfgate.judge.contrast import Share
from perfgate.judge.signflip import clipped, p_above

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from perfgate.judge.contrast import Contrast

_FIRST_STEP = 0.01
_FURTHEST = 5.0  # a factor of 150, or (error rates) more than there is
_EXACT = 1e-5
_ROUNDING = 1e-9  # of the sum of sizes
POWER_Z = 1.2815515655446004  # 90 % point of the normal distribution


@dataclass(frozen=True)
class Bounds:
    """What the pairs say about a change; infinite where they do not bound it.

    Attributes:
        change: the estimate, of clipped scores: one wild pair does not move it.
        lower: the largest change that the head is proven to lie above, at the level given.
        upper: likewise the smallest that it is proven to lie below.
    """

    change: float
    lower: float
    upper: float


def scores_of(contrast: Contrast, change: float) -> NDArray[np.float64]:
    """Scores as they are tested."""
    scores = contrast.scores(change)
    return clipped(scores[None, :])[0] if contrast.clips else scores


def p_worse(contrast: Contrast, change: float) -> float:
    """The p-value of the pairs for "the head is more than `change` worse"."""
    return float(p_above(scores_of(contrast, change)[None, :])[0])


def p_not_worse(contrast: Contrast, change: float) -> float:
    """The p-value of the pairs for "the head is less than `change` worse"."""
    return float(p_above(-scores_of(contrast, change)[None, :])[0])


def bounds(contrast: Contrast, lower_level: float, upper_level: float, strict: Contrast | None = None) -> Bounds:
    """The estimate and both ends, each at its one-sided level.

    Args:
        contrast: what is tested.
        lower_level, upper_level: of the two ends.
        strict: what must be proven too before anything is said in the head's favour.
    """
    change = estimate_of(contrast)
    lower = change - _distance(lambda away: p_worse(contrast, change - away), lower_level)
    upper = max(
        change + _distance(lambda away, own=own: p_not_worse(own, change + away), upper_level)  # type: ignore[misc]
        for own in (contrast, strict)
        if own is not None
    )
    if isinstance(contrast, Share):
        lower = min(lower, contrast.counts.lower(lower_level))
        upper = max(upper, contrast.counts.upper(upper_level))
    return Bounds(change, lower, upper)


def estimate_of(contrast: Contrast) -> float:
    """Where the clipped scores are centred at zero.

    Counts are centred for a whole range of changes, from one observed time to the next: it is its middle, as a median
    is of two values, so that rounding errors do not choose an end.
    """
    plain = contrast.estimate()
    return plain + (_balance(contrast, plain, _ROUNDING) + _balance(contrast, plain, -_ROUNDING)) / 2


def _balance(contrast: Contrast, plain: float, lean: float) -> float:
    """How far from the plain change the clipped scores turn to the other sign, zero being leant to one."""

    def excess(away: float) -> float:
        scores = scores_of(contrast, plain + away)
        return float(scores.sum() + lean * np.abs(scores).sum())

    start = excess(0.0)
    if start == 0:
        return 0.0
    step = _FIRST_STEP if start > 0 else -_FIRST_STEP
    while excess(step) * start > 0:
        step *= 2
        if abs(step) > _FURTHEST:
            return 0.0
    return _root(excess, 0.0, step)


def _distance(p_value: Callable[[float], float], level: float) -> float:
    """How far from the estimate a supposed change is rejected; infinite when never."""
    wanted = normal_point(level)

    def short(away: float) -> float:
        return wanted - normal_point(p_value(away))

    near, step = 0.0, _FIRST_STEP
    while short(step) > 0:
        near, step = step, step * 2
        if step > _FURTHEST:
            return inf
    return _root(short, near, step) if short(near) > 0 else near


def _root(function: Callable[[float], float], first: float, second: float) -> float:
    from scipy.optimize import brentq  # 0.3 s to import

    return float(brentq(function, first, second, xtol=_EXACT, rtol=1e-9))


def normal_point(level: float) -> float:
    """The point that a standard normal variable exceeds with the probability `level`."""
    from scipy.special import ndtri

    return -float(ndtri(np.clip(level, 1e-300, 1 - 1e-16)))


def detectable(found: Bounds, lower_level: float, tolerated: float) -> float | None:
    """The smallest true change that would have been proven above `tolerated` in 9 of 10 cases; None: none can be named.

    The lower end lies z(level) standard errors below the estimate, and an estimate falls at most 1.28 of them below
    the truth in 9 of 10 cases.
    """
    half = found.change - found.lower
    if not isfinite(half):
        return None
    return tolerated + half * (1 + POWER_Z / normal_point(lower_level))
