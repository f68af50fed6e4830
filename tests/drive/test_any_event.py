"""Any event that a scenario can fire leaves the rest of the run readable, and what it counts right."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from perfgate.drive.recorder import Flushed, Recorder
from perfgate.measure.journal import JournalWriter
from perfgate.measure.journals import read_recording
from perfgate.measure.recording import BEGIN, END, REQUESTS_JOURNAL, SECOND, End, HealthSample, Second, second_to_body
from perfgate.measure.run import reduce
from perfgate.plan.plan import HealthLimits
from perfgate.plan.profile import hold
from tests.measure.recordings import BEGUN

SOUND = "GET /sound"
TIMES_MS = (1.0, 2.0, 4.0, 80.0)


class Hostile:
    """Raises whatever it is asked."""

    def _refuse(self, *_: Any) -> Any:
        raise RuntimeError("not for you")

    __str__ = __repr__ = __bool__ = __float__ = __len__ = __hash__ = __eq__ = __getattr__ = _refuse


class HostileError(Exception):
    """Likewise, and an exception."""

    def __str__(self) -> str:
        raise RuntimeError("not for you")

    __repr__ = __str__

    @property
    def kind(self) -> str:
        """Not to be had."""
        raise RuntimeError("not for you")


TEXT = st.text(st.characters(exclude_categories=()), max_size=600)
ANYTHING: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=-(10**400), max_value=10**400),
    st.floats(),
    st.decimals(),
    TEXT,
    st.binary(max_size=20),
    st.lists(st.integers(), max_size=2),
    st.builds(Hostile),
    st.builds(HostileError),
    st.builds(ValueError, TEXT),
    st.builds(object),
)
ARGUMENTS = ("request_type", "name", "response_time", "response_length", "exception", "start_time", "response", "url")
EVENTS = st.fixed_dictionaries({}, optional=dict.fromkeys((*ARGUMENTS, "context", "perfgate", "more"), ANYTHING))
METRICS = st.tuples(ANYTHING, ANYTHING, ANYTHING, ANYTHING)


def _written(flushed: Flushed, folder: Path) -> None:
    entry = Second(
        0,
        1,
        flushed.cells,
        flushed.failures_by_kind,
        flushed.metrics,
        HealthSample(0.1, 1.0),
        slowest=flushed.slowest,
        odd=flushed.odd,
    )
    with JournalWriter(folder / REQUESTS_JOURNAL) as journal:
        journal.append(BEGIN, asdict(BEGUN))
        journal.append(SECOND, second_to_body(entry))
        journal.append(END, asdict(End("completed", "", 120.0)))


@settings(max_examples=150, deadline=None)
@given(st.lists(EVENTS, max_size=8), st.lists(METRICS, max_size=4), st.booleans())
def test_any_event_leaves_the_rest_of_the_run_readable(
    events: list[dict[str, Any]], metrics: list[tuple[Any, ...]], is_open: bool
) -> None:
    """Whatever is fired: every request counts, the sound ones have their times, and the result can be written."""
    recorder = Recorder(hold(1, 120), (lambda: (0.0, 0.0)) if is_open else None)
    recorder.start(time.monotonic() - 60)
    sound = iter(TIMES_MS)
    for event in [*events, {}, {}, {}, {}]:
        recorder(**event)
        for told in metrics:
            recorder.on_metric(*told)
        with suppress(StopIteration):
            recorder(request_type="GET", name="/sound", response_time=next(sound), response_length=10)
    with TemporaryDirectory() as folder:
        _written(recorder.flush(), Path(folder))
        summary = reduce(read_recording(Path(folder)), hold(1, 120).segments, HealthLimits())
    (steady,) = [phase for phase in summary.phases if phase.name == "steady"]
    assert sum(phase.total.requests for phase in summary.phases) == len(events) + 4 + len(TIMES_MS)
    (own,) = [entry for entry in steady.endpoints if entry.name == SOUND]
    assert (own.requests, own.failures, own.untimed, own.bytes_received) == (4, 0, 0, 40)
    assert (own.latency_ms.min, own.latency_ms.max) == (1.0, 80.0)
    assert own.latency_ms.mean == sum(TIMES_MS) / 4
    assert summary.model_dump_json().encode()
