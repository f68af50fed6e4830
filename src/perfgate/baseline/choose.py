"""Which commit a change is measured against, as Git sees it.

What is chosen is a commit and the line of its first parents, on which the nearest comparable runs are looked for
afterwards (see `history`). A clone may not know all of it: then the words say what is missing, and how to get it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from perfgate.baseline.event import LOCAL, Event
from perfgate.baseline.repository import FETCH_ALL, Repository
from perfgate.errors import BaselineError, UsageError

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
        BaselineError: Git is missing, this is no repository, the clone is shallow where that matters, or the histories
            have nothing in common.
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
        self.event = event
        self.branch = branch
        self.tip = repository.tip(branch) if branch else None

    def chosen(self, choice: str) -> Chosen:
        """What `choice` means, with its line."""
        if choice == MERGE_BASE:
            found = self.merge_base()
        elif choice == LATEST:
            found = self.latest()
        else:
            commit = self.revision(choice)
            found = Chosen(choice, commit, detail=f"{choice} ({_short(commit)})")
        return self.with_line(found)

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
        branch = self.known_branch()
        where = _short(self.tip) if self.tip else "which this clone does not have"
        return Chosen(LATEST, self.tip, detail=f"the latest of {branch} ({where})")

    def revision(self, choice: str) -> str:
        """The commit of a tag or of a revision, which may be a branch that only the remote has."""
        name = choice.removeprefix(TAG)
        names = [f"refs/tags/{name}"] if choice.startswith(TAG) else [name, f"refs/remotes/origin/{name}"]
        commit = next(filter(None, map(self.git.commit, names)), None)
        if commit is not None:
            return commit
        what = "tag" if choice.startswith(TAG) else "revision"
        if self.git.shallow:
            raise self.too_shallow(f"the {what} {name!r} is not in it")
        raise UsageError(
            f"there is no {what} {name!r} here",
            place=self.git.place,
            hint="look at `git tag`, or fetch it: git fetch --tags origin",
            slug="baseline-revision",
        )

    def merge_base(self) -> Chosen:
        """Where the change left its branch; for a commit of the branch itself: what was there before it."""
        head = self.head()
        if self.event.merge_base and self.git.commit(self.event.merge_base):
            base, detail = self.event.merge_base, f"the merge base that the {self.event.source} names"
        else:
            target, words = self.target()
            found = self.git.merge_base(head, target)
            if found is None:
                raise self.unrelated(head, words)
            base, detail = found, f"the merge base of {_short(head)} and {words}"
        if base == head:
            return self.before(head)
        return Chosen(MERGE_BASE, base, detail=f"{detail} ({_short(base)})")

    def head(self) -> str:
        """The commit under test: what the event names, not the merge commit that a CI may have checked out."""
        if self.event.head is None:
            head = self.git.commit("HEAD")
            if head is None:
                raise BaselineError(
                    "the repository has no commit yet", place=self.git.place, hint="commit first", slug="no-baseline"
                )
            return head
        if self.git.commit(self.event.head):
            return self.event.head
        raise self.missing(f"the change's head {_short(self.event.head)}")

    def target(self) -> tuple[str, str]:
        """The commit of the branch into which the change is to go, and that in words."""
        branch = self.known_branch()
        # Of a push, the event's base is where the pushed branch itself was before.
        base = self.event.base if self.event.pull_request else None
        if base and self.git.commit(base):
            return base, branch
        if self.tip is None or (base and self.git.shallow):
            raise self.missing(f"the target {_short(base)}" if base else f"the branch {branch!r}")
        if base:
            return self.tip, f"{branch} as it is now, since it was rewritten after the event"
        return self.tip, branch

    def before(self, head: str) -> Chosen:
        """On the branch itself uncommitted changes are measured against the head, and the head against its parent."""
        words = f"{_short(head)} is on {self.branch} itself"
        if not self.event.source and self.git.is_dirty():
            return Chosen(MERGE_BASE, head, detail=f"{words}: the last commit, without the uncommitted changes")
        pushed = None if self.event.pull_request else self.event.base
        if pushed and self.git.commit(pushed) and self.git.holds(head, pushed):
            return Chosen(MERGE_BASE, pushed, detail=f"{words}: the branch before the push ({_short(pushed)})")
        parent = self.git.commit(f"{head}^")
        if parent:
            return Chosen(MERGE_BASE, parent, detail=f"{words}: its first parent ({_short(parent)})")
        if self.git.shallow:  # its parents are the branch's runs, whichever they are
            return Chosen(
                MERGE_BASE, None, detail=f"{words}, and the clone is shallow: the branch's runs by time alone"
            )
        return Chosen(MERGE_BASE, head, detail=f"{words}, and is the first commit")

    def known_branch(self) -> str:
        """The branch, which has to be known here.

        Raises:
            BaselineError: it is not: a detached head, without a remote, on no branch that is called main.
        """
        if self.branch is None:
            raise BaselineError(
                "it cannot be told into which branch this change is to go: the head is detached",
                place=self.git.place,
                hint='write branch = "NAME" in [gate]',
                slug="baseline-branch",
            )
        return self.branch

    def missing(self, what: str) -> BaselineError:
        """The error for a commit that ought to be here."""
        if self.git.shallow:
            return self.too_shallow(f"{what} is not in it")
        return BaselineError(
            f"{what} is not in this clone: it was not fetched, or was rewritten since",
            place=self.git.place,
            hint="git fetch origin; if the branch was force-pushed, start the pipeline anew",
            slug="baseline-missing",
        )

    def too_shallow(self, why: str) -> BaselineError:
        """The error for what a shallow clone cannot tell."""
        return BaselineError(
            f"the clone is shallow: {why}", place=self.git.place, hint=FETCH_ALL, slug="baseline-shallow"
        )

    def unrelated(self, head: str, target: str) -> BaselineError:
        """The error for histories that never met."""
        if self.git.shallow:
            return self.too_shallow(f"where {_short(head)} left {target} is not in it")
        return BaselineError(
            f"{_short(head)} and {target} have no commit in common: one of them was rewritten from its root",
            place=self.git.place,
            hint='rebase the change, or write baseline = "latest" in [gate]',
            slug="baseline-unrelated",
        )


def _short(commit: str) -> str:
    return commit[:12]
