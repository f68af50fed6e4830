"""The live view: told what happens, it shows that much and no more."""

from __future__ import annotations

import subprocess
import sys
from io import StringIO
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.control import strip_control_codes
from rich.text import Text

from perfgate import live
from perfgate.drive.order import Progress
from perfgate.measure.recording import ServiceSample
from perfgate.plan.budget import Budget, BudgetLayer, Limit
from perfgate.plan.plan import Load, Service
from perfgate.plan.profile import hold

if TYPE_CHECKING:
    from collections.abc import Callable

SERVICE = Service(
    name="catalog",
    url="http://127.0.0.1:1",
    scenario=Path("scenario.py"),
    scenario_text="scenario.py",
    loads=("peak",),
    budget=Budget(
        BudgetLayer({"p95": Limit("p95", warn=200.0, fail=250.0)}),
        loads={"gentle": BudgetLayer({"p95": Limit("p95", warn=100.0)})},
    ),
)
PEAK = Load("peak", "steady", "open", hold(400, 60))
SAMPLE = ServiceSample(1.0, 0.41, 170_000_000, 2)


def progress(second: int, **changes: object) -> Progress:
    """A second with 400 requests of which one failed."""
    fields: dict[str, object] = {"phase": "steady", "users": 20, "requests": 400, "failures": 1, "p95_ms": 180.0}
    return Progress(second, **{**fields, **changes})  # type: ignore[arg-type]


def drive(view: live.View, seconds: int) -> None:
    """One load from its service's start to its end."""
    view.service_starting("catalog")
    view.service_ready("catalog", 0.8412)
    view.load_starting(SERVICE, PEAK)
    for second in range(seconds):
        view.second("catalog", "peak", progress(second), SAMPLE)
    view.load_ended("catalog", "peak", "")
    view.close()


def terminal(clock: Callable[[], float]) -> tuple[live.TerminalView, StringIO]:
    """A terminal view of 80 columns and what it writes."""
    stream = StringIO()
    return live.TerminalView(stream, clock=clock, width=80), stream


def seen(stream: StringIO) -> str:
    """What was written, without colours and cursor movements."""
    return Text.from_ansi(strip_control_codes(stream.getvalue().replace("\r", "\n"))).plain


def test_a_log_gets_a_line_for_each_event_and_one_every_five_seconds() -> None:
    """A job's log stays short, and shows that something is going on."""
    stream = StringIO()
    drive(live.PlainView(stream), 12)
    now = "20 users: p95 180 ms of 200 ms, 400 req/s"
    assert stream.getvalue().splitlines() == [
        "catalog: starting",
        "catalog: ready after 0.84 s",
        "catalog / peak: steady load, up to 400/s, for 1 m",
        f"catalog / peak: 5 s of 1 m, steady, {now}, 5 failed, CPU 41 %, 170 MB",
        f"catalog / peak: 10 s of 1 m, steady, {now}, 10 failed, CPU 41 %, 170 MB",
        "catalog / peak: ended after 12 s: 4,800 requests, 12 failed",
    ]


def test_a_log_never_gets_an_escape_or_a_carriage_return() -> None:
    """Whatever a message or a name holds."""
    stream = StringIO()
    view = live.PlainView(stream)
    view.service_starting("a\x1b[31m\rb")
    view.message("first\nsecond \x1b[31m\u202e")
    view.load_starting(SERVICE, PEAK)
    view.load_ended("catalog", "peak", "why\r\x07")
    assert all(line.isprintable() for line in stream.getvalue().split("\n"))
    assert stream.getvalue().count("\n") == 5


def test_the_numbers_of_a_line_are_those_of_the_last_five_seconds() -> None:
    """The rate is their mean, p95 the worst of them; a second without one says nothing."""
    stream = StringIO()
    view = live.PlainView(stream)
    view.load_starting(SERVICE, PEAK)
    for second, (requests, p95_ms) in enumerate(
        [(9, 999.0)] * 5 + [(100, 10.0), (200, 30.0), (300, None)] + [(200, 20.0)] * 2
    ):
        view.second("catalog", "peak", progress(second, requests=requests, p95_ms=p95_ms), None)
    assert "p95 30 ms of 200 ms, 200 req/s, 10 failed" in stream.getvalue().splitlines()[-1]


def test_waiting_arrivals_are_shown_when_there_are_any() -> None:
    """They are the first sign that a service cannot keep up."""
    track = live.Track.of(SERVICE, PEAK)
    track.advance(progress(0, waiting=17), None)
    assert "17 waiting" in track.facts
    track.advance(progress(1), None)
    assert "0 waiting" not in track.facts


@pytest.mark.parametrize(
    ("p95_ms", "headroom"),
    [(100.0, 0.5), (200.0, 0.0), (225.0, pytest.approx(0.1)), (250.0, 0.0), (300.0, pytest.approx(-0.2)), (None, None)],
)
def test_headroom_is_the_share_of_the_budget_that_is_left(p95_ms: float | None, headroom: float | None) -> None:
    """Up to the limit that warns, then to the one that fails; negative past that; unknown without a p95."""
    track = live.Track.of(SERVICE, PEAK)
    track.advance(progress(0, p95_ms=p95_ms), None)
    assert track.headroom == headroom


def test_the_line_says_that_the_limit_that_warns_is_passed() -> None:
    """And goes on with the one that fails."""
    track = live.Track.of(SERVICE, PEAK)
    track.advance(progress(0, p95_ms=180.0), None)
    assert track.p95 == "p95 180 ms of 200 ms"
    track.advance(progress(1, p95_ms=220.0), None)
    assert track.p95 == "p95 220 ms of 250 ms, over the limit that warns"


def test_headroom_is_held_against_the_loads_own_limit() -> None:
    """Its warning tier first, where there are two."""
    gentle = Load("gentle", "steady", "closed", hold(5, 10))
    assert live.Track.of(SERVICE, PEAK).p95_limit_ms == 200.0
    assert live.Track.of(SERVICE, gentle).p95_limit_ms == 100.0


def test_a_load_with_the_scenarios_own_shape_has_no_planned_end() -> None:
    """Only a bound, if it has one."""
    shaped = Load("own", "scenario", "closed", None, max_duration_s=90.0)
    track = live.Track.of(SERVICE, shaped)
    assert live.starting_line(track, shaped) == "catalog / own: the scenario's own shape, for at most 1 m 30 s"
    endless = Load("own", "scenario", "closed", None)
    assert live.Track.of(SERVICE, endless).place == "0 s"


def test_a_terminal_shows_bar_numbers_and_headroom() -> None:
    """All on two lines of 80 columns."""
    view, stream = terminal(count().__next__)
    view.load_starting(SERVICE, PEAK)
    view.second("catalog", "peak", progress(11), SAMPLE)
    lines = seen(stream).splitlines()
    assert lines[-2].startswith("catalog / peak ━")
    assert lines[-2].endswith("12 s of 1 m, steady, 20 users")
    assert lines[-1] == "  p95 180 ms of 200 ms (10 % left), 400 req/s, 1 failed, CPU 41 %, 170 MB"
    view.second("catalog", "peak", progress(12, p95_ms=300.0), SAMPLE)
    assert "(20 % over)" in seen(stream).splitlines()[-1]
    view.close()


def test_a_terminal_is_redrawn_at_most_four_times_a_second() -> None:
    """The machine is being measured."""
    now = 0.0
    view, stream = terminal(lambda: now)
    view.load_starting(SERVICE, PEAK)
    for second in range(100):
        now = second / 100
        view.second("catalog", "peak", progress(second), SAMPLE)
    view.close()
    assert seen(stream).count("catalog / peak ") <= 5


def test_a_load_that_ended_leaves_one_line_behind() -> None:
    """The bar is gone; what it came to stays."""
    view, stream = terminal(count().__next__)
    drive(view, 3)
    after = seen(stream).split("catalog / peak: ended after 3 s: 1,200 requests, 3 failed")
    assert len(after) == 2
    assert "catalog / peak" not in after[1]


def test_a_message_is_broken_between_words_on_a_terminal() -> None:
    """The terminal itself would break it anywhere."""
    view, stream = terminal(count().__next__)
    words = [f"word{number}" for number in range(40)]
    view.message(" ".join(words))
    view.close()
    shown = Text.from_ansi(stream.getvalue()).plain.replace("\r", "\n").splitlines()
    told = [line for line in shown if "word" in line]
    assert max(map(len, told)) <= 80
    assert " ".join(told).split() == words


def test_a_terminal_shows_messages_and_names_without_obeying_them() -> None:
    """Markup and escapes are text."""
    view, stream = terminal(count().__next__)
    view.message("[red]bad[/red] \x1b[31m")
    view.close()
    assert "[red]bad[/red] \\x1b[31m" in seen(stream)


def test_closing_twice_gives_the_cursor_back_once() -> None:
    """The CLI closes on every way out."""
    view, stream = terminal(count().__next__)
    view.close()
    view.close()
    assert stream.getvalue().count("\x1b[?25h") == 1


def test_a_load_that_broke_off_does_not_stay_on_the_screen() -> None:
    """An engine that dies announces no end; the service's next load takes its place."""
    view, stream = terminal(count().__next__)
    view.load_starting(SERVICE, PEAK)
    stream.truncate(0)
    view.load_starting(SERVICE, Load("soak", "soak", "closed", hold(5, 10)))
    assert "catalog / soak" in seen(stream)
    assert "catalog / peak" not in seen(stream)
    view.close()


def test_the_quiet_view_leaves_out_progress_and_nothing_that_must_be_read() -> None:
    """Only the result is wanted, and what it cannot do without."""
    stream = StringIO()
    view = live.choose(True, quiet=True, stream=stream)
    view.doing("waiting for workers: 1 of 2 have come")
    drive(view, 12)
    view.message("warning: the history: no space left\n  | on \x1b[31mdisk")
    assert stream.getvalue().splitlines() == ["warning: the history: no space left", "  | on \\x1b[31mdisk"]


def test_what_a_quiet_view_says_stands_beside_the_result_and_not_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output is the report's."""
    live.choose(False, quiet=True).message("warning: the history")
    assert capsys.readouterr() == ("", "warning: the history\n")


def test_the_view_suits_the_console() -> None:
    """Bars only where a cursor can move."""
    assert isinstance(live.choose(False, stream=StringIO()), live.PlainView)
    assert isinstance(live.choose(True, quiet=True), live.QuietView)


@pytest.mark.parametrize(("term", "view"), [("xterm", "TerminalView"), ("dumb", "PlainView")])
def test_a_dumb_terminal_gets_lines(term: str, view: str) -> None:
    """It has a cursor that cannot move."""
    code = (
        "import io; from perfgate import live; v = live.choose(True, stream=io.StringIO()); v.close(); print(type(v))"
    )
    shown = subprocess.run([sys.executable, "-c", code], env={"TERM": term}, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == f"<class 'perfgate.live.{view}'>"


def test_importing_the_view_does_not_import_rich() -> None:
    """Only a terminal needs it, and `perfgate run` has to begin at once."""
    code = "import sys, perfgate.live; print('rich' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"


def test_the_drain_does_not_count_beyond_the_plan() -> None:
    """`5 s of 4 s` would be nonsense: what is let finish belongs to no second of the plan."""
    stream = StringIO()
    view = live.PlainView(stream)
    view.load_starting(SERVICE, Load("peak", "steady", "open", hold(400, 4)))
    view.second("catalog", "peak", progress(4, phase="drain"), SAMPLE)
    assert "4 s of 4 s, drain" in stream.getvalue()
