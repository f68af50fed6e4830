"""Whatever stands in the file, the reader gives a plan or an error of its own with a place."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from perfgate.errors import BudgetsError, HostNotAllowedError, PerfgateError
from perfgate.plan.budgets_file import parse_plan
from perfgate.plan.plan import Plan
from tests.plan.test_schema import EVERYTHING
from tests.plan.writing import PATH

WORDS = [
    "gate",
    "loads",
    "services",
    "artifacts",
    "normal",
    "users",
    "budget",
    "p95",
    "url",
    "metrics",
    "true",
    "nan",
    "1e9",
    "0x1f",
    "1979-05-27",
    "60s",
    "é",
]
MARKS = [*"[]{}=\"'\\.,#\n -_%/", '"""', "'''", "[[", "]]", "\r\n", '"5s"']
TOMLISH = st.lists(st.sampled_from([*WORDS, *MARKS]), max_size=25).map("".join)


def check(text: str) -> None:
    """Read it; any error has a place with a line and a message."""
    for require_files in (False, True):
        found = outcome(text, require_files=require_files)
        if isinstance(found, Plan):
            assert found.services or found.artifacts
        else:
            assert re.fullmatch(r"budgets\.toml(:\d+)?", found.place)
            assert found.message


def outcome(text: str, *, require_files: bool) -> Plan | PerfgateError:
    """The plan, or one of the two errors that a file may be refused with."""
    try:
        return parse_plan(text, PATH, require_files=require_files)
    except (BudgetsError, HostNotAllowedError) as error:
        return error


@given(st.one_of(TOMLISH, st.text()))
def test_any_text(text: str) -> None:
    """Noise."""
    check(text)


@given(st.integers(0, len(EVERYTHING)), st.integers(0, 12), TOMLISH)
def test_any_change_to_a_correct_file(start: int, removed: int, inserted: str) -> None:
    """A slip of the hand."""
    check(EVERYTHING[:start] + inserted + EVERYTHING[start + removed :])


LINES = EVERYTHING.splitlines()


@given(st.lists(st.sampled_from(LINES), max_size=12))
def test_any_mixture_of_correct_lines(lines: list[str]) -> None:
    """Keys in tables where they do not belong."""
    check("\n".join(lines))


@given(
    st.integers(0, len(LINES) - 1), st.sampled_from(["", "5", '"x"', "[]", "{}", '"5s"', '"5%"', "{ a = 1 }", "true"])
)
def test_any_other_value(number: int, value: str) -> None:
    """The right key with a wrong value."""
    changed = [*LINES]
    changed[number] = f"{changed[number].split('=')[0]}= {value}" if "=" in changed[number] else value
    check("\n".join(changed))
