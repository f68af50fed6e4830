"""Recorded flows, driven at a service that has been started anew: what was recorded would be refused there."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.project import LENIENT, REPOSITORY, Project
from tests.scaffold.visits import notes, orders, recorded
from tests.servers.throw_away import PASSWORD, USER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.project import Outcome
    from tests.scaffold.browser import Browser

USERS = 4


@dataclass
class Flow:
    """A recording, and what a service saw that was driven by it."""

    project: Project
    folder: Path

    @property
    def seen(self) -> list[dict[str, Any]]:
        """What the service answered since it was started, to whom."""
        return [json.loads(line) for line in (self.folder / "book").read_text().splitlines()]

    def init_from_document(self, *options: str) -> str:
        """`perfgate init` with the document that the service itself offers."""
        return self.init("", "--no-measure", *options)

    def init(self, target: str, *options: str) -> str:
        """`perfgate init`; what it printed."""
        command = f"{sys.executable} -m tests.servers.throw_away {{port}} {self.folder / 'book'}"
        out = str(self.folder / "made")
        done = self.project.perfgate(
            "init",
            *([target] if target else []),
            "--name",
            "shop",
            "--out",
            out,
            "--command",
            command,
            "--ready",
            "/ready",
            *options,
        )
        assert done.code == 0, done.out + done.err
        return done.out

    def run(self) -> Outcome:
        """`perfgate run` for a few seconds."""
        budgets = self.folder / "made" / "budgets.toml"
        text = budgets.read_text().replace("users = 20", f"users = {USERS}")
        text = text.replace('ramp_up = "10s"', 'ramp_up = "1s"').replace('duration = "60s"', 'duration = "3s"')
        budgets.write_text(text + LENIENT)
        (self.folder / "book").unlink(missing_ok=True)
        return self.project.run("--budgets", str(budgets))


@pytest.fixture
def flow(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flow:
    """A user who knows the password."""
    for name, value in {"SHOP_USER": USER, "SHOP_USERNAME": USER, "SHOP_PASSWORD": PASSWORD}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    return Flow(project, tmp_path)


def har(flow: Flow, visit: Callable[[Browser], None], *, sanitized: bool = False) -> str:
    path = flow.folder / "visit.har"
    path.write_text(json.dumps(recorded(visit, sanitized=sanitized)))
    return str(path)


def assert_driven(outcome: Outcome, endpoints: set[str]) -> None:
    """Everything was driven and nothing failed; how fast this machine is, is its affair."""
    assert outcome.code in {0, 1}, outcome.out + outcome.err
    run = outcome.run()
    assert {endpoint.name for endpoint in run.endpoints} >= endpoints
    assert sum(endpoint.failures for endpoint in run.endpoints) == 0


ORDERS = {
    *("GET /api/items", "GET /api/items/{id}", "POST /api/orders"),
    *("GET /api/orders/{id}", "PUT /api/orders/{id}", "DELETE /api/orders/{id}"),
}


@pytest.mark.parametrize("sanitized", [False, True])
def test_tokens_and_ids_are_each_users_own(flow: Flow, *, sanitized: bool) -> None:
    """A login, a choice from a list, and an order that its user makes, looks at, changes and deletes."""
    flow.init(har(flow, orders, sanitized=sanitized), "--writes", "--no-measure")
    assert_driven(flow.run(), ORDERS)
    assert len({line["login"] for line in flow.seen}) == USERS
    made: dict[str, int] = {}
    for line in flow.seen:
        assert line["status"] in {200, 201, 204}
        if line["path"].startswith("/api/orders/"):  # the service refuses what belongs to another login
            assert made.setdefault(line["path"], line["login"]) == line["login"]
    assert len(made) > USERS


def test_forms_cookies_and_redirects_are_followed(flow: Flow) -> None:
    """A hidden field and a cookie sign in; a meta tag, a cookie's header and a Location go on."""
    flow.init(har(flow, notes), "--writes", "--no-measure")
    assert_driven(flow.run(), {"GET /account", "POST /notes", "GET /notes/{id}", "PUT /settings"})
    seen = flow.seen
    assert {line["status"] for line in seen if line["path"].startswith("/notes/")} == {200}
    assert {line["status"] for line in seen if line["path"] == "/settings"} == {200}
    written = [line for line in seen if line["path"] == "/notes"]
    assert len({line["login"] for line in written}) == USERS
    # The page to which a POST leads is asked for once, and once more by the person who came back.
    visited = sum(line["path"].startswith("/notes/") for line in seen)
    assert abs(visited - 2 * len(written)) <= 2 * USERS


def test_without_writes_only_what_needs_none_is_driven(flow: Flow) -> None:
    """The login is; an order that is not made is not asked for, and that is said."""
    printed = flow.init(har(flow, orders), "--no-measure")
    assert "GET /api/orders/{id} is not driven: it needs the answer of POST /api/orders, which changes data" in printed
    assert_driven(flow.run(), {"GET /api/items", "GET /api/items/{id}"})
    assert {line["method"] for line in flow.seen if line["path"] != "/api/login"} == {"GET"}
    assert not any("orders" in line["path"] for line in flow.seen)


@pytest.mark.parametrize(("visit", "why"), [(orders, "no access_token"), (notes, "the login was refused")])
def test_a_login_that_is_refused_is_never_green(
    flow: Flow, monkeypatch: pytest.MonkeyPatch, visit: Callable[[Browser], None], why: str
) -> None:
    """Whether it is refused with an error or with the login page."""
    flow.init(har(flow, visit), "--writes", "--no-measure")
    monkeypatch.setenv("SHOP_PASSWORD", "wrong")
    outcome = flow.run()
    assert outcome.code in {1, 3}, outcome.out
    assert why in outcome.out


def test_a_measurement_says_why_nobody_could_sign_in(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """And which variables to set; no task is set aside for it."""
    monkeypatch.delenv("SHOP_PASSWORD")
    printed = flow.init(har(flow, notes), "--writes")
    assert "no user could sign in: POST /login failed (the login was refused): set SHOP_USER, SHOP_PASSWORD" in printed
    assert "5 of 5 tasks are driven" in printed


def test_a_session_that_ends_is_noticed(flow: Flow) -> None:
    """Pages that lead to the login are failures, though their status is 200."""
    flow.init(har(flow, notes), "--writes", "--no-measure")
    scenario = flow.folder / "made" / "scenarios" / "shop.py"
    signed_out = "        def step_03_get_notes_id(self) -> None:\n"
    text = scenario.read_text()
    assert signed_out in text
    scenario.write_text(text.replace(signed_out, f"{signed_out}            self.client.cookiejar.clear()\n"))
    outcome = flow.run()
    assert outcome.code in {1, 3}
    assert "the login page came instead" in outcome.out


def test_a_document_is_driven_with_ids_and_tokens_of_its_own(flow: Flow) -> None:
    """Its login, its list, and what its users make: all at a service that has been started anew."""
    flow.init_from_document("--writes")
    orders = {"POST /api/orders", *(f"{method} /api/orders/{{orderId}}" for method in ("GET", "PUT", "DELETE"))}
    assert_driven(flow.run(), {"GET /api/items", "GET /api/items/{id}", *orders})
    seen = flow.seen
    assert {line["status"] for line in seen} <= {200, 201, 204}
    assert len({line["login"] for line in seen}) == USERS
    made = [line["path"] for line in seen if line["method"] == "DELETE"]
    assert len(made) == len(set(made))


def test_a_document_without_writes_is_read_by_what_it_lists(flow: Flow) -> None:
    """No id is invented, though the scenario was made when others were there."""
    flow.init_from_document()
    assert_driven(flow.run(), {"GET /api/items", "GET /api/items/{id}"})
    seen = flow.seen
    assert {line["path"] for line in seen if line["method"] != "GET"} == {"/api/login"}
    assert {line["status"] for line in seen} == {200}


def test_a_document_is_looked_at_by_who_is_signed_in(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is set aside for want of a token; without credentials nothing can be said about it."""
    assert "GET /api/items is not driven" not in flow.init_from_document()
    monkeypatch.delenv("SHOP_PASSWORD")
    printed = flow.init_from_document("--force")
    assert "is not driven yet" not in printed
    assert "set SHOP_PASSWORD in the environment" in printed
