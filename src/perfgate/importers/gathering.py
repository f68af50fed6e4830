"""Single requests, gathered by endpoint into histograms: what is kept does not grow with their number."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from perfgate.importers.imported import ImportedEndpoint
from perfgate.measure.histogram import Histogram

if TYPE_CHECKING:
    from perfgate.importers.result_file import ResultFile

_CREDENTIALS = re.compile(r"(?<=//)[^/]*@")
MOST_NAMES = 10_000
_LATEST_S = 250_000_000_000  # in the year 9892
_CHUNK = 100_000  # values that wait to be put into histograms


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


class Requests:
    """Requests by endpoint, and the time over which they went.

    Args:
        file: the file they come from, for errors.
    """

    def __init__(self, file: ResultFile) -> None:
        self._good = Values(file)
        self._failed = Values(file)
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
    """The name of an endpoint: the method once, and of a URL neither the query nor credentials.

    >>> endpoint_name("GET", "http://me:pw@shop.test/items?page=2")
    'GET http://shop.test/items'
    """
    if "://" in name:
        name = _bare(name)
    return name if not method or name.startswith(f"{method} ") else f"{method} {name}"


def _bare(url: str) -> str:
    path = url.partition("?")[0].partition("#")[0]
    return _CREDENTIALS.sub("", path) if "@" in path else path
