"""The three kinds of store, each real: SQLite, PostgreSQL, and a branch of a repository."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from perfgate.baseline.store import open_store
from tests.baseline.repositories import Project
from tests.servers.postgres import Postgres, programs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from perfgate.baseline.store import Store

KINDS = ["sqlite", "postgresql", "git"]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server for the whole session."""
    if programs() is None:
        assert not os.environ.get("PERFGATE_TEST_EVERYTHING"), "PostgreSQL is not installed"
        pytest.skip("PostgreSQL is not installed: apt install postgresql")
    with Postgres() as server:
        yield server


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store of each kind; `tmp_path` is its root."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres").database())
    if request.param == "git":
        Project(tmp_path).commit("a first commit")
        return "git:perfgate-baselines"
    return "sqlite:///.perfgate/history.db"


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    opened = open_store(url, tmp_path)
    yield opened
    opened.close()
