"""The checkout's database: carts, their items and orders, in SQLite with a write-ahead log."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

from perfgate.demo.server import Connections

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")

_SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE carts (id INTEGER PRIMARY KEY, ordered INTEGER NOT NULL DEFAULT 0);
CREATE TABLE cart_items (cart_id INTEGER, item_id INTEGER, quantity INTEGER, price_cents INTEGER);
CREATE INDEX items_by_cart ON cart_items (cart_id);
CREATE TABLE orders (id INTEGER PRIMARY KEY, cart_id INTEGER, total_cents INTEGER, signature TEXT);
"""
_TOTAL = "SELECT total(quantity * price_cents) FROM cart_items WHERE cart_id = ?"


def price_cents(item_id: int) -> int:
    """What an item costs; this shop's price list is a formula."""
    return 199 + item_id * 37 % 9_800


class Ledger:
    """A new, empty database at `path`."""

    def __init__(self, path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(_SCHEMA)
        self._connections = Connections(path, read_only=False)
        # SQLite has one writer at a time; waiting here is fair, while SQLite's own waiting sleeps and tries again.
        self._writer = threading.Lock()

    def write(self, work: Callable[[sqlite3.Connection], T], *, keep: bool = True) -> T:
        """Do `work` in a transaction, which is rolled back when it raises, or when it is not to be kept."""
        connection = self._connections.mine()
        with self._writer:
            connection.execute("BEGIN IMMEDIATE")
            done = False
            try:
                result = work(connection)
                done = keep
            finally:
                connection.execute("COMMIT" if done else "ROLLBACK")
            return result

    def is_open(self, cart_id: int) -> bool:
        """Whether there is such a cart and it was not ordered yet."""
        query = "SELECT 1 FROM carts WHERE id = ? AND NOT ordered"
        return self._connections.mine().execute(query, (cart_id,)).fetchone() is not None

    def total_cents(self, cart_id: int) -> int:
        """What a cart's items cost together."""
        return int(self._connections.mine().execute(_TOTAL, (cart_id,)).fetchone()[0])

    def order(self, order_id: int) -> dict[str, object] | None:
        """One order, or None when there is none of that number."""
        row = self._connections.mine().execute("SELECT * FROM orders WHERE id = ?", (order_id,)).fetchone()
        return dict(row) if row else None


def add_cart(connection: sqlite3.Connection) -> int:
    """A new cart; returns its id."""
    return connection.execute("INSERT INTO carts DEFAULT VALUES").lastrowid or 0


def add_item(connection: sqlite3.Connection, cart_id: int, item_id: int, quantity: int) -> int:
    """Put an item into a cart; returns the cart's new total in cents."""
    values = (cart_id, item_id, quantity, price_cents(item_id))
    connection.execute("INSERT INTO cart_items VALUES (?, ?, ?, ?)", values)
    return int(connection.execute(_TOTAL, (cart_id,)).fetchone()[0])


def add_order(connection: sqlite3.Connection, cart_id: int, total_cents: int, signature: str) -> int | None:
    """Turn a cart into an order; returns its id, or None when the cart was ordered meanwhile."""
    if not connection.execute("UPDATE carts SET ordered = 1 WHERE id = ? AND NOT ordered", (cart_id,)).rowcount:
        return None
    values = (cart_id, total_cents, signature)
    return connection.execute("INSERT INTO orders (cart_id, total_cents, signature) VALUES (?, ?, ?)", values).lastrowid
