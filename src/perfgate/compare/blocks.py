"""Pairs of blocks, driven at two running services in turn: the parent's end of `drive.block_engine`."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Protocol

from perfgate.compare.block_lane import BlockLane
from perfgate.compare.load_lane import LoadLane
from perfgate.measure.block_entries import PAIR, PAIRS_JOURNAL, PairEntry
from perfgate.measure.journal import JournalWriter
from perfgate.measure.pairs import read_pairs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import TracebackType

    from perfgate.measure.blocks import Pair, SideName
    from perfgate.plan.plan import Load, Plan, Service
    from perfgate.target.service import RunningService

__all__ = ["PairWatcher", "Pairs", "Sides", "disturbed_counts", "read_pairs"]

STEADY_KINDS = frozenset({"steady", "soak"})
ABBA: tuple[SideName, ...] = ("base", "head")


class PairWatcher(Protocol):
    """Who is told how a comparison goes, for people to see; nothing depends on it."""

    def pair(self, service: str, load: str, pair: Pair) -> None:
        """A pair is whole."""

    def doing(self, text: str) -> None:
        """What is being done now: progress, which a quiet view leaves out."""


@dataclass(frozen=True)
class Sides:
    """The two services under comparison, both ready; `RunningService.url` says where (deployments have no process)."""

    base: RunningService
    head: RunningService

    def of(self, name: SideName) -> RunningService:
        """One of them."""
        return self.base if name == "base" else self.head


class Lane(Protocol):
    """What drives pairs of one kind."""

    hosts: list[dict[str, str]]

    @property
    def own_cpus(self) -> bool:
        """Whether the generator and the services run on CPUs of their own; known once it is open."""

    @property
    def block_s(self) -> float:
        """The length of a block; known once it is open."""

    @property
    def pair_s(self) -> float:
        """About how long a pair takes."""

    @property
    def most_pairs(self) -> int:
        """How many pairs can be driven at most in the time there is; known once it is open."""

    def open(self) -> None:
        """Get ready to drive; warm both sides up."""

    def drive(self, number: int, first: SideName) -> tuple[PairEntry, Pair]:
        """Drive a pair."""

    def close(self) -> None:
        """Let go of everything."""


class Pairs:
    """Drives one load at both sides; iterate to drive, leave the with-block to end it.

    Loads of the kinds steady and soak are driven in short blocks by one engine; stress, spike and scenario loads as
    whole loads, one side after the other, shortened so that several pairs fit into `plan.compare.max_duration_s`
    (their blocks carry `figures`).

    Args:
        plan: what the load belongs to; its `compare` bounds the time, its `gate.health` says which pairs count.
        load: of the plan.
        service: its scenario is driven, at both sides.
        sides: both running.
        folder: an existing folder for the journals, empty but for the services' logs.
        watcher: is told of each pair.
        max_pairs: an upper bound; as many as fit into the time unless given.
        first_number: of the first pair; more than 0 where another `Pairs`, with services started anew, goes on.

    Example:
        >>> with Pairs(plan, load, service, Sides(base, head), folder, watcher) as pairs:
        ...     for pair in pairs:  # each is in the recording already
        ...         if enough(pair):
        ...             break

    Attributes:
        done: the whole pairs so far, in order, disturbed ones included.
        ended: why there are no more: `max_duration`, `max_pairs`; empty while there may be.
    """

    def __init__(  # noqa: PLR0913  (what a comparison is made of)
        self,
        plan: Plan,
        load: Load,
        service: Service,
        sides: Sides,
        folder: Path,
        watcher: PairWatcher,
        *,
        max_pairs: int | None = None,
        first_number: int = 0,
    ) -> None:
        self.done: list[Pair] = []
        self.ended = ""
        self._names = service.name, load.name
        self._watcher = watcher
        self._next = self._last = first_number
        self._max_pairs = max_pairs
        self._longest_s = plan.compare.max_duration_s
        self._deadline = 0.0
        self._folder = folder
        kind = BlockLane if load.kind in STEADY_KINDS else LoadLane
        self._lane: Lane = kind(plan, load, service, {"base": sides.base, "head": sides.head}, folder, watcher)
        self._journal: JournalWriter | None = None

    def __enter__(self) -> Pairs:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lane.close()
        if self._journal:
            self._journal.close()

    @property
    def block_s(self) -> float:
        """The length of a block, in seconds; known once it is `open`."""
        return self._lane.block_s

    @property
    def own_cpus(self) -> bool:
        """Whether the generator and the services run on CPUs of their own; known once it is `open`."""
        return self._lane.own_cpus

    @property
    def hosts(self) -> list[dict[str, str]]:
        """Of User classes that have hosts of their own, as `Ready` tells it; known once something was driven."""
        return self._lane.hosts

    def open(self) -> int:
        """Get ready to drive: the engine is started, both sides are warmed up, and the length of blocks is found.

        Returns:
            How many pairs there can be at most: the `max_pairs` of a sequential design.

        Raises:
            ServiceError, EngineError, ScenarioError, StorageError: as when driving.
        """
        self._journal = JournalWriter(self._folder / PAIRS_JOURNAL)
        self._lane.open()
        most = self._lane.most_pairs if self._max_pairs is None else self._max_pairs
        self._last = self._next + most
        self._deadline = time.monotonic() + self._longest_s
        return most

    def __iter__(self) -> Iterator[Pair]:
        """Drive pair after pair until told to stop (leave the loop), `max_duration` or `max_pairs`.

        Raises:
            ServiceError: `service-died`, naming base or head; what was driven until then is in `done`.
            EngineError, ScenarioError: the load could not be driven.
            StorageError: the disk is full.
        """
        if self._journal is None:
            self.open()
        assert self._journal is not None  # it is open
        while not self._is_over():
            first = ABBA[self._next % 2]
            entry, pair = self._lane.drive(self._next, first)
            self._journal.append(PAIR, asdict(entry))
            self._next += 1
            self.done.append(pair)
            self._watcher.pair(*self._names, pair)
            yield pair

    def _is_over(self) -> bool:
        if self._next >= self._last:
            self.ended = "max_pairs"
        elif time.monotonic() + self._lane.pair_s > self._deadline:
            self.ended = "max_duration"
        return bool(self.ended)


def disturbed_counts(pairs: Iterable[Pair]) -> dict[str, int]:
    """How many pairs were left out, by reason (`Pair.disturbed` up to its first colon), most first."""
    return dict(Counter(pair.disturbed.partition(":")[0] for pair in pairs if pair.disturbed).most_common())
