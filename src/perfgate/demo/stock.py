"""The catalog's database: the same 12,000 items and 48,000 reviews on every machine, built once in half a second."""

from __future__ import annotations

import os
import random
import sqlite3
import tempfile
from contextlib import closing
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ITEMS = 12_000
REVIEWS_PER_ITEM = 4
_VERSION = 1  # to be raised with any change of what is built, as finished files are used again

ADJECTIVES = ("compact", "folding", "heavy", "insulated", "light", "modular", "silent", "sturdy", "vintage", "woven")
MATERIALS = ("bamboo", "canvas", "ceramic", "copper", "cork", "glass", "leather", "linen", "oak", "steel", "walnut")
THINGS = ("bag", "basket", "bench", "bottle", "chair", "desk", "jacket", "kettle", "lamp", "mug", "shelf", "stool")
_USES = ("camping", "cooking", "gardening", "hiking", "office", "painting", "reading", "sailing", "sewing", "travel")
_CATEGORIES = tuple(" ".join(pair) for pair in product(MATERIALS, ("home", "kitchen", "outdoor", "workshop")))
_OPINIONS = ("arrived late", "as described", "broke soon", "love it", "too small", "very solid", "would buy again")

_SCHEMA = """
CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT, category TEXT, price_cents INTEGER, description TEXT);
CREATE TABLE reviews (id INTEGER PRIMARY KEY, item_id INTEGER, stars INTEGER, opinion TEXT);
CREATE VIRTUAL TABLE words USING fts5 (name, description, content='items', content_rowid='id');
"""
_INDEXES = """
CREATE INDEX items_by_price ON items (price_cents, id);
CREATE INDEX items_by_category ON items (category, price_cents);
CREATE INDEX reviews_by_item ON reviews (item_id);
INSERT INTO words (words) VALUES ('rebuild');
ANALYZE;
"""


def default_path() -> Path:
    """Where the database lies unless told otherwise: in the cache folder of the user, or else in the present one."""
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:  # a container's user without a home
        cache = Path()
    return cache / "perfgate" / f"catalog-{_VERSION}.db"


def ensure(path: Path) -> Path:
    """Build the database unless it is there; returns its path.

    Raises:
        OSError: when the folder or the file cannot be written.
    """
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    # Built beside its place and moved there whole: two services may start at once, and either may be killed.
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="building-") as folder:
        unfinished = Path(folder) / path.name
        _build(unfinished)
        unfinished.replace(path)
    return path


def _build(path: Path) -> None:
    chance = random.Random(_VERSION)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_SCHEMA}")
        connection.executemany("INSERT INTO items VALUES (?, ?, ?, ?, ?)", _items(chance))
        connection.executemany("INSERT INTO reviews (item_id, stars, opinion) VALUES (?, ?, ?)", _reviews(chance))
        connection.commit()
        connection.executescript(_INDEXES)


def _items(chance: random.Random) -> Iterator[tuple[int, str, str, int, str]]:
    for number in range(1, ITEMS + 1):
        name = f"{chance.choice(ADJECTIVES)} {chance.choice(MATERIALS)} {chance.choice(THINGS)} {number}"
        uses = " and ".join(chance.sample(_USES, 3))
        yield number, name, chance.choice(_CATEGORIES), chance.randrange(199, 49_999), f"Made for {uses}; {name}."


def _reviews(chance: random.Random) -> Iterator[tuple[int, int, str]]:
    for number in range(1, ITEMS + 1):
        for _ in range(REVIEWS_PER_ITEM):
            yield number, chance.randrange(1, 6), chance.choice(_OPINIONS)
