"""Two revisions' benchmarks, run in turn: `perfgate compare BASE HEAD --benchmarks "pytest benchmarks/"`.

One run of the whole suite at one side is a block, because what makes two runs of one program differ (where it lies in
memory, what else the machine does) is the same for all rounds of a run: rounds are not independent, runs are.
"""

from __future__ import annotations

import math
import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from perfgate.compare.looking import Looks, rules_of
from perfgate.compare.subject import revisions
from perfgate.compare.suite import Suite
from perfgate.errors import PerfgateError, StoppedError, StorageError, UsageError
from perfgate.measure import control
from perfgate.measure.block_entries import (
    BLOCK,
    BLOCKS_JOURNAL,
    PAIR,
    PAIRS_JOURNAL,
    BlockEntry,
    PairEntry,
    Usage,
    block_to_body,
)
from perfgate.measure.journal import JournalWriter
from perfgate.measure.manifest import ComparisonEntry, Manifest, PairsEntry, Problem, RunEntry
from perfgate.measure.pairs import pair_of
from perfgate.preflight import open_folder
from perfgate.signals import heed_stop, stop_signals
from perfgate.target.setup import set_up

if TYPE_CHECKING:
    from pathlib import Path

    from perfgate.compare.recording import Watcher
    from perfgate.compare.subject import Subject
    from perfgate.measure.blocks import Pair, SideName
    from perfgate.plan.plan import Plan

SERVICE, LOAD = "benchmarks", "suite"  # as the result names what has neither
_CHECKS = 3  # that can fail, of each benchmark: mean, p50, p95


def record(  # noqa: PLR0913  (what a comparison is made of)
    plan: Plan,
    command: str,
    names: tuple[str, str | None],
    folder: Path,
    watcher: Watcher,
    *,
    choice: str = "",
    found: str = "",
) -> Manifest:
    """Run the two suites in turn until every check is decided or `[compare] max_duration` is over.

    A suite that fails, a stop signal and a full disk end the work, not what was measured until then. Each suite is run
    once before, and not counted: that compiles what has to be compiled, and tells how long a pair takes.

    Args:
        plan: its `[gate]` and `[compare]` hold; the `setup` of each of its services is run at both revisions.
        command: runs the suite with pytest-benchmark; `--benchmark-json` is appended.
        names: of base and head, what `git rev-parse` understands; the head None is the work tree as it is.
        folder: a new or empty folder for the recording.
        watcher: is told how it goes.
        choice: what was asked for as the base.
        found: how that was found for the change, in words.

    Raises:
        UsageError: there is no such revision, both are the same, or the command cannot be used.
        StorageError: nothing can be written.
    """
    subjects = revisions(replace(plan, services={}), *names, tell=watcher.doing)
    base, head = subjects
    manifest = open_folder(replace(plan, services={}, loads={}), folder, strict=False)
    manifest.revision = dict(head.revision)
    manifest.comparison = ComparisonEntry(dict(base.revision), base.words, head.words, choice, command, found)
    entry = RunEntry(SERVICE, LOAD, LOAD, pairs=PairsEntry(1, "", ""))
    manifest.runs.append(entry)
    work = _Work(plan, {"base": base, "head": head}, folder, watcher, entry)
    try:
        with stop_signals():
            work.drive(command)
    except (StoppedError, StorageError) as error:
        manifest.stopped = error.message if isinstance(error, StoppedError) else str(error)
    except PerfgateError as error:
        if isinstance(error, UsageError):
            raise
        entry.problem = Problem(error.slug, error.message, error.place, error.hint)
        watcher.message(error.in_full())
    except BaseException as error:
        manifest.stopped = f"ended by {error or type(error).__name__}"
        raise
    finally:
        manifest.control_ms += control.measure()
        manifest.ended_at = time.time()
        _save(manifest, folder)
    return manifest


def _save(manifest: Manifest, folder: Path) -> None:
    try:
        manifest.save(folder)
    except StorageError as problem:  # it is judged from memory, and says so
        manifest.stopped = manifest.stopped or str(problem)


class _Work:
    """The work of one `record`."""

    def __init__(
        self, plan: Plan, subjects: dict[SideName, Subject], folder: Path, watcher: Watcher, entry: RunEntry
    ) -> None:
        self._plan = plan
        self._subjects = subjects
        self._folder = folder / LOAD
        self._watcher = watcher
        self._entry = entry
        self._suites: dict[SideName, Suite] = {}
        self._number = 0

    def drive(self, command: str) -> None:
        """Set up, warm up, and run pair after pair."""
        try:
            self._folder.mkdir()
        except OSError as error:
            raise StorageError(f"cannot make a folder: {error.strerror}", place=str(self._folder)) from error
        for side, subject in self._subjects.items():
            self._suites[side] = self._prepared(subject, command)
        pair_s = self._warm_up()
        with (
            JournalWriter(self._folder / BLOCKS_JOURNAL) as blocks,
            JournalWriter(self._folder / PAIRS_JOURNAL) as pairs,
        ):
            self._follow(blocks, pairs, pair_s)

    def _prepared(self, subject: Subject, command: str) -> Suite:
        assert subject.checkout is not None  # revisions have one
        for service in self._plan.services.values():
            if service.setup and service.command:
                set_up(subject.checkout, service, self._plan.root)
        return Suite(command, subject.checkout, self._plan.root, self._folder)

    def _warm_up(self) -> float:
        """How long a pair takes."""
        began, count = time.monotonic(), 0
        for side, suite in self._suites.items():
            self._watcher.doing(f"{side}: running its benchmarks once, to warm up")
            count = max(count, len(suite.run()))
        pair_s = time.monotonic() - began
        longest_s = self._plan.compare.max_duration_s
        most = max(int(longest_s / pair_s), 1)
        needed = math.ceil(math.log2(max(count, 1) * _CHECKS / self._plan.gate.false_alarm_rate))
        if most < needed:
            self._watcher.message(
                f"a pair takes {pair_s:.1f} s, so that {most} fit into {longest_s:g} s, and it takes {needed} to prove "
                "anything: allow more with --max-duration, or make a run shorter, e.g. by --benchmark-max-time=0.1"
            )
        assert self._entry.pairs is not None  # just made
        self._entry.pairs.max_pairs = most
        return pair_s

    def _follow(self, blocks: JournalWriter, pairs: JournalWriter, pair_s: float) -> None:
        entry = self._entry.pairs
        assert entry is not None  # just made
        looks, began = Looks(rules_of(self._plan.gate, 1), entry.max_pairs), time.monotonic()
        self._watcher.load_starting(SERVICE, LOAD, entry.max_pairs)
        try:
            for number in range(entry.max_pairs):
                if number and time.monotonic() - began + pair_s > self._plan.compare.max_duration_s:
                    entry.stopped = "max_duration"
                    break
                heed_stop()
                pair = self._pair(number, blocks, pairs)
                self._entry.driven = True
                self._watcher.pair(SERVICE, LOAD, pair)
                if looks.add(pair) and looks.decisions:
                    self._watcher.looked(SERVICE, LOAD, looks.decisions, looks.estimates)
                if looks.stopped:
                    entry.stopped = looks.stopped
                    break
            entry.stopped = entry.stopped or "max_pairs"
        except PerfgateError as error:
            entry.stopped = error.message
            raise
        finally:
            entry.duration_s = time.monotonic() - began
        self._watcher.load_ended(SERVICE, LOAD, entry.stopped)

    def _pair(self, number: int, blocks: JournalWriter, pairs: JournalWriter) -> Pair:
        first: SideName = "head" if number % 2 else "base"
        second: SideName = "base" if number % 2 else "head"
        driven = {side: self._block(number, side) for side in (first, second)}
        for block in driven.values():
            blocks.append(BLOCK, block_to_body(block))
        base, head = (Usage(driven[side].number, 0.0) for side in ("base", "head"))
        entry = PairEntry(number, first, "", base, head)
        pairs.append(PAIR, asdict(entry))
        return pair_of(entry, {block.number: block for block in driven.values()})

    def _block(self, pair: int, side: SideName) -> BlockEntry:
        number, self._number = self._number, self._number + 1
        endpoints = self._suites[side].run()
        rounds = sum(own.response_ms.count for own in endpoints.values())
        # How many rounds there are is pytest-benchmark's choice, so that their number over time means nothing.
        return BlockEntry(number, pair, side, at_s=0.0, measured_s=0.0, endpoints=endpoints, users=0, requests=rounds)
