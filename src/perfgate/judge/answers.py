"""Whether both sides of a comparison give the same answers: a page that has become empty is faster, and no better.

A success is a status. What an answer holds only the scenario can judge; but how long answers are, how many of them are
empty, and how many came from elsewhere (a redirect to the login) is seen at both sides alike, of the same requests.
Where that differs widely, the times are those of two different things: most answers are others, and nothing that is
said of their times is a verdict; or some are, and that is a warning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.judge.error_rates import Counts
from perfgate.judge.result import Check
from perfgate.judge.words import counted, quantity
from perfgate.measure.pairs import UNFINISHED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.judge.result import Status
    from perfgate.measure.blocks import Pair, Requests

FEWEST = 20  # successful requests at each side: below them an average says little
LEVEL = 1e-4  # how often an unchanged endpoint may be said to answer otherwise
SOME = 0.01  # a share of answers that have become empty, or redirected
MOST = 0.5
SHORTER = 0.5  # of the base's length: a warning
MUCH_SHORTER = 0.1  # an error in JSON where there was a page
_HINT = (
    'if that is meant, write answers = "warn" in [compare]; else let the scenario look at what it needs, with '
    "catch_response=True"
)


@dataclass(frozen=True)
class _Answers:
    """What the successful requests of an endpoint at one side were answered."""

    count: int
    bytes_received: int
    empty: int
    redirected: int

    @classmethod
    def of(cls, parts: Sequence[Requests]) -> _Answers:
        return cls(
            sum(part.response_ms.count for part in parts),
            sum(part.bytes_received for part in parts),
            sum(part.empty for part in parts),
            sum(part.redirected for part in parts),
        )

    @property
    def mean_bytes(self) -> float:
        return self.bytes_received / self.count


def answer_checks(counting: Sequence[Pair], most: Status) -> Iterator[Check]:
    """What is answered otherwise at the head, by endpoint; nothing where both sides answer alike.

    Args:
        counting: the pairs that count.
        most: what an endpoint is of which most answers are others.
    """
    for name in sorted({name for pair in counting for name in pair.base.endpoints} - {UNFINISHED}):
        shared = [
            (pair.base.endpoints[name], pair.head.endpoints[name])
            for pair in counting
            if name in pair.base.endpoints and name in pair.head.endpoints
        ]
        base, head = (_Answers.of([both[side] for both in shared]) for side in (0, 1))
        if min(base.count, head.count) >= FEWEST:
            yield from _share_checks(name, base, head, most)
            yield from _size_check(name, shared, (base, head), most)


def _share_checks(name: str, base: _Answers, head: _Answers, most: Status) -> Iterator[Check]:
    shares = (
        ("empty_answers", "are empty", base.empty, head.empty),
        ("redirected_answers", "are redirects, or came after one", base.redirected, head.redirected),
    )
    for metric, words, before, now in shares:
        # A request without a known time is in no count of times: never more than all.
        counts = Counts(min(before, base.count), base.count, min(now, head.count), head.count)
        if counts.lower(LEVEL) <= SOME:
            continue
        told = f"{now:,} of {counted(head.count, 'answer')} {words}, {before:,} of {base.count:,} at the base"
        status = most if counts.rise >= MOST else "warn"
        yield _check(name, metric, "share", (before / base.count, now / head.count), told, status)


def _size_check(
    name: str, shared: Sequence[tuple[Requests, Requests]], sides: tuple[_Answers, _Answers], most: Status
) -> Iterator[Check]:
    """That answers are much shorter; empty ones are told as such."""
    base, head = sides
    if not head.bytes_received or head.mean_bytes >= SHORTER * base.mean_bytes:
        return
    # One answer of many megabytes makes an average of its own: it must hold pair by pair too (sign test).
    sizes = [(_Answers.of([before]), _Answers.of([now])) for before, now in shared]
    known = [(before, now) for before, now in sizes if before.count and now.count]
    shorter = sum(now.mean_bytes < SHORTER * before.mean_bytes for before, now in known)
    if not _mostly(shorter, len(known)):
        return
    now, before = (quantity(side.mean_bytes, "bytes") for side in (head, base))
    told = f"answers have {now} on average, {before} at the base"
    status = most if head.mean_bytes < MUCH_SHORTER * base.mean_bytes else "warn"
    yield _check(name, "body_size", "bytes", (base.mean_bytes, head.mean_bytes), told, status)


def _mostly(so: int, pairs: int) -> bool:
    """Whether it is so in more pairs than half of them would be by chance; with too few pairs, in all of them."""
    from scipy.special import bdtrc

    return so == pairs or (so > 0 and bool(bdtrc(so - 1, pairs, 0.5) <= LEVEL))


def _check(  # noqa: PLR0913  (what a check is)
    endpoint: str, metric: str, unit: str, values: tuple[float, float], told: str, status: Status
) -> Check:
    words = f"{told}: is it the same that is answered? {_HINT}"
    return Check(
        kind="paired",
        endpoint=endpoint,
        metric=metric,
        unit=unit,
        direction="at_least" if metric == "body_size" else "at_most",
        observed=values[1],
        baseline=values[0],
        status=status,
        message=words,
    )
