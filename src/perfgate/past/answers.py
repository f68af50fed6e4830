"""Whether a service answers what it answered in earlier runs: a page that has become empty is faster, and no better.

What `judge.answers` sees of two sides that are driven side by side is seen here of a run and those before it: how long
answers are, how many are empty, and how many are redirects or came after one. They hardly scatter, so that one earlier
run is enough to compare with; the middle of the last few is taken, so that what is meant is soon the usual.
"""

from __future__ import annotations

from math import isfinite
from statistics import median
from typing import TYPE_CHECKING

from perfgate.judge.answers import FEWEST, LEVEL, MOST, MUCH_SHORTER, SHORTER, SOME
from perfgate.judge.error_rates import Counts
from perfgate.judge.result import Check
from perfgate.judge.words import counted, quantity
from perfgate.past.figures import BODY_SIZE, EMPTY, REDIRECTED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perfgate.judge.result import RunResult, Status
    from perfgate.measure.summary import EndpointSummary
    from perfgate.past.figures import Key

_LAST = 5  # earlier runs
_HINT = (
    "it is told until most of the last runs answer so, too; let the scenario look at what it needs, with "
    "catch_response=True"
)


def answer_checks(run: RunResult, before: Mapping[Key, Sequence[float]], most: Status) -> Iterator[Check]:
    """What is answered otherwise than in the earlier runs, by endpoint; nothing where it is the same.

    Args:
        run: whose answers they are.
        before: figures of the earlier runs, the nearest first.
        most: what an endpoint is of which most answers are others.
    """
    for entry in run.endpoints:
        good = entry.requests - entry.failures
        if good < FEWEST:
            continue
        shares = ((EMPTY, entry.empty, "are empty"), (REDIRECTED, entry.redirected, "are redirects, or came after one"))
        for metric, count, words in shares:
            usual = _usual(before, entry.name, metric)
            if usual is not None and (check := _share(entry, metric, min(count, good), good, usual, most, words)):
                yield check
        size = _usual(before, entry.name, BODY_SIZE)
        if size and entry.mean_body_bytes and entry.mean_body_bytes < SHORTER * size:
            now, then = quantity(entry.mean_body_bytes, "bytes"), quantity(size, "bytes")
            told = f"answers have {now} on average, {then} in the last runs"
            status = most if entry.mean_body_bytes < MUCH_SHORTER * size else "warn"
            yield _check(entry.name, BODY_SIZE, (size, entry.mean_body_bytes), told, status)


def _usual(before: Mapping[Key, Sequence[float]], endpoint: str | None, metric: str) -> float | None:
    known = [value for value in before.get((endpoint, metric), ()) if isfinite(value)][:_LAST]
    return median(known) if known else None


def _share(  # noqa: PLR0913  (what is compared, with what, and in which words)
    entry: EndpointSummary, metric: str, count: int, good: int, usual: float, most: Status, words: str
) -> Check | None:
    counts = Counts(usual * good, good, count, good)
    if counts.lower(LEVEL) <= SOME:
        return None
    told = f"{count:,} of {counted(good, 'answer')} {words}, {quantity(usual, 'share')} in the last runs"
    return _check(entry.name, metric, (usual, count / good), told, most if counts.rise >= MOST else "warn")


def _check(endpoint: str | None, metric: str, values: tuple[float, float], told: str, status: Status) -> Check:
    return Check(
        kind="history",
        endpoint=endpoint,
        metric=metric,
        unit="bytes" if metric == BODY_SIZE else "share",
        direction="at_least" if metric == BODY_SIZE else "at_most",
        observed=values[1],
        baseline=values[0],
        status=status,
        message=f"{told}: is it the same that is answered? {_HINT}",
    )
