"""What a row of the tables is, and how its verdict is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _pytest.mark.structures import ParameterSet

    from perfgate.judge.result import Verdict


Judged = TypeVar("Judged")


@dataclass(frozen=True)
class Situation(Generic[Judged]):
    """One way in which a gate could be green and wrong.

    Attributes:
        words: what happened, as a user would tell it.
        verdict: what perfgate says of it: `fail`, `invalid`, or `warn` where a person should look.
        judged: brings it about.
    """

    words: str
    verdict: Verdict
    judged: Callable[[], Judged]


def rows(situations: Iterable[Situation[Judged]]) -> list[ParameterSet]:
    """The table's rows as pytest's parameters, each under its own words."""
    return [pytest.param(one, id=one.words) for one in situations]
