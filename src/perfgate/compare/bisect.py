"""Finds the commit that made it slower: a binary search whose every step is a paired comparison with the good commit.

An undecided step is driven longer, not guessed; one that stays undecided, or that cannot be built, is stepped around,
as `git bisect skip` does. The line of first parents is searched, so that a merged branch is one step.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from perfgate.baseline.repository import Repository
from perfgate.compare.judging import judge
from perfgate.compare.recording import record
from perfgate.compare.subject import revisions
from perfgate.errors import ServiceError, StoppedError, UsageError
from perfgate.signals import STOPPED_BY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from perfgate.compare.recording import Watcher
    from perfgate.judge.result import Result
    from perfgate.plan.plan import Plan

Answer = Literal["good", "bad", "unknown"]
Key = tuple[str, str, str | None, str]  # service, load, endpoint, metric
LONGER = (1.0, 2.0, 4.0)  # times `max_duration`, as long as a step is undecided


@dataclass
class Search:
    """A search between a good commit and a bad one.

    Args:
        commits: after the good one up to the bad one, oldest first; the last one is known to be bad.

    Attributes:
        answers: what was found, by commit.
    """

    commits: Sequence[str]
    answers: dict[str, Answer] = field(default_factory=dict)

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

    def tell(self, commit: str, answer: Answer) -> None:
        """What was found at a commit."""
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


def search(commits: Sequence[str], look: Callable[[str], Answer], tell: Callable[[str], None]) -> Search:
    """Search until the first bad commit is known, or nothing more can be learned.

    Args:
        commits: as in `Search`.
        look: judges one commit.
        tell: is told how it goes.
    """
    found = Search(commits)
    while (commit := found.next()) is not None:
        tell(f"{len(found.suspects)} commits are left, about {found.steps_left} steps; looking at {commit[:10]}")
        answer = look(commit)
        tell(f"{commit[:10]} is {answer}")
        found.tell(commit, answer)
    return found


def commits_between(root: Path, good: str, bad: str) -> tuple[str, list[str]]:
    """The good commit, and those after it up to the bad one along the first parents, oldest first.

    Raises:
        UsageError: one of them does not exist, or the good one is no ancestor of the bad one.
    """
    with Repository.around(root) as repository:
        known = {name: repository.commit(name) for name in (good, bad)}
        for name, commit in known.items():
            if commit is None:
                raise UsageError(f"{name!r} names no commit here", place=repository.place, slug="unknown-revision")
        first, last = str(known[good]), str(known[bad])
        if first == last or not repository.holds(last, first):
            raise UsageError(
                f"{good} is no ancestor of {bad}", place=repository.place, hint="name the older, faster commit first"
            )
        line = repository.told("rev-list", "--first-parent", "--reverse", f"{first}..{last}").split()
    return first, line


class Steps:
    """Compares commits with the good one, step by step.

    Args:
        plan: what is driven; narrowed to where the bad commit is slower.
        good: the commit that is compared with.
        folder: for the recordings, one a step.
        watcher: is told how it goes.
    """

    def __init__(self, plan: Plan, good: str, folder: Path, watcher: Watcher) -> None:
        self._plan = plan
        self._good = good
        self._folder = folder
        self._watcher = watcher
        self._step = 0
        self.keys: frozenset[Key] = frozenset()

    def confirm(self, bad: str) -> Result:
        """Compare the bad commit with the good one, and remember in `keys` in what it is slower."""
        result = self._compared(bad, 1.0)
        self.keys = frozenset(key for key, (_, status) in _found(result).items() if status == "fail")
        if self.keys:
            self._narrow()
        return result

    def look(self, commit: str) -> Answer:
        """Judge a commit by what the bad one is slower in."""
        for factor in LONGER:
            try:
                found = _found(self._compared(commit, factor))
            except ServiceError as error:
                self._watcher.message(str(error))
                return "unknown"
            made = {found.get(key, (None, None))[0] for key in self.keys}
            if "worse" in made:
                return "bad"
            if made <= {"not_worse", "better"}:
                return "good"
            if made & {None, "new", "gone"}:
                return "unknown"
        return "unknown"

    def _narrow(self) -> None:
        loads = {(service, load) for service, load, _, _ in self.keys}
        services = {
            name: replace(own, loads=tuple(load for load in own.loads if (name, load) in loads))
            for name, own in self._plan.services.items()
            if any(name == service for service, _ in loads)
        }
        names = {load for service in services.values() for load in service.loads}
        kept = {name: load for name, load in self._plan.loads.items() if name in names}
        self._plan = replace(self._plan, services=services, loads=kept)

    def _compared(self, commit: str, factor: float) -> Result:
        self._step += 1
        longest_s = self._plan.compare.max_duration_s * factor
        plan = replace(self._plan, compare=replace(self._plan.compare, max_duration_s=longest_s))
        base, head = revisions(plan, self._good, commit, tell=self._watcher.message)
        folder = self._folder / f"step-{self._step}"
        result = judge(folder, record(plan, base, head, folder, self._watcher, choice=self._good))
        if any(reason.startswith(STOPPED_BY) for reason in result.reasons):
            raise StoppedError(result.reasons[0], hint=f"the steps so far are in {self._folder}")
        return result


def _found(result: Result) -> dict[Key, tuple[str | None, str]]:
    """Decision and status of every check of a comparison."""
    return {
        (run.service, run.load, check.endpoint, check.metric): (check.decision, check.status)
        for run in result.runs
        for check in run.checks
        if check.kind == "paired"
    }
