"""The HTML report, parsed as a browser would."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.measure.summary import Series
from perfgate.report import html
from perfgate.report.charts import MOST_POINTS
from perfgate.report.style import STYLE
from perfgate.report.tables import printable
from tests.report import results

if TYPE_CHECKING:
    from perfgate.judge.result import Result

VOID = {"meta"}
OWN_TAGS = {"html", "head", "meta", "title", "style", "body", "main", "header", "footer", "h1", "h2", "h3", "p", "a"}
OWN_TAGS |= {"ul", "li", "div", "span", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td", "b", "i"}
OWN_TAGS |= {"details", "summary", "figure", "figcaption", "svg", "g", "path", "line", "rect", "text"}
OWN_TAGS |= {"circle", "code"}
Attributes = dict[str, str | None]


class Page(HTMLParser):
    """What a browser would see: tags, attributes, texts; fails on tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, Attributes]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def every(self, tag: str, style: str = "") -> list[Attributes]:
        """The attributes of all elements of a kind, with that CSS class."""
        return [a for t, a in self.elements if t == tag and (not style or style in (a.get("class") or "").split())]


def page(result: Result) -> Page:
    """The report, parsed."""
    return Page(html.render(result))


def points(path: Attributes) -> list[tuple[float, float]]:
    """The corners of a path."""
    pairs = re.findall(r"([\d.]+) ([\d.]+)", path["d"] or "")
    return [(float(x), float(y)) for x, y in pairs]


def charted(series: Series, **changes: Any) -> Page:
    """A page with the charts of one run."""
    return page(results.passed(runs=[results.run(series=series, **changes)]))


def test_the_verdict_is_the_heading_and_what_failed_comes_first() -> None:
    """Before any figure."""
    found = page(results.result())
    headings = ["FAIL: 1 of 14", "What failed", "Warnings", "Could not be judged", "Overview", "catalog / normal"]
    where = [next(n for n, text in enumerate(found.texts) if n and text.startswith(h)) for h in headings]
    assert where == sorted(where)
    assert "banner fail" in {a.get("class") for _, a in found.elements}


def test_the_page_asks_nobody_for_anything() -> None:
    """No script, picture, font or link from elsewhere; and the page itself forbids them."""
    text = html.render(results.result())
    found = Page(text)
    assert {tag for tag, _ in found.elements} <= OWN_TAGS
    links = [value for _, attributes in found.elements for name, value in attributes.items() if name in ("href", "src")]
    assert all(re.fullmatch(r"#run-\d+", link or "") for link in links)
    assert not re.search(r"url\(|@import|https?://|javascript:", STYLE)
    policies = [a["content"] for a in found.every("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_the_page_follows_the_readers_light_or_dark_setting() -> None:
    """Without a switch or a script."""
    assert "prefers-color-scheme: dark" in html.render(results.passed())


@given(st.text())
def test_no_name_becomes_markup(name: str) -> None:
    """Whatever a name holds, the page has the same elements as with a harmless one."""
    assert {tag for tag, _ in page(results.hostile_comparison(name)).elements} <= OWN_TAGS
    harmless = [tag for tag, _ in page(results.hostile("name")).elements]
    hostile = page(results.hostile(name)).elements
    assert {tag for tag, _ in hostile} <= OWN_TAGS
    if name:
        assert [tag for tag, _ in hostile] == harmless


@pytest.mark.parametrize("name", results.HOSTILE)
def test_names_are_shown_as_they_are(name: str) -> None:
    """Escaped once, and not twice."""
    assert printable(name) in page(results.hostile(name)).texts


def test_tables_can_be_read_aloud() -> None:
    """Each column and each row has a heading that says so."""
    found = page(results.result())
    assert {heading.get("scope") for heading in found.every("th")} == {"col", "row"}
    assert found.every("html") == [{"lang": "en"}]


def test_each_chart_has_a_title() -> None:
    """For readers who cannot see it."""
    found = page(results.passed())
    assert [a.get("role") for a in found.every("svg")] == ["img"] * 5
    titles = ["Response time", "Requests", "Users", "CPU of the service", "Memory of the service"]
    assert [text.removesuffix(" over time") for text in found.texts if text.endswith(" over time")] == titles


def test_a_second_without_samples_is_a_gap_in_the_line() -> None:
    """A line through it would claim what nobody has seen."""
    lines = charted(results.run().series).every("path", "p95")
    assert [len(points(line)) for line in lines] == [7, 53]


def test_a_lone_second_between_gaps_is_a_dot() -> None:
    """It would be invisible as a line."""
    series = Series(second=[0, 1, 2], phase=["steady"] * 3, users=[1] * 3, requests=[5] * 3, failures=[0] * 3,
                    p50_ms=[None, 4.0, None], p95_ms=[None] * 3, p99_ms=[None] * 3, max_ms=[None] * 3, cpu=[None] * 3,
                    memory_bytes=[None] * 3)  # fmt: skip
    lines = charted(series).every("path", "p50")
    assert len(lines) == 1
    assert (lines[0]["d"] or "").endswith("h0")


def test_seconds_that_are_missing_from_the_series_are_gaps() -> None:
    """Time is not squeezed together."""
    series = Series(second=[0, 1, 5, 6], phase=["steady"] * 4, users=[1] * 4, requests=[5] * 4, failures=[0] * 4,
                    p50_ms=[4.0] * 4, p95_ms=[5.0] * 4, p99_ms=[6.0] * 4, max_ms=[7.0] * 4, cpu=[None] * 4,
                    memory_bytes=[None] * 4)  # fmt: skip
    assert [len(points(line)) for line in charted(series).every("path", "p50")] == [2, 2]


def test_a_chart_without_any_data_is_left_out() -> None:
    """An empty frame says nothing; a service that perfgate did not start has no CPU."""
    found = page(results.passed(runs=[results.refused()]))
    assert found.every("svg") == []


def test_heights_are_true_to_the_values_from_zero() -> None:
    """Twice the latency is twice as high above the zero line."""
    series = Series(second=[0, 1], phase=["steady"] * 2, users=[1] * 2, requests=[5] * 2, failures=[0] * 2,
                    p50_ms=[100.0, 200.0], p95_ms=[None] * 2, p99_ms=[None] * 2, max_ms=[None] * 2, cpu=[None] * 2,
                    memory_bytes=[None] * 2)  # fmt: skip
    found = charted(series, checks=[])
    zero = float(found.every("line", "zero")[0]["y1"] or "nan")
    low, high = (zero - y for _, y in points(found.every("path", "p50")[0]))
    assert high == pytest.approx(2 * low, abs=0.02)


def test_a_limit_is_drawn_over_the_phase_it_is_judged_in() -> None:
    """The ramp is not held against it."""
    found = page(results.passed())
    limit = found.every("line", "p95")[0]
    judged = found.every("rect", "judged")[0]
    left, width = float(judged["x"] or "nan"), float(judged["width"] or "nan")
    assert float(limit["x1"] or "nan") == left
    assert float(limit["x2"] or "nan") == pytest.approx(left + width, abs=0.02)
    assert "p95 ≤ 250 ms" in found.texts


def test_a_limit_far_above_the_data_is_named_instead_of_flattening_it() -> None:
    """A chart whose lines lie on the floor shows nothing."""
    check = results.check(limit=60_000.0, fail_limit=60_000.0)
    found = page(results.passed(runs=[results.run(checks=[check])]))
    assert found.every("line", "limit") == []
    assert "above the chart: p95 ≤ 60,000 ms" in found.texts


def test_a_long_run_is_drawn_with_few_points_and_says_what_they_stand_for() -> None:
    """An hour of seconds would be ten times as many points as pixels can show."""
    found = page(results.passed(runs=[results.soak()]))
    assert max(len(points(line)) for line in found.every("path", "line")) <= MOST_POINTS
    assert "one point is the worst of 12 seconds" in found.texts


def test_a_worst_second_survives_in_a_long_run() -> None:
    """One slow second in an hour must not be averaged away."""
    calm = results.soak()
    p99 = list(calm.series.p99_ms)
    p99[1800] = 10_000.0
    found = page(
        results.passed(runs=[calm.model_copy(update={"series": calm.series.model_copy(update={"p99_ms": p99})})])
    )
    assert any("p99 10,000 ms" in text for text in found.texts)


def test_stress_steps_tell_which_held_and_what_broke_the_others() -> None:
    """Also those that were not reached."""
    texts = page(results.passed(runs=[results.stress()])).texts
    start = texts.index("Steps")
    assert texts[start + 4 : start + 15] == [
        "50 users", "held", "100 users", "held", "200 users", "broke", "p95 612 ms, budget 250 ms",
        "400 users", "not reached", "Phases", "phase",
    ]  # fmt: skip


def test_skipped_checks_say_why() -> None:
    """They are neither green nor hidden."""
    assert "too few requests for p99.9: 812 of 1,000" in page(results.result()).texts


def test_the_slowest_requests_are_folded_away() -> None:
    """Each with time, status, URL and trace id."""
    found = page(results.passed())
    assert "Slowest requests" in found.texts
    start = found.texts.index("Slowest requests")
    assert found.texts[start + 7 : start + 13] == [
        "GET /items/{id}",
        "00:31",
        "1,457 ms",
        "200",
        "http://127.0.0.1:8001/items/17",
        "4bf92f3577b34da6a3ce929d0e0e4736",
    ]
    assert "Slowest requests" not in page(results.passed(runs=[results.run(slowest=[])])).texts


def test_the_generators_figures_and_notes_are_shown() -> None:
    """What the system does not tell is left out."""
    health = results.health(throttled_max_ms=12.0, sockets_max=37, ports_max=0.125, retried=3, notes=["they were late"])
    texts = page(results.passed(runs=[results.run(health=health)])).texts
    for name, value in (("sockets, most", "37"), ("ephemeral ports in use, most", "12.5 %"), ("sent again", "3")):
        assert texts[texts.index(name) + 1] == value
    assert "open files, most of the limit" not in texts
    assert {"they were late", "catalog/normal: they were late"} <= set(texts)


def plots(found: Page) -> list[Attributes]:
    """The pictures of intervals."""
    return found.every("svg", "plot")


def test_what_is_slower_stands_first_with_a_picture_of_its_interval() -> None:
    """Then what is undecided, what to do, and the rest."""
    found = page(results.slower())
    headings = ["FAIL: slower, p95", "base fedcba9876", "Slower, by more", "Undecided", "What to do", "Better"]
    where = [next(n for n, text in enumerate(found.texts) if n and text.startswith(h)) for h in headings]
    assert where == sorted(where)
    first = plots(found)[0]
    assert first["aria-label"] == "+52 % (+45 % to +59 %), tolerated +10 %"
    assert "worse" in (first["class"] or "").split()


def test_every_check_with_a_change_has_a_picture_and_no_other_has() -> None:
    """An error rate changes by points, and an endpoint at one side has nothing to be compared with."""
    found = page(results.compared(results.paired(), results.ERRORS, *results.AT_ONE_SIDE, results.TOO_FEW))
    assert [plot["aria-label"] for plot in plots(found)] == ["+1 % (-2 % to +4 %), tolerated +10 %"]
    assert "p99 too few requests to compare" in found.texts


def test_a_comparisons_message_is_not_repeated_beside_its_figures() -> None:
    """Only what it would take is added to the row."""
    texts = page(results.compared(results.UNDECIDED, verdict="invalid", exit_code=3)).texts
    assert "about 90 pairs would tell, 30 were driven" in texts
    assert not [text for text in texts if "+6 % (-5 %" in text]
