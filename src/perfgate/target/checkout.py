"""The two revisions of a comparison: each in a tree of its own, and the user's tree never touched."""

from __future__ import annotations

import os
import shutil
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from perfgate.baseline.repository import Repository
from perfgate.errors import BaselineError, StorageError, UsageError
from perfgate.spelling import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.measure.blocks import SideName

TREES = ".perfgate/trees"
_DONE = ".checked-out"  # beside the tree, not in it: NAME.checked-out
_KEEP = 10
_OLD_S = 14 * 86_400
_SHORT = 10
# What a hook does when a tree is checked out is meant for people, and may be slow, or touch the user's tree.
_NO_HOOKS = ("-c", "core.hooksPath=/dev/null")


@dataclass(frozen=True)
class Checkout:
    """A revision on disk.

    Attributes:
        side: base or head.
        revision: as it was asked for; empty for the work tree as it is.
        commit: its full name.
        tree: the root of its work tree.
        top: the root of the user's own work tree.
        dirty: it is the user's own tree, with changes that no commit has.
    """

    side: SideName
    revision: str
    commit: str
    tree: Path
    top: Path
    dirty: bool = False

    @property
    def is_own(self) -> bool:
        """Whether it is a tree of perfgate's; else it is the user's."""
        return self.tree != self.top

    @property
    def words(self) -> str:
        """For people: `main (1a2b3c4d5e)`, `the work tree as it is (1a2b3c4d5e and changes)`."""
        commit = self.commit[:_SHORT] + (" and changes" if self.dirty else "")
        name = self.revision or "the work tree as it is"
        return name if self.commit.startswith(name) else f"{name} ({commit})"


def check_out(root: Path, revision: str | None, side: SideName) -> Checkout:
    """A revision in a work tree of its own; the user's tree as it is when `revision` is None.

    A tree is kept, and used again for the same commit. Submodules are not checked out: `setup` can do that.

    Args:
        root: the folder of `budgets.toml`, anywhere in a Git repository.
        revision: what `git rev-parse` understands.
        side: for messages.

    Raises:
        UsageError: `root` is in no repository (its slug is Git's), or `unknown-revision`.
        StorageError: the tree cannot be written.
    """
    with _repository(root) as repository:
        top = Path(repository.place).resolve()
        commit = repository.commit("HEAD" if revision is None else revision)
        if commit is None:
            raise _unknown(repository, revision, side)
        if revision is None:
            return Checkout(side, "", commit, top, top, dirty=repository.is_dirty())
        trees = root.resolve() / TREES
        with locked(trees):
            tree = _tree(repository, trees, commit)
        return Checkout(side, revision, commit, tree, top)


def _repository(root: Path) -> Repository:
    try:
        return Repository.around(root)
    except BaselineError as error:
        raise UsageError(
            error.message,
            place=error.place,
            hint="compare two deployments with --base-url and --head-url, or put the project into Git",
            slug=error.slug,
        ) from error


def _unknown(repository: Repository, revision: str | None, side: SideName) -> UsageError:
    if revision is None:
        what, hint = "the repository has no commit yet", "make one"
    else:
        what = f"the {side} {revision!r} names no commit here"
        meant = repository.meant(revision)
        hint = did_you_mean(meant) if meant else "mend the name, or fetch it: git fetch origin"
        if repository.shallow:
            hint = "this is a shallow clone: fetch the whole history (fetch-depth: 0, or git fetch --unshallow)"
    return UsageError(what, place=repository.place, hint=hint, slug="unknown-revision")


def check_different(base: Checkout, head: Checkout) -> None:
    """Refuse to compare a revision with itself; with changes that no commit has, a work tree is another revision.

    Raises:
        UsageError: `same-revision`.
    """
    if base.commit == head.commit and base.dirty == head.dirty:
        raise UsageError(
            f"base and head are the same revision: {base.words} and {head.words}",
            place=str(base.top),
            hint="name two that differ; `perfgate calibrate` compares a revision with itself on purpose",
            slug="same-revision",
        )


@contextmanager
def locked(trees: Path) -> Iterator[None]:
    """While inside, no other perfgate changes the trees; makes their folder.

    Raises:
        StorageError: it cannot be made.
    """
    try:
        trees.mkdir(parents=True, exist_ok=True)
        (trees / ".gitignore").write_text("*\n", encoding="ascii")  # the trees are no part of the user's
        lock = os.open(trees / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StorageError(f"cannot make the folder of work trees: {error.strerror}", place=str(trees)) from error
    try:
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _tree(repository: Repository, trees: Path, commit: str) -> Path:
    tree, done = trees / commit, trees / f"{commit}{_DONE}"
    if not (done.exists() and (tree / ".git").exists()):
        _remove(repository, tree)  # one that was left half made
        answer = repository.ask(*_NO_HOOKS, "worktree", "add", "--force", "--detach", str(tree), commit)
        if answer.code:
            raise StorageError(f"git worktree add failed: {answer.why}", place=str(tree), slug="work-tree")
    done.touch()  # also says when it was used last
    return tree


def _remove(repository: Repository, tree: Path) -> None:
    for path in tree.parent.glob(f"{tree.name}.*"):
        path.unlink(missing_ok=True)
    if tree.exists():
        repository.ask("worktree", "remove", "--force", "--force", str(tree))
        shutil.rmtree(tree, ignore_errors=True)  # one that Git no longer knows
    repository.ask("worktree", "prune")


def prune(root: Path, *, keep: int = _KEEP, older_than_s: float = _OLD_S) -> list[Path]:
    """Remove trees that were not used for long, beyond the `keep` that were used last; returns what was removed.

    Raises:
        UsageError: `root` is in no repository.
    """
    trees = root.resolve() / TREES
    if not trees.is_dir():
        return []
    with _repository(root) as repository, locked(trees):
        used = sorted(trees.glob(f"*{_DONE}"), key=lambda path: path.stat().st_mtime, reverse=True)
        known = {path.name.removesuffix(_DONE) for path in used}
        stale = [path for path in used[keep:] if time.time() - path.stat().st_mtime > older_than_s]
        old = [trees / path.name.removesuffix(_DONE) for path in stale]
        broken = [path for path in trees.iterdir() if path.is_dir() and path.name not in known]
        for tree in [*old, *broken]:
            _remove(repository, tree)
    return [*old, *broken]
