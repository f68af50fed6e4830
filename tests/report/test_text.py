"""The report on a terminal and in a job's log."""

from __future__ import annotations

import re

import pytest

from perfgate.report import text
from perfgate.report.console import trimmed
from tests.report import results

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def test_what_failed_and_by_how_much_comes_before_everything_else() -> None:
    """The first screen answers: what, how much, and where the limit stands."""
    lines = text.render(results.result()).splitlines()
    assert lines[0] == "FAIL: 1 of 14 checks failed, 2 could not be judged, 1 warning, 1 skipped"
    assert lines[2] == "Failed (1)"
    assert lines[5] == "catalog / peak"
    assert lines[6].split() == [
        "GET",
        "/items/{id}",
        "p95",
        "312.4",
        "ms",
        "250",
        "ms",
        "62.4",
        "ms",
        "(25",
        "%)",
        "budgets.toml:57",
    ]


def test_the_last_line_is_the_verdict() -> None:
    """Where people look first in a log."""
    assert text.render(results.passed()).splitlines()[-1] == "PASS in 2 m 40 s (exit 0)"


def test_sections_come_in_the_order_of_their_weight() -> None:
    """Red, then yellow, then unknown, then figures."""
    shown = text.render(results.result())
    titles = ["Failed (1)", "Warnings (1)", "Could not be judged", "\ncatalog\n", "Health score", "skipped (`perf"]
    assert sorted(titles, key=shown.index) == titles


@pytest.mark.parametrize("width", [80, 100, 200])
@pytest.mark.parametrize("name", ["GET /items", *results.HOSTILE])
def test_no_line_is_longer_than_the_terminal(width: int, name: str) -> None:
    """Longer names fold."""
    for result in (results.hostile(name), results.hostile_comparison(name)):
        shown = text.render(result, width=width, verbose=True)
        assert max(len(line) for line in shown.splitlines()) <= width


def test_a_table_row_of_a_run_fits_on_80_columns_unfolded() -> None:
    """Each load is one line even where numbers are long."""
    total = results.endpoint(None, requests=1_234_567, failures=98_765, p50=1_234.5)
    run = results.run("busy", total=total, cpu_mean=3.456, memory_max_bytes=1.2345e10)
    row = next(line for line in text.render(results.passed(runs=[run])).splitlines() if line.startswith("busy"))
    assert row.split() == ["busy", "1,234,567", "20,576", "8", "1,234", "3,704", "6,419", "345.6", "12,345", "pass"]


def test_square_brackets_and_colons_in_names_are_no_commands() -> None:
    """`[id]` is a path parameter, not a style, and `:tada:` is no picture."""
    name = "GET /items/[id]/[bold red]:tada:[/]"
    shown = text.render(results.passed(runs=[results.run(checks=[results.check("fail", endpoint=name)])]), width=160)
    assert name in shown


def test_colours_appear_only_when_asked_for() -> None:
    """And they change nothing but colours."""
    plain = text.render(results.result())
    coloured = text.render(results.result(), color=True)
    assert "\x1b" not in plain
    assert "\x1b[1;31mFAIL" in coloured
    assert trimmed(ESCAPE.sub("", coloured)) == plain


@pytest.mark.parametrize("name", results.HOSTILE)
def test_names_from_outside_cannot_send_commands_to_the_terminal(name: str) -> None:
    """Escape sequences are shown, not obeyed."""
    for result in (results.hostile(name), results.hostile_comparison(name)):
        assert all(line.isprintable() for line in text.render(result, verbose=True).splitlines())


def test_skipped_checks_are_counted_and_listed_on_request() -> None:
    """Nothing is left out silently."""
    assert "1 check skipped (`perfgate report --verbose` lists them)" in text.render(results.result())
    shown = text.render(results.result(), verbose=True, width=120)
    assert "- catalog / stress: whole service p99.9: too few requests for p99.9: 812 of 1,000" in shown


def test_passed_checks_are_listed_on_request() -> None:
    """With their limits; a minimum is marked as one."""
    shown = text.render(results.passed(), verbose=True)
    assert "Passed (5)" in shown
    assert re.search(r"whole service +throughput +400/s +≥ 380/s", shown)
    assert "Passed" not in text.render(results.passed())


def test_a_check_without_a_limit_says_what_it_means() -> None:
    """All requests failed: that breaks no number, and is told in words."""
    words = "every request failed (12 requests): that is never a pass"
    check = results.check("fail", metric="error_rate", unit="share", observed=1.0, limit=None, source="", message=words)
    shown = text.render(results.passed(verdict="fail", runs=[results.run(checks=[check])]), width=160)
    assert re.search(r"whole service +error rate +100 % +- +- +every request failed", shown)


def test_scores_and_findings_are_shown() -> None:
    """One number for people who want one, and what each load was for."""
    shown = text.render(results.result())
    assert "Health score: catalog 72/100 (C)" in shown
    assert "- spike: recovered in 3 s: p95 back within 250 ms" in shown


def test_a_failure_of_a_doubtful_run_is_not_called_a_failure() -> None:
    """It stands under what could not be judged."""
    shown = text.render(results.passed(verdict="invalid", exit_code=3, runs=[results.doubtful()]))
    assert "Failed" not in shown
    assert "- catalog/doubtful: the generator used 97 % of its core" in shown


def test_the_slowest_requests_are_listed_on_request() -> None:
    """With what it takes to find them in the service's traces; nobody needs them in the log of a green run."""
    shown = text.render(results.passed(), verbose=True, width=160)
    assert re.search(
        r"GET /items/{id} +00:31 +1,457 ms +200 +http://127.0.0.1:8001/items/17 +4bf92f3577b34da6a3ce929d0e0e4736",
        shown,
    )
    assert re.search(r"GET /items/{id} +00:44 +1,220 ms +- +http://127.0.0.1:8001/items/17 +-", shown)
    assert "Slowest" not in text.render(results.passed())


def test_what_is_worth_knowing_about_the_generator_is_noted() -> None:
    """It changes nothing, and stands apart from what could not be judged."""
    noted = results.run(health=results.health(notes=["3 requests were sent again"]))
    shown = text.render(results.passed(runs=[noted]))
    assert "Generator health\n- catalog/normal: 3 requests were sent again" in shown
    assert "Could not be judged" not in shown


@pytest.mark.parametrize("width", range(20, 121, 5))
def test_no_number_is_ever_cut(width: int) -> None:
    """On a narrow terminal lines wrap; a digit that is missing would be a wrong figure."""
    total = results.endpoint(None, requests=123_456_789, failures=98_765_432, p50=1_234_567.8)
    run = results.run("busy", total=total, cpu_mean=34.56, memory_max_bytes=1.2345e12)
    checks = results.run("peak", checks=[results.check("fail", observed=123_456.7, limit=100_000.0)])
    shown = results.passed(runs=[run, checks])
    wide, narrow = (text.render(shown, width=columns, verbose=True).splitlines() for columns in (200, width))
    for begin in ("busy", "peak"):
        (expected,) = (line.split() for line in wide if line.startswith(begin))
        assert expected in [line.split() for line in narrow]
    excess = re.compile(r"123,457 ms +100,000 ms +23,457 ms \(23 %\)")
    assert [sum(bool(excess.search(line)) for line in lines) for lines in (wide, narrow)] == [1, 1]


def test_a_comparison_begins_with_what_is_slower_by_how_much_and_between_which_revisions() -> None:
    """On a terminal of 80 columns each check is one line."""
    lines = text.render(results.slower()).splitlines()
    assert lines[0].startswith("FAIL: slower, p95 of GET /items/{id} by +52 % (1 of 8 checks), 1 undecided")
    assert "base fedcba9876 (merge-base), head 0123456789 of faster" in lines
    row = next(line for line in lines if line.startswith("  GET /items/{id}"))
    assert re.fullmatch(r"  GET /items/{id} +p95 +250 ms +380 ms +\+52 % +\+45 % to \+59 %", row)


def test_a_comparison_tells_things_in_the_order_of_their_weight() -> None:
    """Red, undecided, what to do, then the rest, and last how sure it is."""
    shown = text.render(results.slower())
    titles = [
        "Slower, by more than is tolerated (1)",
        "Undecided (1)",
        "What to do",
        "Worse, as accepted (1)",
        "Slower, only shown, no part of the verdict (1)",
        "At one side only",
        "Faster, proven (1)",
        "3 checks not worse (`perfgate report --verbose` lists them)",
        "How sure this is",
        "Accepted regressions",
        "catalog, at the head",
    ]
    assert sorted(titles, key=shown.index) == titles


def test_what_is_undecided_is_told_once_in_its_own_words() -> None:
    """They say what it would take."""
    shown = " ".join(text.render(results.slower()).split())
    assert shown.count("about 90 pairs would tell, 30 were driven") == 1


def test_all_that_passed_is_listed_on_request_with_what_would_have_been_found() -> None:
    """A decrease of throughput is the worsening there."""
    shown = text.render(results.slower(), verbose=True, width=100)
    assert re.search(r"GET /items +p95 +250 ms +252.5 ms +\+1 % +-2 % to \+4 % +\+14 %", shown)
    assert re.search(r"whole service +throughput +100/s +99/s +-1 % +-2 % to \+0.5 % +-9.5 %", shown)
    assert re.search(r"error rate +0.1 % +0.3 % +\+0.2 points +- +-", shown)


def test_an_expired_acceptance_is_named_beside_the_check_that_it_no_longer_covers() -> None:
    """Whoever reads of a red check wants to know why it is red now."""
    over = "it was accepted by ann until 2025-12-31, which has passed"
    check = results.WORSE.model_copy(update={"message": f"{results.WORSE.message}; {over}"})
    shown = text.render(results.compared(check, verdict="fail", exit_code=1, acceptances=[results.EXPIRED]), width=120)
    assert f"- GET /items/{{id}} p95: {over}" in shown
    assert "EXPIRED on 2025-12-31, no longer accepted, remove it (budgets.toml:80)" in shown


def test_a_run_compared_with_earlier_ones_shows_both_budgets_and_changes() -> None:
    """Each with the headings that fit."""
    shown = text.render(results.against_history(results.WORSE, verdict="fail", exit_code=1), width=100)
    assert shown.startswith("FAIL: slower, p95 of GET /items/{id} by +52 % (1 of 2 checks)")
    assert re.search(r"endpoint +metric +expected +observed +change +interval", shown)
    assert "the merge base of 0123456 and main; 12 earlier runs of main" in " ".join(shown.split())
