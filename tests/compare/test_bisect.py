"""The binary search over commits: few steps, and honest about what could not be judged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.compare.bisect import Answer, Search, search
from perfgate.errors import UsageError


def _commits(count: int) -> list[str]:
    return [f"commit-{number}" for number in range(count)]


@given(st.integers(1, 300), st.data())
def test_the_first_bad_commit_is_found_in_logarithmically_many_steps(count: int, data: st.DataObject) -> None:
    """Wherever it is."""
    commits = _commits(count)
    culprit = data.draw(st.integers(0, count - 1))
    looked: list[str] = []

    def look(commit: str) -> Answer:
        looked.append(commit)
        return "bad" if commits.index(commit) >= culprit else "good"

    found = search(commits, look, lambda _: None)
    assert found.suspects == [commits[culprit]]
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

    found = search(commits, look, lambda _: None)
    assert commits[culprit] in found.suspects
    assert all(commit in unknown for commit in found.suspects[:-1])


def test_it_tells_how_much_is_left() -> None:
    """Before each step."""
    told: list[str] = []
    search(_commits(8), lambda _: "bad", told.append)
    assert told[0] == "8 commits are left, about 3 steps; looking at commit-3"
    assert told[1] == "commit-3 is bad"


def test_without_a_commit_between_there_is_nothing_to_search() -> None:
    """It is a mistake of whoever asked."""
    with pytest.raises(UsageError, match="no commit between"):
        Search([])
