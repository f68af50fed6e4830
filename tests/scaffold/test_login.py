"""A recorded login becomes what each user does once, with credentials of its own and a look at what it gave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from perfgate.scaffold.exchange import Answered, Headers
from perfgate.scaffold.extraction import asks_to_sign_in
from perfgate.scaffold.har import sketch_of
from perfgate.scaffold.scenario_file import scenario_source
from perfgate.scaffold.sketch import Extracted, FromEnv, Sketch
from tests.scaffold.test_correlation import TOKEN, exchange, sketched
from tests.scaffold.visits import notes, orders, recorded
from tests.servers.throw_away import PASSWORD, USER

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.scaffold.browser import Browser

LOGIN = exchange("/login", "POST", sent={"user": "ada", "password": "hunter-two"}, answer={"token": TOKEN})
USE = exchange("/mine", headers={"Authorization": f"Bearer {TOKEN}"})


def of(visit: Callable[[Browser], None], *, sanitized: bool = False) -> Sketch:
    return sketch_of(recorded(visit, sanitized=sanitized), "visit.har", "shop")


def test_a_token_is_asked_for_once() -> None:
    """The login is no task any more, and needs no --writes."""
    found = of(orders)
    assert [call.endpoint for call in found.start] == ["POST /api/login"]
    assert found.start[0].active
    assert found.start[0].json == {"username": FromEnv("SHOP_USERNAME"), "password": FromEnv("SHOP_PASSWORD")}
    assert "POST /api/login" not in [call.endpoint for call in found.calls]
    assert all(call.headers["Authorization"] == ("Bearer ", Extracted("access_token")) for call in found.calls)
    assert found.headers == {}


def test_a_form_is_asked_for_first_and_its_cookie_is_looked_at() -> None:
    """In the order of the recording, the page to which the login leads included where it gives more."""
    found = of(notes)
    assert [call.endpoint for call in found.start] == ["GET /login", "POST /login", "GET /account"]
    assert [extraction.name for extraction in found.start[1].extracts] == ["cookie sid"]
    assert found.start[1].login_path == "/login"
    assert "Cookie" not in found.headers


def test_signing_out_is_left_out_with_where_it_leads() -> None:
    """Each user stays signed in; a note says so."""
    found = of(notes)
    expected = ["GET /account", "POST /notes", "GET /notes/{id}", "GET /notes/{id}", "PUT /settings"]
    assert [call.endpoint for call in found.calls] == expected
    assert "POST /logout was left out: each user stays signed in" in found.notes


def test_pages_are_looked_at_for_the_login_page() -> None:
    """Who is not signed in is led there with status 200."""
    assert {call.login_path for call in of(notes).calls} == {"/login"}
    assert {call.login_path for call in of(orders).calls} == {""}


@pytest.mark.parametrize("visit", [orders, notes])
def test_no_credential_is_written(visit: Callable[[Browser], None]) -> None:
    """Neither the password nor the user, a cookie or a token."""
    har = recorded(visit)
    source = scenario_source(sketch_of(har, "visit.har", "shop"), "shop", "visit.har")
    assert PASSWORD not in source
    assert f'"{USER}"' not in source
    answers = [entry["response"] for entry in har["log"]["entries"]]
    cookies = [field["value"] for answer in answers for field in answer["headers"] if field["name"] == "Set-Cookie"]
    for cookie in cookies:
        assert cookie.partition("=")[2].partition(";")[0] not in source


def test_a_recording_without_headers_that_tell_is_guessed_from() -> None:
    """Browsers leave cookies and tokens out by default; what is guessed is said."""
    found = of(orders, sanitized=True)
    assert all(call.headers["Authorization"] == ("Bearer ", Extracted("access_token")) for call in found.calls)
    assert any("sent as Bearer" in note for note in found.notes)


@pytest.mark.parametrize(
    "body",
    [
        {"email": "ada@shop.test", "password": "hunter-two", "password_confirmation": "hunter-two"},
        {"q": "shoes"},
    ],
)
def test_what_is_no_login_stays_a_task(body: dict[str, Any]) -> None:
    """Who writes a password twice chooses one; and not everything that gives a token signs in."""
    found = sketched(exchange("/things", "POST", sent=body, answer={"token": TOKEN}), USE)
    assert found.start == ()
    assert [call.endpoint for call in found.calls] == ["POST /things", "GET /mine"]


@pytest.mark.parametrize("path", ["/register", "/api/users/signup", "/password/reset", "/auth/refresh"])
def test_signing_up_is_no_login(path: str) -> None:
    """The second user would be refused."""
    sent = {"user": "ada", "password": "hunter-two"}
    assert sketched(exchange(path, "POST", sent=sent, answer={"token": TOKEN}), USE).start == ()


@pytest.mark.parametrize("path", ["/oauth/token", "/api/session", "/sign-in", "/auth/local", "/users/log_in"])
def test_logins_are_known_by_what_they_send_or_are_called(path: str) -> None:
    """And by what they give."""
    sent = {"user": "ada", "password": "hunter-two"}
    assert len(sketched(exchange(path, "POST", sent=sent, answer={"token": TOKEN}), USE).start) == 1
    assert sketched(exchange(path, "POST", sent=sent, answer={}), USE).start == ()


def test_what_leads_to_the_login_is_left_out() -> None:
    """Who is signed in would see something else there, under the same name."""
    entries = [
        exchange("/", page="", status=302, answered={"Location": "/login?next=/"}),
        exchange("/login?next=/", page="<input type=password name=password>"),
        LOGIN,
        exchange("/", page="<h1>", headers={"Authorization": f"Bearer {TOKEN}"}),
    ]
    found = sketched(*entries)
    assert [call.follow_redirects for call in found.calls if call.endpoint == "GET /"] == [True]
    assert "GET / was left out: each user stays signed in" in found.notes


def test_the_secret_of_a_client_is_no_second_password() -> None:
    """OAuth 2 sends it beside the password."""
    form = {"grant_type": "password", "username": "ada", "password": "hunter-two", "client_secret": "hunter-three"}
    found = sketched(exchange("/connect", "POST", form=form, answer={"token": TOKEN}), USE)
    assert len(found.start) == 1
    assert "hunter" not in scenario_source(found, "shop", "x.har")


def test_a_login_alone_is_a_session() -> None:
    """There has to be something to drive."""
    assert [call.endpoint for call in sketched(LOGIN).calls] == ["POST /login"]


@pytest.mark.parametrize(
    ("text", "headers", "asks"),
    [
        ("", {"location": "/login"}, True),
        ("", {"location": "https://a.example/login?next=%2F"}, True),
        ("<form><input name=p type='password'></form>", {}, True),
        ("", {"location": "/account"}, False),
        ("", {}, False),
        ("<input type=text>", {}, False),
    ],
)
def test_the_login_page_is_known(text: str, headers: dict[str, str], asks: bool) -> None:
    """Where an answer leads, or by its field for a password."""
    assert asks_to_sign_in(Answered(text, Headers(list(headers.items()))), "/login") is asks
