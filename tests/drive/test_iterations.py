"""The closed model's iterations: what a user does and draws follows from the seed, its number and the iteration's."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from itertools import groupby
from pathlib import Path

import pytest

ITERATING = Path(__file__).with_name("iterating.py")
RUNS = {
    "once": "1 0 1 Visitor",
    "again": "1 0 1 Visitor",
    "another seed": "2 0 1 Visitor",
    "second of two": "1 1 2 Visitor",
    "busy": "1 0 1 Busy",
}
Iterations = list[tuple[int, str, float]]


@pytest.fixture(scope="module")
def runs() -> dict[str, Iterations]:
    """The same users under several seeds and shares, all at the same time."""
    started = {
        name: subprocess.Popen([sys.executable, str(ITERATING), *words.split()], stdout=subprocess.PIPE, text=True)
        for name, words in RUNS.items()
    }
    return {name: json.loads(process.communicate(timeout=120)[0]) for name, process in started.items()}


def _by_user(iterations: Iterations) -> dict[int, list[tuple[str, float]]]:
    users: dict[int, list[tuple[str, float]]] = defaultdict(list)
    for user, name, number in iterations:
        users[user].append((name, number))
    return users


def test_the_same_seed_gives_each_user_the_same_iterations(runs: dict[str, Iterations]) -> None:
    """The same tasks in the same order, with the same random numbers, although no wait lasts as long as before."""
    assert len(runs["once"]) == 90
    assert _by_user(runs["once"]) == _by_user(runs["again"])


def test_another_seed_gives_others(runs: dict[str, Iterations]) -> None:
    """Other tasks, other numbers."""
    once, other = _by_user(runs["once"]), _by_user(runs["another seed"])
    assert set(once) == set(other)
    for user in once:
        assert [name for name, _ in once[user]] != [name for name, _ in other[user]]
        assert not {number for _, number in once[user]} & {number for _, number in other[user]}


def test_no_two_iterations_have_the_same_numbers(runs: dict[str, Iterations]) -> None:
    """Neither of one user nor of two."""
    assert len({number for _, _, number in runs["once"]}) == 90


def test_an_engine_numbers_its_users_as_the_whole_load_does(runs: dict[str, Iterations]) -> None:
    """Engine 2 of 2 has the odd numbers, and user 1 does there what it does in a single engine."""
    once, shared = _by_user(runs["once"]), _by_user(runs["second of two"])
    assert all(user % 2 == 1 for user in shared)
    common = set(once) & set(shared)
    assert common
    assert all(once[user] == shared[user] for user in common)


def test_users_that_never_wait_take_turns(runs: dict[str, Iterations]) -> None:
    """A wait of 0 s gives way: nobody has the engine for itself."""
    all_there = [user for user, _, _ in runs["busy"]][:30]  # a user leaves after 30 iterations, not before
    assert max(len(list(group)) for _, group in groupby(all_there)) <= 2
