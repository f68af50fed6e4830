"""Error rates by counts alone: how far two sides' shares of failed requests can lie apart, however few failed.

A sign-flip test of pairs knows bursts of failures, which come together, and little of rare ones: where most pairs have
none, pairs look more alike than they are. So what it proves must hold for independent requests too. Each side's share
has its exact interval (Clopper and Pearson, The use of confidence or fiducial limits illustrated in the case of the
binomial, Biometrika 26, 1934), and their difference an interval that is recovered from both (Newcombe, Interval
estimation for the difference between independent proportions, Statistics in Medicine 17, 1998, method 10; Zou and
Donner, Construction of confidence limits about effect measures, Statistics in Medicine 27, 2008). Where nothing failed
at one side it is the other's exact interval, which a normal approximation misses by far at levels near 1e-4.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_FURTHEST_Z = 8.0  # standard deviations: p-values below 1e-15 are told as this
_NEAREST_Z = 0.0
_EXACT_Z = 1e-4
_CHANCE = 0.05  # of a rise that is more than chance explains


@dataclass(frozen=True)
class Counts:
    """Failed requests, and all, at both sides; each side has requests."""

    base_failed: float
    base_all: float
    head_failed: float
    head_all: float

    @property
    def rise(self) -> float:
        """The head's share of failed requests less the base's."""
        return self.head_failed / self.head_all - self.base_failed / self.base_all

    def lower(self, level: float) -> float:
        """The largest rise that the true one is proven to lie above, at a one-sided level."""
        below = self.head_failed / self.head_all - _lowest(self.head_failed, self.head_all, level)
        above = _highest(self.base_failed, self.base_all, level) - self.base_failed / self.base_all
        return self.rise - sqrt(below**2 + above**2)

    def upper(self, level: float) -> float:
        """Likewise the smallest rise that it is proven to lie below."""
        return -Counts(self.head_failed, self.head_all, self.base_failed, self.base_all).lower(level)

    def p_above(self, rise: float) -> float:
        """The p-value for "the true rise is more than this": the level at which the lower end meets it."""
        from scipy.special import ndtr

        def short(z: float) -> float:
            return self.lower(float(ndtr(-z))) - rise

        if short(_NEAREST_Z) <= 0:
            return 1.0
        if short(_FURTHEST_Z) >= 0:
            return float(ndtr(-_FURTHEST_Z))
        return float(ndtr(-_crossing(short)))

    def p_below(self, rise: float) -> float:
        """The p-value for "the true rise is less than this"."""
        return Counts(self.head_failed, self.head_all, self.base_failed, self.base_all).p_above(-rise)

    def risen_beyond_chance(self) -> bool:
        """Whether more of the failures lie at the head than one time in twenty, were both sides alike."""
        from scipy.special import betainc

        if not self.head_failed:
            return False
        share = self.head_all / (self.base_all + self.head_all)
        # Of all failures, so many or more at the head: the tail of a binomial distribution.
        return bool(betainc(self.head_failed, self.base_failed + 1, share) <= _CHANCE)


def _lowest(failed: float, requests: float, level: float) -> float:
    from scipy.special import betaincinv

    return float(betaincinv(failed, requests - failed + 1, level)) if failed else 0.0


def _highest(failed: float, requests: float, level: float) -> float:
    from scipy.special import betaincinv

    return float(betaincinv(failed + 1, requests - failed, 1 - level)) if failed < requests else 1.0


def _crossing(short: Callable[[float], float]) -> float:
    from scipy.optimize import brentq

    return float(brentq(short, _NEAREST_Z, _FURTHEST_Z, xtol=_EXACT_Z))
