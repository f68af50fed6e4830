"""What a bisection says in the end: where a part of the slowdown came with other commits, that and how to go on."""

from __future__ import annotations

import io
from math import log

import pytest

from perfgate.cli.bisecting import BisectionView, others_lines, parts_lines, result_lines
from perfgate.compare.bisect import Commit, Search
from perfgate.compare.bisect_steps import Step, Why
from perfgate.judge.nearer import Measured
from perfgate.judge.paired import CheckKey

KEY, OTHER = CheckKey("GET /item", "p50"), CheckKey("GET /home", "p50")
GOOD = Commit("good-in-full", "g00d", "Ann", "2026-11-01", "the start")
LINE = [Commit(f"{n}-in-full", f"c{n}", "Ann", "2026-11-02", f"change {n}") for n in range(3)]
COMMITS = {commit.id: commit for commit in LINE}


def _slower(factor: float) -> Measured:
    return Measured(KEY, log(factor), 0.01, 100, 1.0, factor, "ms")


def _ended(first: Step, second: Step) -> tuple[Search, list[Step]]:
    search = Search([commit.id for commit in LINE])
    for step in (first, second):
        search.tell(step.commit, step.answer)
    return search, [first, second]


def test_the_commit_is_named_with_author_day_and_subject() -> None:
    """And nothing else where nothing else is to be said."""
    search, steps = _ended(Step("1-in-full", "bad", found=_slower(1.5)), Step("0-in-full", "good", found=_slower(1.0)))
    assert result_lines(search, COMMITS, GOOD, steps, confirmed=True) == [
        "the commit that made it slower:",
        "  c1 Ann 2026-11-02  change 1",
    ]
    assert parts_lines(search, COMMITS, GOOD, _slower(1.5), steps) == []


def test_a_commit_that_is_not_slower_than_the_one_before_it_is_not_said_to_have_made_it_slower() -> None:
    """The search ended there all the same."""
    search, steps = _ended(Step("1-in-full", "bad", found=_slower(1.5)), Step("0-in-full", "good", found=_slower(1.0)))
    told = result_lines(search, COMMITS, GOOD, steps, confirmed=False)
    assert "not confirmed" in told[0]
    assert told[1:] == ["  c1 Ann 2026-11-02  change 1"]


def test_what_came_after_the_commit_is_told_with_the_command_that_finds_it() -> None:
    """The commit has a part of what BAD has."""
    search, steps = _ended(
        Step("1-in-full", "between", found=_slower(1.3)), Step("0-in-full", "good", found=_slower(1.0))
    )
    (told,) = parts_lines(search, COMMITS, GOOD, _slower(1.7), steps)
    assert told.startswith("more came after it: c1 has +30 %")
    assert told.endswith("go on with: perfgate bisect c1 c2")


def test_what_came_before_the_commit_is_told_with_the_command_that_finds_it() -> None:
    """The commit before it was slower than GOOD already."""
    search, steps = _ended(Step("1-in-full", "bad", found=_slower(1.7)), Step("0-in-full", "good", found=_slower(1.3)))
    (told,) = parts_lines(search, COMMITS, GOOD, _slower(1.7), steps)
    assert told.endswith("go on with: perfgate bisect g00d c0")


@pytest.mark.parametrize(
    ("why", "advised"), [("broken", False), ("incomparable", False), ("noisy", True), ("short", True)]
)
def test_what_could_not_be_judged_is_left_over(why: Why, advised: bool) -> None:
    """More time helps where the machine was too noisy or the time too short, and nowhere else."""
    search, steps = _ended(Step("1-in-full", "undecided", why), Step("0-in-full", "good", found=_slower(1.0)))
    told = result_lines(search, COMMITS, GOOD, steps, confirmed=True)
    assert told[0] == "it is one of these 2 commits:"
    assert any("perfgate bisect c0 c2 --max-duration" in line for line in told) == advised


def test_a_commit_that_the_time_was_too_short_for_says_so_and_how_long_it_was_driven_once() -> None:
    """Not that its check cannot be compared there: more time helps."""
    lines = io.StringIO()
    view = BisectionView(lines)
    step = Step("0-in-full", "undecided", "short", pairs=6, seconds=28.0)
    view.verified(GOOD, LINE[0], step)
    (told,) = lines.getvalue().splitlines()
    assert "--max-duration" in told
    assert told.count("(6 pairs, 28 s)") == 1


def test_a_check_that_moved_with_another_commit_is_named() -> None:
    """It was searched by one, and the other said the opposite of a commit."""
    step = Step("1-in-full", "bad", found=_slower(1.5), others={OTHER: "good"})
    (told,) = others_lines(COMMITS, [step])
    assert told.startswith("GET /home p50 moved with another commit: c1")
