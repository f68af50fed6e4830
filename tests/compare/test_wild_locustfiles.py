"""Existing locustfiles are compared unchanged: those in the styles that Locust's documentation shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfgate.errors import ScenarioError
from tests.compare.shop import REPOSITORY, SIDES

if TYPE_CHECKING:
    from tests.compare.shop import Shop


@pytest.mark.parametrize(
    ("name", "endpoint", "extra"),
    [
        ("tasksets.py", "GET /forum", 'exclude_tags = ["excluded"]'),
        ("sequential_login.py", "GET /step/1", ""),
        ("own_shape.py", "GET /home", ""),
    ],
)
def test_task_sets_logins_and_other_clients_are_driven_at_both_sides(
    shop: Shop, name: str, endpoint: str, extra: str
) -> None:
    """Nested, sequential and Markov task sets go on where they were when their side's turn comes again."""
    shop.scenario((REPOSITORY / "tests" / "locustfiles" / name).read_text(encoding="utf-8"))
    load, server = 'users = 8\nduration = "5s"', "tests.servers.echo {port}"
    with shop.comparing(load, block="300ms", max_pairs=1, service=extra, server=server) as pairs:
        driven = list(pairs)
    for side in SIDES:
        seen = [pair.base if side == "base" else pair.head for pair in driven]
        assert sum(block.endpoints[endpoint].response_ms.count for block in seen if endpoint in block.endpoints) > 0
    end = shop.end
    assert (end.reason, end.cut_off, end.user_errors) == ("stopped", 0, {})


def test_test_functions_as_users_are_refused(shop: Shop) -> None:
    """Locust runs them in a loop that knows no end of an iteration."""
    shop.scenario("def test_home(session):\n    session.get('/home')\n")
    with shop.comparing() as pairs, pytest.raises(ScenarioError, match="cannot be driven in blocks"):
        list(pairs)
