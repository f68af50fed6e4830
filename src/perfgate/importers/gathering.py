"""Single requests, gathered by endpoint into histograms: what is kept does not grow with their number."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from perfgate.importers.imported import ImportedEndpoint
from perfgate.measure.histogram import Histogram
from perfgate.measure.names import is_absolute, without_query, without_values
from perfgate.measure.summary import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfgate.importers.result_file import ResultFile

MOST_NAMES = 10_000
_LATEST_S = 250_000_000_000  # in the year 9892
_CHUNK = 100_000  # values that wait to be put into histograms
_FAILED_FROM = 400
_MOST_KINDS = 500  # of failures: a text with an identifier in it would grow without end
_SHOWN_KINDS = 20
_OTHERS = "other failures"
_LONGEST_KIND = 80
_LONGEST_EXAMPLE = 300
_DIGITS = re.compile(r"\d+")


class Values:
    """Values by name.

    Args:
        file: the file they come from, for errors.
    """

    def __init__(self, file: ResultFile) -> None:
        self.file = file
        self._waiting: dict[str, list[float]] = {}
        self._room = _CHUNK
        self._histograms: dict[str, Histogram] = {}

    def add(self, name: str, value: float, line: int) -> None:
        """Take a finite value.

        Raises:
            ImportFileError: so many different names that they cannot be names of endpoints.
        """
        waiting = self._waiting.get(name)
        if waiting is None:
            waiting = self._new(name, line)
        waiting.append(value)
        self._room -= 1
        if not self._room:
            self._put_away()

    def _new(self, name: str, line: int) -> list[float]:
        if len(self._waiting) >= MOST_NAMES:
            raise self.file.wrong(
                line,
                f"more than {MOST_NAMES:,} different names; this is one more: {name[:80]!r}",
                hint="give requests of one kind one name, without identifiers in it",
            )
        return self._waiting.setdefault(name, [])

    def _put_away(self) -> None:
        for name, values in self._waiting.items():
            if values:
                gathered = self._histograms.get(name, Histogram())
                self._histograms[name] = Histogram.merged([gathered, Histogram.of(values)])
                values.clear()
        self._room = _CHUNK

    def histograms(self) -> dict[str, Histogram]:
        """All values so far, by name, in the order in which the names came."""
        self._put_away()
        return {name: self._histograms[name] for name in self._waiting}


class FailureKinds:
    """Failed requests by kind."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, str] = {}

    def add(self, status: str, text: str = "", count: int = 1) -> None:
        """Take failed requests.

        Args:
            status: of HTTP, as the tool writes it; `0` or empty when there was no answer.
            text: the error in words; the kind where no HTTP status says it.
            count: how many there were.
        """
        text = without_values(text)
        kind = f"HTTP {status}" if status.isdecimal() and int(status) >= _FAILED_FROM else ""
        kind = kind or _DIGITS.sub("N", text)[:_LONGEST_KIND] or f"status {status or 'unknown'}"[:_LONGEST_KIND]
        if kind not in self._counts and len(self._counts) >= _MOST_KINDS:
            kind = _OTHERS
        self._counts[kind] += count
        self._examples.setdefault(kind, text[:_LONGEST_EXAMPLE])

    def failures(self) -> tuple[Failure, ...]:
        """The kinds, the most frequent first; past the first twenty all together."""
        ranked = self._counts.most_common()
        shown = [Failure(kind=kind, count=n, example=self._examples[kind]) for kind, n in ranked[:_SHOWN_KINDS]]
        rest = sum(count for _, count in ranked[_SHOWN_KINDS:])
        return (*shown, *([Failure(kind=_OTHERS, count=rest, example="")] if rest else []))


class Requests:
    """Requests by endpoint, and the time over which they went.

    Args:
        file: the file they come from, for errors.
    """

    def __init__(self, file: ResultFile) -> None:
        self._good = Values(file)
        self._failed = Values(file)
        self.kinds = FailureKinds()
        self._first = float("inf")
        self._last = float("-inf")

    def add(self, name: str, ms: float, line: int, *, failed: bool) -> None:
        """Take a request."""
        (self._failed if failed else self._good).add(name, ms, line)

    def span(self, line: int, began_s: float, ended_s: float) -> None:
        """Take when a request began and ended, in seconds since the epoch.

        Raises:
            ImportFileError: that cannot be when.
        """
        if not 0 <= began_s <= ended_s < _LATEST_S:
            raise self._good.file.wrong(line, "it begins or ends at a time that cannot be", hint="look at its clock")
        self._first = min(self._first, began_s)
        self._last = max(self._last, ended_s)

    def endpoints(self) -> tuple[ImportedEndpoint, ...]:
        """The endpoints, sorted by name."""
        good, failed = self._good.histograms(), self._failed.histograms()
        nothing = Histogram()
        return tuple(
            ImportedEndpoint(
                name=name,
                requests=good.get(name, nothing).count + failed.get(name, nothing).count,
                failures=failed.get(name, nothing).count,
                latency_ms=good.get(name, nothing),
            )
            for name in sorted({*good, *failed})
        )

    @property
    def started_at(self) -> datetime | None:
        """When the first request began; None when it is not known."""
        return moment_at(self._first) if self._first <= self._last else None

    @property
    def duration_s(self) -> float | None:
        """From the first begun to the last ended; None when it is not known."""
        # Seconds since the epoch are floats, and exact to less than a microsecond only.
        return round(self._last - self._first, 6) if self._first <= self._last else None


def moment_at(seconds: float) -> datetime | None:
    """The moment so many seconds after the epoch; None when there is no such year."""
    return datetime.fromtimestamp(seconds, UTC) if 0 <= seconds < _LATEST_S else None


def endpoint_name(method: str, name: str) -> str:
    """The name of an endpoint: the method once, of URLs neither query nor credentials, of a path's query no values.

    >>> endpoint_name("GET", "http://me:pw@shop.test/items?page=2"), endpoint_name("", "/go?u=https://a.test/x&n=[n]")
    ('GET http://shop.test/items', '/go?u=…&n=[n]')
    """
    name = without_query(name) if is_absolute(name) else without_values(name)
    return name if not method or name.startswith(f"{method} ") else f"{method} {name}"


def told_apart(rows: Iterable[tuple[str, ImportedEndpoint]]) -> list[ImportedEndpoint]:
    """Rows that are reduced already, and can't be put together: those that differ in their queries alone get a mark.

    The mark is made from what was left out, so that it does not depend on which rows the file has, nor on their order.

    Args:
        rows: what a row stands under in the file, and its entry.
    """
    known = list(rows)
    times = Counter(entry.name for _, entry in known)
    return [
        replace(entry, name=f"{entry.name} #{sha256(full.encode()).hexdigest()[:6]}")
        if times[entry.name] > 1
        else entry
        for full, entry in known
    ]
