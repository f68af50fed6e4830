"""A GitHub on this machine, and clients that do not really wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfgate.publish.github.client import Client
from perfgate.publish.github.patience import Patience
from tests.servers.github import REPOSITORY, GitHub, serving

if TYPE_CHECKING:
    from collections.abc import Iterator


class Clock:
    """Time that passes only by waiting, without anybody waiting."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    def now(self) -> float:
        return 1_772_600_000.0 + sum(self.waits)


@pytest.fixture
def github() -> Iterator[GitHub]:
    with serving() as server:
        yield server


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(github: GitHub, clock: Clock) -> Client:
    return client_of(github, clock)


def client_of(github: GitHub, clock: Clock, token: str = "ghs_token") -> Client:
    """A client of the server with a token of GitHub Actions."""
    patience = Patience(sleep=clock.sleep, now=clock.now)
    return Client(token, REPOSITORY, github.url, patience, seconds_between_writes=0)
