"""What a comparison and a bisection tell while they go on, on a terminal and in a log, and what in quiet."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from perfgate.cli.bisecting import BisectionView, busy_lines
from perfgate.cli.comparing import PlainComparison, QuietComparison, comparison_view
from perfgate.compare.bisect_steps import Moved, Step

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_message_of_several_lines_is_told_line_by_line_and_whole() -> None:
    """The last output of a command that failed is long: none of its lines is cut off for the length of all."""
    stream = io.StringIO()
    lines = ["the suite failed", *(f"  | line {number} {'-' * 200}" for number in range(10))]
    PlainComparison(stream).message("\n".join(lines))
    assert stream.getvalue().splitlines() == lines


@pytest.mark.parametrize("view", [comparison_view, BisectionView])
def test_quiet_leaves_out_progress_and_nothing_that_must_be_read(
    view: Callable[..., QuietComparison | BisectionView],
) -> None:
    """A finding is no noise; without quiet there are both."""
    quiet, loud = io.StringIO(), io.StringIO()
    for stream in (quiet, loud):
        own = view(stream, quiet=stream is quiet)
        own.doing("base: starting shop")
        own.load_starting("shop", "normal", 100)
        own.message("the head: service shop ended with code 7\n  | out of stock")
        own.load_ended("shop", "normal", "max_duration")
        own.close()
    told = [line.strip() for line in quiet.getvalue().splitlines()]
    assert told == ["the head: service shop ended with code 7", "| out of stock"]
    assert "base: starting shop" in loud.getvalue()
    assert "out of stock" in loud.getvalue()


def test_a_bisection_on_a_busy_machine_says_so_in_its_answer() -> None:
    """Its steps say so while it goes on, which quiet leaves out."""
    moved = Moved("shop", "normal", (), (), 100, 300, 60.0)
    step = Step("1-in-full", "bad", pairs=50, disturbed=10)
    told = "this machine was busy: 310 of 460 pairs dropped; search where it is quieter"
    assert busy_lines([moved, step]) == [told]
    assert busy_lines([step]) == []
    assert busy_lines([]) == []
