"""The budgets reference mentions everything that can be written, and its examples work."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from perfgate.plan.budget import DEFAULT_ERROR_RATE, METRICS
from perfgate.plan.budgets_file import budgets_schema
from perfgate.plan.plan import Gate, HealthLimits, Load, Service
from perfgate.plan.units import DURATION, PERCENT, RATE, SIZE
from tests.plan.writing import COMPLETE, plan_of

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE_FOLDER = Path(__file__).parents[2] / "docs"
PAGE = (PAGE_FOLDER / "budgets.md").read_text()
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
WORDS = set(
    re.findall(r"[a-z0-9_]+", " ".join(re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL))))
)


def schema_keys() -> Iterator[str]:
    """Every key that the schema names."""
    schema = budgets_schema()
    tables: list[dict[str, Any]] = [schema, *schema["$defs"].values()]
    for table in tables:
        yield from table.get("properties", {})


@pytest.mark.parametrize("key", sorted({*METRICS, *schema_keys()}))
def test_every_metric_and_every_key_is_explained(key: str) -> None:
    """In the text itself, not only in an example."""
    assert key in WORDS


@pytest.mark.parametrize("unit", [u for q in (DURATION, RATE, PERCENT, SIZE) for u in q.units])
def test_every_unit_is_listed(unit: str) -> None:
    """In the table of units."""
    assert f"`{unit}`" in PAGE


def test_the_complete_example_is_the_one_that_is_tested() -> None:
    """It reads as it stands."""
    assert COMPLETE.read_text() in EXAMPLES
    assert plan_of(COMPLETE.read_text()).services


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_example_is_toml(text: str) -> None:
    """And can be copied."""
    tomllib.loads(text)


def test_the_artifacts_example_reads() -> None:
    """Both of its files."""
    text = next(example for example in EXAMPLES if example.startswith("[artifacts]"))
    assert len(plan_of(text).artifacts) == 2


@pytest.mark.parametrize(
    ("key", "default"),
    [
        ("max_slowdown", f"{Gate().max_slowdown_percent:g}%"),
        ("false_alarm_rate", f"{Gate().false_alarm_rate}"),
        ("baseline", Gate().baseline),
        ("store", Gate().store),
        ("generator_cpu", f"{HealthLimits().generator_cpu:.0%}"),
        ("loop_lag", f"{HealthLimits().loop_lag_ms:g}ms"),
        ("schedule_lag", f"{HealthLimits().schedule_lag_ms:g}ms"),
        ("steal", f"{HealthLimits().steal:.0%}"),
        ("throttled", f"{HealthLimits().throttled_ms:g}ms"),
        ("clock_step", f"{HealthLimits().clock_step_ms:g}ms"),
        ("open_files", f"{HealthLimits().open_files:.0%}"),
        ("ports", f"{HealthLimits().ports:.0%}"),
        ("bad_seconds", f"{HealthLimits().bad_seconds:.0%}"),
        ("ready_timeout", f"{Service.ready_timeout_s:g}s"),
        ("stop_timeout", f"{Load.stop_timeout_s:g}s"),
        ("max_users", f"{Load.max_users}"),
        ("arrivals", Load.arrivals),
    ],
)
def test_the_defaults_are_those_of_the_plan(key: str, default: str) -> None:
    """In the last column of the key's row, and in the schema's description where that names one."""
    rows = [line for line in PAGE.splitlines() if line.startswith(f"| `{key}`")]
    assert rows
    assert all(row.split("|")[-2].strip().strip('`"') == default for row in rows)


@pytest.mark.parametrize("page", ["budgets.md", "getting-started.md"])
def test_that_errors_are_judged_without_a_budget_is_told_with_the_defaults(page: str) -> None:
    """Where a reader meets budgets first, and in the reference."""
    text = " ".join((PAGE_FOLDER / page).read_text(encoding="utf-8").split())
    assert "Errors are judged even where" in text
    assert f"more than {DEFAULT_ERROR_RATE.warn:.0%}".replace("%", " %") in text
    assert f"more than {DEFAULT_ERROR_RATE.fail:.0%}".replace("%", " %") in text
