"""What is kept of a run comes back as it was, and what is damaged is told by name."""

from __future__ import annotations

import json
import zlib
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.baseline.entry import Entry, from_bytes, from_json, pack, to_bytes, to_json, to_wire
from perfgate.errors import StorageError
from perfgate.measure.histogram import Histogram
from tests.baseline.any_entries import entries
from tests.baseline.entries import PIN, entry


@given(entries())
def test_an_entry_comes_back_as_it_was(kept: Entry) -> None:
    """From the form of stores, and from that of exports."""
    assert from_bytes(to_bytes(kept), "x") == kept
    assert from_json(to_json(kept), "x") == kept


def test_histograms_come_back_by_endpoint() -> None:
    """Whole, so that any percentile can be asked for later."""
    times = {None: Histogram.of([1.0, 2.0, 300.0]), "GET /": Histogram.of([5.0])}
    read = entry(packed=pack(times)).histograms()
    assert {name: histogram.to_wire() for name, histogram in read.items()} == {
        name: histogram.to_wire() for name, histogram in times.items()
    }


def test_histograms_that_were_not_read_are_not_taken_for_none() -> None:
    """Who asks for them has to read the entry whole."""
    with pytest.raises(ValueError, match="without its histograms"):
        entry(packed=None).histograms()


@given(entries(), st.integers(0), st.integers(1, 255))
def test_a_damaged_entry_is_told_by_name(kept: Entry, place: int, change: int) -> None:
    """Whichever byte is wrong: the checksum, or the form, tells."""
    data = bytearray(to_bytes(kept))
    data[place % len(data)] ^= change
    with pytest.raises(StorageError) as caught:
        from_bytes(bytes(data), "store: run-1")
    assert (caught.value.slug, caught.value.place) == ("entry", "store: run-1")


@given(
    st.binary()
    | st.binary().map(zlib.compress)
    | st.recursive(
        st.none() | st.integers(-(2**63), 2**63) | st.text(max_size=5),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
    ).map(lambda value: zlib.compress(msgpack.packb(value)))
)
def test_anything_else_is_no_entry(data: bytes) -> None:
    """And never an error that nobody explains."""
    with pytest.raises(StorageError):
        from_bytes(data, "x")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("verdict", "green"),
        ("kind", "unknown"),
        ("recorded_at", -1),
        ("recorded_at", "today"),
        ("dirty", 1),
        ("commit", 7),
        ("control_ms", float("inf")),
        ("values", [["GET /", "p95"]]),
        ("values", [["GET /", "p95", float("nan")]]),
        ("fingerprint", {"machine": 3}),
        ("pin", {"by": "ada"}),
        ("packed", "no bytes"),
        ("service", "another"),  # the id no longer fits
    ],
)
def test_a_field_that_cannot_be_is_refused(field: str, value: object) -> None:
    """The message names the field's place, not just that something is wrong."""
    wire = {**to_wire(entry()), field: value}
    with pytest.raises(StorageError, match=field if field != "service" else "id") as caught:
        from_bytes(zlib.compress(msgpack.packb(wire)), "store: run-1")
    assert caught.value.slug == "entry"


def test_what_could_not_be_read_again_is_not_written() -> None:
    """A mean of nothing is no figure."""
    with pytest.raises(ValueError, match="values"):
        to_bytes(entry(values={(None, "mean"): float("nan")}))


def test_an_entry_of_a_later_format_asks_for_a_later_perfgate() -> None:
    """It is not damaged."""
    wire = json.loads(to_json(entry(pin=PIN)))
    with pytest.raises(StorageError, match="format 2 is not known") as caught:
        from_json(json.dumps({**wire, "format": 2, "new": "field"}), "x")
    assert caught.value.slug == "entry-later"


@pytest.mark.parametrize(
    ("fields", "eligible"),
    [
        ({}, True),
        ({"verdict": "warn"}, True),
        ({"dirty": None}, True),
        ({"verdict": "fail"}, False),
        ({"verdict": "invalid"}, False),
        ({"dirty": True}, False),
        ({"verdict": "fail", "dirty": True, "pin": PIN}, True),
    ],
)
def test_what_may_be_a_baseline(fields: dict[str, Any], eligible: bool) -> None:
    """Green runs of clean trees by themselves; whatever else somebody promoted."""
    assert entry(**fields).eligible is eligible
