"""What is seen of a comparison while it goes on: a bar and estimates on a terminal, few lines in a log."""

from __future__ import annotations

import os
from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from rich.control import strip_control_codes
from rich.text import Text

from perfgate.cli.comparing import PlainComparison, QuietComparison, TerminalComparison, comparison_view
from perfgate.cli.estimates import estimates_of, shown_checks
from perfgate.compare.looking import Looks
from perfgate.judge.changed import Rules
from perfgate.judge.sides import CheckKey
from tests.judge import blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.judge.changed import Change
    from perfgate.judge.paired import Decision
    from perfgate.measure.blocks import Pair

PAIR = blocks.noisy(1)[0]
DROPPED = blocks.pair(0, PAIR.base, PAIR.head, "steal: 50 % at base (limit 5)")


@pytest.fixture(autouse=True)
def no_other_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """How busy the machine of the tests is says nothing about the view."""
    monkeypatch.setattr(os, "getloadavg", lambda: (0.5, 0.5, 0.5))


class Clock:
    """Time that passes when it is told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def drive(view: QuietComparison, clock: Clock, pairs: Sequence[Pair], *, most: int = 60, pair_s: float = 1.0) -> Looks:
    """Pairs as a comparison tells of them."""
    looks = Looks(Rules(10.0), most)
    view.load_starting("shop", "normal", most)
    for pair in pairs:
        clock.now += pair_s
        view.pair("shop", "normal", pair)
        if looks.add(pair) and looks.decisions:
            view.looked("shop", "normal", looks.decisions, looks.estimates)
    return looks


def seen(stream: StringIO) -> list[str]:
    """What was written, without colours and cursor movements."""
    return Text.from_ansi(strip_control_codes(stream.getvalue().replace("\r", "\n"))).plain.splitlines()


def on_terminal(width: int = 80) -> tuple[TerminalComparison, StringIO, Clock]:
    stream, clock = StringIO(), Clock()
    return TerminalComparison(stream, clock=clock, width=width), stream, clock


@pytest.mark.parametrize("width", [80, 120])
def test_a_terminal_shows_a_bar_the_time_and_the_estimate_of_each_endpoint(width: int) -> None:
    """With its interval, and what is decided; no line is wider than the terminal."""
    view, stream, clock = on_terminal(width)
    drive(view, clock, blocks.noisy(30, slower=1.3))
    *_, bar, counts, estimate = seen(stream)
    assert bar.startswith("shop / normal ━")
    assert bar.endswith("30 s, at most 30 s left")
    assert counts.startswith("  pair 30 of 60; ")
    assert "checks decided" in counts
    assert estimate.split()[:3] == ["GET", "/items", "p95"]
    assert "  +32 % (+15 % to +55 %)  " in estimate
    assert "proven worse" in estimate
    assert max(map(len, seen(stream))) <= width
    view.close()


@pytest.mark.parametrize("width", [80, 120])
def test_a_long_name_makes_room_for_its_estimate(width: int) -> None:
    """A name that is cut is still known; half an interval is none. Of many endpoints only some are shown."""
    view, stream, clock = on_terminal(width)
    many = [blocks.noisy(19, endpoint=f"GET /a/{number:02d}/{'long' * 20}", seed=number) for number in range(10)]
    together = [
        blocks.pair(
            number,
            replace(each[0].base, endpoints={name: own for one in each for name, own in one.base.endpoints.items()}),
            replace(each[0].head, endpoints={name: own for one in each for name, own in one.head.endpoints.items()}),
        )
        for number, each in enumerate(zip(*many, strict=True))
    ]
    drive(view, clock, together)
    shown = [line for line in seen(stream)[-9:] if line.startswith("  GET /a/")]
    assert len(shown) == 8
    assert all(
        line.rstrip().endswith((")", "not worse")) and "…  p95  " in line and len(line) <= width for line in shown
    )
    assert seen(stream)[-1] == "  and 2 more endpoints"
    view.close()


def test_it_takes_no_longer_than_it_may() -> None:
    """On a busy machine pairs take longer than was planned: then time ends it."""
    stream, clock = StringIO(), Clock()
    drive(PlainComparison(stream, clock=clock, longest_s=20.0), clock, [PAIR] * 10)
    assert stream.getvalue().splitlines()[-1].endswith("; at most 10 s left")


def test_before_the_first_look_there_is_no_estimate() -> None:
    """None is made up."""
    view, stream, clock = on_terminal()
    drive(view, clock, blocks.noisy(5))
    assert seen(stream)[-1] == "  pair 5 of 60; nothing decided yet"
    view.close()


def test_pairs_that_do_not_count_are_told_while_there_is_time_to_do_something_about_it() -> None:
    """A few as a number, many with what is the matter."""
    view, stream, clock = on_terminal()
    drive(view, clock, [PAIR] * 9 + [DROPPED])
    assert seen(stream)[-1] == "  pair 10 of 60, 1 disturbed; nothing decided yet"
    drive(view, clock, [PAIR] * 5 + [DROPPED] * 5)
    assert seen(stream)[-1] == "  this machine is disturbed, 5 of 10 pairs dropped"
    view.close()


def test_a_terminal_is_redrawn_at_most_four_times_a_second() -> None:
    """The machine is being measured."""
    view, stream, clock = on_terminal()
    drive(view, clock, [PAIR] * 50, pair_s=0.02)
    view.close()
    assert sum("shop / normal ━" in line for line in seen(stream)) <= 5


def test_what_has_ended_leaves_one_line_and_the_cursor_is_given_back_once() -> None:
    """Also where it is closed twice."""
    view, stream, clock = on_terminal()
    drive(view, clock, [PAIR] * 3)
    stream.truncate(0)
    view.load_ended("shop", "normal", "max_duration")
    view.close()
    view.close()
    told = [line for line in seen(stream) if line.strip()]
    assert told[-1] == "shop/normal: 3 pairs; max duration"
    assert stream.getvalue().count("\x1b[?25h") == 1


def test_a_log_gets_a_line_every_five_seconds_with_the_estimate_that_matters_most() -> None:
    """Nothing in it can move a cursor."""
    stream, clock = StringIO(), Clock()
    drive(PlainComparison(stream, clock=clock), clock, blocks.noisy(31, slower=1.3), pair_s=0.5)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "shop/normal: base and head in turn, at most 60 pairs"
    assert [line.partition(";")[0] for line in lines[1:]] == [
        f"shop/normal: pair {number} of 60" for number in (10, 20, 30)
    ]
    assert lines[1] == "shop/normal: pair 10 of 60; nothing decided yet; at most 25 s left"
    assert "; GET /items p95 +" in lines[3]
    assert all(line.isprintable() for line in lines)


def test_nothing_is_estimated_for_nobody() -> None:
    """It takes time on the machine that is measured."""

    def never(keys: Sequence[CheckKey]) -> Sequence[Change]:
        raise AssertionError

    looks = Looks(Rules(10.0), 30)
    for pair in blocks.noisy(30):
        looks.add(pair)
    assert looks.decisions is not None
    QuietComparison(StringIO()).looked("shop", "normal", looks.decisions, never)


def test_the_view_suits_the_stream() -> None:
    """A bar only where a cursor can move."""
    assert type(comparison_view(StringIO())) is PlainComparison
    assert type(comparison_view(StringIO(), quiet=True)) is QuietComparison


def test_estimates_while_driving_are_those_of_the_end() -> None:
    """The last look's, with the same intervals: the view and the report do not contradict each other."""
    looks = Looks(Rules(10.0), 30)
    for pair in blocks.noisy(30, slower=1.3):
        looks.add(pair)
        if looks.stopped:
            break
    final = {change.key: change for change in looks.end()}
    assert looks.decisions is not None
    for change in looks.estimates(list(looks.decisions.by_check)):
        assert change == final[change.key]


def decided(*made: tuple[str | None, str, Decision]) -> dict[CheckKey, Decision]:
    return {CheckKey(endpoint, metric): decision for endpoint, metric, decision in made}


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        (decided(("GET /", "mean", "undecided"), ("GET /", "p95", "undecided")), [("GET /", "p95")]),
        (decided(("GET /", "mean", "worse"), ("GET /", "p95", "undecided")), [("GET /", "mean")]),
        (decided(("GET /", "mean", "undecided"), ("GET /", "p95", "too_few")), [("GET /", "mean")]),
        (decided((None, "p95", "undecided"), ("GET /", "mean", "new")), [(None, "p95")]),
        (
            decided((None, "mean", "worse"), ("A", "p95", "undecided"), ("B", "p95", "worse"), ("C", "p95", "better")),
            [("B", "p95"), ("A", "p95"), ("C", "p95")],
        ),
    ],
    ids=["p95", "what is worse", "what can be compared", "the whole service where there is nothing else", "order"],
)
def test_one_check_stands_for_an_endpoint(made: dict[CheckKey, Decision], shown: list[tuple[str | None, str]]) -> None:
    """That which is proven worse, else p95; what is worse comes first, the others keep their places."""
    assert [(key.endpoint, key.metric) for key in shown_checks(made)] == shown


def test_an_estimate_without_an_interval_says_so() -> None:
    """A bare figure would look certain."""
    looks = Looks(Rules(10.0), 180)
    for pair in blocks.noisy(18):
        looks.add(pair)
    (change,) = looks.estimates([CheckKey("GET /items", "p95")])
    (bare,) = estimates_of([replace(change, interval=None)])
    assert bare.words.startswith("GET /items p95 ")
    assert bare.words.endswith(" (no interval yet)")
