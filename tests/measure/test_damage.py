"""Journals that hold something else than this version writes: an error in words, never a traceback."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfgate.errors import RecordingError
from perfgate.measure.journal import JournalWriter
from perfgate.measure.journals import read_recording
from perfgate.measure.recording import (
    BEGIN,
    END,
    EXIT,
    LATER,
    REQUESTS_JOURNAL,
    SAMPLE,
    SECOND,
    SERVICE_JOURNAL,
    End,
    FailureCount,
    MetricCell,
    ServiceExit,
    ServiceSample,
    SlowRequest,
    second_to_body,
)
from perfgate.measure.run import reduce
from perfgate.plan import profile
from perfgate.plan.plan import HealthLimits
from tests.measure.recordings import BEGUN, HOME, cell, seconds_of

ATOMS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=8)
)
VALUES = st.recursive(
    ATOMS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


def bodies() -> dict[str, dict[str, Any]]:
    """A sound body of each kind, with something in every list."""
    second = seconds_of([cell(0, [1.0, 2.0])], 1)[0]
    second.failures = [FailureCount(HOME, "steady", 0, "HTTP 503", 1, "x")]
    second.metrics = [MetricCell("tokens", "", None, "steady", 0, second.cells[0].response_ms, unusable=1)]
    second.cells[0].untimed = 1
    second.odd = {"response_time": 1}
    second.slowest = [SlowRequest(HOME, 0.5, 2.0, 200, "http://h/", None)]
    return {
        BEGIN: asdict(BEGUN),
        SECOND: second_to_body(second),
        END: asdict(End("completed", "", 1.0, user_errors={"x": 1}, refused_hosts=["h"])),
        SAMPLE: asdict(ServiceSample(0.5, 0.1, 100, 1)),
        EXIT: asdict(ServiceExit(0.5, -9)),
    }


def read_with(kind: str, body: Any) -> None:
    """Read and reduce a recording whose entry of one kind has this body."""
    entries = {**bodies(), kind: body}
    with TemporaryDirectory() as folder:
        for name, kinds in ((REQUESTS_JOURNAL, (BEGIN, SECOND, END)), (SERVICE_JOURNAL, (SAMPLE, EXIT))):
            with JournalWriter(Path(folder) / name) as journal:
                for one in kinds:
                    journal.append(one, entries[one])
        reduce(read_recording(Path(folder)), profile.hold(1, 1).segments, HealthLimits())


def paths_in(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where each value inside a body stands."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for key, part in inside for path in ((*at, key), *paths_in(part, (*at, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy with another value at the path."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


PLACES = [(kind, path) for kind, body in bodies().items() for path in paths_in(body)]


def test_the_bodies_that_are_damaged_here_are_sound() -> None:
    """Or these tests would show nothing."""
    read_with(SECOND, bodies()[SECOND])


SINCE = {*((SECOND, key) for key in LATER), (END, "classes_at_work")}  # older recordings are without them, and sound
ALWAYS = [(kind, key) for kind, body in bodies().items() for key in body if (kind, key) not in SINCE]


@pytest.mark.parametrize(("kind", "key"), ALWAYS)
def test_a_missing_key_is_named(kind: str, key: str) -> None:
    """As in a journal that an older version wrote."""
    body = {name: value for name, value in bodies()[kind].items() if name != key}
    with pytest.raises(RecordingError, match=f"{kind!r} cannot be read: '{key}' is missing") as caught:
        read_with(kind, body)
    assert caught.value.hint == "read it with the version of perfgate that wrote it, or measure again"
    assert caught.value.place.endswith(".journal")


def test_a_second_of_the_first_release_is_read() -> None:
    """What it does not tell of, there was no way to tell of: every request had a time."""
    read_with(SECOND, {name: value for name, value in bodies()[SECOND].items() if name not in LATER})


def test_a_key_of_a_later_version_is_passed_over() -> None:
    """What is known is all there."""
    read_with(BEGIN, {**bodies()[BEGIN], "weather": "fine"})


@given(st.sampled_from(list(bodies())), VALUES)
def test_any_body_is_read_or_refused_in_words(kind: str, body: Any) -> None:
    """Whatever lies in the frame."""
    with suppress(RecordingError):  # anything else fails the test
        read_with(kind, body)


@settings(max_examples=300)
@given(st.sampled_from(PLACES), VALUES)
def test_any_value_in_any_place_is_read_or_refused_in_words(place: tuple[str, tuple[Any, ...]], value: Any) -> None:
    """One value of an otherwise sound entry."""
    kind, path = place
    with suppress(RecordingError):
        read_with(kind, replaced(bodies()[kind], path, value))
