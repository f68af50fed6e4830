"""From which commit the change that is checked out was made: the one that differs from it by the change alone.

What is measured is what is checked out, and that is not always the change's own head. A CI may have merged it with its
target (a test merge, merged results, a merge queue); then what the target did meanwhile is in the measurement, and has
to be in the base too: the base is the commit with which it was merged, not the one where the branch began. Where no
commit differs by the change alone, or none that this clone knows, that is said, and nothing is guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from perfgate.errors import BaselineError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.baseline.event import Event
    from perfgate.baseline.repository import Repository


@dataclass(frozen=True)
class Base:
    """The commit from which a change was made, and how it was found, in words.

    Attributes:
        commit: None when it is not known, and only the branch's runs by time can be compared with.
    """

    commit: str | None
    detail: str


class Change:
    """The change that is checked out in a repository.

    Args:
        repository: where.
        event: what the CI says of it.
        branch: into which it is to go; None when that is not known.
    """

    def __init__(self, repository: Repository, event: Event, branch: str | None) -> None:
        self.git = repository
        self.event = event
        self.branch = branch

    @cached_property
    def measured(self) -> str:
        """The commit that is checked out."""
        head = self.git.commit("HEAD")
        if head is None:
            raise BaselineError(
                "the repository has no commit yet", place=self.git.place, hint="commit first", slug="no-baseline"
            )
        return head

    @cached_property
    def parents(self) -> list[str]:
        """Its parents, in their order, also those that the clone does not have."""
        return self.git.parents(self.measured)

    def base(self) -> Base:
        """The commit from which it was made.

        Raises:
            BaselineError: there is none that differs by the change alone, or the clone does not have it.
        """
        if self.event.pull_request:
            self._check_it_is_the_change()
            merged_with = self._merged_with()
            if merged_with:
                return merged_with
        return self._parted()

    def _check_it_is_the_change(self) -> None:
        """Refuse what is checked out when the pull request's head is no part of it: then it is not being measured."""
        head = self.event.head
        if head is None or self.measured in {head, self.event.merged} or head in self.parents:
            return
        if self.git.commit(head) is None:
            raise self.git.missing(f"the change's head {short(head)}")
        if self.git.holds(self.measured, head):
            return
        if self.git.shallow:
            what = f"whether {short(self.measured)} has the change's head {short(head)}"
            raise self.git.too_shallow(f"{what} is not in it")
        raise BaselineError(
            f"what is checked out ({short(self.measured)}) does not have the change's head {short(head)}: "
            "it is not the change that is measured",
            place=self.git.place,
            hint="check out the change, or its merge with the target; if the branch was rewritten since, start the "
            "pipeline anew",
            slug="baseline-checkout",
        )

    def _merged_with(self) -> Base | None:
        """The commit with which the CI merged the change, or on which it was put otherwise; None when it was not."""
        head, onto, measured = self.event.head, self.event.onto, self.measured
        if len(self.parents) > 2 and head in self.parents:
            raise BaselineError(
                f"what is checked out merges {len(self.parents)} commits at once, so none of them differs from it by "
                "this change alone",
                place=self.git.place,
                hint="merge the change with its target alone, or name the base: perfgate compare BASE",
                slug="baseline-ambiguous",
            )
        if len(self.parents) == 2 and (self.parents[1] == head or measured == self.event.merged):
            found = self._there(self.parents[0], "what the change was merged with")
            return Base(found, f"the first parent ({short(found)}) of the merge {short(measured)} that is checked out")
        if onto and measured in {head, self.event.merged}:
            found = self._there(onto, "what the change was put on")
            if self.git.holds(measured, found):
                return Base(found, f"what the {self.event.source} put the change on ({short(found)})")
        return None

    def _there(self, commit: str, what: str) -> str:
        full = self.git.commit(commit)
        if full is None:
            raise self.git.missing(f"{what}, {short(commit)},")
        return full

    def _parted(self) -> Base:
        """Where it left its target; for a commit of the target itself: what was there before it."""
        measured, targets = self.measured, list(self._targets())
        outside = [(commit, words) for commit, words in targets if not self.git.holds(commit, measured)]
        if not outside:
            return self._before(targets[0][0])
        words = outside[0][1]
        bases = self.git.merge_bases(self.measured, outside[0][0])
        for other, its_words in outside[1:]:
            nearer = self.git.merge_bases(self.measured, other)
            # What it has of a later, or of the local, state of the target is no part of the change either.
            if len(nearer) == 1 and nearer != bases and all(self.git.holds(nearer[0], base) for base in bases):
                bases, words = nearer, its_words
        self._check(bases, words, outside[0][0])
        newer = self._newer()
        return Base(bases[0], f"the merge base of {short(self.measured)} and {words} ({short(bases[0])}){newer}")

    def _newer(self) -> str:
        head = self.event.head if self.event.pull_request else None
        if head is None or self.measured in {head, self.event.merged}:
            return ""
        return f"; what is checked out is newer than the head {short(head)} that the {self.event.source} names"

    def _check(self, bases: list[str], words: str, target: str) -> None:
        if not bases:
            raise self._unrelated(words)
        if len(bases) > 1:
            raise BaselineError(
                f"{short(self.measured)} and {words} have been merged into each other, so that they have "
                f"{len(bases)} merge bases ({', '.join(map(short, bases))}): none differs from it by the change alone",
                place=self.git.place,
                hint="check out the merge of the two, or name the base: perfgate compare BASE",
                slug="baseline-ambiguous",
            )
        if self.git.hides((self.measured, target), bases[0]):
            raise self.git.too_shallow(f"whether {short(bases[0])} is the nearest that both have is not in it")

    def _targets(self) -> Iterator[tuple[str, str]]:
        """States of the target that this clone knows, and each in words; the one that the event names comes first."""
        branch, event = self.known_branch(), self.event
        base = event.base or event.onto if event.pull_request else None
        base_here, named = (self.git.commit(one) if one else None for one in (base, event.merge_base))
        tip, local = self.git.tip(branch), self.git.commit(f"refs/heads/{branch}")
        if base and not base_here and not named:
            if tip is None or self.git.shallow or event.onto:
                raise self.git.missing(f"the target {short(base)}")
            if event.fork and self.git.comes_from(event.fork):
                raise self.git.missing(f"the target {short(base)}, for this is a clone of {event.fork},")
        if not (base_here or named or tip):
            raise self.git.missing(f"the branch {branch!r}", self.git.meant(branch))
        if named:
            yield named, f"{branch} where the {event.source} says that they parted"
        if base_here:
            yield base_here, branch
        if tip:
            rewritten = base and not base_here and not named
            yield tip, f"{branch} as it is now, since it was rewritten after the event" if rewritten else branch
        if local and local != tip:
            yield local, f"{branch} as it is here"

    def _before(self, target: str) -> Base:
        """For a commit that its target has already: on its line itself the parent, else where its branch began."""
        merge = self._merged_by(target)
        if merge:
            bases = self.git.merge_bases(self.measured, f"{merge}^1")
            words = f"{self.branch} before the merge {short(merge)}"
            self._check(bases, words, f"{merge}^1")
            return Base(bases[0], f"the merge base of {short(self.measured)} and {words} ({short(bases[0])})")
        if self.event.pull_request:
            raise BaselineError(
                f"what is checked out ({short(self.measured)}) is a commit of {self.branch} itself: there is no change "
                "in it to be measured",
                place=self.git.place,
                hint="check out the change, or its merge with the target",
                slug="baseline-checkout",
            )
        return self._on_the_line()

    def _merged_by(self, target: str) -> str | None:
        """The merge by which the target got the commit; None for one that is on the target's line of first parents."""
        if target == self.measured:
            return None
        line = self.git.told("rev-list", "--first-parent", target, f"^{self.measured}", "--").split()
        after = set(self.git.told("rev-list", "--ancestry-path", target, f"^{self.measured}", "--").split())
        brought = [commit for commit in line if commit in after]
        return brought[-1] if brought and self.git.parents(brought[-1])[0] != self.measured else None

    def _on_the_line(self) -> Base:
        """On the branch itself uncommitted changes are measured against the head, and the head against its parent."""
        head, event = self.measured, self.event
        words = f"{short(head)} is on {self.branch} itself"
        if not event.source and self.git.is_dirty():
            return Base(head, f"{words}: the last commit, without the uncommitted changes")
        pushed = event.base if event.head == head and event.branch == self.branch else None
        if pushed and self.git.commit(pushed) and self.git.holds(head, pushed):
            return Base(pushed, f"{words}: the branch before the push ({short(pushed)})")
        parent = self.git.commit(f"{head}^")
        if parent:
            return Base(parent, f"{words}: its first parent ({short(parent)})")
        if self.git.shallow:  # its parents are the branch's runs, whichever they are
            return Base(None, f"{words}, and the clone is shallow: the branch's runs by time alone")
        return Base(head, f"{words}, and is the first commit")

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

    def _unrelated(self, target: str) -> BaselineError:
        if self.git.shallow:
            return self.git.too_shallow(f"where {short(self.measured)} left {target} is not in it")
        return BaselineError(
            f"{short(self.measured)} and {target} have no commit in common: one of them was rewritten from its root",
            place=self.git.place,
            hint='rebase the change, or write baseline = "latest" in [gate]',
            slug="baseline-unrelated",
        )


def short(commit: str) -> str:
    """A commit's id as people read it."""
    return commit[:12]
