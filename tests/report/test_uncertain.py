"""An uncertain value in every report: that it is one, its interval, what it rests on, and what would decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from perfgate.report import csv, html, json, junit, markdown, prometheus, text
from perfgate.report.comment.page import render as comment
from perfgate.report.comment.subject import Context, Part
from tests.report import results

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfgate.judge.result import Check, Result, Status

WORDS = "p95 260 ms, budget 250 ms (+4 %); uncertain: 241 ms and more; about 72 requests would decide"


def doubtful(status: Status, **fields: Any) -> Check:
    """A p95 of which 30 requests give no upper end."""
    about: dict[str, Any] = {"observed_interval": (241.0, None), "samples": 30, "samples_needed": 72, "uncertain": True}
    about["observed"] = 260.0 if status == "warn" else 245.0
    return results.check(status, message=WORDS, **(about | fields))


def of(*checks: Check, status: Status = "warn") -> Result:
    """A result of one load with these checks."""
    verdict = "warn" if status == "warn" else "pass"
    return results.passed(verdict=verdict, runs=[results.run(verdict=verdict, checks=list(checks))])


REPORTS: dict[str, tuple[Callable[[Result], str], tuple[str, ...]]] = {
    "text": (
        lambda result: " ".join(text.render(result, width=80).split()),
        ("~", "at least 241 ms", "of 30 values", "about 72"),
    ),
    "markdown": (markdown.render, ("\\~", "at least 241 ms", "of 30 values", "about 72")),
    "html": (html.render, ("~", "at least 241 ms", "of 30 values", "about 72")),
    "comment": (lambda result: comment([Part("", result)], Context()), ("at least 241 ms", "of 30 values", "about 72")),
    "json": (json.render, ('"uncertain": true', "241.0,\n", '"samples": 30', '"samples_needed": 72')),
    "junit": (junit.render, ("uncertain: 241 ms and more", "about 72 requests")),
    "csv": (csv.render, (",yes,241.0,,30,72",)),
    "prometheus": (prometheus.render, ("perfgate_check_uncertain", "perfgate_check_observed_low", "+Inf", " 0.241")),
}


@pytest.mark.parametrize("status", ["warn", "pass"])
@pytest.mark.parametrize("name", REPORTS)
def test_every_report_shows_it(name: str, status: Status) -> None:
    """Of a broken limit as of one that is kept."""
    render, needles = REPORTS[name]
    page = render(of(doubtful(status), status=status))
    for needle in needles:
        if name == "markdown" and needle.startswith("\\"):
            assert "~" in page or "&#126;" in page
        else:
            assert needle in page, page


def test_where_many_are_uncertain_the_broken_ones_are_named_and_the_others_counted() -> None:
    """A page of notes would be read by nobody."""
    many = [doubtful("pass", endpoint=f"GET /{number}") for number in range(10)]
    page = text.render(of(*many, doubtful("warn", endpoint="GET /broken")), width=200)
    assert "catalog/normal GET /broken p95: 260 ms, limit 250 ms; at least 241 ms" in page
    assert "6 more values with a ~ before it" in page


@pytest.mark.parametrize("status", ["warn", "pass"])
def test_what_is_far_within_its_limit_is_counted_and_worries_nobody(status: Status) -> None:
    """5 ms of 250 ms, of 30 requests: the upper end is not known, and what is near its limit stands before it."""
    far = [
        doubtful("pass", endpoint=f"GET /{number}", observed=5.0, observed_interval=(4.0, None)) for number in (1, 2)
    ]
    page = text.render(of(*far, doubtful(status, endpoint="GET /near"), status=status), width=200)
    assert "catalog/normal GET /near p95" in page
    assert "GET /1" not in page
    assert "2 percentiles far within the limit" in page
