"""A history as version 1 wrote it: one table, histograms in the body, no promotions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import create_engine, text

from perfgate.baseline.entry import to_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.baseline.entry import Entry

_TABLES = [
    """
    CREATE TABLE perfgate_entries (
        id VARCHAR NOT NULL PRIMARY KEY, recording VARCHAR NOT NULL, kind VARCHAR NOT NULL, service VARCHAR NOT NULL,
        load VARCHAR NOT NULL, recorded_at DOUBLE PRECISION NOT NULL, verdict VARCHAR NOT NULL,
        fingerprint VARCHAR NOT NULL, commit_id VARCHAR, branch VARCHAR, dirty BOOLEAN, body {bytes} NOT NULL
    )
    """,
    "CREATE INDEX perfgate_by_time ON perfgate_entries (recorded_at)",
    "CREATE TABLE perfgate_schema (version INTEGER NOT NULL)",
    "INSERT INTO perfgate_schema VALUES (1)",
]
_ROW = """
INSERT INTO perfgate_entries VALUES
(:id, :recording, :kind, :service, :load, :recorded_at, :verdict, :fingerprint, :commit, :branch, :dirty, :body)
"""
_NAMES = ("id", "recording", "kind", "service", "load", "recorded_at", "verdict", "commit", "branch", "dirty")


def write(url: str, entries: Sequence[Entry]) -> None:
    """Make such a history.

    Args:
        url: of a database, as SQLAlchemy wants it.
        entries: without promotions, which it did not know.
    """
    engine = create_engine(url)
    kind = "BYTEA" if engine.dialect.name == "postgresql" else "BLOB"
    with engine.begin() as connection:
        for statement in _TABLES:
            connection.execute(text(statement.replace("{bytes}", kind)))
        for entry in entries:
            row = {name: getattr(entry, name) for name in _NAMES}
            connection.execute(text(_ROW), {**row, "fingerprint": entry.fingerprint.digest, "body": to_bytes(entry)})
    engine.dispose()
