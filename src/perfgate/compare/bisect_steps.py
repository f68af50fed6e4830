"""A bisection's measuring: BAD against GOOD says what moved and by how much, then each step what a commit is nearer to.

GOOD is started once, and runs until the end; each commit is started beside it, driven until it is decided, and stopped.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from perfgate.compare.alive import check_alive
from perfgate.compare.bisect_looks import NearerTo, SeenAgain, WhatMoved
from perfgate.compare.block_lane import WARM_UP_S, WARM_UP_SHARE
from perfgate.compare.looking import rules_of
from perfgate.compare.recording import record
from perfgate.compare.subject import revisions
from perfgate.errors import ServiceError, StorageError, UsageError
from perfgate.judge.nearer import pairs_again, pairs_needed
from perfgate.signals import heed_stop
from perfgate.target.service import start

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import TracebackType

    from perfgate.compare.bisect import Answer, Commit, Search
    from perfgate.compare.recording import Looking, Watcher
    from perfgate.compare.subject import Subject
    from perfgate.judge.nearer import Measured, Nearer
    from perfgate.judge.result import Check
    from perfgate.judge.sides import CheckKey
    from perfgate.measure.manifest import Manifest
    from perfgate.plan.plan import Plan
    from perfgate.target.service import RunningService

T = TypeVar("T")
# Why a step has no answer. broken: the commit cannot be built, started or driven; incomparable: the check that moved is
# not there; otherwise: it does not answer what GOOD answers, or fails where it may have been slow; noisy: the time was
# over; short: it was over before there were the pairs that a look takes.
Why = Literal["", "broken", "incomparable", "otherwise", "noisy", "short"]
CONFIRMING = 3.0  # times `max_duration`: all steps rest on what BAD has against GOOD, so that it may take longer
VERIFYING = 0.01  # how often the last comparison may say the wrong thing
MOST_NOISY = 2  # steps without an answer, after which the next would hardly have one


@dataclass(frozen=True)
class Moved:
    """BAD against GOOD.

    Attributes:
        checks: that are worse, the surest first; empty where nothing is proven.
        closest: the largest estimates, for where nothing is proven.
        pairs: that count; `disturbed` those that do not.
        answers: what BAD answers otherwise than GOOD, as sentences.
    """

    service: str
    load: str
    checks: Sequence[Measured]
    closest: Sequence[Measured]
    pairs: int
    disturbed: int
    seconds: float
    answers: Sequence[str] = ()


@dataclass(frozen=True)
class Step:
    """What was seen of one commit.

    Attributes:
        nearer: to which of the two; `between` them it has a part of the slowdown, and counts as bad.
        why: there is no answer.
        reason: the same in the words of what failed.
        found: in the check that is searched by; None where nothing was measured.
        others: what the other checks that moved say.
        answers: what it answers otherwise than GOOD, as sentences.
    """

    commit: str
    nearer: Nearer
    why: Why = ""
    reason: str = ""
    found: Measured | None = None
    others: dict[CheckKey, Nearer] = field(default_factory=dict)
    pairs: int = 0
    disturbed: int = 0
    seconds: float = 0.0
    answers: Sequence[str] = ()

    @property
    def answer(self) -> Answer:
        """For the search."""
        if self.nearer == "undecided":
            return "unknown"
        return "good" if self.nearer == "good" else "bad"


class Listener(Protocol):
    """Who is told how a bisection goes."""

    def moved(self, moved: Moved) -> None:
        """BAD was compared with GOOD."""

    def step_starting(self, commit: Commit, search: Search, seconds_left: float | None) -> None:
        """A commit is about to be measured; about so long it all takes still, None: that cannot be told."""

    def seen_again(self, moved: Moved) -> None:
        """BAD was compared with GOOD once more, with another start of BAD."""

    def verified(self, before: Commit, commit: Commit, step: Step) -> None:
        """The commit that was found was compared with the one before it."""

    def leaning(self, looks: NearerTo) -> None:
        """The pairs of a step so far were looked at."""

    def step_ended(self, step: Step, search: Search) -> None:
        """What was seen of a commit."""


class Bisection:
    """Measures commits against GOOD, which is kept running.

    Args:
        plan: what may be driven; the first load in which BAD is worse is.
        good: what all are compared with.
        folder: for the recordings, one a comparison; each is judged as any other by `perfgate report`.
        watcher: is told how each comparison goes.
        listener: is told how the search goes.

    Attributes:
        steps: so far, in order.
        driven: all comparisons so far, those of BAD and the last one among them.
        aims: the checks that are searched by, the surest first; empty before they are known.
        confirmed: the commit that was found is slower than the one before it, too.
    """

    def __init__(self, plan: Plan, good: Commit, folder: Path, watcher: Watcher, listener: Listener) -> None:
        self._plan = plan
        self._good = good
        self._folder = folder
        self._watcher = watcher
        self._listener = listener
        self._stack = ExitStack()
        self._running: dict[str, RunningService] = {}
        self._number = 0
        self._pair_s = self._around_s = 0.0
        self.steps: list[Step] = []
        self.driven: list[Moved | Step] = []
        self.aims: Sequence[Measured] = ()
        self.confirmed = False
        self._whole: Measured | None = None
        self._answers_of_bad: frozenset[tuple[str | None, str]] = frozenset()

    def __enter__(self) -> Bisection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def confirm(self, bad: Commit) -> Moved:
        """Compare BAD with GOOD, load after load, until one is found in which it is worse.

        Returns:
            That load's; else the last one's, without checks.

        Raises:
            ServiceError: BAD or GOOD cannot be started, or died.
            StoppedError: by a signal.
            StorageError: the disk is full.
        """
        whole = self._plan
        rules = rules_of(whole.gate, sum(len(service.loads) for service in whole.services.values()))
        moved = None
        for service, load in [(own.name, load) for own in whole.services.values() for load in own.loads]:
            self._plan = _longer(_narrowed(whole, service, load), CONFIRMING)
            looks: list[WhatMoved] = []
            began = time.monotonic()
            manifest = self._compared(bad, lambda most: _kept(looks, WhatMoved(most, rules=rules)))  # noqa: B023
            self._check_good()
            broken = _broken(manifest)
            if broken:
                raise ServiceError(f"BAD, {bad.short}, cannot be compared: {broken}", hint="name another one as BAD")
            (look,) = looks
            look.end()
            self._plan = _narrowed(whole, service, load)
            seconds = time.monotonic() - began
            answers = look.answers(whole.compare.answers)
            self._answers_of_bad = frozenset((check.endpoint, check.metric) for check in answers)
            moved = Moved(
                service,
                load,
                tuple(look.found),
                look.closest(),
                len(look.counting),
                look.disturbed,
                seconds,
                [said(check) for check in answers],
            )
            self.driven.append(moved)
            self._listener.moved(moved)
            if look.found:
                self._remember(manifest, look, seconds)
                moved = self._again(bad, moved)
                self.driven.append(moved)
                self._listener.seen_again(moved)
                self.aims = moved.checks
                if moved.checks:
                    self._whole = moved.checks[0]
                    break
        assert moved is not None  # a plan has a load at least
        return moved

    @property
    def whole(self) -> Measured:
        """BAD against GOOD, in the check that is searched by."""
        assert self._whole is not None  # it was confirmed
        return self._whole

    def _again(self, bad: Commit, first: Moved) -> Moved:
        """Compare BAD with GOOD once more, with another start of BAD."""
        wanted = pairs_again(first.checks[0])
        looks: list[SeenAgain] = []
        began = time.monotonic()
        plan, self._plan = self._plan, _longer(self._plan, CONFIRMING)

        def looking(most: int) -> Looking:
            return _kept(looks, SeenAgain(most, self._settling_s, aims=first.checks, wanted=wanted))

        broken = _broken(self._compared(bad, looking))
        self._plan = plan
        self._check_good()
        if broken:
            raise ServiceError(f"BAD, {bad.short}, cannot be compared again: {broken}", hint="name another one as BAD")
        (look,) = looks
        look.end()
        closest = look.closest()
        seconds = time.monotonic() - began
        return replace(
            first,
            checks=tuple(look.found),
            closest=closest,
            pairs=len(look.counting),
            disturbed=look.disturbed,
            seconds=seconds,
        )

    def verify(self, search: Search, commits: dict[str, Commit]) -> None:
        """Compare the commit that was found with the one before it, both started anew: is that where it became slower?

        Args:
            search: that has found one.
            commits: by id.
        """
        (found,) = search.suspects
        before = commits[search.last_good] if search.last_good else self._good
        seen = {step.commit: step.found for step in self.steps}
        after, ahead = seen.get(found) or self.whole, seen.get(before.id)
        change = after.change - (ahead.change if ahead else 0.0)
        aims = (replace(self.whole, change=change if change > 0 else self.whole.change),)
        step = self.look(commits[found], VERIFYING, before=before, aims=aims)
        self.driven.append(step)
        self.confirmed = step.answer == "bad"
        self._listener.verified(before, commits[found], step)

    def _remember(self, manifest: Manifest, look: WhatMoved, seconds: float) -> None:
        self.aims = tuple(look.found)
        self._whole = look.found[0]
        pairs = manifest.runs[0].pairs
        assert pairs is not None  # they were driven
        self._pair_s = pairs.duration_s / max(look.seen, 1)
        self._around_s = seconds - pairs.duration_s
        if not look.counting[0].head.figures:  # the same blocks in all steps, or their figures would not be the same
            self._plan = replace(self._plan, compare=replace(self._plan.compare, block_s=pairs.block_s))

    def search(self, search: Search, commits: dict[str, Commit]) -> None:
        """Look at commits until the first bad one is known, or nothing more can be learned.

        Args:
            search: over them; it holds what was found, whatever ends this.
            commits: by id.

        Raises:
            ServiceError: GOOD died.
            StoppedError: by a signal.
            StorageError: the disk is full.
        """
        while (commit := search.next()) is not None:
            if sum(step.why in ("noisy", "short") for step in self.steps) >= MOST_NOISY:
                return
            self._listener.step_starting(commits[commit], search, self.seconds_left(search))
            step = self.look(commits[commit], search.error)
            self.steps.append(step)
            self.driven.append(step)
            search.tell(commit, step.answer)
            if step.nearer == "between" and step.found is not None:
                # The first part of the slowdown is searched for; from now on what it is measured by is that part.
                self.aims = (step.found,)
            self._listener.step_ended(step, search)

    def seconds_left(self, search: Search) -> float | None:
        """About how long the steps that are left take; None where no step may come to an end in its time."""
        pairs = pairs_needed(self.aims[0], search.error)
        if not isfinite(pairs):
            return None
        longest_s = self._plan.compare.max_duration_s
        each_s = self._around_s + min(2 * self._settling_s + pairs * self._pair_s, longest_s)
        return (search.steps_left + 1) * each_s  # and what was found is compared with the commit before it

    @property
    def _settling_s(self) -> float:
        """How long a service that has just started warms up, at each side."""
        return min(WARM_UP_S, WARM_UP_SHARE * self._plan.compare.max_duration_s / 2)

    def look(
        self, commit: Commit, error: float, *, before: Commit | None = None, aims: Sequence[Measured] | None = None
    ) -> Step:
        """Measure one commit until it is known to which of the two it is nearer, or the time is over.

        Args:
            commit: to be measured.
            error: how often the answer may be wrong.
            before: what it is compared with, which is started anew; GOOD, which runs, unless given.
            aims: what may have moved; that of BAD unless given.
        """
        began = time.monotonic()
        made: list[NearerTo] = []

        def looking(most: int) -> Looking:
            own = aims or self.aims
            return _kept(made, NearerTo(most, self._settling_s, aims=own, error=error, tell=self._listener.leaning))

        try:
            manifest = self._compared(commit, looking, before)
            broken = _broken(manifest)
        except UsageError as problem:  # the plan is fine, as BAD was driven by it: this commit lacks what it names
            broken = str(problem)
        seconds = time.monotonic() - began
        self._check_good()
        if broken or not made:
            return Step(commit.id, "undecided", "broken", broken, seconds=seconds)
        (looks,) = made
        looks.end()
        pairs = manifest.runs[0].pairs
        self._around_s = seconds - (pairs.duration_s if pairs else 0.0)
        answers = looks.answers(self._plan.compare.answers, looks.aims[0].key.endpoint)
        otherwise = self._otherwise(looks, answers)
        unseen: Why = "incomparable" if looks.enough else "short"
        why: Why = "" if looks.answer != "undecided" else "noisy" if looks.found else unseen
        why = "otherwise" if otherwise else why
        return Step(
            commit.id,
            "undecided" if why else looks.answer,
            why,
            otherwise,
            looks.found,
            {} if why == "otherwise" else looks.others,
            len(looks.counting),
            looks.disturbed,
            seconds,
            [said(check) for check in answers],
        )

    def _otherwise(self, looks: NearerTo, answers: Sequence[Check]) -> str:
        """Why its times are of something else than those of GOOD and BAD; empty where they are of the same.

        What BAD answers otherwise, too, came with some commit before it, and both were measured with it.
        """
        others = [check for check in answers if check.status != "warn"]
        new = [check for check in others if (check.endpoint, check.metric) not in self._answers_of_bad]
        if new:
            return said(new[0])
        return "more requests fail than of GOOD, and they may be the slow ones" if looks.doubted else ""

    def _check_good(self) -> None:
        for service in self._running.values():
            check_alive("base", service, "while it served as GOOD")

    def _compared(self, commit: Commit, looking: Callable[[int], Looking], before: Commit | None = None) -> Manifest:
        against = before or self._good
        heed_stop()
        self._number += 1
        folder = self._folder / f"step-{self._number}"
        base, head = revisions(self._plan, against.short, commit.short, tell=lambda _: None)
        if before is None:
            self._start_good(base)
        manifest = record(
            self._plan,
            base,
            head,
            folder,
            self._watcher,
            choice=against.short,
            looking=looking,
            running=self._running if before is None else None,
        )
        heed_stop()  # `record` keeps what there is, and leaves the rest to us
        if manifest.stopped:
            raise StorageError(manifest.stopped)
        return manifest

    def _start_good(self, base: Subject) -> None:
        (service,) = self._plan.services.values()
        if service.name in self._running:
            return
        folder = self._folder / "good" / service.name
        folder.mkdir(parents=True, exist_ok=True)
        self._watcher.doing(f"GOOD, {self._good.short}: starting {service.name}; it is kept running")
        try:
            own = base.service(service, self._plan)
            self._running[service.name] = self._stack.enter_context(start(own, folder))
        except ServiceError as error:
            error.message = f"GOOD, {self._good.short}: {error.message}"
            raise


def said(check: Check) -> str:
    """What is answered otherwise, with its endpoint."""
    return f"{check.endpoint}: {check.message}"


def _kept(made: list[T], one: T) -> T:
    made.append(one)
    return one


def _narrowed(plan: Plan, service: str, load: str) -> Plan:
    own = replace(plan.services[service], loads=(load,))
    return replace(plan, services={service: own}, loads={load: plan.loads[load]})


def _longer(plan: Plan, times: float) -> Plan:
    return replace(plan, compare=replace(plan.compare, max_duration_s=times * plan.compare.max_duration_s))


def _broken(manifest: Manifest) -> str:
    """Why a commit could not be built, started or driven to the end; empty where it was."""
    problems = [own.problem for own in manifest.service_entries.values()] + [run.problem for run in manifest.runs]
    return next((problem.message for problem in problems if problem is not None), "")
