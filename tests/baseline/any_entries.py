"""Any entry that can be kept, for hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from perfgate.baseline.entry import Entry, Pin, pack
from perfgate.baseline.fingerprint import Fingerprint
from perfgate.measure.histogram import Histogram
from tests.baseline.entries import entry

_names = st.text(min_size=1, max_size=120).filter(
    lambda text: not any("\ud800" <= letter <= "\udfff" for letter in text)
)
_numbers = st.floats(-1e15, 1e15)
_dates = st.floats(0, 250_000_000_000)
_histograms = st.lists(st.floats(0, 1e6), max_size=5).map(Histogram.of)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    """Any entry that can be kept."""
    return entry(
        recording=draw(_names),
        service=draw(_names),
        load=draw(_names),
        kind=draw(st.sampled_from(["load", "benchmarks"])),
        recorded_at=draw(_dates),
        verdict=draw(st.sampled_from(["pass", "warn", "fail", "invalid"])),
        fingerprint=Fingerprint(draw(st.dictionaries(_names, _names, max_size=4))),
        dirty=draw(st.none() | st.booleans()),
        control_ms=draw(st.none() | _numbers),
        values=draw(st.dictionaries(st.tuples(st.none() | _names, _names), _numbers, max_size=6)),
        units=draw(st.dictionaries(_names, _names, max_size=2)),
        packed=draw(st.none() | st.dictionaries(st.none() | _names, _histograms, max_size=3).map(pack)),
        pin=draw(st.none() | st.builds(Pin, _names, _dates, _names)),
        commit=draw(st.none() | _names),
        branch=draw(st.none() | _names),
        pull_request=draw(st.none() | _names),
    )
