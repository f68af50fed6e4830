"""What a comparison has seen so far of each endpoint: one estimate with its interval, for whoever watches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.judge.words import label, signed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from perfgate.judge.changed import Change, Decision
    from perfgate.judge.sides import CheckKey

_FIRST = ("p95", "mean", "p50")  # what stands for an endpoint, the first that is compared
_COMPARED: dict[Decision, str] = {
    "worse": "proven worse",
    "not_worse": "not worse",
    "better": "better",
    "undecided": "",
}


@dataclass(frozen=True)
class Estimate:
    """One metric of an endpoint.

    Attributes:
        change: `+11 % (+8 % to +14 %)`.
        said: what is decided; empty where nothing is.
    """

    endpoint: str
    metric: str
    change: str
    decision: Decision
    said: str

    @property
    def words(self) -> str:
        """`GET /items p95 +11 % (+8 % to +14 %) proven worse`."""
        return " ".join(filter(None, [self.endpoint, self.metric, self.change, self.said]))


def shown_checks(decisions: Mapping[CheckKey, Decision]) -> list[CheckKey]:
    """One check for each endpoint: what is proven worse, else p95; endpoints with something proven worse come first.

    Beyond that they keep their order, so that they do not change places while somebody reads. The whole service stands
    for itself where no endpoint is compared.

    Args:
        decisions: as of one look.
    """
    compared = [key for key, decision in decisions.items() if decision in _COMPARED]
    named = [key for key in compared if key.endpoint is not None] or compared
    chosen = [
        min((key for key in named if key.endpoint == endpoint), key=lambda key: _rank(key, decisions))
        for endpoint in dict.fromkeys(key.endpoint for key in named)
    ]
    return sorted(chosen, key=lambda key: decisions[key] != "worse")


def _rank(key: CheckKey, decisions: Mapping[CheckKey, Decision]) -> tuple[bool, int]:
    return decisions[key] != "worse", _FIRST.index(key.metric) if key.metric in _FIRST else len(_FIRST)


def estimates_of(changes: Iterable[Change]) -> list[Estimate]:
    """The same in words.

    Args:
        changes: of the checks that are shown.
    """
    return [_estimate(change, change.change) for change in changes if change.change is not None]


def _estimate(change: Change, estimate: float) -> Estimate:
    ends = "no interval yet"
    if change.interval is not None:
        ends = " to ".join(signed(end, change.unit) for end in change.interval)
    return Estimate(
        change.key.endpoint or "the whole service",
        label(change.key.metric, "paired"),
        f"{signed(estimate, change.unit)} ({ends})",
        change.decision,
        _COMPARED.get(change.decision, ""),
    )
