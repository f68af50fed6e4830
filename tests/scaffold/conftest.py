"""Fixtures: services to look at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.scaffold.shop import Shop, serving


@pytest.fixture
def shop() -> Iterator[Shop]:
    with serving() as server:
        yield server


@pytest.fixture
def elsewhere() -> Iterator[Shop]:
    """Another service, which must not be asked anything."""
    with serving() as server:
        yield server
