"""The catalog: real queries over the same 12,000 items everywhere."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from perfgate.demo import stock
from tests.demo.shop import ask, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.target.service import RunningService

pytestmark = pytest.mark.xdist_group(__name__)  # what they share is made once


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog's database."""
    return stock.ensure(tmp_path_factory.mktemp("stock") / "cache" / "catalog.db")


@pytest.fixture(scope="module")
def catalog(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A running catalog."""
    with running("catalog", tmp_path_factory.mktemp("catalog"), "--db", str(database)) as service:
        yield service


def test_health(catalog: RunningService) -> None:
    """The service tells that it is well."""
    assert ask(catalog, "GET", "/health").json == {"status": "ok"}


def test_pages_by_price(catalog: RunningService) -> None:
    """Pages hold twenty items each, cheapest first, and follow one another."""
    first, second = (ask(catalog, "GET", f"/items?page={number}").json for number in (1, 2))
    prices = [item["price_cents"] for item in first["items"] + second["items"]]

    assert first["total"] == stock.ITEMS
    assert len(prices) == 40
    assert prices == sorted(prices)


def test_first_page_is_the_default(catalog: RunningService) -> None:
    """A list without a page is the first page."""
    assert ask(catalog, "GET", "/items").json == ask(catalog, "GET", "/items?page=1").json


def test_page_past_the_end_is_empty(catalog: RunningService) -> None:
    """There are 600 pages; the next has no items."""
    assert len(ask(catalog, "GET", "/items?page=600").json["items"]) == 20
    assert ask(catalog, "GET", "/items?page=601").json["items"] == []


def test_search_finds_items_with_all_words(catalog: RunningService) -> None:
    """Every item found holds both words."""
    found = ask(catalog, "GET", "/search?q=oak+lamp").json

    assert found["count"] == 20
    assert all("oak" in item["name"] and "lamp" in item["name"] for item in found["items"])


def test_search_takes_any_text(catalog: RunningService) -> None:
    """Quotes and operators of the search's own language are just text."""
    assert ask(catalog, "GET", "/search?q=%22oak%20NOT%20(*").json["count"] == 0


def test_item_with_reviews_and_related(catalog: RunningService) -> None:
    """An item has its four reviews and five others of its category."""
    item = ask(catalog, "GET", "/items/77").json

    assert item["id"] == 77
    assert item["stars"] == sum(review["stars"] for review in item["reviews"]) / 4
    assert len(item["related"]) == 5
    assert 77 not in [other["id"] for other in item["related"]]


@pytest.mark.parametrize(
    ("path", "rows"), [("/items?page=1", "21"), ("/search?q=oak", "20"), ("/search?q=oak+xyz", "0"), ("/items/5", "10")]
)
def test_rows_read_are_in_a_header(path: str, rows: str, catalog: RunningService) -> None:
    """X-Rows is a number that a custom metric can be read from."""
    assert ask(catalog, "GET", path).headers["X-Rows"] == rows


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/items/0", 404),
        ("/items/999999", 404),
        ("/items/oak", 404),
        ("/items?page=0", 400),
        ("/items?page=-1", 400),
        ("/items?page=x", 400),
        ("/search", 400),
        ("/search?q=%20", 400),
    ],
)
def test_wrong_requests_are_answered_so(path: str, status: int, catalog: RunningService) -> None:
    """What does not exist is 404, what makes no sense is 400; neither is the service's fault."""
    assert ask(catalog, "GET", path).status == status


def test_database_is_the_same_everywhere(database: Path, tmp_path: Path) -> None:
    """Built twice, it is the same to the byte."""
    again = stock.ensure(tmp_path / "again.db")

    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(database.read_bytes()).digest()
    assert [file.name for file in tmp_path.iterdir()] == ["again.db"]


def test_database_is_built_once(database: Path) -> None:
    """A database that is there is used as it is."""
    before = database.stat().st_mtime_ns

    assert stock.ensure(database) == database
    assert database.stat().st_mtime_ns == before


def test_database_that_cannot_be_built(tmp_path: Path) -> None:
    """A place that cannot be written is an error of the command line, in one line and without a traceback."""
    (tmp_path / "file").write_text("")
    command = [sys.executable, "-m", "perfgate.demo.catalog", "--port", "1", "--db", str(tmp_path / "file" / "x.db")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert ended.returncode == 2
    assert "name another place by --db" in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr


def test_missing_packages_are_named(tmp_path: Path) -> None:
    """Without Flask, one line says what to install. (-S hides all that is installed, the link shows perfgate.)"""
    (tmp_path / "perfgate").symlink_to(Path(stock.__file__).parents[1])
    program = f"import sys, runpy; sys.path.insert(0, {str(tmp_path)!r}); runpy.run_module('perfgate.demo.catalog')"
    ended = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, check=False)

    assert ended.returncode == 1
    assert "pip install flask waitress" in ended.stderr.splitlines()[-1]
