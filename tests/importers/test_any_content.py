"""Whatever is in a file: the right result, or an error that names a line. Never a traceback, never half a result."""

from __future__ import annotations

import csv
import io
import json
from functools import cache
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from perfgate.errors import ImportFileError
from perfgate.importers.imported import ImportedEndpoint, Series
from tests.importers.files import (
    DATA,
    JTL_HEADER,
    K6_REQUESTS,
    k6_point,
    read_bytes,
    read_text,
    told,
    vegeta_result,
)

DOCUMENTS = [
    *("pytest-benchmark.json", "pytest-benchmark-saved.json", "locust.json", "k6-summary.json", "vegeta-report.json"),
    *("hyperfine.json", "google-benchmark.json", "locust_stats.csv", "lighthouse.json.gz", "k6.json.gz"),
]
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
MS = st.integers(0, 100_000)


@cache
def content(name: str) -> bytes:
    """A real file."""
    return (DATA / name).read_bytes()


@cache
def whole(name: str) -> list[tuple[object, ...]]:
    """What a real file says."""
    return told(read_bytes(content(name)))


def outcome(content: bytes) -> list[tuple[object, ...]] | None:
    """What is read, or None for an error; which has to have a place, a message and a slug of its own."""
    try:
        return told(read_bytes(content))
    except ImportFileError as error:
        raised = error
    assert raised.message
    assert raised.hint
    assert raised.slug.startswith("import-")
    assert "results" in raised.place
    return None


@settings(max_examples=25)
@given(share=st.floats(0, 1, exclude_max=True))
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_cut_off_anywhere_is_refused_or_whole(name: str, share: float) -> None:
    """All that may be missing is blank."""
    data = content(name)
    cut = data[: int(share * len(data))]
    assert outcome(cut) in (None, whole(name))
    if len(data.strip()) > len(cut):
        with pytest.raises(ImportFileError) as raised:
            read_bytes(cut)
        assert raised.value.place.rpartition(":")[2].isdecimal(), "without a line"


@settings(max_examples=60)
@given(share=st.floats(0, 1))
@pytest.mark.parametrize("name", ["vegeta.json", "jmeter-5.6.jtl", "jmeter-2.13.jtl"])
def test_lines_cut_off_anywhere_are_refused_or_those_before_the_cut(name: str, share: float) -> None:
    """A row that is there is right: no number is cut between its digits, no row is dropped silently."""
    data = content(name)
    cut = data[: int(share * len(data))]
    found = outcome(cut)
    if found is not None:
        lines = cut.rpartition(b"\n")[0] + b"\n" if cut.endswith(b"\n") or name.endswith("jtl") else cut
        assert found == outcome(lines)
        requests = sum(int(str(row[-3])) for row in found)
        breaks = 1 if b"and found coffee" in cut else 0  # in a cell
        header = 1 if name.endswith("jtl") else 0
        assert requests == len(cut.splitlines()) - header - breaks


@settings(max_examples=150)
@given(data=st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
@example(b"\x1f\x8b")
@example(b"\x1f\x8b\x08\x00\x00\x00")
@example(b'{"type": 1, "metric": [], "data": null}')
@example(b'{"metrics": {"vus": 3}}')
@example(b"a\rb")
def test_any_bytes_are_refused_in_words(data: bytes) -> None:
    """There is nothing to be read in so few."""
    assert outcome(data) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, member in inner for found in _paths(member, (*path, key)))]


def _replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = _replaced(value[path[0]], path[1:], new)
    return copy


SMALL = {
    "pytest-benchmark.json": ("benchmarks", 1),
    "pytest-benchmark-saved.json": ("benchmarks", 1),
    "hyperfine.json": ("results", 1),
    "google-benchmark.json": ("benchmarks", 8),
    "k6-summary.json": None,
    "vegeta-report.json": None,
    "locust.json": None,
}


@settings(max_examples=60)
@given(data=st.data())
@pytest.mark.parametrize("name", SMALL)
def test_anything_anywhere_in_a_document_is_read_or_refused(name: str, data: st.DataObject) -> None:
    """One value of the document is replaced by any other."""
    document = json.loads(content(name))
    kept = SMALL[name]
    if kept:
        document[kept[0]] = document[kept[0]][: kept[1]]
    path = data.draw(st.sampled_from(_paths(document)))
    outcome(json.dumps(_replaced(document, path, data.draw(JSON)), indent=1).encode())


@settings(max_examples=100)
@given(data=st.data())
@pytest.mark.parametrize("line", [json.loads(k6_point()), json.loads(K6_REQUESTS), json.loads(vegeta_result())])
def test_anything_anywhere_in_a_line_is_read_or_refused(line: dict[str, Any], data: st.DataObject) -> None:
    """The same, of JSON lines."""
    path = data.draw(st.sampled_from(_paths(line)))
    wrong = json.dumps(_replaced(line, path, data.draw(JSON)))
    first = vegeta_result() if "latency" in line else K6_REQUESTS
    outcome(f"{first}\n{wrong}\n{k6_point() if first == K6_REQUESTS else first}\n".encode())


REQUESTS = st.lists(
    st.tuples(st.sampled_from(["GET /", "GET /b,c", 'POST /"d"', "é"]) | TEXT, MS, st.booleans()), min_size=1
)


def expected(requests: list[tuple[str, int, bool]]) -> dict[str, tuple[int, int, float, float | None]]:
    """By endpoint: requests, failures, and the sum and the maximum of the times of those that succeeded."""
    found: dict[str, tuple[int, int, float, float | None]] = {}
    for name in {name for name, _, _ in requests}:
        good = [ms for one, ms, ok in requests if one == name and ok]
        every = [ms for one, ms, _ in requests if one == name]
        found[name] = (len(every), len(every) - len(good), float(sum(good)), max(good) if good else None)
    return found


def seen(text: str) -> dict[str, tuple[int, int, float, float | None]]:
    """The same, as it was read."""
    endpoints = [found for found in read_text(text).entries if isinstance(found, ImportedEndpoint)]
    return {
        one.name: (one.requests, one.failures, round(one.latency_ms.total, 3), one.statistic("max"))
        for one in endpoints
        if one.latency_ms is not None
    }


@settings(max_examples=50)
@given(REQUESTS)
def test_rows_of_jmeter_come_back_as_they_were_written(requests: list[tuple[str, int, bool]]) -> None:
    """Whatever their labels are."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerows([1_772_600_000_000, ms, name, 200, str(ok).lower(), 1] for name, ms, ok in requests)
    assert seen(JTL_HEADER + out.getvalue()) == expected(requests)


@settings(max_examples=50)
@given(REQUESTS)
def test_points_of_k6_come_back_as_they_were_written(requests: list[tuple[str, int, bool]]) -> None:
    """Names without a method are taken as they are."""
    points = [k6_point(ms, name=name, expected_response=str(ok).lower()) for name, ms, ok in requests]
    assert seen("\n".join([K6_REQUESTS, *points])) == expected(requests)


@settings(max_examples=50)
@given(REQUESTS)
def test_results_of_vegeta_come_back_as_they_were_written(requests: list[tuple[str, int, bool]]) -> None:
    """Times are nanoseconds there."""
    lines = [
        vegeta_result(method="", url=name, latency=ms * 1_000_000, code=200 if ok else 500) for name, ms, ok in requests
    ]
    assert seen("\n".join(lines)) == expected(requests)


@settings(max_examples=50)
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30), st.integers(1, 10_000))
def test_rounds_of_benchmarks_come_back_in_order(seconds: list[float], iterations: int) -> None:
    """Exactly, in ms."""
    stats = {"data": seconds, "rounds": len(seconds), "iterations": iterations}
    document = {"machine_info": {}, "benchmarks": [{"name": "test_x", "fullname": "a.py::test_x", "stats": stats}]}
    (found,) = read_text(json.dumps(document)).entries
    assert isinstance(found, Series)
    assert found.samples == tuple(value * 1000 for value in seconds)
    assert found.iterations == iterations
