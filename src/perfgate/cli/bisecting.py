"""What a bisection says while it goes on, and in the end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from perfgate.cli.lines import Lines
from perfgate.judge.changed import Scale
from perfgate.judge.words import counted, label, quantity, signed
from perfgate.report.grounds import MANY_DROPPED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TextIO

    from perfgate.compare.bisect import Commit, Search
    from perfgate.compare.bisect_looks import NearerTo
    from perfgate.compare.bisect_steps import Moved, Step
    from perfgate.compare.recording import Estimates
    from perfgate.judge.nearer import Measured
    from perfgate.judge.paired import Decisions
    from perfgate.measure.blocks import Pair

_REDRAWN_S = 0.2
_A_PART = 0.25  # of the slowdown, from which on it is worth saying that other commits have it


class BisectionView:
    """Tells how a bisection goes: one line a step, and on a terminal one that is written over meanwhile.

    Args:
        stream: where to.
        quiet: no progress, only what a person must read.
    """

    def __init__(self, stream: TextIO, *, quiet: bool = False) -> None:
        self._lines = Lines(stream, quiet=quiet)
        self._pairs = 0
        self._known = ""
        self._told = 0.0
        self._said: set[str] = set()
        self._number = 0

    def load_starting(self, service: str, load: str, max_pairs: int) -> None:  # noqa: ARG002
        """The pairs of a load begin."""
        self._pairs, self._known = 0, ""

    def pair(self, service: str, load: str, pair: Pair) -> None:  # noqa: ARG002
        """A pair is whole."""
        self._pairs += 1
        now = time.monotonic()
        if self._lines.in_place and now - self._told >= _REDRAWN_S:
            self._told = now
            self._lines.over(f"  {service}/{load}: {counted(self._pairs, 'pair')}{self._known}")

    def looked(self, service: str, load: str, decisions: Decisions, estimates: Estimates) -> None:
        """Of a comparison of all checks, which no step is."""

    def leaning(self, looks: NearerTo) -> None:
        """The pairs of a step so far were looked at."""
        self._known = _leaning(looks)

    def load_ended(self, service: str, load: str, why: str) -> None:
        """No more pairs of the load are driven."""

    def doing(self, text: str) -> None:
        """What is being done now, once in the whole bisection."""
        if text not in self._said:
            self._said.add(text)
            self.line(f"  {text}")

    def message(self, text: str) -> None:
        """Something that a person must read, in quiet too, once in the whole bisection."""
        for line in text.splitlines():
            if line not in self._said:
                self._said.add(line)
                self._lines.keep(f"  {line}")

    def moved(self, moved: Moved) -> None:
        """BAD was compared with GOOD."""
        place = f"{moved.service}/{moved.load}"
        spent = f"{counted(moved.pairs, 'pair')}, {_time(moved.seconds)}{_dropped(moved.pairs, moved.disturbed)}"
        if moved.checks:
            self.line(f"{place}: BAD is slower ({spent})")
            self._checks(moved.checks)
        else:
            self.line(f"{place}: nothing is proven worse ({spent})")
        self._answers("BAD", moved.answers)

    def seen_again(self, moved: Moved) -> None:
        """BAD was compared with GOOD once more, with another start of BAD."""
        spent = f"{counted(moved.pairs, 'pair')}, {_time(moved.seconds)}{_dropped(moved.pairs, moved.disturbed)}"
        if not moved.checks:
            self.line(f"started anew, BAD is not slower in that ({spent})")
            return
        self.line(f"started anew, BAD is slower again ({spent}); searched by the first of these")
        self._checks(moved.checks)

    def _checks(self, found: Sequence[Measured]) -> None:
        for one in found[:3]:
            self.line(f"  {_named(one)} {_from_to(one)}, {_change(one)}")

    def _answers(self, who: str, answers: Sequence[str]) -> None:
        for one in answers:
            self._lines.keep(f"  {who} does not answer what GOOD answers: {one}")

    def verified(self, before: Commit, commit: Commit, step: Step) -> None:
        """The commit that was found was compared with the one before it."""
        spent = f"{counted(step.pairs, 'pair')}, {_time(step.seconds)}{_dropped(step.pairs, step.disturbed)}"
        seen = f" {_change(step.found)}" if step.found else ""
        made = {
            "bad": f"confirmed:{seen}",
            "between": f"confirmed, a part of it:{seen}",
            "good": f"not confirmed:{seen}",
            "undecided": _skipped(step, seen, spent),
        }
        told = made[step.nearer] if step.nearer == "undecided" else f"{made[step.nearer]} ({spent})"
        self.line(f"{commit.short} against {before.short}, both started anew: {told}")

    def step_starting(self, commit: Commit, search: Search, seconds_left: float | None) -> None:
        """A commit is about to be measured."""
        self._number += 1
        left = f"{counted(len(search.suspects), 'commit')} left, about {counted(search.steps_left, 'step')}"
        if seconds_left is not None:
            left += f", {_time(seconds_left)}"
        self.line(f"{left}; step {self._number}: {commit.short} {commit.subject}")

    def step_ended(self, step: Step, search: Search) -> None:  # noqa: ARG002
        """What was seen of a commit."""
        spent = f"{counted(step.pairs, 'pair')}, {_time(step.seconds)}{_dropped(step.pairs, step.disturbed)}"
        seen = f", {_change(step.found)}" if step.found else ""
        words = {
            "good": f"good: nearer to GOOD{seen} ({spent})",
            "bad": f"bad: nearer to BAD{seen} ({spent})",
            "between": f"bad: between the two{seen} ({spent}); this part of the slowdown is searched for first",
            "undecided": _skipped(step, seen, spent),
        }
        self.line(f"  {words[step.nearer]}")
        if step.why != "otherwise":
            self._answers("it", step.answers)

    def line(self, text: str) -> None:
        """A line of its own."""
        self._lines.write(text)

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._lines.close()


def result_lines(
    search: Search, commits: Mapping[str, Commit], good: Commit, steps: Sequence[Step], *, confirmed: bool
) -> list[str]:
    """What was found, in words: the commit, or those that are left, and what else was seen.

    Args:
        search: as it ended.
        commits: by id.
        good: what all were compared with.
        steps: all.
        confirmed: the commit was slower than the one before it, too.
    """
    suspects = [commits[commit] for commit in search.suspects]
    if len(suspects) == 1 and confirmed:
        lines = ["the commit that made it slower:"]
    elif len(suspects) == 1:
        lines = [
            "the search ended here, but it is not confirmed: compared with the one before it is not proven slower:"
        ]
    else:
        lines = [f"it is one of these {len(suspects)} commits:"]
    lines += [f"  {one.short} {one.author} {one.day}  {one.subject}" for one in suspects]
    bad = commits[search.suspects[-1]]
    start = commits[search.last_good] if search.last_good else good
    whys = {step.why for step in steps}
    if (len(suspects) > 1 or not confirmed) and whys & {"noisy", "short"}:
        lacking = "this machine is too noisy to tell" if "noisy" in whys else "there were too few pairs to tell"
        lines.append(
            f"{lacking} them apart in the time there is: perfgate bisect {start.short} {bad.short} --max-duration 5m"
        )
    return lines


def parts_lines(
    search: Search, commits: Mapping[str, Commit], good: Commit, whole: Measured, steps: Sequence[Step]
) -> list[str]:
    """Where other commits than the one found have a part of the slowdown, too: which, and how to find them.

    Args:
        search: as it ended.
        commits: by id.
        good: what all were compared with.
        whole: BAD against GOOD.
        steps: all.
    """
    by_commit = {step.commit: step for step in steps}
    bad, last = search.suspects[-1], search.commits[-1]
    after = by_commit[bad].found if bad in by_commit else whole
    before = by_commit[search.last_good].found if search.last_good in by_commit else None
    lines = []
    if bad != last and after is not None and _is_part(whole.change - after.change, after, whole):
        lines.append(
            f"more came after it: {commits[bad].short} has {_change(after)} of BAD's {_change(whole)}; "
            f"go on with: perfgate bisect {commits[bad].short} {commits[last].short}"
        )
    if before is not None and _is_part(before.change, before, whole):
        start = commits[search.last_good or ""]
        lines.append(
            f"a part came before it: {start.short} has {_change(before)} of BAD's {_change(whole)}; "
            f"go on with: perfgate bisect {good.short} {start.short}"
        )
    return lines


def others_lines(commits: Mapping[str, Commit], steps: Sequence[Step]) -> list[str]:
    """The checks that moved, too, and of which a step said the other thing: they came with another commit."""
    found = {
        key: step.commit
        for step in steps
        for key, nearer in step.others.items()
        if {nearer, step.answer} == {"good", "bad"}
    }
    return [
        f"{_key(key.endpoint, key.metric)} moved with another commit: {commits[commit].short} says the opposite of it"
        for key, commit in found.items()
    ]


def _is_part(change: float, found: Measured, whole: Measured) -> bool:
    return change - 2 * found.error > 0 and change > _A_PART * whole.change


def closest_lines(moved: Moved) -> list[str]:
    """The checks that came nearest to being worse."""
    return [f"  {_named(one)} {_from_to(one)}, {_change(one)}" for one in moved.closest]


def busy_lines(driven: Sequence[Moved | Step]) -> list[str]:
    """That much of what was driven says nothing as the machine was busy; nothing where it was not.

    Args:
        driven: all comparisons that the answer rests on.
    """
    dropped = sum(one.disturbed for one in driven)
    all_pairs = sum(one.pairs for one in driven) + dropped
    if dropped <= MANY_DROPPED * all_pairs:
        return []
    return [f"this machine was busy: {dropped:,} of {counted(all_pairs, 'pair')} dropped; search where it is quieter"]


def _skipped(step: Step, seen: str, spent: str) -> str:
    reason = {
        "broken": step.reason,
        "incomparable": "the check that is searched by cannot be compared there",
        "otherwise": f"not judged{seen}: {step.reason}",
        "noisy": f"undecided when the time was over{seen}",
        "short": "the time was over before there were the pairs that it takes (raise --max-duration)",
        "": "undecided",
    }[step.why]
    return f"skipped: {reason} ({spent if step.pairs else _time(step.seconds)})"


def _leaning(looks: NearerTo) -> str:
    if looks.found is None:
        return ""
    side = "GOOD" if looks.certainty < 0 else "BAD"
    return f"; {_change(looks.found)}, {min(abs(looks.certainty), 1):.0%} of the way to {side}"


def _dropped(pairs: int, disturbed: int) -> str:
    return f"; the machine was busy: {disturbed:,} more were dropped" if disturbed > pairs else ""


def _named(found: Measured) -> str:
    return _key(found.key.endpoint, found.key.metric)


def _key(endpoint: str | None, metric: str) -> str:
    return f"{endpoint or 'the whole service'} {label(metric, 'paired')}"


def _from_to(found: Measured) -> str:
    ends = ["nothing" if end is None else quantity(end, found.unit) for end in (found.base, found.head)]
    return " to ".join(ends)


def _change(found: Measured) -> str:
    """`+25 % (+21 % to +29 %)`."""
    scale = Scale(found.key.metric)
    shown = [scale.shown(found.change), *sorted(scale.shown(end) for end in found.interval)]
    words = [signed(value, scale.unit) for value in shown]
    return f"{words[0]} ({words[1]} to {words[2]})"


def _time(seconds: float) -> str:
    whole = max(round(seconds), 1)
    return f"{whole} s" if whole < 90 else f"{whole // 60} min {whole % 60} s"
