"""`perfgate init --github`: the workflows of GitHub Actions, ready to commit."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from perfgate import __version__
from perfgate.errors import StorageError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ".github/workflows"
WORKFLOWS = ("perfgate.yml", "perfgate-comment.yml", "perfgate-main.yml", "perfgate-nightly.yml")


def write_workflows(out: Path, *, force: bool = False) -> list[Path]:
    """Write the workflows below `out`; all of them, or none.

    Raises:
        UsageError: slug `exists`; one is there already, and `force` is not given.
        StorageError: they cannot be written.
    """
    paths = [out / FOLDER / name for name in WORKFLOWS]
    for path in paths:
        if path.exists() and not force:
            raise UsageError(
                "the file exists already", place=str(path), hint="overwrite it with --force", slug="exists"
            )
    try:
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(workflow(path.name), encoding="utf-8")
    except OSError as error:
        raise StorageError(f"cannot be written: {error.strerror}", place=str(out / FOLDER)) from error
    return paths


def workflow(name: str) -> str:
    """The text of one of `WORKFLOWS`, with this version of perfgate pinned."""
    text = files("perfgate.scaffold").joinpath("workflows", name).read_text(encoding="utf-8")
    return text.replace("@VERSION@", __version__)
