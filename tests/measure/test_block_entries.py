"""What the journals of a comparison hold survives being written and read, and nothing else is taken for it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.errors import RecordingError
from perfgate.measure.block_entries import (
    BLOCK,
    BLOCKS_JOURNAL,
    BlockEntry,
    PairEntry,
    Usage,
    block_from_body,
    block_to_body,
    pair_from_body,
)
from perfgate.measure.blocks import Requests
from perfgate.measure.histogram import Histogram
from perfgate.measure.journal import JournalTail, JournalWriter
from perfgate.measure.pairs import read_pairs
from perfgate.measure.recording import HealthSample
from perfgate.measure.shape import MisfitError

if TYPE_CHECKING:
    from pathlib import Path

sides = st.sampled_from(["base", "head"])
counts = st.integers(0, 10**9)
seconds = st.floats(0, 1e4)
requests = st.builds(
    Requests, response_ms=st.lists(st.floats(0.001, 1e6), max_size=20).map(Histogram.of), failed=counts
)
blocks = st.builds(
    BlockEntry,
    number=counts,
    pair=counts,
    side=sides,
    at_s=seconds,
    measured_s=seconds,
    endpoints=st.dictionaries(st.text(max_size=20), requests, max_size=4),
    users=counts,
    requests=counts,
    arrivals=counts,
    unfinished=counts,
    drain_s=seconds,
    lag_ms=st.none() | seconds,
    health=st.builds(HealthSample, cpu=seconds, loop_lag_ms=seconds, steal=st.none() | seconds),
)
usages = st.builds(
    Usage,
    block=counts,
    measured_s=seconds,
    cpu_s=st.none() | seconds,
    memory_bytes=st.none() | seconds,
    figures=st.dictionaries(st.text(max_size=10), seconds, max_size=3),
)
pairs = st.builds(PairEntry, number=counts, first=sides, disturbed=st.text(max_size=30), base=usages, head=usages)


def _travelled(body: dict[str, Any]) -> Any:
    return msgpack.unpackb(msgpack.packb(body), strict_map_key=False)


@given(blocks)
def test_a_block_comes_back_as_it_was(block: BlockEntry) -> None:
    """Histograms included."""
    found = block_from_body(_travelled(block_to_body(block)))
    assert block_to_body(found) == block_to_body(block)


@given(pairs)
def test_a_pair_comes_back_as_it_was(pair: PairEntry) -> None:
    """With what each side used."""
    assert pair_from_body(_travelled(asdict(pair))) == pair


@given(blocks, st.data())
def test_a_block_with_a_part_missing_or_wrong_is_refused(block: BlockEntry, data: st.DataObject) -> None:
    """A journal's checksum does not tell which version wrote it."""
    body = _travelled(block_to_body(block))
    name = data.draw(st.sampled_from(sorted(body)))
    wrong = data.draw(st.sampled_from(["", [[1]], {"cpu": "much"}]))
    with pytest.raises(MisfitError):
        block_from_body({**body, name: wrong} if wrong else {key: body[key] for key in body if key != name})


def test_a_recording_of_another_version_is_refused(tmp_path: Path) -> None:
    """With the file that holds it."""
    with JournalWriter(tmp_path / BLOCKS_JOURNAL) as journal:
        journal.append(BLOCK, {"number": 0})
    with pytest.raises(RecordingError, match="cannot be read: 'pair' is missing"):
        read_pairs(tmp_path)


def test_a_tail_gives_each_entry_once_and_only_when_it_is_whole(tmp_path: Path) -> None:
    """While another process writes the journal."""
    path = tmp_path / "journal"
    tail = JournalTail(path)
    with pytest.raises(RecordingError, match="cannot read"):
        tail.take()
    with JournalWriter(path) as journal:
        assert tail.take() == []
        journal.append("first", {"n": 1})
        journal.append("second", {"n": 2})
    assert [entry.kind for entry in tail.take()] == ["first", "second"]
    whole = path.read_bytes()
    with JournalWriter(tmp_path / "more") as more:
        more.append("third", {"n": 3})
    frame = (tmp_path / "more").read_bytes()[8:]
    path.write_bytes(whole + frame[:-3])
    assert tail.take() == []
    path.write_bytes(whole + frame)
    assert [entry.body for entry in tail.take()] == [{"n": 3}]
    (tmp_path / "other").write_text("something else")
    with pytest.raises(RecordingError, match="not a perfgate journal"):
        JournalTail(tmp_path / "other").take()
