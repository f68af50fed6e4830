"""Fixtures of the comparisons' tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.compare.shop import Shop

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A project in a folder of its own."""
    return Shop(tmp_path)
