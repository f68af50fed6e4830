"""The table of `perfgate explain`."""

from __future__ import annotations

from dataclasses import replace

from perfgate.plan.explain import AppliedLimit
from perfgate.report import explain

LIMITS = [
    AppliedLimit("catalog", None, None, "startup_time", "s", None, 5.0, "budgets.toml:20", "service"),
    AppliedLimit("catalog", "peak", None, "p95", "ms", 200.0, 250.0, "budgets.toml:42", "service"),
    AppliedLimit("catalog", "peak", "GET /items/[id]", "p95", "ms", None, 120.0, "budgets.toml:57", "endpoint"),
    AppliedLimit("catalog", "stress", None, "error_rate", "share", None, 0.01, "default", "default", "step"),
    AppliedLimit(None, None, None, "dist/app_x.js", "bytes", None, 5e5, "budgets.toml:70", "artifacts"),
    AppliedLimit(None, None, "test_*", "p50", "ms", None, 2.0, "budgets.toml:72", "benchmarks"),
]


def cells(text: str) -> list[list[str]]:
    """The words of each line."""
    return [line.split() for line in text.splitlines()]


def test_each_limit_stands_under_the_service_and_load_it_holds_for() -> None:
    """With both tiers, the table it comes from and its line."""
    lines = explain.render(LIMITS).splitlines()
    groups = [line for line in lines[2:-3] if not line.startswith(" ")]
    assert groups == ["catalog", "catalog / peak", "catalog / stress", "artifacts", "benchmarks"]
    assert cells(explain.render(LIMITS))[5] == [
        "whole",
        "service",
        "p95",
        "200",
        "ms",
        "250",
        "ms",
        "service",
        "budgets.toml:42",
    ]


def test_names_are_shown_as_they_are() -> None:
    """Square brackets are no markup, and a path is no metric."""
    text = explain.render(LIMITS)
    assert "GET /items/[id]" in text
    assert ["dist/app_x.js", "size", "-", "500", "KB", "artifacts", "budgets.toml:70"] in cells(text)


def test_limits_that_judge_steps_are_marked() -> None:
    """They are no checks of their own, and the table says so."""
    text = explain.render(LIMITS)
    assert "error rate *" in text
    assert "\n* decides whether a step of a stress load held" in text
    assert "*" not in explain.render(LIMITS[:3])


def test_without_limits_it_says_what_to_do() -> None:
    """An empty table would look like a fault."""
    assert explain.render([]) == "No limit applies: add a [services.NAME.budget] table to budgets.toml."


def test_the_table_fits_its_width_and_is_plain_unless_asked() -> None:
    """Names fold, and colours are for terminals."""
    narrow = explain.render(LIMITS, width=80)
    assert max(len(line) for line in narrow.splitlines()) <= 80
    assert "\x1b" not in narrow
    assert "\x1b" in explain.render(LIMITS, color=True)


def test_percentiles_say_how_many_values_they_need_and_what_is_made_of_a_doubt() -> None:
    """An endpoint that is seldom asked for has few; other limits have no such thing."""
    *_, needs, made = explain.render(LIMITS).splitlines()
    assert needs == "values to be known, and to have an upper end: p50 2 and 6, p95 20 and 72"
    assert made == "a limit broken within the percentile's own 95 % interval is a warning ([gate] uncertain)"
    strict = explain.render([replace(LIMITS[1], uncertain="fail")])
    assert "own 95 % interval is a failure ([gate] uncertain)" in strict
    assert "interval" not in explain.render([LIMITS[0], LIMITS[3], LIMITS[4]])
