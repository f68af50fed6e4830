"""Which commit a change is measured against, as Git sees it.

What is chosen is a commit and the line of its first parents, on which the nearest comparable runs are looked for
afterwards (see `history`). A clone may not know all of it: then the words say what is missing, and how to get it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from perfgate.baseline.change import Change, short
from perfgate.baseline.event import LOCAL, Event
from perfgate.baseline.repository import Repository
from perfgate.errors import BaselineError, UsageError
from perfgate.spelling import did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

MERGE_BASE, LATEST, PINNED, TAG = "merge-base", "latest", "pinned", "tag:"
_LONGEST_LINE = 5_000  # commits to walk back at most


@dataclass(frozen=True)
class Chosen:
    """Against what a change is measured.

    Attributes:
        choice: as written.
        commit: None when it is not known: for `pinned`, and for `latest` without a repository.
        branch: the branch whose runs count where the line does not tell; None when no branch is known.
        line: the commit and its first parents, nearest first, as far as the clone knows them.
        newer: commits of the branch that came after `commit`; their runs say nothing about it.
        committed_at: when `commit` was made; later runs of commits that are unknown here may be of newer ones.
        shallow: the clone does not know the whole line.
        detail: how it was found, in words.
    """

    choice: str
    commit: str | None = None
    branch: str | None = None
    line: tuple[str, ...] = ()
    newer: frozenset[str] = frozenset()
    committed_at: float | None = None
    shallow: bool = False
    detail: str = ""


def choose(root: Path, choice: str, *, branch: str | None = None, event: Event = LOCAL) -> Chosen:
    """The commit that `choice` means for the change in `root`.

    Args:
        root: a folder of the work tree.
        choice: `merge-base`, `latest`, `pinned`, `tag:NAME`, or any revision.
        branch: `[gate] branch`; None: the target branch that the event names, else the default branch.
        event: what the CI says, see `read_event`.

    Raises:
        BaselineError: Git is missing, this is no repository, the clone is shallow where that matters, the histories
            have nothing in common, or no commit differs from what is checked out by the change alone.
        UsageError: the tag or revision does not exist (slug `baseline-revision`).
    """
    branch = branch or event.target
    if choice == PINNED:
        return Chosen(PINNED, branch=branch, detail="the promoted runs")
    try:
        repository = Repository.around(root)
    except BaselineError as error:
        if choice != LATEST or branch is None:
            raise
        return Chosen(LATEST, branch=branch, detail=f"the latest runs of {branch}, by time alone: {error.message}")
    with repository:
        return _Choosing(repository, event, branch or repository.default_branch()).chosen(choice)


class _Choosing:
    """One choice in one repository."""

    def __init__(self, repository: Repository, event: Event, branch: str | None) -> None:
        self.git = repository
        self.branch = branch
        self.tip = repository.tip(branch) if branch else None
        self.change = Change(repository, event, branch)

    def chosen(self, choice: str) -> Chosen:
        """What `choice` means, with its line."""
        if choice == MERGE_BASE:
            base = self.change.base()
            return self.with_line(Chosen(MERGE_BASE, base.commit, detail=base.detail))
        if choice == LATEST:
            found = self.latest()
        else:
            commit = self.revision(choice)
            found = Chosen(choice, commit, detail=f"{choice} ({short(commit)})")
        return self.with_line(replace(found, detail=found.detail + self.ahead(found.commit)))

    def with_line(self, found: Chosen) -> Chosen:
        """The same, with the commits around it."""
        found = replace(found, branch=self.branch, shallow=self.git.shallow)
        if found.commit is None:
            return found
        line = self.git.first_parents(found.commit, _LONGEST_LINE)
        newer = self.git.between(found.commit, self.tip, _LONGEST_LINE) if self.tip else set()
        made = self.git.committed_at(found.commit)
        return replace(found, line=tuple(line), newer=frozenset(newer), committed_at=made)

    def latest(self) -> Chosen:
        """The tip of the branch; its runs count even when this clone does not know it."""
        branch = self.change.known_branch()
        where = short(self.tip) if self.tip else "which this clone does not have"
        return Chosen(LATEST, self.tip, detail=f"the latest of {branch} ({where})")

    def ahead(self, commit: str | None) -> str:
        """What a commit that was named has and the change has not: it differs by that too, which has to be said."""
        count = self.git.count(commit, self.git.commit("HEAD")) if commit else 0
        if not count:
            return ""
        return f", which has {count} commit{'' if count == 1 else 's'} that what is measured has not"

    def revision(self, choice: str) -> str:
        """The commit of a tag or of a revision, which may be a branch that only the remote has."""
        name = choice.removeprefix(TAG)
        names = [f"refs/tags/{name}"] if choice.startswith(TAG) else [name, f"refs/remotes/origin/{name}"]
        commit = next(filter(None, map(self.git.commit, names)), None)
        if commit is not None:
            return commit
        what = "tag" if choice.startswith(TAG) else "revision"
        if self.git.shallow:
            raise self.git.too_shallow(f"the {what} {name!r} is not in it")
        meant = self.git.meant(name)
        raise UsageError(
            f"there is no {what} {name!r} here",
            place=self.git.place,
            hint=did_you_mean(meant) if meant else "look at `git tag`, or fetch it: git fetch --tags origin",
            slug="baseline-revision",
        )
