"""When a comparison is looked at while it is driven, and how much of its error budget each look may spend.

Looking often and stopping at the first success makes false alarms likely, unless they share one budget. Each look has
a fixed part of it, the parts adding up to 1; whatever the looks have in common, the chance that one of them errs is at
most the sum (Bonferroni over looks). The exact boundaries of Lan and DeMets (Discrete sequential boundaries for
clinical trials, Biometrika 70, 1983) need the joint distribution of all looks and the final number of checks in
advance; at levels near 1e-4 they would win 3 % of a boundary. The union bound needs neither, so that an endpoint may
turn up late: each look divides its own part among the checks that it sees.
"""

from __future__ import annotations

from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

FRACTIONS = (0.1, 0.15, 0.2, 0.3, 0.45, 0.67, 1.0)
# Each look's part grows with the square of time: with four looks at 18, 27, 41 and 60 pairs, a slowdown that the fixed
# design finds in 85 % of cases is found in 83 %, and a large one after 18 pairs (benchmarks/sequential_saving.py).
SPENDING_POWER = 2.0
# With n pairs no p-value lies below 2^-n; with 80 checks and a first part of a tenth it takes 17 to prove anything.
FEWEST = 18


def look_times(max_pairs: int) -> tuple[int, ...]:
    """At how many pairs a comparison of at most `max_pairs` is looked at."""
    times = {ceil(fraction * max_pairs - 1e-9) for fraction in FRACTIONS}
    return tuple(sorted(time for time in times if time >= FEWEST or time == max_pairs))


def parts(times: Sequence[int]) -> tuple[float, ...]:
    """The part of the budget that each look may spend: growing with what it can know; they add up to 1."""
    spent = [0.0, *((time / times[-1]) ** SPENDING_POWER for time in times)]
    return tuple(after - before for before, after in pairwise(spent))
