"""A damaged history costs the comparison and is told; it is never a traceback, and never other figures."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest

from perfgate.baseline.choose import Chosen
from perfgate.baseline.history import Subject, history
from perfgate.baseline.sql import SqlStore
from perfgate.baseline.store import open_store
from perfgate.errors import PerfgateError, StorageError
from perfgate.report.history import details, listing
from tests.baseline.entries import HERE, PIN, entry
from tests.baseline.repositories import Project

if TYPE_CHECKING:
    from pathlib import Path

RUNS = 12
LINE = tuple(f"{number:040x}" for number in range(RUNS, 0, -1))


def _written(root: Path) -> bytes:
    """A history of twelve runs, one of them promoted, as it lies on the disk."""
    store = SqlStore.open("sqlite:///history.db", root)
    store.add([entry(number, pin=PIN if number == 3 else None) for number in range(1, RUNS + 1)])
    store.close()
    connection = sqlite3.connect(root / "history.db")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return (root / "history.db").read_bytes()


def _damaged(whole: bytes, source: random.Random) -> bytes:
    """Cut off, or with flipped bits in the header, the schema's page, or anywhere."""
    kind = source.choice(["cut", "header", "schema", "any", "many"])
    if kind == "cut":
        return whole[: source.randrange(len(whole))]
    damaged = bytearray(whole)
    for _ in range(20 if kind == "many" else 1):
        damaged[source.randrange({"header": 100, "schema": 4096}.get(kind, len(whole)))] ^= 1 << source.randrange(8)
    return bytes(damaged)


def _used(root: Path) -> None:
    """Everything that is done with a history."""
    store = SqlStore.open("sqlite:///history.db", root, patience_s=0.1)
    try:
        past = history(store, Chosen("merge-base", LINE[0], "main", LINE), Subject("catalog", "normal", HERE))
        known = {made.id: made for made in (entry(number) for number in range(1, RUNS + 1))}
        assert all(known[found.id].values == found.values for found in past.entries)
        assert all(known[found.id].commit == found.commit for found in past.entries)
        found = store.find()
        listing(found)
        for one in found:
            details(one)
            whole = store.get(one.id)
            if whole and whole.packed is not None:
                whole.histograms()
        store.add([entry(RUNS + 1)])
        store.pin(entry(1).id, PIN)
        store.drop([entry(2).id])
    finally:
        store.close()


@pytest.mark.parametrize("seed", range(4))
def test_any_damage_to_the_file_is_told_or_harms_nothing(tmp_path: Path, seed: int) -> None:
    """What is found is what was written, whatever happened to the rest of the file."""
    whole, source = _written(tmp_path), random.Random(seed)
    for _ in range(20):
        for file in tmp_path.glob("history.db*"):
            file.unlink()
        (tmp_path / "history.db").write_bytes(_damaged(whole, source))
        try:
            _used(tmp_path)
        except PerfgateError:
            continue


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE perfgate_schema SET version = 'two'",
        "UPDATE perfgate_schema SET version = 99",
        "UPDATE perfgate_entries SET recorded_at = 'yesterday'",
        "UPDATE perfgate_entries SET body = 'text'",
        "UPDATE perfgate_entries SET verdict = 'pass', commit_id = '" + "f" * 40 + "' WHERE recording = 'run-5'",
        "UPDATE perfgate_entries SET pinned_at = 'then'",
        "DROP TABLE perfgate_entries",
        "DROP TABLE perfgate_histograms",
    ],
)
def test_a_file_that_sqlite_finds_sound_and_perfgate_never_wrote_is_told(tmp_path: Path, statement: str) -> None:
    """Other types than were written, columns that are not those of the entry, tables that are gone."""
    _written(tmp_path)
    connection = sqlite3.connect(tmp_path / "history.db")
    connection.execute(statement)
    connection.commit()
    connection.close()
    with pytest.raises(StorageError):
        _used(tmp_path)


def test_a_damaged_object_of_the_branch_is_told(tmp_path: Path) -> None:
    """Git's own checksums find it; the store says which, and what helps."""
    project = Project(tmp_path)
    project.commit("a first commit")
    source = random.Random(7)
    store = open_store("git:perfgate-baselines", tmp_path)
    try:
        store.add([entry(1)])
    finally:
        store.close()
    rows = project.git("ls-tree", "-r", "perfgate-baselines").splitlines()
    blob = next(row.split()[2] for row in rows if "/entries/" in row)
    path = tmp_path / ".git" / "objects" / blob[:2] / blob[2:]
    whole = path.read_bytes()
    path.chmod(0o644)
    for number in range(24):
        damaged = bytearray(whole[: source.randrange(len(whole))] if number % 4 == 0 else whole)
        if damaged and number % 4:
            damaged[source.randrange(len(damaged))] ^= 1 << source.randrange(8)
        path.write_bytes(bytes(damaged))
        with suppress(StorageError), closing(open_store("git:perfgate-baselines", tmp_path)) as damaged_one:
            assert damaged_one.find()[0].values == entry(1).values
