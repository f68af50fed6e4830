"""Fixtures: services to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.scaffold.shop import Shop, serving

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def shop() -> Iterator[Shop]:
    with serving() as server:
        yield server


@pytest.fixture
def elsewhere() -> Iterator[Shop]:
    """Another service, which must not be asked anything."""
    with serving() as server:
        yield server
