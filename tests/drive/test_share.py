"""How a load is shared by several engines: exactly, at every moment, and without asking one another."""

from __future__ import annotations

import heapq
import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.drive.arrivals import arrivals_of, due_times
from perfgate.drive.share import Share
from perfgate.plan.profile import Profile, hold, spike

COUNTS = st.integers(1, 9)
PROFILES = st.sampled_from(
    [hold(80, 2, ramp_up_s=1), spike(30, 200, spike_at_s=1, spike_duration_s=0.5, duration_s=2, ramp_up_s=0.3)]
)


def _shares(count: int) -> list[Share]:
    return [Share(index, count) for index in range(count)]


@given(total=st.integers(0, 10_000), count=COUNTS)
def test_the_shares_of_users_add_up_and_differ_by_one_at_most(total: int, count: int) -> None:
    """Whatever the number of users and of engines."""
    parts = [share.of(total) for share in _shares(count)]
    assert sum(parts) == total
    assert max(parts) - min(parts) <= 1


@given(total=st.integers(0, 500), count=COUNTS)
def test_a_share_is_the_number_of_users_that_it_owns(total: int, count: int) -> None:
    """User n belongs to engine n % count."""
    for share in _shares(count):
        assert share.of(total) == sum(share.owns(number) for number in range(total))


@given(total=st.integers(0, 500), count=COUNTS)
def test_one_more_user_is_one_more_at_one_engine(total: int, count: int) -> None:
    """A ramp has no bursts: no engine gets two, and none loses one."""
    steps = [share.of(total + 1) - share.of(total) for share in _shares(count)]
    assert sorted(steps) == [0] * (count - 1) + [1]


@given(profile=PROFILES, seed=st.integers(0, 2**32), count=COUNTS, arrivals=st.sampled_from(["poisson", "uniform"]))
def test_the_engines_schedules_together_are_the_schedule_of_one(
    profile: Profile, seed: int, count: int, arrivals: str
) -> None:
    """Every number once, at its own time; each engine's in order."""
    parts = [list(arrivals_of(share, profile, arrivals=arrivals, seed=seed)) for share in _shares(count)]
    whole = list(enumerate(due_times(profile, arrivals=arrivals, seed=seed)))
    assert list(heapq.merge(*parts)) == whole
    assert [number for part in parts for number, _ in part] == sorted(range(len(whole)), key=lambda n: (n % count, n))


# Which classes the users have is Locust's own dispatcher's decision. Importing it patches sockets and threads for the
# whole process, so it is asked in one of its own.
DISPATCH = """
import json, sys
from locust import User, task
from locust.dispatch import UsersDispatcher
from locust.runners import WorkerNode
from perfgate.drive.dispatch import ShareOfUsers
from perfgate.drive.share import Share

def kind(name, fixed, weight):
    return type(name, (User,), {"fixed_count": fixed, "weight": weight, "tasks": [lambda user: None]})

given = json.loads(sys.argv[1])
classes = [kind(*each) for each in given["classes"]]
engines = [ShareOfUsers(Share(index, given["count"]), classes) for index in range(given["count"])]
shared = [[engine.counts(total) for engine in engines] for total in given["totals"]]
alone = []
for total in sorted(given["totals"]):
    dispatcher = UsersDispatcher(worker_nodes=[WorkerNode(id="all")], user_classes=classes)
    dispatcher.new_dispatch(total, spawn_rate=max(total, 1))
    alone.append(next(dispatcher)["all"])
print(json.dumps({"shared": shared, "alone": alone}))
"""


def _dispatched(classes: list[tuple[str, int, int]], count: int, totals: list[int]) -> dict[str, Any]:
    order = json.dumps({"classes": classes, "count": count, "totals": totals})
    done = subprocess.run([sys.executable, "-c", DISPATCH, order], check=True, capture_output=True, text=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize(
    ("classes", "count"),
    [
        ([("Visitor", 0, 3), ("Buyer", 0, 1)], 2),
        ([("Visitor", 0, 1), ("Admin", 1, 1)], 3),
        ([("Visitor", 0, 5), ("Buyer", 0, 2), ("Admin", 2, 1)], 4),
    ],
    ids=["weights", "a fixed count of one", "both"],
)
def test_the_engines_users_together_have_the_classes_of_a_single_process(
    classes: list[tuple[str, int, int]], count: int
) -> None:
    """Weights and fixed counts hold over the whole load: one admin is one admin, not one of each engine."""
    answer = _dispatched(classes, count, list(range(40)))
    for parts, alone in zip(answer["shared"], answer["alone"], strict=True):
        assert {name: sum(part[name] for part in parts) for name, _, _ in classes} == alone


def test_users_of_fixed_counts_alone_are_no_more_than_these() -> None:
    """As in Locust: asking for more changes nothing."""
    answer = _dispatched([("Admin", 3, 1)], 2, [0, 2, 3, 9])
    assert answer["shared"] == [
        [{"Admin": 0}, {"Admin": 0}],
        [{"Admin": 1}, {"Admin": 1}],
        [{"Admin": 2}, {"Admin": 1}],
        [{"Admin": 2}, {"Admin": 1}],
    ]


def test_the_share_does_not_depend_on_how_it_was_come_to() -> None:
    """Up, down and up again gives the same users, so engines that missed a step still agree."""
    classes = [("Visitor", 0, 3), ("Buyer", 0, 1), ("Admin", 1, 1)]
    answer = _dispatched(classes, 3, [5, 17, 4, 5, 30, 17])
    assert answer["shared"][0] == answer["shared"][3]
    assert answer["shared"][1] == answer["shared"][5]
