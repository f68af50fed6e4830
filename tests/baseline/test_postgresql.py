"""The history of a team: older and later versions, a server that is not there, or goes in the middle."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from perfgate.baseline.exchange import export_entries, import_entries
from perfgate.baseline.sql import SqlStore
from perfgate.baseline.store import Wanted, open_store
from perfgate.errors import StorageError
from tests.baseline import version_1
from tests.baseline.entries import entry

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.postgres import Postgres


def _execute(url: str, statement: str) -> None:
    engine = create_engine(_driver(url))
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://")


def test_migrations_at_the_same_moment_wait_for_each_other(postgres: Postgres, tmp_path: Path) -> None:
    """Several jobs start with a new perfgate; one of them migrates."""
    url = postgres.database()
    old = [entry(number) for number in range(50)]
    version_1.write(_driver(url), old)
    start = threading.Barrier(4)
    found: list[int] = []

    def job() -> None:
        start.wait()
        store = open_store(url, tmp_path)
        found.append(len(store.find(Wanted(whole=True))))
        store.close()

    jobs = [threading.Thread(target=job) for _ in range(4)]
    for each in jobs:
        each.start()
    for each in jobs:
        each.join()
    assert found == [50] * 4
    store = open_store(url, tmp_path)
    assert store.get(entry(7).id) == entry(7)
    store.close()


def test_a_history_of_a_later_version_is_refused(postgres: Postgres, tmp_path: Path) -> None:
    """It is left as it is."""
    url = postgres.database()
    open_store(url, tmp_path).close()
    _execute(url, "UPDATE perfgate_schema SET version = 99")
    with pytest.raises(StorageError, match="version is 99") as caught:
        open_store(url, tmp_path)
    assert caught.value.slug == "history-later"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_a_server_that_goes_in_the_middle_loses_nothing(
    postgres: Postgres, tmp_path: Path, how: signal.Signals
) -> None:
    """The error says so; what was kept is there afterwards, and what could not be kept is imported then."""
    store = open_store(postgres.database(), tmp_path)
    store.add([entry(1)])
    postgres.stop(how)
    try:
        for work in (lambda: store.add([entry(2)]), store.find, lambda: store.drop([entry(1).id])):
            with pytest.raises(StorageError, match="cannot be reached") as caught:
                work()
            assert caught.value.slug == "history-down"
        beside = open_store("sqlite:///kept.db", tmp_path)
        beside.add([entry(2)])
        export_entries(beside, tmp_path / "kept.jsonl")
        beside.close()
    finally:
        postgres.start()
    assert import_entries(store, tmp_path / "kept.jsonl") == (1, 1)
    assert [one.id for one in store.find()] == [entry(2).id, entry(1).id]
    store.close()


def test_a_server_that_is_not_there_is_told_without_the_password(tmp_path: Path) -> None:
    """Nobody listens in this folder."""
    with pytest.raises(StorageError, match="cannot be reached") as caught:
        open_store(f"postgresql://ada:hunter2@/history?host={tmp_path}", tmp_path)
    assert caught.value.slug == "history-down"
    assert "hunter2" not in str(caught.value)


def test_a_database_that_is_not_there_is_told(postgres: Postgres, tmp_path: Path) -> None:
    """The server's own words are kept."""
    with pytest.raises(StorageError, match='database "nothing" does not exist') as caught:
        open_store(postgres.url("nothing"), tmp_path)
    assert caught.value.slug == "history-refused"


def test_a_user_without_rights_is_told(postgres: Postgres, tmp_path: Path) -> None:
    """Tables cannot be made."""
    url = postgres.database()
    _execute(url, "CREATE ROLE guest LOGIN")
    with pytest.raises(StorageError, match="no schema has been selected") as caught:
        open_store(url.replace("perfgate@", "guest@"), tmp_path)
    assert caught.value.slug == "history-refused"


def test_a_table_that_somebody_holds_is_waited_for_and_then_told(postgres: Postgres, tmp_path: Path) -> None:
    """An administrator at work, say."""
    url = postgres.database()
    store = SqlStore.open(url, tmp_path, patience_s=0.2)
    engine = create_engine(_driver(url))
    with engine.begin() as connection:
        connection.execute(text("LOCK TABLE perfgate_entries IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(StorageError, match="another process holds it") as caught:
            store.add([entry(1)])
        assert caught.value.slug == "history-locked"
    engine.dispose()
    assert store.add([entry(1)]) == 1
    store.close()
