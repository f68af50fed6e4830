"""What the history keeps of imported results."""

from __future__ import annotations

from pathlib import Path

import pytest

from perfgate.baseline.entry import from_bytes, to_bytes
from perfgate.importing import history_entries, judge
from perfgate.plan.budgets_file import parse_plan
from tests.importers.files import TOOLS, entry, real

PLAN = parse_plan('[benchmarks."*"]\nmax = "1m"\n', Path("budgets.toml"))


@pytest.mark.parametrize("name", TOOLS)
def test_every_files_statistics_can_be_kept_and_read_again(name: str) -> None:
    """By name and statistic, with the times themselves where the file has them."""
    imported = real(name)
    (kept,) = history_entries(judge(PLAN, [imported], "20260304T045320Z"), [imported])
    again = from_bytes(to_bytes(kept), "entry")
    assert again == kept
    assert (again.kind, again.service, again.load) == ("benchmarks", imported.tool, "benchmarks")
    for found in imported.entries:
        values = {statistic: value for (called, statistic), value in again.values.items() if called == found.name}
        assert values.get("mean") == found.statistic("mean")
    times = again.histograms()
    assert all(histogram.count for histogram in times.values())


def test_files_of_one_tool_are_one_entry_and_of_two_tools_two() -> None:
    """A benchmark that failed has nothing to keep."""
    imported = [real("google-benchmark.json"), real("hyperfine.json"), real("google-benchmark.json")]
    kept = history_entries(judge(PLAN, imported, "x"), imported)
    assert [one.service for one in kept] == ["google-benchmark", "hyperfine"]
    assert entry(imported[0], "BM_Skipped").error
    assert "BM_Skipped" not in {name for name, _ in kept[0].values}
