"""Tests that share what was made at some cost run in one process of pytest-xdist, where it is made once.

pytest-xdist's own `--dist loadgroup` writes groups into the tests' names, which pytest 9.2 no longer lets it
(pytest-xdist issue 1386): the groups fall apart without a word, and what is shared is made in each process. Here a file
says it by its text: `xdist_group(__name__)` makes the whole file a group, `xdist_group("NAME")` each of its classes.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

_ROOT = Path(__file__).parent.parent
_WHOLE_FILE, _CLASSES = "xdist_group(__name__)", 'xdist_group("'


class SharedScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """One test after the other to whoever is free, groups as a whole."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def make(config: Any, log: Any) -> SharedScheduling:
    """For the hook `pytest_xdist_make_scheduler`."""
    return SharedScheduling(config, log)


def group_of(nodeid: str) -> str:
    """The group that a test belongs to: its file, its class, or itself alone.

    Args:
        nodeid: as `tests/e2e/test_run.py::TestX::test_y[z]`.
    """
    path, *names = nodeid.partition("[")[0].split("::")
    text = _text(path)
    if _WHOLE_FILE in text:
        return path
    if _CLASSES in text and len(names) > 1:
        return f"{path}::{names[0]}"
    return nodeid


@cache
def _text(path: str) -> str:
    file = _ROOT / path
    return file.read_text(encoding="utf-8") if file.is_file() else ""
