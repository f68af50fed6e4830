"""Budgets of benchmarks and other imported results: which limits hold for a name."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from perfgate.plan.budget import Limit  # noqa: TC001  (dataclass fields are resolved at run time)
from perfgate.plan.limits import limit_of
from perfgate.plan.units import shown
from perfgate.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from perfgate.plan.benchmark_tables import BenchmarkTable
    from perfgate.plan.budget import Uncertain
    from perfgate.plan.findings import Place
    from perfgate.plan.tiers import Tiers

ERROR_RATE = "error_rate"
# As `perfgate import` names them; tests hold this list against the importers.
TOOLS = (
    "google-benchmark",
    "hyperfine",
    "jmeter",
    "k6",
    "lighthouse",
    "locust",
    "pytest-benchmark",
    "vegeta",
)
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
        tool: only results of this one; empty: of any.
    """

    pattern: str
    limits: Mapping[str, BenchmarkLimit]
    source: str = ""
    tool: str = ""

    def is_of(self, tool: str) -> bool:
        """Whether it stands for results of this tool."""
        return self.tool in {"", tool}

    def deciding(self, uncertain: Uncertain) -> BenchmarkBudget:
        """The same budget, whose limits all make this of what is uncertain."""
        limits = {
            name: replace(one, limit=replace(one.limit, uncertain=uncertain)) for name, one in self.limits.items()
        }
        return replace(self, limits=limits)

    @property
    def is_glob(self) -> bool:
        """Whether it can stand for several names."""
        return "*" in self.pattern or "?" in self.pattern

    @cached_property
    def _glob(self) -> re.Pattern[str]:
        words = re.split(r"([*?])", self.pattern)
        return re.compile("".join({"*": ".*", "?": "."}.get(word) or re.escape(word) for word in words), re.DOTALL)

    def matches(self, names: Iterable[str]) -> bool:
        """Whether it stands for something of one of these names."""
        if not self.is_glob:
            return self.pattern in names
        return any(self._glob.fullmatch(name) for name in names)


def build_benchmarks(tables: Mapping[str, BenchmarkTable], place: Place) -> tuple[BenchmarkBudget, ...]:
    """The budgets, in the order of the file; problems are reported to `place`."""
    return tuple(_budget(pattern, table, place.at(pattern)) for pattern, table in tables.items())


def _budget(pattern: str, table: BenchmarkTable, place: Place) -> BenchmarkBudget:
    written: dict[str, Tiers] = {name: tiers for name, tiers in table if name != "tool" and tiers is not None}
    if table.tool and table.tool not in TOOLS:
        place.at("tool").wrong(f"no tool {shown(table.tool)}", nearest(table.tool, TOOLS))
    if not pattern.strip():
        place.wrong("a benchmark without a name", 'write e.g. [benchmarks."test_encode"]')
    if not written and not place.findings.problems:
        place.wrong(_NO_LIMIT, 'write e.g. p50 = "2ms"')
    limits = {
        name: BenchmarkLimit(limit_of(name, tiers, place.at(name), at_most=True), _unit(name, tiers))
        for name, tiers in written.items()
    }
    return BenchmarkBudget(pattern, limits, place.source, table.tool or "")


def _unit(name: str, tiers: Tiers) -> str:
    return "share" if name == ERROR_RATE else tiers.unit


class BenchmarkBudgets:
    """All budgets, to be asked for each of thousands of benchmarks.

    Args:
        budgets: in the order of the file.
    """

    def __init__(self, budgets: Iterable[BenchmarkBudget]) -> None:
        self._all = list(budgets)
        self._globs = [budget for budget in self._all if budget.is_glob]
        self._named = {budget.pattern: budget for budget in self._all if not budget.is_glob}
        self._used: set[str] = set()

    def limits_for(self, names: Sequence[str], tool: str = "") -> dict[str, tuple[BenchmarkLimit, bool]]:
        """By statistic, the limit that holds for something of these names, and whether a table of its own has it.

        A table of the name itself goes before a glob; of several globs the later one goes before.
        """
        globs = [budget for budget in self._globs if budget.is_of(tool) and budget.matches(names)]
        own = [table for name in names if (table := self._named.get(name)) and table.is_of(tool)]
        self._used.update(budget.pattern for budget in (*globs, *own))
        found = {name: (limit, False) for budget in globs for name, limit in budget.limits.items()}
        return found | {name: (limit, True) for budget in reversed(own) for name, limit in budget.limits.items()}

    def unused(self, tools: Collection[str] = ()) -> list[BenchmarkBudget]:
        """Those that have stood for nothing so far, but for those of other tools than these."""
        return [
            budget
            for budget in self._all
            if budget.pattern not in self._used and (not budget.tool or budget.tool in tools)
        ]
