"""Runs users of the closed model without a server; a process of its own, as Locust's steps are replaced for good.

Arguments: seed, index and count of the share, and the user class. Prints what each iteration of each user was:
`[user, task, number]`.
"""

from __future__ import annotations

import json
import random
import sys
from typing import Any

import gevent
from locust import SequentialTaskSet, TaskSet, User, task
from locust.env import Environment
from locust.exception import StopUser

from perfgate.drive.iterations import number_iterations
from perfgate.drive.share import Share

ITERATIONS = 30
USERS = 3
seen: list[tuple[int, str, float]] = []
own: list[float] = []


def note(user: Any, name: str) -> None:
    """One iteration; every user leaves after the same number of them."""
    course = user.perfgate_course
    assert user.random is user.random
    seen.append((course.user, name, user.random.random()))
    if course.iteration + 1 >= ITERATIONS:
        raise StopUser


class Visitor(User):
    """Waits now and then, for a time that no seed decides."""

    @task(3)
    def read(self) -> None:
        """Often."""
        note(self, "read")

    @task
    def write(self) -> None:
        """Seldom."""
        gevent.sleep(random.SystemRandom().random() / 1000)
        note(self, "write")

    @task
    class Nested(TaskSet):
        """Entering it is no iteration."""

        @task
        def look(self) -> None:
            """A leaf."""
            note(self.user, "look")
            self.interrupt()  # type: ignore[no-untyped-call]

    @task
    class Steps(SequentialTaskSet):
        """Its order is its own."""

        @task
        def first(self) -> None:
            """A leaf."""
            note(self.user, "first")

        @task
        def second(self) -> None:
            """Another."""
            note(self.user, "second")
            self.interrupt()  # type: ignore[no-untyped-call]


class Busy(User):
    """Never gives way by itself."""

    @task
    def work(self) -> None:
        """Nothing that takes time."""
        note(self, "work")


class Stubborn(User):
    """Brings its own random numbers."""

    fixed_count = 1

    def on_start(self) -> None:
        """As a scenario may."""
        self.random = random.Random(5)

    @task
    def draw(self) -> None:
        """Once."""
        own.append(self.random.random())
        raise StopUser


def main() -> None:
    """Run all users to their end."""
    seed, index, count = (int(word) for word in sys.argv[1:4])
    kind = {"Visitor": Visitor, "Busy": Busy}[sys.argv[4]]
    number_iterations(seed, Share(index, count))
    environment = Environment(user_classes=[kind, Stubborn], catch_exceptions=False)
    runner = environment.create_local_runner()
    runner.start(USERS + 1, spawn_rate=100)
    spawning: Any = runner.spawning_greenlet
    spawning.join()
    runner.user_greenlets.join()
    assert own == [random.Random(5).random()]
    sys.stdout.write(json.dumps(seen))


if __name__ == "__main__":
    main()
