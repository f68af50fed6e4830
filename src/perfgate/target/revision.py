"""Which Git revision is being measured."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, TypedDict

from perfgate.measure.work_tree import STATUS, changed_files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_TIMEOUT_S = 10


class RevisionFields(TypedDict):
    """As in `result.json`; all None outside a repository, or where there is no Git."""

    commit: str | None
    branch: str | None
    dirty: bool | None


def current(folder: Path, *, but: Sequence[Path] = ()) -> RevisionFields:
    """The revision checked out in `folder`; untracked files make it dirty too, as they may change the service.

    What tools leave behind when they measure does not: see `measure.work_tree`.

    Args:
        folder: of the work tree.
        but: files that make nothing dirty, such as results that were written there.
    """
    commit = git(folder, "rev-parse", "--verify", "HEAD")
    if commit is None:
        return {"commit": None, "branch": None, "dirty": None}
    changes = changed(folder, but=but)
    return {
        "commit": commit,
        "branch": git(folder, "symbolic-ref", "--short", "-q", "HEAD"),  # None when the head is detached
        "dirty": None if changes is None else bool(changes),
    }


def changed(folder: Path, *, but: Sequence[Path] = ()) -> list[str] | None:
    """The files that make the work tree dirty, as seen from its top; None where Git does not tell.

    Args:
        folder: of the work tree.
        but: files that make nothing dirty.
    """
    others = [f":(top,exclude,literal){name}" for path in but if (name := _within(folder, path))]
    status = git(folder, *STATUS, *(["--", ":(top)", *others] if others else []))
    return None if status is None else changed_files(status)


def _within(folder: Path, path: Path) -> str:
    """The path as seen from the top of the work tree; empty when it lies elsewhere."""
    top = git(folder, "rev-parse", "--show-toplevel")
    whole = path.resolve()
    return whole.relative_to(top).as_posix() if top and whole.is_relative_to(top) else ""


def git(folder: Path, *words: str, timeout_s: float = _TIMEOUT_S) -> str | None:
    """The command's output, stripped; None when Git is missing, fails, or takes too long."""
    try:
        # Optional locks would make a mere look write to the index.
        command = ["git", "--no-optional-locks", *words]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=timeout_s, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip("\n") if done.returncode == 0 else None
