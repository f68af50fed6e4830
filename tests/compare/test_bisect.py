"""The binary search over commits: few steps, honest about what could not be judged, and seldom wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.compare.bisect import ERRORS, Answer, Search
from perfgate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable


def _commits(count: int) -> list[str]:
    return [f"commit-{number}" for number in range(count)]


def _searched(commits: list[str], look: Callable[[str], Answer]) -> Search:
    search = Search(commits)
    while (commit := search.next()) is not None:
        search.tell(commit, look(commit))
    return search


@given(st.integers(1, 300), st.data())
def test_the_first_bad_commit_is_found_in_logarithmically_many_steps(count: int, data: st.DataObject) -> None:
    """Wherever it is."""
    commits = _commits(count)
    culprit = data.draw(st.integers(0, count - 1))
    looked: list[str] = []

    def look(commit: str) -> Answer:
        looked.append(commit)
        return "bad" if commits.index(commit) >= culprit else "good"

    search = _searched(commits, look)
    assert search.suspects == [commits[culprit]]
    assert search.last_good == (commits[culprit - 1] if culprit else None)
    assert len(looked) <= count.bit_length()


@given(st.integers(1, 60), st.data())
def test_commits_that_cannot_be_judged_are_stepped_around_and_stay_suspects(count: int, data: st.DataObject) -> None:
    """Whatever is left holds the culprit, and between it and the culprit lies only what could not be judged."""
    commits = _commits(count)
    culprit = data.draw(st.integers(0, count - 1))
    unknown = data.draw(st.sets(st.sampled_from(commits)))

    def look(commit: str) -> Answer:
        if commit in unknown:
            return "unknown"
        return "bad" if commits.index(commit) >= culprit else "good"

    search = _searched(commits, look)
    assert commits[culprit] in search.suspects
    assert all(commit in unknown for commit in search.suspects[:-1])


@given(st.integers(2, 200), st.data())
def test_all_steps_together_err_no_more_than_they_may(count: int, data: st.DataObject) -> None:
    """Whatever is answered: every answer has a share of its own, and the shares add up to no more than there is."""
    commits = _commits(count)
    search, spent = Search(commits), 0.0
    while (commit := search.next()) is not None:
        answer: Answer = data.draw(st.sampled_from(["good", "bad", "unknown"]))
        assert search.error > 0
        spent += search.error if answer != "unknown" else 0.0
        search.tell(commit, answer)
    assert spent < ERRORS


def test_each_of_the_three_steps_of_eight_commits_may_err_in_one_of_a_hundred_cases() -> None:
    """So that with the comparison of BAD the right commit is found in at least nineteen of twenty."""
    search, shares = Search(_commits(8)), []
    while (commit := search.next()) is not None:
        shares.append(search.error)
        search.tell(commit, "bad")
    assert shares == pytest.approx([0.01, 0.01, 0.01])


def test_without_a_commit_between_there_is_nothing_to_search() -> None:
    """It is a mistake of whoever asked."""
    with pytest.raises(UsageError, match="no commit between"):
        Search([])
