"""Which host each User class is driven at, when the scenario gives it one of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.errors import ScenarioError
from perfgate.plan.own_hosts import ClassHost, settle, without_credentials

if TYPE_CHECKING:
    from collections.abc import Mapping

URL = "http://127.0.0.1:41000"
ALLOWED = ["localhost", "auth.test"]


def _driven(
    own: Mapping[str, str | None], *, own_hosts: bool | None = None, urls: tuple[str, ...] = (URL,)
) -> list[str]:
    """Where each class is driven, in order."""
    found = {each.user_class: each.driven for each in settle(own, urls, own_hosts=own_hosts, allowed=ALLOWED)}
    return [found.get(name, "as it is") for name in own]


@pytest.mark.parametrize(
    ("hosts", "driven"),
    [
        ([None], ["as it is"]),
        ([URL], ["as it is"]),
        (["http://localhost:41000/api"], ["as it is"]),
        (["http://localhost:8089"], [URL]),
        (["https://auth.test", "https://auth.test:443/"], [URL, URL]),
        ([None, "http://auth.test"], ["as it is", "http://auth.test"]),
        ([URL, "http://auth.test", "http://localhost:9"], ["as it is", "http://auth.test", "http://localhost:9"]),
        (["localhost:50051"], ["localhost:50051"]),
        (["localhost"], ["localhost"]),
        (["unix:///run/app.sock"], ["unix:///run/app.sock"]),
        (["http://localhost:8089", "mqtt://auth.test"], [URL, "mqtt://auth.test"]),
    ],
)
def test_a_host_is_kept_where_it_is_another_services_and_gives_way_where_it_is_the_only_one(
    hosts: list[str | None], driven: list[str]
) -> None:
    """A default host stands for the service under test; hosts beside the service's are other services."""
    assert _driven({f"User{number}": host for number, host in enumerate(hosts)}) == driven


def test_several_hosts_of_which_none_is_the_services_are_refused() -> None:
    """To drive all at the service would be wrong for one of them at least, and to keep all would not reach it."""
    own = {"Shop": "http://localhost:1", "Auth": "http://localhost:2"}
    with pytest.raises(ScenarioError, match="Shop at http://localhost:1, Auth at http://localhost:2") as error:
        _driven(own)
    assert error.value.slug == "host-undecided"
    assert _driven(own, own_hosts=True) == list(own.values())
    assert _driven(own, own_hosts=False) == [URL, URL]


def test_what_is_written_in_the_budgets_decides() -> None:
    """`own_hosts` overrules what would fit; a host that `url` cannot stand for is still kept."""
    assert _driven({"User": "http://localhost:8089"}, own_hosts=True) == ["http://localhost:8089"]
    assert _driven({"A": None, "B": "http://auth.test"}, own_hosts=False) == ["as it is", URL]
    assert _driven({"User": "localhost:1883"}, own_hosts=False) == ["localhost:1883"]


def test_a_url_of_another_scheme_stands_for_hosts_of_its_own_kind() -> None:
    """What is alike can stand for each other."""
    assert _driven({"User": "mqtt://localhost:1"}, urls=("mqtt://127.0.0.1:41000",)) == ["mqtt://127.0.0.1:41000"]


def test_both_sides_of_a_comparison_are_driven() -> None:
    """A host at either side is the service's; where all would be driven at one place there is nothing to compare."""
    base, head = "http://127.0.0.1:1", "http://127.0.0.1:2"
    assert _driven({"User": base}, urls=(head, base, head)) == ["as it is"]
    assert _driven({"User": "http://localhost:8089"}, urls=(head, base)) == [head]
    for hosts in ({"User": "localhost:50051"}, {"A": "http://localhost:3", "B": "http://localhost:4"}):
        with pytest.raises(ScenarioError, match="both sides would be driven at the same hosts"):
            _driven(dict(hosts), urls=(head, base))
    with pytest.raises(ScenarioError, match="both sides"):
        _driven({"User": "http://localhost:3"}, urls=(head, base), own_hosts=True)


def test_a_kept_host_has_to_be_allowed() -> None:
    """Clients that do not go through Python's sockets cannot be watched, so the name is looked at first."""
    for host in ("http://shop.example.com", "mqtt.example.com", "grpc.example.com:50051"):
        with pytest.raises(ScenarioError, match="not in allowed_hosts") as error:
            _driven({"A": None, "B": host})
        assert error.value.slug == "host-not-allowed"


def test_passwords_are_not_shown() -> None:
    """A host may have them; a report may not."""
    assert without_credentials("mongodb://me:secret@localhost:27017/shop") == "mongodb://***@localhost:27017/shop"
    with pytest.raises(ScenarioError) as error:
        _driven(
            {"A": "mongodb://me:secret@localhost:1"},
            urls=("mongodb://127.0.0.1:2", "mongodb://127.0.0.1:3"),
            own_hosts=True,
        )
    assert "secret" not in str(error.value)


_HOSTS = st.one_of(
    st.none(),
    st.text(max_size=30),
    st.sampled_from([URL, "http://auth.test", "localhost:1", "unix:///a", "mqtt://localhost"]),
)


@given(st.lists(_HOSTS, max_size=4), st.sampled_from([None, True, False]))
def test_some_class_is_driven_at_the_service_or_all_that_are_not_are_told(
    hosts: list[str | None], own_hosts: bool | None
) -> None:
    """Whatever the hosts are: each class is at the service or named, and nothing but the two errors comes out."""
    own = {f"User{number}": host for number, host in enumerate(hosts)}
    try:
        found = settle(own, [URL], own_hosts=own_hosts, allowed=ALLOWED)
    except ScenarioError:
        return
    assert all(each == ClassHost(each.user_class, own[each.user_class] or "", each.driven) for each in found)
    assert all(each.driven in {URL, each.own} for each in found)
    assert {name for name, host in own.items() if host and host not in {URL, URL + "/"}} >= {
        h.user_class for h in found
    }
