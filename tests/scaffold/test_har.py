"""HAR files become a session in its order, without its secrets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from perfgate.errors import UsageError
from perfgate.scaffold.har import ASSETS, LONGEST_THINK_S, sketch_of
from perfgate.scaffold.scenario_file import scenario_source
from perfgate.scaffold.sketch import FromEnv, Sketch

DATA = Path(__file__).parent / "data"
SECRETS = (
    "s3cr3tSessi0nId99",
    "eyJhbGciOiJIUzI1NiJ9",
    "c2lnbmF0dXJl",
    "csrf-7f3a9b2c1d",
    "correct-horse-battery",
    "AKIA0123456789",
    "ada@example.com",
)


def recorded(*entries: dict[str, Any]) -> Sketch:
    return sketch_of({"log": {"entries": list(entries)}}, "test.har", "shop")


def entry(url: str, method: str = "GET", status: int = 200, mime: str = "text/html", **request: Any) -> dict[str, Any]:
    return {
        "request": {"method": method, "url": url, **request},
        "response": {"status": status, "content": {"mimeType": mime}},
    }


@pytest.fixture
def session() -> Sketch:
    return sketch_of(json.loads((DATA / "shop.har").read_text()), "shop.har", "shop")


class TestSession:
    """The requests of the recording's own origin, in order."""

    def test_keeps_the_order(self, session: Sketch) -> None:
        """Pages and calls come as they were made, the assets of a page right after it."""
        expected = [
            "GET /",
            f"GET {ASSETS}",
            "GET /api/items",
            "GET /api/items/{id}",
            "GET /api/users/{id}/orders/{id}",
            "POST /cart",
            "GET /cart",
            f"GET {ASSETS}",
            "POST /upload",
            "GET /reset/{id}/done",
        ]
        assert expected == [call.endpoint for call in session.calls]

    def test_groups_static_assets(self, session: Sketch) -> None:
        """They are requested one after the other under one name, each once."""
        assets = session.calls[1]
        expected = (("/static/app.3f2a91c0.js",), ("/static/site.css",), ("/images/1001.webp",))
        assert expected == assets.paths
        assert assets.each

    def test_leaves_out_other_origins_and_failed_requests(self, session: Sketch) -> None:
        """Both are told."""
        assert session.url == "https://shop.example.com"
        assert session.notes[:2] == (
            "1 requests to other origins were left out (cdn.example.net)",
            "1 requests that had failed in the recording were left out",
        )

    def test_caps_think_times(self, session: Sketch) -> None:
        """Nobody waits longer than a second; the browser's own pauses are none."""
        thinks = {call.endpoint: call.think_s for call in session.calls}
        assert thinks["GET /api/items"] == LONGEST_THINK_S
        assert thinks["GET /api/items/{id}"] == pytest.approx(0.37)
        assert thinks["GET /"] == 0.0

    def test_does_not_follow_recorded_redirects(self, session: Sketch) -> None:
        """What a redirect led to was recorded as a request of its own."""
        assert [call.endpoint for call in session.calls if not call.follow_redirects] == ["POST /cart"]

    def test_drives_no_writes_by_itself(self, session: Sketch) -> None:
        """As for documents: the user has to say so."""
        assert {"POST"} == {call.method for call in session.calls if not call.active}

    def test_sends_bodies(self, session: Sketch) -> None:
        """JSON and forms are kept, others are left to the user."""
        calls = [call for call in (*session.start, *session.calls) if call.json or call.form or call.tags]
        bodies = {call.endpoint: (call.json, call.form, call.notes) for call in calls}
        login = {"user": FromEnv("SHOP_USER"), "password": FromEnv("SHOP_PASSWORD"), "remember": True}
        form = {"item": "1001", "count": "2", "csrf_token": FromEnv("SHOP_CSRF_TOKEN")}
        expected = {
            "POST /api/session": (login, None, ()),
            "POST /cart": (None, form, ()),
            "POST /upload": (None, None, ("Its body (multipart/form-data) is left to you.",)),
        }
        assert expected == bodies

    def test_of_a_file_without_times_is_taken_as_it_stands(self) -> None:
        """HAR 1.1 writers leave much out."""
        found = recorded(entry("http://a.example/b"), entry("http://a.example/a"))
        assert [call.endpoint for call in found.calls] == ["GET /b", "GET /a"]

    def test_needs_a_request_that_was_answered_well(self) -> None:
        """An empty or failed recording is refused."""
        failed, socket = entry("http://a.example/", status=500), entry("ws://a.example/")
        recordings: list[list[dict[str, Any]]] = [[], [failed], [socket], [{}]]
        for entries in recordings:
            with pytest.raises(UsageError) as caught:
                recorded(*entries)
            assert caught.value.slug == "har"


class TestSecrets:
    """They never reach a file."""

    @pytest.mark.parametrize("secret", SECRETS)
    def test_are_not_in_the_scenario(self, session: Sketch, secret: str) -> None:
        """Cookies, tokens, keys and passwords: in headers, bodies, queries, and paths."""
        assert secret in (DATA / "shop.har").read_text()
        assert secret not in scenario_source(session, "shop", "shop.har")

    def test_are_read_from_the_environment(self, session: Sketch) -> None:
        """Each header has one variable, and is sent with every request."""
        assert {name: value.variable for name, value in session.headers.items()} == {
            "X-Csrf-Token": "SHOP_X_CSRF_TOKEN"
        }

    @pytest.mark.parametrize("name", ["password", "access_token", "apiKey", "X-Session", "client_secret", "sid"])
    def test_in_a_query_are_known_by_their_name(self, name: str) -> None:
        """However short and plain they are."""
        found = recorded(entry(f"http://a.example/x?{name}=plain&page=2"))
        assert isinstance(found.calls[0].paths[0][1], FromEnv)
        assert found.calls[0].paths[0][2] == "&page=2"

    def test_that_look_like_tokens_are_known_by_their_look(self) -> None:
        """A JSON Web Token or a long random text is a secret under any name."""
        url = "http://a.example/x?a=" + "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2ln" + "&b=Zm9vYmFyMTIzNDU2Nzg5MEFC"
        assert len([part for part in recorded(entry(url)).calls[0].paths[0] if isinstance(part, FromEnv)]) == 2

    def test_are_found_wherever_they_turn_up(self) -> None:
        """A token that a response gave away is a secret in a later path, and also in an earlier one."""
        login = entry("http://a.example/login", "POST", mime="application/json")
        login["response"]["content"]["text"] = '{"refresh_token": "tok-12345678"}'
        found = recorded(entry("http://a.example/t/tok-12345678/x"), login)
        assert ("/t/", FromEnv("SHOP_REFRESH_TOKEN"), "/x") == found.calls[0].paths[0]
        assert found.calls[0].name == "/t/{id}/x"

    def test_in_nested_json_are_replaced(self) -> None:
        """Lists and tables inside a body are searched too."""
        data = {"mimeType": "application/json", "text": '{"a": [{"pin": 1234}, {"tokens": ["x", "y"]}], "b": 5}'}
        found = recorded(entry("http://a.example/x", "POST", postData=data)).calls[0]
        expected = {"a": [{"pin": FromEnv("SHOP_PIN")}, {"tokens": [FromEnv("SHOP_TOKENS")] * 2}], "b": 5}
        assert expected == found.json

    def test_do_not_swallow_plain_words(self) -> None:
        """A cookie that says `accepted` does not make every `accepted` a secret."""
        cookies = [{"name": "consent", "value": "accepted"}]
        found = recorded(entry("http://a.example/terms/accepted?lang=en", cookies=cookies))
        assert found.calls[0].paths == (("/terms/accepted?lang=en",),)

    @pytest.mark.parametrize(
        "header",
        [
            ("Authorization", "Bearer plain-opaque-token"),
            ("authorization", "Basic YWRhOmh1bnRlcjI="),
            ("Proxy-Authorization", "Digest username=ada"),
            ("X-Amz-Security-Token", "short"),
            ("X-Auth", "hunter2hunter2"),
            ("X-Forwarded-User", "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2ln"),
            ("X-Goog-Whatever", "AIzaSyD-1234567890abcdef"),
            ("X-User", "ada@shop.test"),
        ],
    )
    def test_in_headers_become_variables(self, header: tuple[str, str]) -> None:
        """Each header that is left out is sent from the environment: nothing vanishes without a note."""
        name, value = header
        found = recorded(entry("http://a.example/x", headers=[{"name": name, "value": value}]))
        assert list(found.headers) == [name.title()]
        assert value not in scenario_source(found, "shop", "x.har")

    @pytest.mark.parametrize(
        "name",
        [
            *(
                "authorization",
                "Authorization",
                "pw",
                "cc",
                "p",
                "key",
                "pass",
                "userpwd",
                "accesstoken",
                "user[pass_word]",
            ),
            *(
                "card_number",
                "cardNumber",
                "cvc",
                "otpCode",
                "email",
                "customer.email",
                "sessionId",
                "auth",
                "X-Api-Key",
            ),
            *("client_assertion", "refresh", "SAMLResponse", "code", "iban", "phone", "csrfmiddlewaretoken"),
        ],
    )
    def test_are_known_by_the_names_that_people_use(self, name: str) -> None:
        """In a query, a form, a JSON body, the variables of GraphQL, a list of named values."""
        variables = {"operationName": "x", "variables": {"input": {name: "hunter-two"}}}
        bodies = [{name: "hunter-two"}, variables, {"fields": [{"name": name, "value": "hunter-two"}]}]
        posts = [{"mimeType": "application/json", "text": json.dumps(body)} for body in bodies]
        posts.append({"mimeType": "application/x-www-form-urlencoded", "text": f"{name}=hunter-two&n=5"})
        entries = [entry("http://a.example/x", "POST", postData=data) for data in posts]
        found = recorded(entry(f"http://a.example/x?{name}=hunter-two&n=5"), *entries)
        assert "hunter-two" not in scenario_source(found, "shop", "x.har")

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            *(("author", "Ada Lovelace"), ("authority", "city"), ("p", "2"), ("page", "12345"), ("max_tokens", "500")),
            *(("q", "blue shoes"), ("sort", "price"), ("monkey", "grivet"), ("keyword", "lamp"), ("shipping", "fast")),
            *(("session", "false"), ("id", "1234567890123"), ("date", "2024-01-31"), ("uuid", "0" * 8)),
        ],
    )
    def test_are_not_what_merely_sounds_like_one(self, name: str, value: str) -> None:
        """A request without its plain values would ask for something else."""
        found = recorded(entry(f"http://a.example/x?{name}={value.replace(' ', '+')}"))
        assert len(found.calls[0].paths[0]) == 1

    @pytest.mark.parametrize(
        "text",
        [
            'mutation { login(user: "ada", password: "hunter-two") { id } }',
            'mutation { pay(card: "4111 1111 1111 1111") { id } }',
            'query { user(mail: "ada@shop.test") { id } }',
            "pay DE89 3704 0044 0532 0130 00 at once",
            "<login><password>hunter-two</password></login>",
            '{"inner": "{\\"pw\\": \\"hunter-two\\"}"}',
            "https://other.test/cb?access_token=hunter-two&x=1",
            "key sk_live_51Hx7abcdefghij in the text",
        ],
    )
    def test_inside_longer_texts_are_cut_out(self, text: str) -> None:
        """The rest of the text stays, so that the request asks for the same."""
        data = {"mimeType": "application/json", "text": json.dumps({"query": text})}
        found = recorded(entry("http://a.example/graphql", "POST", postData=data))
        source = scenario_source(found, "shop", "x.har")
        for secret in ("hunter-two", "4111 1111 1111 1111", "ada@shop.test", "51Hx7abcdefghij", "0532 0130"):
            assert secret not in source
        assert isinstance(found.calls[0].json["query"], tuple)
        assert found.variables != ()

    def test_declarations_of_variables_are_no_secrets(self) -> None:
        """`$password: String!` names a type."""
        text = "mutation Login($user: String!, $password: String!) { login(user: $user, password: $password) { id } }"
        data = {"mimeType": "application/json", "text": json.dumps({"query": text})}
        assert recorded(entry("http://a.example/q", "POST", postData=data)).calls[0].json == {"query": text}

    def test_in_paths_are_cut_out(self) -> None:
        """Mail addresses, as they are or encoded, and session ids behind a semicolon."""
        urls = ["http://a.example/users/ada@shop.test/x", "http://a.example/users/ada%40shop.test/x"]
        found = recorded(*map(entry, urls), entry("http://a.example/cart;jsessionid=hunter-two?x=1"))
        source = scenario_source(found, "shop", "x.har")
        assert "shop.test" not in source
        assert "hunter-two" not in source
        assert [call.name for call in found.calls] == ["/users/{id}/x", "/users/{id}/x", "/cart;jsessionid={id}"]

    def test_in_userinfo_are_left_out(self) -> None:
        """A password in front of the host is in no file."""
        found = recorded(entry("http://ada:hunter-two@a.example/x"), entry("http://a.example/x"))
        assert "hunter-two" not in scenario_source(found, "shop", "x.har") + found.url
