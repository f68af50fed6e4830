"""On which branches runs were recorded, counted, so that who finds none learns where they are."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfgate.baseline.entry import Entry

PULL_REQUESTS, NO_BRANCH = "pull requests", "no branch"
_MOST_NAMED = 5


def by_branch(entries: Iterable[Entry]) -> Counter[str]:
    """How many runs each branch has; those of pull requests belong to none, and are counted together."""
    return Counter(PULL_REQUESTS if one.pull_request is not None else one.branch or NO_BRANCH for one in entries)


def listed(counts: Counter[str]) -> str:
    """Counts in words, the largest first: `7 runs (feature 5, pull requests 2)`."""
    named = [f"{name} {count:,}" for name, count in counts.most_common(_MOST_NAMED)]
    more = len(counts) - len(named)
    total = counts.total()
    return f"{total:,} run{'' if total == 1 else 's'} ({', '.join([*named, *([f'{more:,} more'] if more else [])])})"
