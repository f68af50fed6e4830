"""How the budget of false alarms is divided among checks, and who inherits from those that are proven.

Every check begins with the same part. The part of one that is proven worse goes to the other checks of its endpoint,
and only when all of these are proven to the other endpoints: where an endpoint's median got slower its p95 most likely
did too, and should be told. This is Holm's method with another order of inheritance (Bretz, Maurer, Brannath and Posch,
A graphical approach to sequentially rejective multiple test procedures, Statistics in Medicine 28, 2009): parts add up
to one and never shrink while others are proven, which is what the method asks for; then the chance of one or more false
alarms is at most the whole budget, whichever checks are truly unchanged.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from perfgate.judge.sides import CheckKey


def weights(left: Collection[CheckKey], of: Collection[CheckKey]) -> dict[CheckKey, float]:
    """The part of the budget that each check may use.

    Args:
        left: those that are not proven yet.
        of: all that are compared.

    Returns:
        For each of `of`, from 1 / len(of) to 1; of all in `left` together 1. One that is proven has what it would have,
        were it not.
    """
    remaining = set(left)
    alone = Counter(key.endpoint for key in remaining)
    sizes = Counter(key.endpoint for key in of)
    heirs = sum(sizes[endpoint] for endpoint in alone)
    found = {}
    for key in of:
        new = key not in remaining
        size, rivals = sizes[key.endpoint], alone[key.endpoint] + new
        found[key] = size / (heirs + (size if new and rivals == 1 else 0)) / rivals
    return found
