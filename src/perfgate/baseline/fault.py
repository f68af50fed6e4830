"""What a database complains of, in words that help: locked, damaged, unreachable, refused, full."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.errors import StorageError

if TYPE_CHECKING:
    from sqlalchemy.exc import DBAPIError

_LATER = "the run's recording is kept: import it later with `perfgate baseline import`"


@dataclass(frozen=True)
class Fault:
    """A kind of fault: its slug, what is wrong, and the next step."""

    slug: str
    message: str
    hint: str


_LOCKED = Fault(
    slug="history-locked",
    message="another process holds it and did not let go in time",
    hint=f"end that process; {_LATER}",
)
_DAMAGED = Fault(
    slug="history-damaged",
    message="it is damaged, or no history of perfgate",
    hint="move the file away and restore an export: perfgate baseline import FILE",
)
_FULL = Fault(
    slug="storage",
    message="it cannot be opened or written",
    hint=f"free some space, or let perfgate write there; {_LATER}",
)
_DOWN = Fault(
    slug="history-down",
    message="the database cannot be reached",
    hint=f"is it running, and is the URL right? {_LATER}",
)
_REFUSED = Fault(
    slug="history-refused",
    message="the database refuses",
    hint="the URL has to name a database that is there, and a user who may make tables in it",
)
_OTHER = Fault(slug="history", message="the database failed", hint=_LATER)

_TURNED_AWAY = re.compile(r"authentication failed|does not exist|no pg_hba\.conf entry|permission denied|no password")

# By SQLite's primary result code, https://www.sqlite.org/rescode.html
_SQLITE = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _FULL,
    sqlite3.SQLITE_CANTOPEN: _FULL,
    sqlite3.SQLITE_IOERR: _FULL,
}
# By PostgreSQL's SQLSTATE, or its class, https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL = {
    "55P03": _LOCKED,  # lock_timeout
    "57014": _LOCKED,  # statement_timeout
    "40P01": _LOCKED,  # deadlock
    "42501": _REFUSED,
    "28": _REFUSED,  # password, pg_hba.conf
    "3D": _REFUSED,  # no such database
    "3F": _REFUSED,  # no such schema, or none that the user may see
    "25": _REFUSED,  # read-only transaction
    "53": _FULL,
    "08": _DOWN,
    "57": _DOWN,  # shutting down
}


def fault_of(error: DBAPIError, name: str) -> StorageError:
    """The error to report.

    Args:
        error: what SQLAlchemy raised.
        name: the store, without passwords.
    """
    fault = _kind(error)
    why = str(error.orig).strip().partition("\n")[0]
    return StorageError(f"the history: {fault.message} ({why})", place=name, hint=fault.hint, slug=fault.slug)


def damaged_store(why: str, name: str) -> StorageError:
    """The error for a store in which something stands that perfgate did not write."""
    message = why.strip().partition("\n")[0][:200]
    return StorageError(
        f"the history: {_DAMAGED.message} ({message})", place=name, hint=_DAMAGED.hint, slug=_DAMAGED.slug
    )


def _kind(error: DBAPIError) -> Fault:
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return _SQLITE.get(code & 0xFF, _OTHER)
    state = getattr(error.orig, "sqlstate", None) or ""
    found = _POSTGRESQL.get(state) or _POSTGRESQL.get(state[:2])
    if found is not None:
        return found
    if state or type(error).__name__ not in {"OperationalError", "InterfaceError"}:
        return _OTHER
    # A connection that could not be made, or broke, has no SQLSTATE.
    return _REFUSED if _TURNED_AWAY.search(str(error.orig)) else _DOWN
