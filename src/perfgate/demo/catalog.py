"""The catalog service: lists, searches and shows items, from SQLite. `python -m perfgate.demo.catalog --port 8001`."""

from __future__ import annotations

from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, Response, abort, jsonify, request

from perfgate.demo.misbehave import Slowness, chosen
from perfgate.demo.server import Connections, parser, serve
from perfgate.demo.stock import default_path, ensure

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

PAGE_SIZE = 20
LIST, SEARCH, ITEM = "GET /items", "GET /search", "GET /items/{id}"

_COUNT = "SELECT count(*) FROM items"
_PAGE = "SELECT id, name, category, price_cents FROM items ORDER BY price_cents, id LIMIT ? OFFSET ?"
_SEARCH = (
    "SELECT items.id, items.name, category, price_cents FROM words JOIN items ON items.id = words.rowid "
    "WHERE words MATCH ? ORDER BY rank LIMIT ?"
)
_ITEM = "SELECT id, name, category, price_cents, description FROM items WHERE id = ?"
_REVIEWS = "SELECT stars, opinion FROM reviews WHERE item_id = ? ORDER BY stars DESC"
_RELATED = (
    "SELECT id, name, price_cents FROM items WHERE category = ? AND id <> ? ORDER BY abs(price_cents - ?) LIMIT 5"
)


class Catalog:
    """The queries; each returns its answer and counts the rows that it read."""

    def __init__(self, path: Path) -> None:
        self._connections = Connections(path, read_only=True)

    def _rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        return self._connections.mine().execute(query, values).fetchall()

    def page(self, number: int) -> Response:
        """Page `number`, from 1, of all items by price."""
        items = self._rows(_PAGE, PAGE_SIZE, (number - 1) * PAGE_SIZE)
        total = self._rows(_COUNT)[0][0]
        return _answer({"page": number, "total": total, "items": [dict(item) for item in items]}, len(items) + 1)

    def search(self, text: str) -> Response:
        """The items that hold all words of `text`, best first."""
        quoted = " ".join('"{}"'.format(word.replace('"', '""')) for word in text.split())
        items = self._rows(_SEARCH, quoted, PAGE_SIZE)
        return _answer({"query": text, "count": len(items), "items": [dict(item) for item in items]}, len(items))

    def item(self, number: int) -> Response:
        """One item with its reviews and the five in its category that are nearest in price."""
        found = self._rows(_ITEM, number)
        if not found:
            abort(404)
        item = dict(found[0])
        reviews = [dict(review) for review in self._rows(_REVIEWS, number)]
        related = [dict(other) for other in self._rows(_RELATED, item["category"], number, item["price_cents"])]
        stars = sum(review["stars"] for review in reviews) / len(reviews)
        return _answer({**item, "stars": stars, "reviews": reviews, "related": related}, 1 + len(reviews + related))


def _answer(body: dict[str, object], rows: int) -> Response:
    response = jsonify(body)
    response.headers["X-Rows"] = str(rows)
    return response


def create_app(path: Path, slow: Slowness) -> Flask:
    """The service over the database at `path`."""
    app = Flask("catalog")
    catalog = Catalog(path)

    def slowed(name: str) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
        def around(view: Callable[..., Response]) -> Callable[..., Response]:
            return wraps(view)(lambda **values: slow(name, lambda: view(**values)))

        return around

    @app.get("/health")
    def health() -> Response:
        return jsonify(status="ok")

    @app.get("/items")
    @slowed(LIST)
    def page() -> Response:
        number = request.args.get("page", "1")
        return catalog.page(int(number)) if number.isdecimal() and int(number) else abort(400)

    @app.get("/search")
    @slowed(SEARCH)
    def search() -> Response:
        text = request.args.get("q", "").strip()
        return catalog.search(text) if text else abort(400)

    @app.get("/items/<int:number>")
    @slowed(ITEM)
    def item(number: int) -> Response:
        return catalog.item(number)

    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the service until it is told to stop."""
    # Four threads: more only fight over the interpreter's lock.
    switches = parser("catalog", "The demo shop's catalog: reads from SQLite.", [LIST, SEARCH, ITEM], threads=4)
    switches.add_argument("--db", type=Path, default=default_path(), help="the database file (%(default)s)")
    options = switches.parse_args(arguments)
    try:
        path = ensure(options.db)
    except OSError as error:
        switches.error(f"the database cannot be built at {options.db} ({error.strerror}); name another place by --db")
    serve(create_app(path, Slowness(chosen(options).slow)), options)


if __name__ == "__main__":
    main()
