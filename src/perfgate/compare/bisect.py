"""Which commit made it slower: a binary search along the first parents, so that a merged branch is one step.

What cannot be judged is stepped around, as `git bisect skip` does, and stays a suspect where it may be the one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from perfgate.baseline.repository import Repository
from perfgate.errors import UsageError
from perfgate.spelling import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Answer = Literal["good", "bad", "unknown"]
# Of twenty bisections nineteen have to name the right commit. One part in five of what may go wrong is spent before
# the first step (whether BAD is worse at all: `false_alarm_rate`), the rest is shared by the steps.
ERRORS = 0.04


@dataclass
class Search:
    """A search between a good commit and a bad one.

    Args:
        commits: after the good one up to the bad one, oldest first; the last one is known to be bad.

    Attributes:
        answers: what was found, by commit.
        error_left: of what the steps may err together, what is not spent yet.
    """

    commits: Sequence[str]
    answers: dict[str, Answer] = field(default_factory=dict)
    error_left: float = ERRORS

    def __post_init__(self) -> None:
        if not self.commits:
            raise UsageError("there is no commit between the two", hint="give a good commit that is older than the bad")
        self._low, self._high = -1, len(self.commits) - 1
        self.answers[self.commits[-1]] = "bad"

    def next(self) -> str | None:
        """The commit to look at: the one nearest to the middle of which nothing is known; None at the end."""
        middle = (self._low + self._high) // 2
        open_ = [place for place in range(self._low + 1, self._high) if self.commits[place] not in self.answers]
        return self.commits[min(open_, key=lambda place: abs(place - middle))] if open_ else None

    @property
    def error(self) -> float:
        """How often the next step may err: what is left, shared by the steps still to come and one to spare.

        The wrong commit is named only if one of the steps errs, so that the shares may be added up (Bonferroni). With
        no commit to step around they are equal: 1 % each for the three steps that eight commits take. Only answers
        spend: a step without one cannot have erred.
        """
        return self.error_left / (self.steps_left + 1)

    def tell(self, commit: str, answer: Answer) -> None:
        """What was found at a commit; an answer spends its share."""
        if answer != "unknown":
            self.error_left -= self.error
        self.answers[commit] = answer
        place = self.commits.index(commit)
        if answer == "good":
            self._low = max(self._low, place)
        elif answer == "bad":
            self._high = min(self._high, place)

    @property
    def suspects(self) -> list[str]:
        """The commits one of which it is: exactly one, unless some could not be judged."""
        return list(self.commits[self._low + 1 : self._high + 1])

    @property
    def steps_left(self) -> int:
        """About how many more steps it takes."""
        return max(self._high - self._low - 1, 0).bit_length()

    @property
    def last_good(self) -> str | None:
        """The newest commit that is known to be good; None: only the one before all."""
        return self.commits[self._low] if self._low >= 0 else None


@dataclass(frozen=True)
class Commit:
    """A commit as people know it.

    Attributes:
        short: its hash, as short as Git makes it.
        day: on which it was written, ISO.
    """

    id: str
    short: str
    author: str
    day: str
    subject: str


def commits_between(root: Path, good: str, bad: str) -> tuple[Commit, list[Commit]]:
    """The good commit, and those after it up to the bad one along the first parents, oldest first.

    Raises:
        UsageError: one of them does not exist, or the good one is no ancestor of the bad one.
    """
    with Repository.around(root) as repository:
        known = {name: repository.commit(name) for name in (good, bad)}
        for name, commit in known.items():
            if commit is None:
                meant = repository.meant(name)
                raise UsageError(
                    f"{name!r} names no commit here",
                    place=repository.place,
                    hint=did_you_mean(meant) if meant else "mend the name, or fetch it: git fetch origin",
                    slug="unknown-revision",
                )
        first, last = str(known[good]), str(known[bad])
        if first == last or not repository.holds(last, first):
            raise UsageError(
                f"{good} is no ancestor of {bad}", place=repository.place, hint="name the older, faster commit first"
            )
        line = _described(repository, "--first-parent", "--reverse", f"{first}..{last}")
        (start,) = _described(repository, "-1", first)
    return start, line


_FIELDS = ("%H", "%h", "%an", "%as", "%s")


def _described(repository: Repository, *words: str) -> list[Commit]:
    told = repository.told("log", "--no-show-signature", f"--format={'%x00'.join(_FIELDS)}", *words, "--")
    return [Commit(*line.split("\0")) for line in told.split("\n") if line]
