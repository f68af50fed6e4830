"""Existing locustfiles are compared unchanged: those in the styles that Locust's documentation shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfgate.errors import ScenarioError
from tests.compare.shop import REPOSITORY, SCENARIO, SIDES

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


def test_a_default_host_gives_way_to_each_side(shop: Shop) -> None:
    """Else both sides would be driven at one place, and nothing could ever be found to differ."""
    shop.scenario(SCENARIO.replace("wait_time =", 'host = "http://localhost:1"\n    wait_time ='))
    with shop.comparing(max_pairs=1) as pairs:
        driven = list(pairs)
    assert driven
    assert [any(visit.path.startswith("/items") for visit in shop.book(side)) for side in SIDES] == [True, True]
    assert [(host["user_class"], host["own"]) for host in pairs.hosts] == [("Visitor", "http://localhost:1")]


def test_a_scenario_that_would_drive_both_sides_at_one_place_is_refused(shop: Shop) -> None:
    """A comparison of a place with itself is always green."""
    shop.scenario(SCENARIO.replace("wait_time =", 'host = "http://localhost:1"\n    wait_time ='))
    with shop.comparing(service="own_hosts = true") as pairs, pytest.raises(ScenarioError, match="both sides"):
        list(pairs)
