"""Where a revision's own Python modules are, to be found before everything that is installed.

A package in development is installed from the user's tree (`pip install -e .`), so that without this both sides of a
comparison would run that one, and look the same whatever was changed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.target.checkout import Checkout

_PROJECT = ("pyproject.toml", "setup.py", "setup.cfg")


def python_path(checkout: Checkout, cwd: Path, given: str, *, anyway: bool = False) -> str:
    """The value of `PYTHONPATH` for what is run in a revision's tree; empty when there is nothing to say.

    Args:
        checkout: the revision on disk.
        cwd: where it is run, in that tree.
        given: the value so far. What it has of the user's tree is taken from the revision's, where that has it.
        anyway: also where nothing tells that a folder is a Python project.
    """
    own = [str(path) for folder in dict.fromkeys([cwd, checkout.tree]) for path in _of(folder, anyway=anyway)]
    return os.pathsep.join([*own, *(in_tree(path, checkout) for path in given.split(os.pathsep) if path)])


def in_tree(path: str, checkout: Checkout) -> str:
    """An absolute path into the user's tree as one into the revision's, where that has it; any other as it is."""
    if not Path(path).is_absolute():
        return path
    whole = Path(path).resolve()
    if not whole.is_relative_to(checkout.top):
        return path
    own = checkout.tree / whole.relative_to(checkout.top)
    return str(own) if own.exists() else path


def _of(folder: Path, *, anyway: bool) -> Iterator[Path]:
    if anyway or any((folder / name).is_file() for name in _PROJECT):
        yield from (path for path in (folder / "src", folder) if path.is_dir())
