"""The environment of a pytest that a test starts."""

from __future__ import annotations

import os


def own_environment() -> dict[str, str]:
    """Ours, without what tells a program that it is run by pytest-xdist: pytest-benchmark switches itself off then."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
