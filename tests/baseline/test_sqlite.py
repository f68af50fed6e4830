"""The history in a file: older and later versions, damage, and other processes that hold it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from perfgate.baseline.sql import SqlStore
from perfgate.baseline.store import DEFAULT_STORE, Wanted, open_store
from perfgate.errors import StorageError
from tests.baseline import version_1
from tests.baseline.entries import PIN, entry

if TYPE_CHECKING:
    from pathlib import Path


def test_the_default_needs_no_set_up(tmp_path: Path) -> None:
    """The file is made below the root, its folder too."""
    open_store(DEFAULT_STORE, tmp_path).close()
    assert (tmp_path / ".perfgate" / "history.db").exists()


def test_a_path_may_be_absolute(tmp_path: Path) -> None:
    """With a fourth slash."""
    open_store(f"sqlite:///{tmp_path}/history.db", tmp_path / "elsewhere").close()
    assert (tmp_path / "history.db").exists()


def test_a_history_of_version_1_is_migrated(tmp_path: Path) -> None:
    """Nothing of it is lost, and what it could not do before it can now."""
    old = [entry(number, pull_request="12" if number == 3 else None) for number in range(4)] + [entry(9, packed=None)]
    version_1.write(f"sqlite:///{tmp_path}/history.db", old)
    for _ in range(2):  # and it stays as it is when it is opened again
        store = open_store("sqlite:///history.db", tmp_path)
        assert store.find(Wanted(whole=True)) == sorted(old, key=lambda one: one.recorded_at, reverse=True)
        store.close()
    store = open_store("sqlite:///history.db", tmp_path)
    assert [one.recording for one in store.find(Wanted(own=True))] == ["run-9", "run-2", "run-1", "run-0"]
    assert store.pin(old[0].id, PIN)
    store.close()
    with closing(sqlite3.connect(tmp_path / "history.db")) as connection:
        indexes = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    assert {"perfgate_by_branch", "perfgate_by_commit", "perfgate_by_time", "perfgate_by_recording"} <= indexes


def test_a_migration_that_fails_leaves_the_history_as_it_was(tmp_path: Path) -> None:
    """Whole or not at all: the damaged entry is named, and can still be taken out with the version that wrote it."""
    version_1.write(f"sqlite:///{tmp_path}/history.db", [entry(1), entry(2)])
    with closing(sqlite3.connect(tmp_path / "history.db")) as connection, connection:
        connection.execute("UPDATE perfgate_entries SET body = X'00' WHERE id = ?", [entry(2).id])
        before = list(connection.execute("SELECT sql FROM sqlite_master"))
    with pytest.raises(StorageError, match="run-2/catalog/normal"):
        open_store("sqlite:///history.db", tmp_path)
    with closing(sqlite3.connect(tmp_path / "history.db")) as connection:
        assert list(connection.execute("SELECT sql FROM sqlite_master")) == before
        assert list(connection.execute("SELECT version FROM perfgate_schema")) == [(1,)]


def test_a_history_of_a_later_version_is_refused(tmp_path: Path) -> None:
    """It is left as it is."""
    open_store("sqlite:///history.db", tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "history.db")) as connection, connection:
        connection.execute("UPDATE perfgate_schema SET version = 99")
    with pytest.raises(StorageError, match="version is 99") as caught:
        open_store("sqlite:///history.db", tmp_path)
    assert caught.value.slug == "history-later"
    assert caught.value.place == str(tmp_path / "history.db")


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    """And is not overwritten."""
    (tmp_path / "history.db").write_bytes(b"a text that somebody put here\n" * 100)
    with pytest.raises(StorageError, match="damaged, or no history") as caught:
        open_store("sqlite:///history.db", tmp_path)
    assert caught.value.slug == "history-damaged"
    assert (tmp_path / "history.db").read_bytes().startswith(b"a text")


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    """Pages in its middle are overwritten."""
    store = open_store("sqlite:///history.db", tmp_path)
    store.add([entry(number) for number in range(200)])
    store.close()
    path = tmp_path / "history.db"
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(StorageError) as caught:
        open_store("sqlite:///history.db", tmp_path).find()
    assert caught.value.slug == "history-damaged"


def test_a_damaged_entry_is_named_and_can_be_dropped(tmp_path: Path) -> None:
    """The others are not lost with it."""
    store = open_store("sqlite:///history.db", tmp_path)
    store.add([entry(1), entry(2)])
    with closing(sqlite3.connect(tmp_path / "history.db")) as connection, connection:
        connection.execute("UPDATE perfgate_entries SET body = X'FFFF' WHERE id = ?", [entry(1).id])
    with pytest.raises(StorageError, match=r"history\.db: run-1/catalog/normal") as caught:
        store.find()
    assert caught.value.slug == "entry"
    assert store.drop([entry(1).id]) == 1
    assert [one.id for one in store.find()] == [entry(2).id]
    store.close()


def test_a_folder_cannot_be_a_history(tmp_path: Path) -> None:
    """Nor can anything below a file."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    for place in ("folder", "file/history.db"):
        with pytest.raises(StorageError) as caught:
            open_store(f"sqlite:///{place}", tmp_path)
        assert caught.value.slug == "storage"


def test_a_history_that_another_process_holds_is_waited_for_and_then_told(tmp_path: Path) -> None:
    """Reading goes on meanwhile; when the other lets go, so does writing."""
    store = SqlStore.open("sqlite:///history.db", tmp_path, patience_s=0.1)
    store.add([entry(1)])
    with closing(sqlite3.connect(tmp_path / "history.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="another process holds it") as caught:
            store.add([entry(2)])
        assert caught.value.slug == "history-locked"
        assert [one.id for one in store.find()] == [entry(1).id]
        other.execute("ROLLBACK")
    assert store.add([entry(2)]) == 1
    store.close()


def test_a_history_that_is_held_whole_cannot_be_opened(tmp_path: Path) -> None:
    """By a process that made it and has not let go since."""
    with closing(sqlite3.connect(tmp_path / "history.db", isolation_level=None)) as other:
        other.execute("CREATE TABLE something (x)")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StorageError) as caught:
            SqlStore.open("sqlite:///history.db", tmp_path, patience_s=0.2)
        assert caught.value.slug == "history-locked"
