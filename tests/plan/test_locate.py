"""Every key of a TOML document is found on its line."""

from __future__ import annotations

import json
import tomllib
from itertools import count
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from perfgate.plan.locate import Lines

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = '''\
# [services.comment]
version = 1

[gate] # [not.this]
allowed_hosts = [
  "127.0.0.1", # ]
  "localhost",
]
motto = """
[services.fake]
key = 1 \\""" still
quotes: """"
health = { steal = "1%", "loop lag" = '2"s' }

[services.catalog]
url = "http://x" # url = 2
budget.p95 = "1s"
budget.normal.p99 = "2s"

  [ services . catalog . endpoints . "GET /items/{id}" . budget ]
p95 = \'\'\'
[fake]\'\'\'
"p99" = "é\\"="

[[list]]
a = 1
[[list]]
a = 2
[list.below]
b = [[1, 2],
 [{ c = 3 }]]
'''


def test_keys_of_all_kinds_of_toml_are_found() -> None:
    """Tables, dotted, quoted and inline keys, arrays, arrays of tables; strings and comments do not mislead."""
    lines = Lines(TEXT)
    paths: list[tuple[str | int, ...]] = [
        ("version",),
        ("gate",),
        ("gate", "allowed_hosts"),
        ("gate", "allowed_hosts", 1),
        ("gate", "motto"),
        ("gate", "health"),
        ("gate", "health", "loop lag"),
        ("services", "catalog"),
        ("services", "catalog", "url"),
        ("services", "catalog", "budget"),
        ("services", "catalog", "budget", "p95"),
        ("services", "catalog", "budget", "normal", "p99"),
        ("services", "catalog", "endpoints", "GET /items/{id}", "budget"),
        ("services", "catalog", "endpoints", "GET /items/{id}", "budget", "p95"),
        ("services", "catalog", "endpoints", "GET /items/{id}", "budget", "p99"),
        ("list", 0, "a"),
        ("list", 1, "a"),
        ("list", 1, "below", "b"),
        ("list", 1, "below", "b", 1, 0, "c"),
    ]
    found = [lines.of(path) for path in paths]
    assert found == [2, 4, 5, 7, 9, 13, 13, 15, 16, 17, 17, 18, 20, 21, 23, 26, 28, 30, 31]


def test_a_missing_key_is_placed_at_the_nearest_table_around_it() -> None:
    """There is no line for what is not there."""
    lines = Lines(TEXT)
    assert lines.of(("services", "catalog", "scenario")) == 15
    assert lines.of(("services", "checkout", "url")) == 15
    assert lines.of(("loads", "normal")) == 1
    assert lines.of(()) == 1


def test_a_table_is_placed_at_its_own_header() -> None:
    """Even when a table below it comes first."""
    lines = Lines("[a.b]\nx = 1\n[a]\ny = 2\n")
    assert [lines.of(("a",)), lines.of(("a", "b"))] == [3, 1]


KEYS = st.one_of(
    st.from_regex(r"[A-Za-z0-9_-]{1,3}", fullmatch=True),
    st.text(st.characters(codec="ascii"), max_size=3).map(json.dumps).map(lambda key: key.replace("\x7f", "x")),
    st.text("ab #.[]{}=,", max_size=3).map(lambda key: f"'{key}'"),
)
DOTTED = st.lists(KEYS, min_size=1, max_size=3).map(".".join)
DECOYS = st.sampled_from(
    [
        '""',
        "''",
        '"[x]"',
        "'a = 1'",
        '"""\n[x]\na = 1\n"""',
        "'''\n]}'''",
        '"\\"#"',
        '"""""quoted"""""',
        "1e5",
        "1979-05-27",
    ]
)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """TOML-like text in which every number from 1,000,000 on stands once, on the same line as its key begins."""
    numbers = count(1_000_000)
    marker = st.builds(lambda: str(next(numbers)))

    def table(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        pair = st.tuples(DOTTED, values).map(" = ".join)
        return st.lists(pair, max_size=3).map(lambda pairs: "{ " + ", ".join(pairs) + " }")

    def array(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.lists(values, max_size=3).map(lambda parts: "[ # ]\n" + ",\n".join(parts) + "\n]")

    values = st.recursive(st.one_of(marker, DECOYS), lambda inner: st.one_of(table(inner), array(inner)), max_leaves=4)
    pair = st.tuples(DOTTED, values).map(" = ".join)
    header = st.one_of(DOTTED.map("[{}]".format), DOTTED.map("[[{}]]".format))
    blank = st.sampled_from(["", "# a = 1", "  "])
    statements = draw(st.lists(st.one_of(pair, pair, header, blank), max_size=10))
    return draw(st.sampled_from(["\n", "\r\n"])).join(_valid(statements))


def _valid(statements: list[str]) -> list[str]:
    """Those statements that TOML accepts after each other."""
    kept: list[str] = []
    for statement in statements:
        try:
            tomllib.loads("\n".join([*kept, statement]))
        except tomllib.TOMLDecodeError:
            continue
        kept.append(statement)
    return kept


def _leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            yield from _leaves(inner, (*path, key))
    else:
        yield path, value


@given(documents())
def test_every_value_is_found_on_the_line_on_which_it_stands(text: str) -> None:
    """The oracle is the text itself: each number occurs once, so that its line is known without any parsing."""
    lines = Lines(text)
    for path, value in _leaves(tomllib.loads(text.replace("\r\n", "\n"))):
        if type(value) is int and value >= 1_000_000:
            assert lines.of(path) == text[: text.index(str(value))].count("\n") + 1
