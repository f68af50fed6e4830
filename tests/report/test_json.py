"""result.json and its schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from perfgate.errors import ExitCode, RecordingError
from perfgate.report import json as report
from tests.report import results

if TYPE_CHECKING:
    from perfgate.judge.result import Result

RESULTS = [
    results.result(),
    results.passed(),
    results.slower(),
    results.against_history(results.WORSE),
    *map(results.hostile, results.HOSTILE),
]


@pytest.mark.parametrize("result", RESULTS)
def test_what_is_written_is_valid_against_the_published_schema(result: Result) -> None:
    """Whoever reads the file can rely on the schema."""
    schema = report.result_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(report.render(result)), schema, cls=jsonschema.Draft202012Validator)


def test_the_schema_refuses_what_is_no_result() -> None:
    """A schema that accepts everything would prove nothing."""
    value = json.loads(report.render(results.passed()))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**value, "verdict": "green"}, report.result_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**value, "verdcit": "pass"}, report.result_schema())


def test_the_schema_names_its_dialect_and_title_and_no_address() -> None:
    """There is no server behind it."""
    schema = report.result_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == "perfgate result, format 1"
    assert "$id" not in schema


@pytest.mark.parametrize("result", RESULTS)
def test_a_result_that_is_written_and_read_is_the_same(result: Result) -> None:
    """The file holds everything."""
    assert report.parse(report.render(result)) == result


def test_keys_have_the_order_of_the_model_whatever_is_in_them() -> None:
    """So that two results can be compared line by line."""
    keys = list(json.loads(report.render(results.result())))
    assert keys == list(json.loads(report.render(results.passed())))
    assert keys[:4] == ["format", "verdict", "exit_code", "reasons"]


def test_numbers_that_json_does_not_have_are_null() -> None:
    """NaN and Infinity are not JSON, and break every strict reader."""
    latency = results.latency(1.0).model_copy(update={"p99": float("nan"), "max": float("inf")})
    total = results.endpoint(None).model_copy(update={"latency_ms": latency})
    written = report.render(results.passed(runs=[results.run(total=total)]))

    def refuse(name: str) -> Any:
        raise AssertionError(name)

    value = json.loads(written, parse_constant=refuse)
    assert value["runs"][0]["total"]["latency_ms"]["p99"] is None
    assert value["runs"][0]["total"]["latency_ms"]["max"] is None


def test_text_that_utf_8_cannot_carry_is_replaced() -> None:
    """A lone surrogate in a name must not stop the report from being written."""
    assert '"id": "a?b"' in report.render(results.passed(id="a\ud800b")).encode("utf-8").decode()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON: "),
        ("{", "not JSON: "),
        ('{"format": NaN}', "not JSON: NaN is not a JSON number"),
        ("[" * 100_000, "not JSON: "),
        ("[]", "not a result: the top is a JSON array, not an object"),
        ("12", "not a result: the top is a JSON number, not an object"),
        ("null", "not a result: the top is a JSON null, not an object"),
        ("{}", "the result has format None; this version reads format 1"),
        ('{"format": 2}', "the result has format 2; this version reads format 1"),
        ('{"format": 1, "verdict": "green"}', "not a result: verdict: "),
    ],
)
def test_what_is_no_result_is_refused_with_the_reason(text: str, words: str) -> None:
    """And with the next step."""
    with pytest.raises(RecordingError) as caught:
        report.parse(text)
    assert caught.value.slug == "result-file"
    assert caught.value.exit_code == ExitCode.INVALID
    assert caught.value.message.startswith(words)
    assert caught.value.hint


def test_no_check_of_an_unsound_run_can_be_taken_for_a_verdict() -> None:
    """Not even by a reader that looks at nothing but the checks."""
    run = json.loads(report.render(results.passed(verdict="invalid", exit_code=3, runs=[results.doubtful()])))["runs"][
        0
    ]
    assert (run["sound"], run["doubts"]) == (False, ["the generator used 97 % of its core"])
    assert [check["status"] for check in run["checks"]] == ["invalid", "invalid"]
    assert [check["message"] for check in run["checks"]] == [
        "not judged, would be pass: p95 180 ms, budget 250 ms",
        "not judged, would be fail: p95 312.4 ms, budget 250 ms",
    ]


def test_the_slowest_requests_have_all_that_is_known() -> None:
    """Null where nothing is."""
    slowest = json.loads(report.render(results.passed()))["runs"][0]["slowest"]
    assert slowest[1] == {
        "endpoint": "GET /items/{id}",
        "phase": "steady",
        "at_s": 44.0,
        "response_ms": 1220.5,
        "status": None,
        "url": "http://127.0.0.1:8001/items/17",
        "trace_id": None,
    }


def test_what_a_terminal_obeys_is_written_as_an_escape_and_comes_back() -> None:
    """Marks of direction and control characters: whoever prints the file sees them, whoever reads it has them."""
    name = "GET /\x1b[2J\x9b\u202e\u2066\u2028\x7fé"
    hostile = results.hostile(name)
    text = report.render(hostile)
    assert all(line.isprintable() for line in text.split("\n"))
    assert report.parse(text) == hostile
