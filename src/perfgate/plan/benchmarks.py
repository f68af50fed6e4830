"""Budgets of benchmarks and other imported results: which limits hold for a name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.plan.budget import Limit  # noqa: TC001  (dataclass fields are resolved at run time)
from perfgate.plan.limits import limit_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from perfgate.plan.benchmark_tables import BenchmarkTable
    from perfgate.plan.findings import Place
    from perfgate.plan.tiers import Tiers

ERROR_RATE = "error_rate"
_NO_LIMIT = "a table without a limit"


@dataclass(frozen=True)
class BenchmarkLimit:
    """A limit on one statistic.

    Attributes:
        unit: `ms` for times, `share` for the error rate, empty for a plain number in the metric's own unit.
    """

    limit: Limit
    unit: str


@dataclass(frozen=True)
class BenchmarkBudget:
    """The limits of one table.

    Attributes:
        pattern: a name, or a glob in which `*` stands for any text and `?` for one character; brackets stand for
            themselves, because names of parametrized tests have them.
        limits: by statistic.
        source: where the table stands.
    """

    pattern: str
    limits: Mapping[str, BenchmarkLimit]
    source: str = ""

    @property
    def is_glob(self) -> bool:
        """Whether it can stand for several names."""
        return "*" in self.pattern or "?" in self.pattern

    def matches(self, names: Iterable[str]) -> bool:
        """Whether it stands for something of one of these names."""
        if not self.is_glob:
            return self.pattern in names
        words = re.split(r"([*?])", self.pattern)
        glob = "".join({"*": ".*", "?": "."}.get(word) or re.escape(word) for word in words)
        return any(name == self.pattern or re.fullmatch(glob, name, re.DOTALL) for name in names)


def build_benchmarks(tables: Mapping[str, BenchmarkTable], place: Place) -> tuple[BenchmarkBudget, ...]:
    """The budgets, in the order of the file; problems are reported to `place`."""
    return tuple(_budget(pattern, table, place.at(pattern)) for pattern, table in tables.items())


def _budget(pattern: str, table: BenchmarkTable, place: Place) -> BenchmarkBudget:
    written: dict[str, Tiers] = {name: tiers for name, tiers in table if tiers is not None}
    if not pattern.strip():
        place.wrong("a benchmark without a name", 'write e.g. [benchmarks."test_encode"]')
    if not written and not place.findings.problems:
        place.wrong(_NO_LIMIT, 'write e.g. p50 = "2ms"')
    limits = {
        name: BenchmarkLimit(limit_of(name, tiers, place.at(name), at_most=True), _unit(name, tiers))
        for name, tiers in written.items()
    }
    return BenchmarkBudget(pattern, limits, place.source)


def _unit(name: str, tiers: Tiers) -> str:
    return "share" if name == ERROR_RATE else tiers.unit


def limits_for(names: tuple[str, ...], budgets: Iterable[BenchmarkBudget]) -> dict[str, tuple[BenchmarkLimit, bool]]:
    """By statistic, the limit that holds for something of these names, and whether its own table has it.

    A table of the name itself goes before a glob; of several globs the later one goes before.
    """
    found: dict[str, tuple[BenchmarkLimit, bool]] = {}
    for budget in sorted(budgets, key=lambda budget: not budget.is_glob):
        if budget.matches(names):
            found |= {name: (limit, not budget.is_glob) for name, limit in budget.limits.items()}
    return found
