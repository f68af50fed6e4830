"""Whole verdicts on simulated pairs, looked at as `perfgate compare` does, on all cores."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from perfgate.judge.paired import CheckKey, Decision, Rules, Sequential

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from perfgate.measure.blocks import Pair

T = TypeVar("T")
R = TypeVar("R")
MAX_PAIRS = 60
GATING = ("mean", "p50", "p95", "error_rate")


@dataclass(frozen=True)
class Verdict:
    """What a comparison came to.

    Attributes:
        by_check: each check's decision at the end.
        first_worse: pairs when the first gating check was proven worse; None: never.
        decided, settled: pairs when every check was, or going on was of no use; None: not before the end.
    """

    by_check: Mapping[CheckKey, Decision]
    first_worse: int | None
    decided: int | None
    settled: int | None

    @property
    def worse(self) -> list[CheckKey]:
        """Gating checks that are proven worse."""
        return [key for key, found in self.by_check.items() if found == "worse" and is_gating(key)]


def is_gating(key: CheckKey) -> bool:
    """Whether a check is part of the verdict."""
    return key.metric in GATING if key.endpoint is not None else key.metric not in {"p50", "p95", "p99"}


def verdict(pairs: Sequence[Pair], max_slowdown: float, *, rate: float = 0.01) -> Verdict:
    """Look whenever a look is due, to the last pair, whatever was decided before."""
    comparison = Sequential(Rules(max_slowdown, rate), len(pairs))
    first = decided = settled = None
    found = None
    for counted in range(1, len(pairs) + 1):
        if not comparison.due(counted):
            continue
        found = comparison.look(pairs[:counted])
        worse = any(is_gating(key) for key in found.worse)
        first = counted if first is None and worse else first
        decided = counted if decided is None and found.decided else decided
        settled = counted if settled is None and found.settled else settled
    assert found is not None
    return Verdict(found.by_check, first, decided, settled)


def on_all_cores(task: Callable[[T], R], arguments: Iterable[T]) -> list[R]:
    """The results of a task, in order."""
    with ProcessPoolExecutor() as pool:
        return list(pool.map(task, arguments, chunksize=4))


def at_most(errors: int, of: int) -> float:
    """The upper end of the 95 % interval of a rate of which `errors` were seen (Clopper and Pearson)."""
    from scipy.stats import beta

    return float(beta.ppf(0.95, errors + 1, of - errors)) if errors < of else 1.0
