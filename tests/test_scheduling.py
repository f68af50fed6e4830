"""Which tests must run in one process."""

from __future__ import annotations

import pytest

from tests.scheduling import group_of


@pytest.mark.parametrize(
    ("test", "group"),
    [
        ("tests/e2e/test_ways_out.py::test_x", "tests/e2e/test_ways_out.py"),
        ("tests/e2e/test_ways_out.py::test_x[a::b]", "tests/e2e/test_ways_out.py"),
        ("tests/suite/test_items.py::TestX::test_y[1]", "tests/suite/test_items.py::TestX"),
        ("tests/suite/test_items.py::test_x", "tests/suite/test_items.py::test_x"),
        ("tests/plan/test_units.py::TestX::test_y[1]", "tests/plan/test_units.py::TestX::test_y[1]"),
    ],
)
def test_what_shares_something_costly_is_a_group(test: str, group: str) -> None:
    """A file that says so as a whole, classes of a file that says so of them; all others are alone."""
    assert group_of(test) == group


def test_groups_are_kept_together(pytestconfig: pytest.Config) -> None:
    """pytest-xdist is asked through its hook, so that a version which does not know it shows up here."""
    assert pytestconfig.pluginmanager.hasplugin("xdist")
    hooks = pytestconfig.pluginmanager.hook
    assert any(found.plugin_name.endswith("conftest.py") for found in hooks.pytest_xdist_make_scheduler.get_hookimpls())
