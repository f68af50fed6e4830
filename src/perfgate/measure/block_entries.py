"""What the journals of a comparison hold: blocks, written by the engine, and pairs, written by its parent.

A pair says what the parent knows of it and which blocks belong to it; a block without its pair is no part of any
comparison: the pair was not whole, or it was a warm-up.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from perfgate.measure import forms, shape
from perfgate.measure.blocks import Requests, SideName
from perfgate.measure.histogram import Histogram
from perfgate.measure.recording import HealthSample

BLOCKS_JOURNAL = "blocks.journal"
PAIRS_JOURNAL = "pairs.journal"
BLOCK = "block"
PAIR = "pair"

_is_side = shape.one_of("base", "head")
_BLOCK: dict[str, shape.Test] = {
    **dict.fromkeys(("number", "pair", "users", "requests", "unfinished", "arrivals"), shape.is_count),
    "side": _is_side,
    **dict.fromkeys(("at_s", "measured_s", "drain_s"), shape.is_moment),
    "lag_ms": shape.or_none(shape.is_number),
    **dict.fromkeys(("endpoints", "health"), lambda _value: True),  # looked at below
}
_REQUESTS = (shape.is_text, shape.is_histogram, *(shape.is_count,) * 4)
_REQUESTS_BEFORE = _REQUESTS[:3]  # recordings that do not know what was answered
_PAIR: dict[str, shape.Test] = {
    "number": shape.is_count,
    "first": _is_side,
    "disturbed": shape.is_text,
    **dict.fromkeys(("base", "head"), lambda _value: True),  # looked at below
}
_USAGE: dict[str, shape.Test] = {
    "block": shape.is_count,
    "measured_s": shape.is_number,
    "cpu_s": shape.or_none(shape.is_number),
    "memory_bytes": shape.or_none(shape.is_number),
    "figures": lambda value: (
        isinstance(value, dict)
        and all(shape.is_text(name) and shape.is_number(figure) for name, figure in value.items())
    ),
}


@dataclass
class BlockEntry:
    """One block, as the engine saw it.

    Attributes:
        number: of the block, in order of driving.
        pair: of which it is one side; warm-up blocks have a number of their own.
        at_s: its beginning, in seconds since the first block's.
        measured_s: its length, less the beginning that is left out.
        endpoints: the requests of the measured part, by endpoint and in the order of their first.
        requests: of the whole block, the part that is left out and what was sent while it was drained included.
        unfinished: iterations that had not ended, or never begun, when the stop timeout was over.
        drain_s: how long after the block's end the last request in flight had ended.
        lag_ms: 99th percentile of how late arrivals were released; None in the closed model.
        health: of the generator and the machine, over the block.
    """

    number: int
    pair: int
    side: SideName
    at_s: float
    measured_s: float
    endpoints: dict[str, Requests]
    users: int
    requests: int
    arrivals: int = 0
    unfinished: int = 0
    drain_s: float = 0.0
    lag_ms: float | None = None
    health: HealthSample = field(default_factory=lambda: HealthSample(0.0, 0.0))


@dataclass
class Usage:
    """What the parent knows of one side of a pair.

    Attributes:
        block: its number.
        cpu_s: what the service's process tree used in the whole block.
        figures: see `blocks.Block`.
    """

    block: int
    measured_s: float
    cpu_s: float | None = None
    memory_bytes: float | None = None
    figures: dict[str, float] = field(default_factory=dict)


@dataclass
class PairEntry:
    """A pair that is whole; see `blocks.Pair`."""

    number: int
    first: SideName
    disturbed: str
    base: Usage
    head: Usage


def block_to_body(entry: BlockEntry) -> dict[str, Any]:
    """A msgpack map."""
    endpoints = [
        [name, own.response_ms.to_wire(), own.failed, own.bytes_received, own.empty, own.redirected]
        for name, own in entry.endpoints.items()
    ]
    rest = {name: value for name, value in vars(entry).items() if name not in {"endpoints", "health"}}
    return {**rest, "endpoints": endpoints, "health": asdict(entry.health)}


def block_from_body(body: object) -> BlockEntry:
    """The inverse of `block_to_body`.

    Raises:
        MisfitError: it is something else.
    """
    entry = shape.mapping(body, _BLOCK)
    rows = _endpoint_rows(entry.pop("endpoints"))
    health = shape.instance(HealthSample, entry.pop("health"), forms.HEALTH)
    endpoints = {row[0]: Requests(Histogram.from_wire(row[1]), *row[2:]) for row in rows}
    return BlockEntry(**entry, endpoints=endpoints, health=health)


def _endpoint_rows(told: object) -> list[Any]:
    before = isinstance(told, list) and all(isinstance(row, list) and len(row) == len(_REQUESTS_BEFORE) for row in told)
    return list(shape.rows(told, "endpoints", _REQUESTS_BEFORE if before else _REQUESTS))


def pair_from_body(body: object) -> PairEntry:
    """The inverse of `dataclasses.asdict`; raises as `block_from_body` does."""
    entry = shape.mapping(body, _PAIR)
    base, head = (shape.instance(Usage, entry.pop(side), _USAGE) for side in ("base", "head"))
    return PairEntry(**entry, base=base, head=head)
