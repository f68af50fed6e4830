"""The tables of a history in a database, and how an older one becomes the present one.

A row of `perfgate_entries` has an entry's whole body; the columns beside it are what is searched by. Versions:

    version 1   one table, histograms in the body, no promotions
    version 2   histograms in a table of their own, so that searching does not read them; promotions; pull requests
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)

from perfgate.baseline.entry import from_bytes, to_bytes
from perfgate.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from perfgate.baseline.entry import Entry

VERSION = 2
_LOCK = 0x7065_7266_6761_7465  # "perfgate": the advisory lock under which PostgreSQL is migrated
_BATCH = 500

METADATA = MetaData()
ENTRIES = Table(
    "perfgate_entries",
    METADATA,
    Column("id", String, primary_key=True),
    Column("recording", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("service", String, nullable=False),
    Column("load", String, nullable=False),
    Column("recorded_at", Double, nullable=False),
    Column("verdict", String, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("commit_id", String),
    Column("branch", String),
    Column("dirty", Boolean),
    Column("pull_request", String),
    Column("pinned_by", Text),
    Column("pinned_at", Double),
    Column("pin_reason", Text),
    Column("body", LargeBinary, nullable=False),
    Index("perfgate_by_branch", "service", "load", "fingerprint", "branch", "recorded_at"),
    Index("perfgate_by_commit", "service", "load", "commit_id"),
    Index("perfgate_by_time", "recorded_at"),
    Index("perfgate_by_recording", "recording"),
)
HISTOGRAMS = Table(
    "perfgate_histograms",
    METADATA,
    Column("id", String, primary_key=True),
    Column("packed", LargeBinary, nullable=False),
)
SCHEMA = Table("perfgate_schema", METADATA, Column("version", Integer, nullable=False))


def columns_of(entry: Entry) -> dict[str, Any]:
    """What an entry is found by."""
    return {
        **{name: getattr(entry, name) for name in ("id", "recording", "kind", "service", "load", "recorded_at")},
        **{name: getattr(entry, name) for name in ("verdict", "branch", "dirty", "pull_request")},
        "fingerprint": entry.fingerprint.digest,
        "commit_id": entry.commit,
    }


def row_of(entry: Entry) -> dict[str, Any]:
    """An entry's row of `perfgate_entries`; its histograms lie elsewhere."""
    pin = entry.pin
    return {
        **columns_of(entry),
        "pinned_by": pin.by if pin else None,
        "pinned_at": pin.at if pin else None,
        "pin_reason": pin.reason if pin else None,
        "body": to_bytes(replace(entry, packed=None, pin=None)),
    }


def version_of(connection: Connection) -> int:
    """The version of the tables that are there; 0 when there are none."""
    if not inspect(connection).has_table(SCHEMA.name):
        return 0
    return int(connection.scalar(select(func.max(SCHEMA.c.version))) or 0)


def check_version(version: int, name: str) -> None:
    """Refuse what a later perfgate wrote.

    Raises:
        StorageError: slug `history-later`.
    """
    if version > VERSION:
        raise StorageError(
            f"a later perfgate wrote this history: its version is {version}, this perfgate knows {VERSION}",
            place=name,
            hint="install the same version of perfgate everywhere, or give this one a store of its own",
            slug="history-later",
        )


def migrate(connection: Connection, name: str) -> None:
    """Bring the tables to the present version, or make them; the transaction is the caller's.

    Raises:
        StorageError: they are of a later version, or an entry in them is damaged.
    """
    if connection.dialect.name == "postgresql":
        # Released at the end of the transaction; who waited here finds the work done.
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    version = version_of(connection)
    check_version(version, name)
    if version == VERSION:
        return
    if version == 0:
        METADATA.create_all(connection)
        connection.execute(insert(SCHEMA).values(version=VERSION))
        return
    for later in range(version + 1, VERSION + 1):
        _STEPS[later](connection, name)
    connection.execute(update(SCHEMA).values(version=VERSION))


def _to_version_2(connection: Connection, name: str) -> None:
    double = "DOUBLE PRECISION"
    for column, kind in {
        "pull_request": "VARCHAR",
        "pinned_by": "TEXT",
        "pinned_at": double,
        "pin_reason": "TEXT",
    }.items():
        connection.execute(text(f"ALTER TABLE perfgate_entries ADD COLUMN {column} {kind}"))
    HISTOGRAMS.create(connection, checkfirst=True)
    for index in ENTRIES.indexes:
        index.create(connection, checkfirst=True)
    ids = connection.scalars(select(ENTRIES.c.id)).all()
    for start in range(0, len(ids), _BATCH):
        rows = connection.execute(
            select(ENTRIES.c.id, ENTRIES.c.body).where(ENTRIES.c.id.in_(ids[start : start + _BATCH]))
        )
        entries = [from_bytes(body, f"{name}: {entry_id}") for entry_id, body in rows]
        _move_histograms(connection, entries)


def _move_histograms(connection: Connection, entries: list[Entry]) -> None:
    packed = [{"id": entry.id, "packed": entry.packed} for entry in entries if entry.packed is not None]
    if packed:
        connection.execute(insert(HISTOGRAMS), packed)
    connection.execute(
        update(ENTRIES).where(ENTRIES.c.id == bindparam("old_id")),
        [
            {
                "old_id": entry.id,
                "body": to_bytes(replace(entry, packed=None, pin=None)),
                "pull_request": entry.pull_request,
            }
            for entry in entries
        ],
    )


_STEPS: dict[int, Callable[[Connection, str], None]] = {2: _to_version_2}
