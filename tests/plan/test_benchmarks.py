"""Budgets of benchmarks: how they are written, and which holds for what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from perfgate.plan.benchmarks import BenchmarkBudget, BenchmarkBudgets, BenchmarkLimit
from perfgate.plan.budget import Limit
from perfgate.plan.budgets_file import budgets_schema
from tests.plan.writing import error_of, plan_of

VALIDATOR = Draft7Validator(budgets_schema())


def budgets_of(text: str) -> tuple[BenchmarkBudget, ...]:
    """The budgets that a file has; it needs nothing else."""
    return plan_of(text).benchmarks


def test_a_table_has_limits_on_statistics() -> None:
    """Times in ms, shares, and plain numbers for what has a unit of its own or none."""
    (budget,) = budgets_of(
        '[benchmarks."test_encode"]\np50 = "2ms"\nmax = { warn = 0.1, fail = 0.25 }\nerror_rate = "1%"\nmin = "40us"\n'
    )
    assert (budget.pattern, budget.source) == ("test_encode", "budgets.toml:1")
    assert budget.limits == {
        "p50": BenchmarkLimit(Limit("p50", None, 2, "budgets.toml:2"), "ms"),
        "max": BenchmarkLimit(Limit("max", 0.1, 0.25, "budgets.toml:3"), ""),
        "error_rate": BenchmarkLimit(Limit("error_rate", None, 0.01, "budgets.toml:4"), "share"),
        "min": BenchmarkLimit(Limit("min", None, 0.04, "budgets.toml:5"), "ms"),
    }


def test_several_tables_stand_in_the_order_of_the_file() -> None:
    """The later of two globs goes before."""
    budgets = budgets_of('[benchmarks."b*"]\np50 = "1ms"\n[benchmarks."a*"]\np50 = "2ms"\n')
    assert [budget.pattern for budget in budgets] == ["b*", "a*"]


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ('[benchmarks.x]\np50 = "2 parsecs"', "budgets.toml:2"),
        ("[benchmarks.x]\np50 = -1", "-1 is negative"),
        ("[benchmarks.x]\np50 = nan", "absurd"),
        ("[benchmarks.x]\np50 = true", "budgets.toml:2"),
        ('[benchmarks.x]\np50 = { warn = "1ms", fail = 2 }', "warn and fail have different units"),
        ('[benchmarks.x]\np50 = { warn = "3ms", fail = "2ms" }', "warn must be reached before fail"),
        ("[benchmarks.x]\nerror_rate = 0.1", "budgets.toml:2"),
        ('[benchmarks.x]\np51 = "1ms"', "p50"),
        ("[benchmarks.x]", "without a limit"),
        ('[benchmarks.""]\np50 = "1ms"', "without a name"),
        ("benchmarks = 3", "budgets.toml:1"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(written: str, words: str) -> None:
    """As everywhere in the file."""
    assert words in error_of(written)


@pytest.mark.parametrize(
    ("table", "valid"),
    [
        ({"p50": "2ms", "max": {"warn": 1, "fail": 2}, "error_rate": "1%"}, True),
        ({"p50": "2 parsecs"}, False),
        ({"p50": -1}, False),
        ({"p42": "1ms"}, False),
    ],
)
def test_the_schema_knows_the_table(table: dict[str, object], valid: bool) -> None:
    """Editors complete and check it."""
    assert VALIDATOR.is_valid({"benchmarks": {"test_*": table}}) is valid


def budget(pattern: str, **limits: float) -> BenchmarkBudget:
    """A budget with failing tiers in ms."""
    return BenchmarkBudget(
        pattern, {name: BenchmarkLimit(Limit(name, fail=value), "ms") for name, value in limits.items()}
    )


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("test_encode", "test_encode", True),
        ("test_encode", "test_encode2", False),
        ("test_*", "test_sort[small]", True),
        ("test_sort[small]", "test_sort[small]", True),
        ("test_sort[*]", "test_sort[small]", True),
        ("test_sort[*]", "test_sorts", False),
        ("BM_?/64", "BM_A/64", True),
        ("BM_?/64", "BM_AB/64", False),
        ("GET /items/*", "GET /items/{id}", True),
        ("a.c*", "abc", False),
        ("*", "anything\nat all", True),
    ],
)
def test_globs_have_stars_and_question_marks_only(pattern: str, name: str, matches: bool) -> None:
    """Brackets are part of names."""
    assert budget(pattern).matches((name,)) is matches


@given(st.text(min_size=1))
def test_a_name_always_matches_itself(name: str) -> None:
    """Whatever is in it, and below a star."""
    assert budget(name).matches((name,))
    assert budget("*").matches((name,))
    assert budget(f"{name}*").matches((f"{name}x",))


def test_the_name_itself_goes_before_a_glob_and_a_later_glob_before_an_earlier() -> None:
    """Each table replaces only what it names."""
    budgets = BenchmarkBudgets(
        [budget("test_x", p50=1), budget("test_*", p50=2, p95=3, max=4), budget("*", p95=5), budget("x*", p50=1)]
    )
    found = budgets.limits_for(("tests/a.py::test_x", "test_x"))
    assert {name: (one.limit.fail, own) for name, (one, own) in found.items()} == {
        "p50": (1, True),
        "p95": (5, False),
        "max": (4, False),
    }
    assert set(budgets.limits_for(("bench_y",))) == {"p95"}
    assert [unused.pattern for unused in budgets.unused()] == ["x*"]


def test_the_longer_of_two_names_goes_before_the_shorter() -> None:
    """With its file, a test is named more exactly."""
    budgets = BenchmarkBudgets([budget("a.py::test_x", p50=1), budget("test_x", p50=2)])
    assert budgets.limits_for(("a.py::test_x", "test_x"))["p50"][0].limit.fail == 1
