"""The history in a database: SQLite in a file, or PostgreSQL for teams, whose CI jobs write at the same time."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import and_, create_engine, delete, event, func, make_url, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from perfgate.baseline.entry import GOOD, damaged, from_bytes, pin_of
from perfgate.baseline.fault import damaged_store, fault_of
from perfgate.baseline.schema import (
    ENTRIES,
    HISTOGRAMS,
    VERSION,
    check_version,
    columns_of,
    migrate,
    row_of,
    version_of,
)
from perfgate.baseline.store import ALL, Keep, Wanted
from perfgate.errors import StorageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import URL, ColumnElement, Connection, CursorResult, Engine, Row, Select

    from perfgate.baseline.entry import Entry, Pin

PATIENCE_S = 30.0
_CONNECT_S = 10
_MOST_IDS = 1_000  # in one statement; databases bound the number of parameters
_SAME = ("service", "load", "kind", "recording", "branch", "fingerprint")
_RETRY_S = 0.05


class SqlStore:
    """A history in a database; see `Store`."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.name = name
        self.note = ""
        self._engine = engine
        self._writer = engine.execution_options(writing=True)

    @classmethod
    def open(cls, url: str, root: Path, patience_s: float = PATIENCE_S) -> SqlStore:
        """Open the database, and make or migrate its tables.

        Args:
            url: `sqlite:///PATH` or `postgresql://...`.
            root: where relative paths start.
            patience_s: how long to wait while another process writes.

        Raises:
            UsageError, StorageError: see `open_store`.
        """
        parsed = _parsed(url)
        if parsed.drivername == "sqlite":
            path = _path(parsed, root)
            store = cls(_sqlite(path, patience_s), str(path))
        else:
            store = cls(_postgresql(parsed, patience_s), f"postgresql://{parsed.host or ''}/{parsed.database or ''}")
        try:
            store._prepare(time.monotonic() + patience_s)
        except BaseException:
            store.close()
            raise
        return store

    def add(self, entries: Iterable[Entry]) -> int:
        """See `Store.add`."""
        given = {entry.id: entry for entry in entries}
        if not given:
            return 0
        rows = [row_of(entry) for entry in given.values()]
        with self._transaction(writing=True) as connection:
            # Rows in one order, so that two writers of the same entries cannot wait for each other.
            rows.sort(key=lambda row: row["id"])
            added = set(connection.scalars(self._insert(ENTRIES).returning(ENTRIES.c.id), rows))
            packed = [
                {"id": new, "packed": given[new].packed} for new in sorted(added) if given[new].packed is not None
            ]
            if packed:
                connection.execute(self._insert(HISTOGRAMS), packed)
        return len(added)

    def _insert(self, table: Any) -> Any:
        dialect = postgresql if self._engine.dialect.name == "postgresql" else sqlite
        return dialect.insert(table).on_conflict_do_nothing()

    def find(self, wanted: Wanted = ALL) -> list[Entry]:
        """See `Store.find`."""
        query = _query(wanted)
        commits = None if wanted.commits is None else sorted(set(wanted.commits))
        with self._transaction() as connection:
            if commits is None:
                rows = connection.execute(query).all()
            else:
                found = (
                    connection.execute(query.where(ENTRIES.c.commit_id.in_(part))).all() for part in _parts(commits)
                )
                rows = [row for part in found for row in part]
        if commits is not None and len(commits) > _MOST_IDS:
            rows = sorted(rows, key=lambda row: (row.recorded_at, row.id), reverse=True)[: wanted.limit]
        return [self._entry(row) for row in rows]

    def get(self, entry_id: str) -> Entry | None:
        """See `Store.get`."""
        with self._transaction() as connection:
            row = connection.execute(_columns(whole=True).where(ENTRIES.c.id == entry_id)).first()
        return self._entry(row) if row else None

    def _entry(self, row: Row[Any]) -> Entry:
        name = f"{self.name}: {row.id}"
        entry = from_bytes(row.body, name)
        # By its columns an entry is found, by its body it is compared: where they differ, one of them is not its own.
        if any(getattr(row, column) != value for column, value in columns_of(entry).items()):
            raise damaged(name, "what it is found by differs from what it is")
        columns = {"by": row.pinned_by or "", "at": row.pinned_at, "reason": row.pin_reason or ""}
        pin = None if row.pinned_at is None else pin_of(columns, name)
        return replace(entry, packed=row.packed if "packed" in row._fields else None, pin=pin)

    def pin(self, entry_id: str, pin: Pin) -> bool:
        """See `Store.pin`."""
        values = {"pinned_by": pin.by, "pinned_at": pin.at, "pin_reason": pin.reason}
        return self._updated(ENTRIES.c.id == entry_id, values)

    def unpin(self, entry_id: str) -> bool:
        """See `Store.unpin`."""
        values = {"pinned_by": None, "pinned_at": None, "pin_reason": None}
        return self._updated(and_(ENTRIES.c.id == entry_id, ENTRIES.c.pinned_at.is_not(None)), values)

    def _updated(self, where: ColumnElement[bool], values: dict[str, Any]) -> bool:
        with self._transaction(writing=True) as connection:
            return _count(connection.execute(update(ENTRIES).where(where).values(**values))) > 0

    def drop(self, entry_ids: Iterable[str]) -> int:
        """See `Store.drop`."""
        with self._transaction(writing=True) as connection:
            return _delete(connection, list(entry_ids))

    def prune(self, keep: Keep, now: float) -> int:
        """See `Store.prune`."""
        own = ENTRIES.c.pinned_at.is_(None)
        with self._transaction(writing=True) as connection:
            old: set[str] = set()
            if keep.seconds is not None:
                old.update(
                    connection.scalars(select(ENTRIES.c.id).where(own, ENTRIES.c.recorded_at < now - keep.seconds))
                )
            if keep.count is not None:
                newest_first = [ENTRIES.c.recorded_at.desc(), ENTRIES.c.id.desc()]
                number = func.row_number().over(partition_by=[ENTRIES.c.service, ENTRIES.c.load], order_by=newest_first)
                numbered = select(ENTRIES.c.id, number.label("number")).where(own).subquery()
                old.update(connection.scalars(select(numbered.c.id).where(numbered.c.number > keep.count)))
            return _delete(connection, sorted(old))

    def close(self) -> None:
        """See `Store.close`."""
        self._engine.dispose()

    def _prepare(self, deadline: float) -> None:
        """Make or migrate the tables, once; others that open at the same time wait."""
        while True:
            try:
                with self._transaction() as connection:
                    version = version_of(connection)
                check_version(version, self.name)
                if version < VERSION:
                    with self._transaction(writing=True) as connection:
                        migrate(connection, self.name)
            except StorageError as error:
                # SQLite does not wait for a lock while the file changes into a write-ahead log.
                if error.slug != "history-locked" or time.monotonic() > deadline:
                    raise
                time.sleep(_RETRY_S)
            else:
                return

    @contextmanager
    def _transaction(self, *, writing: bool = False) -> Iterator[Connection]:
        """A transaction whose database errors are told in words."""
        try:
            with (self._writer if writing else self._engine).begin() as connection:
                yield connection
        except DBAPIError as error:
            raise fault_of(error, self.name) from error
        except (SQLAlchemyError, ValueError, TypeError, ArithmeticError) as error:
            # A damaged file may hold another type in a column, or a schema that names no table.
            raise damaged_store(str(error), self.name) from error


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        # The message of SQLAlchemy would show the password.
        raise UsageError(
            "the URL of the store cannot be read",
            place="store",
            hint="write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with special characters as %XX",
            slug="history-url",
        ) from None


def _path(url: URL, root: Path) -> Path:
    if not url.database or url.database == ":memory:":
        raise UsageError(
            "a history in memory would be forgotten",
            place="store",
            hint="write sqlite:///.perfgate/history.db",
            slug="history-url",
        )
    path = root / url.database
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot make the folder of the history: {error.strerror}", place=str(path)) from error
    return path


def _sqlite(path: Path, patience_s: float) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        # The driver's own idea of when a transaction begins is switched off: `begin` below says it.
        connect_args={"timeout": patience_s, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        # Readers and a writer do not wait for each other.
        connection.execute("PRAGMA journal_mode=WAL").close()

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        # A writer asks for the lock at once: a reader that becomes a writer would be refused without waiting.
        writing = connection.get_execution_options().get("writing")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _postgresql(url: URL, patience_s: float) -> Engine:
    connect = {
        "connect_timeout": _CONNECT_S,
        "application_name": "perfgate",
        "tcp_user_timeout": int(patience_s * 1000),  # a server that vanishes is noticed
        "prepare_threshold": None,  # poolers between here and the server do not know prepared statements
    }
    try:
        engine = create_engine(url.set(drivername="postgresql+psycopg"), connect_args=connect, pool_pre_ping=True)
    except ModuleNotFoundError:
        raise UsageError(
            "the driver for PostgreSQL is not installed",
            place="store",
            hint="pip install 'psycopg[binary]'",
            slug="history-url",
        ) from None

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        patience = int(patience_s * 1000)
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {patience}; SET LOCAL statement_timeout = {2 * patience}")

    return engine


def _columns(*, whole: bool) -> Select[Any]:
    columns = list(ENTRIES.c)
    if not whole:
        return select(*columns)
    joined = ENTRIES.outerjoin(HISTOGRAMS, ENTRIES.c.id == HISTOGRAMS.c.id)
    return select(*columns, HISTOGRAMS.c.packed).select_from(joined)


def _query(wanted: Wanted) -> Select[Any]:
    """The newest first, all that is wanted but the commits."""
    entry, pinned = ENTRIES.c, ENTRIES.c.pinned_at.is_not(None)
    query = _columns(whole=wanted.whole).order_by(entry.recorded_at.desc(), entry.id.desc()).limit(wanted.limit)
    for name in _SAME:
        if (value := getattr(wanted, name)) is not None:
            query = query.where(entry[name] == value)
    if wanted.since is not None:
        query = query.where(entry.recorded_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(entry.recorded_at <= wanted.until)
    if wanted.pinned is not None:
        query = query.where(pinned if wanted.pinned else entry.pinned_at.is_(None))
    if wanted.eligible:
        query = query.where(or_(pinned, and_(entry.verdict.in_(GOOD), entry.dirty.is_not(True))))
    if wanted.own:
        query = query.where(or_(pinned, entry.pull_request.is_(None)))
    return query


def _parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), _MOST_IDS):
        yield values[start : start + _MOST_IDS]


def _delete(connection: Connection, ids: Sequence[str]) -> int:
    count = 0
    for part in _parts(ids):
        connection.execute(delete(HISTOGRAMS).where(HISTOGRAMS.c.id.in_(part)))
        count += _count(connection.execute(delete(ENTRIES).where(ENTRIES.c.id.in_(part))))
    return count


def _count(result: Any) -> int:
    return cast("CursorResult[Any]", result).rowcount
