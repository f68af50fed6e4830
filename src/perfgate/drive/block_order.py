"""What the parent tells the engine that drives blocks: the load and its two sides, then block after block."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from perfgate.drive.order import Order
from perfgate.measure.blocks import SideName  # noqa: TC001  (dataclass fields are resolved at run time)

BLOCK = "block"
WARM_UP_PAIR = 999_999  # the number from which the work of warm-up blocks derives
PAIRS_PER_SEED = 1_000_000


@dataclass(frozen=True)
class BlocksOrder(Order):
    """A steady load at two sides; `host` is the base's URL, and the profile's level is held in every block.

    Attributes:
        head_host: base URL of the head.
    """

    head_host: str = ""

    @property
    def hosts(self) -> dict[SideName, str]:
        """The base URL of each side."""
        return {"base": self.host, "head": self.head_host}

    @property
    def run_time_s(self) -> float | None:
        """Nobody knows beforehand how many blocks it takes."""
        return None

    @property
    def level(self) -> float:
        """Users, or arrivals per second."""
        return self.profile.peak if self.profile else 0.0


@dataclass(frozen=True)
class BlockCommand:
    """Drive one block.

    Attributes:
        number: of the block, from 0, in order of driving; what it gives is known by it.
        pair: from which, with the seed, its schedule and payloads derive.
        sides: which side is driven; both at once is for measuring whether that would be better.
        duration_s: its length, the drain not included.
        settle_s: how much of that, at its beginning, is left out of what is measured.
    """

    number: int
    pair: int
    sides: tuple[SideName, ...]
    duration_s: float
    settle_s: float

    def line(self) -> str:
        """As a command of the protocol."""
        return f"{BLOCK} {json.dumps(asdict(self))}"

    @classmethod
    def from_argument(cls, text: str) -> BlockCommand:
        """The inverse of `line`, its first word taken off."""
        value = json.loads(text)
        return cls(**{**value, "sides": tuple(value["sides"])})


def seed_of(seed: int, pair: int) -> int:
    """The seed of a pair's schedule and payloads."""
    return seed * PAIRS_PER_SEED + pair
