"""Markdown, read with a parser as a site would."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from perfgate.report import markdown
from perfgate.report.tables import printable
from tests.report import results

if TYPE_CHECKING:
    from perfgate.judge.result import Result

OWN_TAGS = {"p", "h2", "table", "thead", "tbody", "tr", "th", "td", "strong", "ul", "li", "code", "details", "summary"}
OWN_TAGS |= {"sub", "blockquote"}


class Page(HTMLParser):
    """The tags of a page, and the texts of its table cells by row."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.rows: list[list[str]] = []
        self.cell: list[str] | None = None
        self.feed(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.cell = []

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self.cell is not None:
            self.rows[-1].append("".join(self.cell))
            self.cell = None

    def handle_data(self, data: str) -> None:
        if self.cell is not None:
            self.cell.append(data)


def failing(name: str) -> Result:
    """A result with one failed check at an endpoint of that name."""
    return results.passed(
        verdict="fail", runs=[results.run(checks=[results.check("fail", endpoint=name, observed=300.0)])]
    )


def test_the_verdict_is_the_first_line() -> None:
    """Also in a notification that shows only so much."""
    first = markdown.render(results.result()).splitlines()[0]
    assert first == "## ❌ perfgate FAIL: 1 of 14 checks failed, 2 could not be judged, 1 warning, 1 skipped"
    assert markdown.render(results.passed()).startswith("## ✅ perfgate PASS: 5 checks held\n")


def test_what_failed_or_changed_is_a_table_and_what_passed_is_folded_away() -> None:
    """The reader sees first what there is to do."""
    text = markdown.render(results.result())
    table, folded = text.split("<details>", 1)
    row = (
        "| ❌ | catalog / peak | `GET /items/{id}` | p95 | **312.4 ms** | 250 ms | 62.4 ms (25 %) | `budgets.toml:57` |"
    )
    assert row in table
    assert "**212 MB**" in table
    assert "12 checks passed" not in table
    assert "<summary>12 checks passed</summary>" in folded
    assert "too few requests for p99.9: 812 of 1,000" in folded


def test_what_could_not_be_judged_is_told() -> None:
    """In words."""
    assert "- checkout/normal: the service died after 3 s with exit code 1\n" in markdown.render(results.result())


@pytest.mark.parametrize(
    "result",
    [
        results.result(),
        results.passed(),
        results.slower(),
        *map(results.hostile, results.HOSTILE),
        *map(results.hostile_comparison, results.HOSTILE),
    ],
)
def test_every_table_has_as_many_cells_in_each_row(result: Result) -> None:
    """A pipe in a name would shift the rest of its row."""
    assert {len(row) for row in Page(markdown.render(result)).rows} <= {7, 8, 10, 11}


@given(st.text())
def test_no_name_in_a_comparison_becomes_markup(name: str) -> None:
    """Endpoints, messages, who accepted what: seen, and without effect."""
    assert Page(markdown.render(results.hostile_comparison(name))).tags <= OWN_TAGS


def test_a_comparison_says_what_is_slower_then_what_to_do_then_how_sure() -> None:
    """What passed is folded away."""
    text = markdown.render(results.slower())
    table, folded = text.split("<details>", 1)
    worse = "| ❌ | catalog / peak | `GET /items/{id}` | p95 | 250 ms | 380 ms | **+52 %** | +45 % to +59 % |"
    order = [worse, "**Undecided**", "**What to do**", "**Better**", "**How sure this is**", "**Accepted regressions**"]
    where = [table.index(part) for part in order]
    assert where == sorted(where)
    assert "undecided: about 90 pairs would tell, 30 were driven |" in table
    assert "| 🚀 |" in table
    assert "4 checks not worse" not in table
    assert "<summary>3 checks not worse, or only shown</summary>" in folded


def test_the_command_that_finds_the_commit_can_be_copied() -> None:
    """Nothing invisible parts the digits of a commit in it."""
    assert "`perfgate bisect fedcba9876 0123456789`" in markdown.render(results.slower())


@given(st.text())
def test_any_name_is_shown_as_it_is_in_its_own_cell(name: str) -> None:
    """Backticks, pipes, backslashes, HTML: seen, and without effect."""
    page = Page(markdown.render(failing(name)))
    assert page.rows[1][2].strip() == printable(name, longest=160).strip()
    assert page.tags <= OWN_TAGS


@pytest.mark.parametrize("name", ["a`b", "``", "a|b", "\\|", "`|`", "a\\", "", " ", "<b>", "&amp;", "a``|``b"])
def test_names_that_break_simple_escaping_are_shown_as_they_are(name: str) -> None:
    """Each is a known trap of code spans or of tables."""
    assert Page(markdown.render(failing(name))).rows[1][2].strip() == name.strip()


def test_an_ordinary_name_stays_readable_in_the_source() -> None:
    """Comments are read as mail, too."""
    assert markdown.code("GET /items/{id}?a=<b>") == "`GET /items/{id}?a=<b>`"


@given(st.text())
def test_any_sentence_stays_a_sentence(text: str) -> None:
    """Reasons hold messages of services: no tag of theirs is one of the page's."""
    assert Page(f"x {markdown.sentence(text)} y").tags == {"p"}


def test_nobody_is_mentioned_and_nothing_is_linked() -> None:
    """`@team` in a response must not call the team, nor `#1` refer to anything."""
    shown = markdown.sentence("ask @team about #12 at https://evil.example or www.evil.example")
    assert "@" not in shown
    assert "#12" not in shown.replace("&#", "")
    assert "://" not in shown
    assert "www." not in shown
    assert "\u200bteam" in shown


@pytest.mark.parametrize("longest", [2_000, 5_000, 65_536])
def test_the_page_never_exceeds_what_a_comment_can_hold(longest: int) -> None:
    """And says how many rows it left out."""
    checks = [results.check("fail", endpoint=f"GET /{number}/{'`x|' * 500}", observed=300.0) for number in range(2_000)]
    machine = results.environment().model_copy(update={"machine": "@#|" * 100})
    result = results.passed(verdict="fail", runs=[results.run(checks=checks, slowest=[])], environment=machine)
    text = markdown.render(result, longest=longest)
    assert len(text) <= longest
    shown = text.count("| ❌ |")
    assert shown > 0
    assert "rows were left out**" in text
    # 2,000 checks, one line of the overview and one of the kinds of failures are all there is.
    overview = text.count("| catalog | normal |")
    kinds = text.count("- catalog/normal: ")
    assert f"**{2_002 - shown - overview - kinds:,} rows were left out**" in text
    assert text.rstrip().endswith("</sub>")


def test_a_page_that_fits_says_nothing_about_cutting() -> None:
    """Only what is true."""
    assert "left out" not in markdown.render(results.result())


def test_the_slowest_requests_are_folded_away_at_the_end() -> None:
    """They are the first to be left out where there is no room."""
    text = markdown.render(results.passed())
    folded = text[text.index("<details><summary>Slowest requests</summary>") :]
    assert (
        "| catalog / normal | `GET /items/{id}` | 00:31 | 1,457 ms | 200 | `http://127.0.0.1:8001/items/17` |" in folded
    )
    assert "<details>" not in folded[1:]
    assert "Slowest" not in markdown.render(results.passed(runs=[results.run(slowest=[])]))
