"""Names of generated things."""

from __future__ import annotations

import subprocess
import sys

import pytest

from perfgate.scaffold import names
from perfgate.scaffold.fold import fold


def test_locusts_own_names_are_avoided() -> None:
    """A task called like one of them would replace it; the list is compared with the installed Locust."""
    code = (
        "from locust import FastHttpUser, SequentialTaskSet, task\n"
        "class U(FastHttpUser):\n    t = task(lambda self: None)\n"
        "found = {*dir(U), *dir(SequentialTaskSet)} - {'t'}\n"
        "print(*(name for name in found if not name.startswith('_')))"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert set() == set(found) - names.RESERVED


def test_a_scenario_never_takes_the_place_of_a_module() -> None:
    """Its folder comes first when modules are looked for."""
    expected = ["random_scenario", "locust_scenario", "shop"]
    assert expected == [names.scenario_stem(name) for name in ("random", "locust", "shop")]


def test_a_user_class_is_never_called_like_its_base() -> None:
    """`fast_http` would otherwise become FastHttpUser."""
    expected = ["ServiceFastHttpUser", "Service2faUser", "PetStoreUser"]
    assert expected == [names.class_name(name) for name in ("fast_http", "2fa", "pet_store")]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", "/"),
        ("/items/42", "/items/{id}"),
        ("/v1/users/3fa85f64-5717-4562-b3fc-2c963f66afa6", "/v1/users/{id}"),
        ("/o/507f1f77bcf86cd799439011/lines/3", "/o/{id}/lines/{id}"),
        ("/day/2024-01-31", "/day/{date}"),
        ("/ulid/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/ulid/{id}"),
        ("/orders/ord_9", "/orders/{id}"),
        ("/oauth2/callback", "/oauth2/callback"),
        ("/api/v2/about-us", "/api/v2/about-us"),
    ],
)
def test_ids_in_paths_are_folded(path: str, expected: str) -> None:
    """Requests for one thing among many are one endpoint; versions and words are not ids."""
    assert expected == fold(path)
