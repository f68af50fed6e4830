"""Reads the pairs of a comparison back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.errors import RecordingError
from perfgate.measure.block_entries import (
    BLOCK,
    BLOCKS_JOURNAL,
    PAIR,
    PAIRS_JOURNAL,
    BlockEntry,
    PairEntry,
    Usage,
    block_from_body,
    pair_from_body,
)
from perfgate.measure.blocks import Block, Pair, Requests
from perfgate.measure.journal import Journal, read_journal
from perfgate.measure.shape import MisfitError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeVar

    _T = TypeVar("_T")

UNFINISHED = "(not finished)"  # the endpoint of iterations that the service never answered


def pair_of(entry: PairEntry, blocks: dict[int, BlockEntry]) -> Pair:
    """Put a pair together.

    Args:
        entry: what the parent wrote.
        blocks: what the engine wrote, by number.

    Raises:
        KeyError: a block of it is missing.
    """
    base, head = (block_of(usage, blocks[usage.block]) for usage in (entry.base, entry.head))
    return Pair(entry.number, base, head, entry.first, entry.disturbed)


def block_of(usage: Usage, entry: BlockEntry) -> Block:
    """One side of a pair."""
    endpoints = dict(entry.endpoints)
    if entry.unfinished:  # no answer is the worst answer
        endpoints[UNFINISHED] = Requests(failed=entry.unfinished)
    measured = sum(own.response_ms.count + own.failed for own in entry.endpoints.values())
    share = measured / entry.requests if entry.requests else 0.0
    cpu_s = None if usage.cpu_s is None or not measured else usage.cpu_s * share
    return Block(endpoints, entry.measured_s, cpu_s, usage.memory_bytes, usage.figures)


def read_pairs(folder: Path) -> list[Pair]:
    """The whole pairs that lie in a recording's folder, in order, whatever ended it.

    Raises:
        RecordingError: a file is no journal, cannot be read, or holds something else than this version writes.
    """
    blocks = {entry.number: entry for entry in _entries(folder / BLOCKS_JOURNAL, BLOCK, block_from_body)}
    pairs = []
    for entry in _entries(folder / PAIRS_JOURNAL, PAIR, pair_from_body):
        try:
            pairs.append(pair_of(entry, blocks))
        except KeyError as missing:
            raise RecordingError(
                f"block {missing} of pair {entry.number} is missing", place=str(folder / BLOCKS_JOURNAL)
            ) from None
    return pairs


def _entries(path: Path, kind: str, read: Callable[[object], _T]) -> list[_T]:
    journal = read_journal(path) if path.exists() else Journal((), 0)
    try:
        return [read(body) for body in journal.of_kind(kind)]
    except MisfitError as error:
        raise RecordingError(
            f"an entry of the kind {kind!r} cannot be read: {error}",
            place=str(path),
            hint="read it with the version of perfgate that wrote it, or compare again",
        ) from error
