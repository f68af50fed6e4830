"""What an OpenAPI document tells of logins, lists and things that are made becomes part of its scenario."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.scaffold.exchange import Answered, Headers
from perfgate.scaffold.extraction import json_ids
from perfgate.scaffold.flows import with_writes
from perfgate.scaffold.journeys import with_journeys
from perfgate.scaffold.listing import listing_of
from perfgate.scaffold.openapi import sketch_of
from perfgate.scaffold.scenario_file import scenario_source
from perfgate.scaffold.sketch import Call, Extracted, FromEnv, Sketch
from tests.scaffold.test_hostile import assert_only_data, hostile

NUMBER, TEXT = {"type": "integer"}, {"type": "string"}
PET = {"type": "object", "properties": {"id": {**NUMBER, "readOnly": True}, "name": TEXT}}
PETS = {"type": "array", "items": PET}
ONE = [{"name": "petId", "in": "path", "required": True, "schema": NUMBER}]
CREDENTIALS = {"type": "object", "properties": {"username": TEXT, "password": TEXT}}


def answers(schema: Any, status: str = "200", **more: Any) -> dict[str, Any]:
    return {"responses": {status: {"content": {"application/json": {"schema": schema}}, **more}}}


def takes(schema: Any, kind: str = "application/json") -> dict[str, Any]:
    return {"requestBody": {"content": {kind: {"schema": schema}}}}


def sketched(paths: dict[str, Any], **more: Any) -> Sketch:
    document = {"openapi": "3.0.3", "info": {"title": "Pets"}, "paths": paths, **more}
    return with_journeys(with_writes(sketch_of(document, "pets.json", "pets")))


def call(found: Sketch, endpoint: str) -> Call:
    return next(each for each in (*found.start, *found.calls) if each.endpoint == endpoint)


def endpoints(found: Sketch) -> list[str]:
    return [each.endpoint for each in found.calls]


class TestLists:
    """Ids come from what lists them."""

    @pytest.mark.parametrize(
        ("schema", "path"),
        [
            ({"type": "array", "items": PET}, ()),
            ({"type": "object", "properties": {"total": NUMBER, "pets": {"type": "array", "items": PET}}}, ("pets",)),
        ],
    )
    def test_of_things_with_ids_are_chosen_from(self, schema: Any, path: tuple[str, ...]) -> None:
        """The list is asked for first; what the document gives as an example is sent while it is empty."""
        found = sketched({"/pets": {"get": answers(schema)}, "/pets/{petId}": {"get": {"parameters": ONE}}})
        extraction = call(found, "GET /pets").extracts[0]
        assert (extraction.name, extraction.arguments, extraction.examples) == ("pet_ids", ("id", *path), (1,))
        assert call(found, "GET /pets/{petId}").paths == (("/pets/", Extracted("pet_ids", "random.choice", True)),)
        source = scenario_source(found, "pets", "pets.json")
        assert "pet_ids = (1,)" in source
        assert "self.get_pets()" in source.partition("@task")[0]
        assert_only_data(source)

    def test_of_anything_else_give_nothing(self) -> None:
        """The invented example stays."""
        found = sketched({"/pets": {"get": answers({"type": "array", "items": TEXT})}, "/pets/{id}": {"get": {}}})
        assert call(found, "GET /pets/{id}").paths == (("/pets/1",),)
        assert call(found, "GET /pets").extracts == ()

    def test_are_chosen_from_in_bodies_too(self) -> None:
        """`pet_id` names one of the pets."""
        order = {"type": "object", "properties": {"pet_id": NUMBER, "count": NUMBER}}
        found = sketched({"/pets": {"get": answers(PETS)}, "/orders": {"post": takes(order)}})
        assert call(found, "POST /orders").json == {"pet_id": Extracted("pet_ids", "random.choice", True), "count": 1}


class TestMaking:
    """What is made is read, changed and deleted in one task."""

    PATHS: dict[str, Any] = {  # noqa: RUF012  (it is only read)
        "/pets": {"post": takes(PET) | answers(PET, "201")},
        "/pets/{petId}": {
            "parameters": ONE,
            "get": answers(PET),
            "delete": {"responses": {"204": {}}},
            "put": takes(PET) | answers(PET),
        },
    }

    def test_is_one_journey(self) -> None:
        """In an order that works, and nothing of it is asked for with an invented id besides."""
        found = sketched(self.PATHS)
        assert endpoints(found) == ["POST /pets"]
        made = call(found, "POST /pets")
        assert [each.endpoint for each in made.then] == [
            *("GET /pets/{petId}", "PUT /pets/{petId}", "DELETE /pets/{petId}")
        ]
        assert made.extracts[0].arguments == ("id",)
        assert {each.paths for each in made.then} == {(("/pets/", Extracted("pet_id", "", True)),)}
        assert_only_data(scenario_source(found, "pets", "pets.json"))

    def test_by_its_location(self) -> None:
        """Where the answer has a header for it instead of a body."""
        made: dict[str, Any] = {"post": {"responses": {"201": {"headers": {"Location": {}}}}}}
        found = sketched({**self.PATHS, "/pets": made})
        assert call(found, "POST /pets").extracts[0].arguments == ("/pets/{}",)

    def test_is_not_deleted_where_others_find_it(self) -> None:
        """What is in a list must be there when somebody asks for it."""
        found = sketched({**self.PATHS, "/pets": {**self.PATHS["/pets"], "get": answers(PETS)}})
        assert [each.method for each in call(found, "POST /pets").then] == ["GET", "PUT"]
        assert not call(found, "DELETE /pets/{petId}").active

    def test_whose_answer_is_unknown_stays_alone(self) -> None:
        """Nothing is guessed that would make a run red."""
        found = sketched({**self.PATHS, "/pets": {"post": takes(PET)}})
        assert call(found, "POST /pets").then == ()


class TestLinks:
    """What the document itself says about where answers lead."""

    @pytest.mark.parametrize("target", [{"operationId": "showPet"}, {"operationRef": "#/paths/~1pets~1{petId}/get"}])
    def test_are_followed(self, target: dict[str, str]) -> None:
        """By id or by reference."""
        links = {"pet": {**target, "parameters": {"petId": "$response.body#/data/0/number"}}}
        paths = {
            "/adoptions": {"post": {"responses": {"201": {"links": links}}}},
            "/pets/{petId}": {"get": {"operationId": "showPet", "parameters": ONE}},
        }
        made = call(sketched(paths), "POST /adoptions")
        assert [each.endpoint for each in made.then] == ["GET /pets/{petId}"]
        assert made.extracts[0].arguments == ("data", 0, "number")
        assert made.then[0].needs == made.gives

    def test_that_leave_a_part_open_are_not(self) -> None:
        """An invented id would be refused."""
        links = {"pet": {"operationId": "showPet", "parameters": {"petId": "$request.body#/id"}}}
        paths = {
            "/adoptions": {"post": {"responses": {"201": {"links": links}}}},
            "/pets/{petId}": {"get": {"operationId": "showPet", "parameters": ONE}},
        }
        assert call(sketched(paths), "POST /adoptions").then == ()


class TestLogins:
    """The operation that gives what the others want."""

    TOKEN = {"type": "object", "properties": {"token": TEXT}}  # noqa: RUF012
    BEARER = {"components": {"securitySchemes": {"b": {"type": "http", "scheme": "bearer"}}}, "security": [{"b": []}]}  # noqa: RUF012

    def test_gives_a_token_for_the_credentials(self) -> None:
        """Without a variable for the token itself; those of the credentials are read from the environment."""
        login = {"post": {**takes(CREDENTIALS), **answers(self.TOKEN), "security": []}}
        found = sketched({"/auth/login": login, "/pets": {"get": {}}}, **self.BEARER)
        assert found.start[0].json == {"username": FromEnv("PETS_USERNAME"), "password": FromEnv("PETS_PASSWORD")}
        assert call(found, "GET /pets").headers == {"Authorization": ("Bearer ", Extracted("access_token", "", True))}
        assert found.headers == {}
        assert endpoints(found) == ["GET /pets"]

    def test_of_oauth_is_where_the_scheme_says(self) -> None:
        """Its answer has an access_token whatever the document says, and optional fields are left out."""
        form = {
            "type": "object",
            "required": ["username", "password"],
            "properties": {
                "grant_type": TEXT,
                "username": TEXT,
                "password": TEXT,
                "scope": TEXT,
                "client_secret": TEXT,
            },
        }
        scheme = {"type": "oauth2", "flows": {"password": {"tokenUrl": "token", "scopes": {}}}}
        paths = {
            "/token": {"post": {**takes(form, "application/x-www-form-urlencoded"), "responses": {"200": {}}}},
            "/pets": {"get": {"security": [{"o": []}]}},
        }
        found = sketched(paths, components={"securitySchemes": {"o": scheme}})
        assert found.start[0].form is not None
        assert list(found.start[0].form) == ["grant_type", "username", "password"]
        assert found.start[0].form["grant_type"] == "password"
        assert found.start[0].extracts[0].arguments == ("access_token",)

    def test_that_gives_a_cookie_is_looked_at(self) -> None:
        """The client keeps it; no header is sent in its place."""
        cookie = {"components": {"securitySchemes": {"c": {"type": "apiKey", "in": "cookie", "name": "sid"}}}}
        paths = {"/login": {"post": takes(CREDENTIALS)}, "/pets": {"get": {"security": [{"c": []}]}}}
        found = sketched(paths, **cookie)
        assert [(each.name, each.kept) for each in found.start[0].extracts] == [("cookie sid", False)]
        assert found.headers == {}

    @pytest.mark.parametrize("path", ["/register", "/pets", "/auth/refresh", "/logout"])
    def test_is_known_by_its_name(self, path: str) -> None:
        """A password alone does not make one."""
        login = {"post": {**takes(CREDENTIALS), **answers(self.TOKEN)}}
        assert sketched({path: login, "/cats": {"get": {}}}, **self.BEARER).start == ()

    def test_that_nothing_wants_stays_a_task(self) -> None:
        """As all that changes data."""
        login = {"post": {**takes(CREDENTIALS), **answers(self.TOKEN)}}
        assert endpoints(sketched({"/login": login, "/pets": {"get": {}}})) == ["POST /login", "GET /pets"]


@given(st.lists(st.integers(1, 99), min_size=1), st.lists(hostile.filter(bool), max_size=2), hostile)
def test_ids_are_read_from_where_they_were_seen(ids: list[int], path: list[str], other: str) -> None:
    """Whatever the tables around the list are called."""
    answer: Any = [{"id": number, "name": other} for number in ids]
    for key in reversed(path):
        answer = {key: answer}
    found = listing_of(answer, "petId")
    if found is not None:
        read = json_ids(Answered(json.dumps(answer), Headers([])), found.key, *found.path)
        assert read == ids


def test_without_a_list_no_ids_are_read() -> None:
    """What was known before stays."""
    for text in ("", "{}", "[1]", '{"items": null}', '{"items": [{"id": null}]}', "<p>"):
        assert json_ids(Answered(text, Headers([])), "id", "items") == []
