"""OpenAPI and Swagger documents become calls."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import pytest

from perfgate.errors import UsageError
from perfgate.scaffold.document import read
from perfgate.scaffold.openapi import sketch_of
from perfgate.scaffold.sketch import Call, FromEnv, Sketch

DATA = Path(__file__).parent / "data"


def sketch(name: str) -> Sketch:
    path = DATA / name
    return sketch_of(read(path.read_text(), name), name, "pets")


def call(found: Sketch, endpoint: str) -> Call:
    return next(call for call in found.calls if call.endpoint == endpoint)


def only_call(operation: dict[str, Any], path: str = "/things", **more: Any) -> Call:
    document = {"openapi": "3.0.3", "paths": {path: {"post": operation}}, **more}
    return sketch_of(document, "test.json", "things").calls[0]


def body(schema: Any, **more: Any) -> Any:
    content = {"application/json": {"schema": schema}}
    return only_call({"requestBody": {"content": content}}, **more).json


class TestOperations:
    """Each operation is a call."""

    def test_are_named_as_in_the_document_below_the_servers_path(self) -> None:
        """An endpoint's name is the templated path, with the path of the first server in front."""
        expected = {
            "GET /v1/pets",
            "POST /v1/pets",
            "GET /v1/pets/{petId}",
            "HEAD /v1/pets/{petId}",
            "DELETE /v1/pets/{petId}",
            "PUT /v1/pets/{petId}/photo",
            "GET /v1/search",
            "POST /v1/login",
        }
        assert expected == {call.endpoint for call in sketch("petstore.json").calls}

    def test_that_change_data_are_not_active(self) -> None:
        """Only GET and HEAD are driven unless the user says otherwise."""
        expected = {"GET", "HEAD"}
        assert expected == {call.method for call in sketch("petstore.json").calls if call.active}

    def test_that_read_weigh_more(self) -> None:
        """A GET of one thing comes more often than a list, and both more often than a write."""
        found = sketch("petstore.json")
        weights = [call(found, name).weight for name in ("GET /v1/pets/{petId}", "GET /v1/pets", "POST /v1/pets")]
        assert weights == sorted(weights, reverse=True)
        assert weights[0] > weights[2]

    def test_send_parameters_that_are_required_or_have_a_value(self) -> None:
        """Defaults and examples are sent; an optional parameter without any is left out."""
        found = call(sketch("petstore.json"), "GET /v1/pets")
        assert found.paths == (("/v1/pets?limit=20&tags=dog&tags=small",),)
        assert found.headers == {"X-Request-Source": "web"}

    def test_fill_templated_paths_with_valid_examples(self) -> None:
        """A path parameter's bounds are kept."""
        assert call(sketch("petstore.json"), "GET /v1/pets/{petId}").paths == (("/v1/pets/7",),)

    def test_encode_what_a_path_must_not_hold(self) -> None:
        """An example can never break out of its place in the path."""
        parameter = {"name": "id", "in": "path", "example": "../a b?c#d/é"}
        assert only_call({"parameters": [parameter]}, "/things/{id}").paths == (
            ("/things/..%2Fa%20b%3Fc%23d%2F%C3%A9",),
        )

    def test_always_stay_on_the_service(self) -> None:
        """A path that looks like another host's URL is a path all the same."""
        for path in ("http://evil.example/x", "//evil.example/x", "evil.example/x"):
            assert only_call({}, path).paths[0][0][:1] == "/"  # type: ignore[index]
            assert not str(only_call({}, path).paths[0][0]).startswith("//")

    def test_of_swagger_2_are_read_too(self) -> None:
        """Bodies, forms, array formats and the base path of the older format."""
        found = sketch("orders.yaml")
        assert call(found, "GET /api/orders").paths == (("/api/orders?since=2024-01-31&state=open%2Cpaid",),)
        line = {"sku": "exam", "count": 6}
        assert {"placed": "2024-02-29", "lines": [line, line]} == call(found, "POST /api/orders").json
        assert call(found, "POST /api/orders/{order_id}/notes").form == {"text": "hello"}

    def test_with_a_body_that_cannot_be_made_say_so(self) -> None:
        """A multipart body is left to the user, with a note."""
        found = call(sketch("petstore.json"), "PUT /v1/pets/{petId}/photo")
        assert found.notes == ("Its body (multipart/form-data) is left to you.",)


class TestBodies:
    """JSON bodies are built from examples, defaults, enums and types."""

    def test_put_all_parts_together(self) -> None:
        """`allOf` adds up, null alternatives are passed over, read-only fields are left out."""
        expected = {
            "name": "example",
            "kind": "cat",
            "born": "2024-01-31",
            "weight": 1,
            "owner": {"email": "user@example.com", "pets": []},
            "parents": [],
        }
        assert expected == call(sketch("petstore.json"), "POST /v1/pets").json

    def test_prefer_what_the_document_gives(self) -> None:
        """example, default, const, examples, enum: each before anything made up."""
        properties = {
            "a": {"type": "integer", "example": 3},
            "b": {"type": "string", "default": "x"},
            "c": {"const": True},
            "d": {"type": "string", "examples": ["first", "second"]},
            "e": {"enum": ["one", "two"]},
        }
        assert body({"properties": properties}) == {"a": 3, "b": "x", "c": True, "d": "first", "e": "one"}

    def test_keep_bounds(self) -> None:
        """Numbers and strings respect minimum, maximum, multipleOf, minLength and maxLength."""
        properties = {
            "small": {"type": "integer", "maximum": -5},
            "above": {"type": "integer", "minimum": 3, "exclusiveMinimum": True},
            "step": {"type": "integer", "minimum": 10, "multipleOf": 7},
            "share": {"type": "number", "minimum": 0.2, "maximum": 0.4},
            "short": {"type": "string", "maxLength": 2},
            "long": {"type": "string", "minLength": 10},
        }
        made = body({"properties": properties})
        assert {key: made[key] for key in ("small", "above", "step", "short")} == {
            "small": -5,
            "above": 4,
            "step": 14,
            "short": "ex",
        }
        assert 0.2 <= made["share"] <= 0.4
        assert len(made["long"]) >= 10

    def test_of_schemas_that_contain_themselves_end(self) -> None:
        """A cycle is cut where it closes; a required field still is there."""
        node = {"required": ["next"], "properties": {"next": {"$ref": "#/components/schemas/Node"}, "v": {"const": 1}}}
        schemas = {"Node": node, "Loop": {"$ref": "#/components/schemas/Loop"}}
        components = {"schemas": schemas}
        assert body({"$ref": "#/components/schemas/Node"}, components=components) == {"next": {}, "v": 1}
        assert body({"$ref": "#/components/schemas/Loop"}, components=components) == "example"

    def test_of_schemas_that_branch_without_bound_stay_small(self) -> None:
        """Twenty schemas that each hold all later ones twice would make a million values."""
        schemas = {
            f"S{number}": {
                "properties": {
                    f"{side}{later}": {"$ref": f"#/components/schemas/S{later}"}
                    for later in range(number + 1, 20)
                    for side in "ab"
                }
            }
            for number in range(20)
        }
        made = body({"$ref": "#/components/schemas/S0"}, components={"schemas": schemas})
        assert len(repr(made)) < 100_000

    def test_do_not_follow_references_out_of_the_document(self) -> None:
        """Other files and hosts are never read."""
        assert body({"properties": {"x": {"$ref": "http://127.0.0.1:1/schema.json"}}}) == {"x": "example"}


class TestSecurity:
    """Security schemes become values from the environment."""

    def test_headers_are_read_from_the_environment(self) -> None:
        """A bearer token is the whole Authorization header."""
        assert [v.variable for v in sketch("petstore.json").headers.values()] == ["PETS_AUTHORIZATION"]

    def test_keys_in_the_query_are_read_from_the_environment(self) -> None:
        """An API key in the query is appended where its operation wants it."""
        found = call(sketch("petstore.json"), "GET /v1/search")
        expected = ("/v1/search?q=example&filter%5Bkind%5D=cat&api_key=", FromEnv("PETS_API_KEY"))
        assert (expected,) == found.paths

    def test_schemes_that_nothing_wants_are_left_out(self) -> None:
        """Declaring a scheme asks for nothing."""
        schemes = {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}}
        document = {"openapi": "3.0.0", "paths": {"/": {"get": {}}}, "components": schemes}
        assert sketch_of(document, "test.json", "x").headers == {}


class TestUnusableDocuments:
    """Each is refused with its place and the next step."""

    @pytest.mark.parametrize(
        "text", ["", "{", "[1, 2]", "just words", "a: [", "&a [*a]", "[" * 5000, "x: " + "9" * 5000]
    )
    def test_that_are_no_table_cannot_be_read(self, text: str) -> None:
        """Neither broken JSON, broken YAML nor a value that contains itself gets further."""
        with pytest.raises(UsageError) as caught:
            sketch_of(read(text, "spec.yaml"), "spec.yaml", "x")
        assert caught.value.place == "spec.yaml"
        assert caught.value.hint

    def test_of_unknown_versions_are_refused(self) -> None:
        """OpenAPI 4 is not guessed at."""
        with pytest.raises(UsageError) as caught:
            sketch_of({"openapi": "4.0.0", "paths": {"/": {"get": {}}}}, "spec.json", "x")
        assert caught.value.slug == "openapi"

    def test_without_operations_are_refused(self) -> None:
        """There is nothing to drive."""
        with pytest.raises(UsageError) as caught:
            sketch_of({"openapi": "3.0.0", "paths": {}}, "spec.json", "x")
        assert caught.value.slug == "openapi"

    def test_in_yaml_need_pyyaml(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without it the error names the extra to install."""
        real = builtins.__import__

        def without_yaml(name: str, *rest: Any, **more: Any) -> Any:
            if name == "yaml":
                raise ImportError(name)
            return real(name, *rest, **more)

        monkeypatch.setattr(builtins, "__import__", without_yaml)
        with pytest.raises(UsageError) as caught:
            read("openapi: 3.0.0", "spec.yaml")
        assert caught.value.slug == "openapi-extra"
        assert "pip install pyyaml" in caught.value.hint
