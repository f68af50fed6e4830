"""The journal: whatever happens to the file, each entry is read back whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.errors import RecordingError, StorageError
from perfgate.measure.journal import Entry, Journal, JournalWriter, read_journal

if TYPE_CHECKING:
    from collections.abc import Iterator

BODIES = st.dictionaries(st.text(max_size=5), st.integers(-1000, 1000) | st.binary(max_size=20) | st.none(), max_size=4)
ENTRIES = st.lists(st.builds(Entry, st.sampled_from(["begin", "second", "end"]), BODIES), max_size=5)
HEADER_BYTES = 8


@contextmanager
def journal_of(entries: list[Entry]) -> Iterator[Path]:
    """A journal on disk; not `tmp_path`, which hypothesis would share among all examples."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "some.journal"
        with JournalWriter(path) as writer:
            for entry in entries:
                writer.append(entry.kind, entry.body)
        yield path


@given(ENTRIES)
def test_what_was_appended_is_read_back(entries: list[Entry]) -> None:
    """In order, and with no torn tail."""
    with journal_of(entries) as path:
        assert read_journal(path) == Journal(tuple(entries), 0)


@given(ENTRIES, st.data())
def test_a_cut_at_any_byte_leaves_the_entries_before_it(entries: list[Entry], data: st.DataObject) -> None:
    """The whole entries are read; what is left of the cut one is reported as torn."""
    with journal_of(entries) as path:
        whole = path.read_bytes()
        cut = data.draw(st.integers(0, len(whole)), label="cut")
        path.write_bytes(whole[:cut])
        journal = read_journal(path)
    kept = len(journal.entries)
    assert journal.entries == tuple(entries[:kept])
    if cut < len(whole):
        assert kept < len(entries) or not entries
    assert journal.torn_bytes == cut - _length_of(entries[:kept]) or cut < HEADER_BYTES


def _length_of(entries: list[Entry]) -> int:
    with journal_of(entries) as path:
        return path.stat().st_size


@given(ENTRIES, st.data())
def test_a_flipped_bit_never_gives_a_wrong_entry(entries: list[Entry], data: st.DataObject) -> None:
    """What is read is still what was written, as far as it goes; a damaged header is an error."""
    with journal_of(entries) as path:
        content = bytearray(path.read_bytes())
        place = data.draw(st.integers(0, len(content) - 1), label="place")
        content[place] ^= 1 << data.draw(st.integers(0, 7), label="bit")
        path.write_bytes(content)
        if place < HEADER_BYTES:
            with pytest.raises(RecordingError):
                read_journal(path)
        else:
            journal = read_journal(path)
            assert journal.entries == tuple(entries[: len(journal.entries)])
            assert len(journal.entries) < len(entries)
            assert journal.torn_bytes > 0


@given(ENTRIES, st.binary(min_size=1, max_size=40))
def test_garbage_at_the_end_hides_nothing_before_it(entries: list[Entry], garbage: bytes) -> None:
    """It is the torn tail."""
    with journal_of(entries) as path:
        with path.open("ab") as file:
            file.write(garbage)
        assert read_journal(path) == Journal(tuple(entries), len(garbage))


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    """With its path, so that the user sees which."""
    path = tmp_path / "notes.txt"
    path.write_text("hello, world")
    with pytest.raises(RecordingError, match="not a perfgate journal") as caught:
        read_journal(path)
    assert caught.value.place == str(path)


def test_a_later_format_is_refused_with_the_way_out(tmp_path: Path) -> None:
    """Guessing at a format would be worse."""
    path = tmp_path / "future.journal"
    path.write_bytes(b"PGJRNL99")
    with pytest.raises(RecordingError, match="format 99"):
        read_journal(path)


def test_an_existing_journal_is_never_overwritten(tmp_path: Path) -> None:
    """What was measured once is not lost to a second run in the same folder."""
    path = tmp_path / "requests.journal"
    JournalWriter(path).close()
    with pytest.raises(StorageError, match=os.strerror(17)):
        JournalWriter(path)


def test_an_entry_is_on_disk_when_append_returns(tmp_path: Path) -> None:
    """No closing is needed, so a kill loses nothing."""
    path = tmp_path / "requests.journal"
    writer = JournalWriter(path)
    body: dict[str, Any] = {"second": 3}
    writer.append("second", body)
    assert read_journal(path).of_kind("second") == [body]
    writer.close()
