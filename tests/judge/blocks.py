"""Pairs of blocks for tests: whatever times each side had."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perfgate.measure.blocks import Block, Pair, Requests
from perfgate.measure.histogram import Histogram

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ENDPOINT = "GET /items"


def block(
    times: Mapping[str, Sequence[float]],
    *,
    failed: int = 0,
    cpu_s: float | None = None,
    memory: float | None = None,
    measured_s: float = 1.0,
) -> Block:
    """One side, with the same number of failures at each endpoint."""
    endpoints = {name: Requests(Histogram.of(list(values)), failed) for name, values in times.items()}
    return Block(endpoints, measured_s, cpu_s, memory)


def pair(number: int, base: Block, head: Block, disturbed: str = "") -> Pair:
    """In ABBA order."""
    return Pair(number, base, head, "base" if number % 2 == 0 else "head", disturbed)


def noisy(
    count: int, *, slower: float = 1.0, requests: int = 50, seed: int = 1, drift: float = 0.05, endpoint: str = ENDPOINT
) -> list[Pair]:
    """Pairs of log-normal times on a machine whose speed wanders; the head's are `slower` times as long."""
    rng = np.random.default_rng(seed)
    pairs = []
    for number in range(count):
        speed = rng.normal(0, drift)
        base, head = np.exp(rng.normal(speed, 0.3, (2, requests)))
        pairs.append(pair(number, block({endpoint: base}), block({endpoint: head * slower})))
    return pairs


def swapped(pairs: Sequence[Pair]) -> list[Pair]:
    """Base for head."""
    return [pair(one.number, one.head, one.base, one.disturbed) for one in pairs]
