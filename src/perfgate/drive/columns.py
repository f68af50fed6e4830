"""Requests as columns of plain numbers: recording one extends a list, and a whole second is reduced at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from perfgate.measure.histogram import Histogram, bins_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

NS_PER_MS = 1e6
NS_PER_S = 1e9
OK = -1  # in the failure column: the request succeeded
REDIRECTED = 1 << 61  # added to the length of an answer that came from elsewhere: a column of its own would cost time


class Table(NamedTuple):
    """The requests of one flush; all columns have the same length.

    Attributes:
        endpoint: the endpoint's number.
        failure: the number of the failure's kind, or OK.
        sent_ns: when it was sent, from the load's start; had the generator not been late, in the open model.
        service_ns: sent -> last byte; below 0 where nobody told.
        waited_ns: how long its arrival had waited for a user.
        length: bytes of the response, and REDIRECTED.
    """

    endpoint: NDArray[np.int64]
    failure: NDArray[np.int64]
    sent_ns: NDArray[np.int64]
    service_ns: NDArray[np.int64]
    waited_ns: NDArray[np.int64]
    length: NDArray[np.int64]

    @property
    def is_timed(self) -> NDArray[np.bool_]:
        """Whether its times are known."""
        known: NDArray[np.bool_] = self.service_ns >= 0
        return known

    @property
    def is_redirected(self) -> NDArray[np.bool_]:
        """Whether its answer came from elsewhere, or was to look there."""
        known: NDArray[np.bool_] = self.length >= REDIRECTED
        return known

    @property
    def body_bytes(self) -> NDArray[np.int64]:
        """Bytes of the response."""
        return np.where(self.is_redirected, self.length - REDIRECTED, self.length)

    @property
    def intended_s(self) -> NDArray[np.float64]:
        """When each was intended to start, in seconds from the load's start."""
        return (self.sent_ns - self.waited_ns) / NS_PER_S

    @property
    def response_ms(self) -> NDArray[np.float64]:
        """Response times: waiting and service."""
        return (self.service_ns + self.waited_ns) / NS_PER_MS

    @property
    def service_ms(self) -> NDArray[np.float64]:
        """Service times."""
        return self.service_ns / NS_PER_MS


class Columns:
    """Grows by one request at a time."""

    def __init__(self) -> None:
        self._numbers: list[int] = []  # row after row: one list takes a fifth of the time that six arrays take

    def __len__(self) -> int:
        return len(self._numbers) // len(Table._fields)

    def add(  # noqa: PLR0913  (one argument per column)
        self, endpoint: int, failure: int, sent_ns: int, service_ns: int, waited_ns: int, length: int
    ) -> None:
        """Add one request; see `Table` for the columns."""
        self._numbers += (endpoint, failure, sent_ns, service_ns, waited_ns, length)

    def take(self) -> Table:
        """All requests so far; the columns are empty afterwards."""
        table, self._numbers = self.look(), []
        return table

    def look(self) -> Table:
        """All requests so far, which stay."""
        rows = np.array(self._numbers, np.int64).reshape(-1, len(Table._fields))
        return Table(*np.ascontiguousarray(rows.T))


class Groups:
    """Rows grouped by equal keys, so that each group is one slice of a sorted order.

    Args:
        keys: columns of whole numbers, all of one length; rows with the same values in all of them are one group.
    """

    def __init__(self, *keys: NDArray[np.integer]) -> None:
        self._order = np.lexsort(keys[::-1])
        ordered = [key[self._order] for key in keys]
        changes = np.zeros(len(self._order), dtype=bool)
        for key in ordered:
            changes[1:] |= key[1:] != key[:-1]
        changes[:1] = True
        self._starts = np.flatnonzero(changes)
        self._ends = np.append(self._starts, len(self._order))[1:]
        self._keys = ordered

    def __iter__(self) -> Iterator[tuple[tuple[int, ...], NDArray[np.intp]]]:
        """Each group's key and the numbers of its rows."""
        for start, end in zip(self._starts, self._ends, strict=True):
            yield tuple(int(key[start]) for key in self._keys), self._order[start:end]


def histograms(values: NDArray[np.float64], groups: Groups) -> list[Histogram]:
    """A histogram of each group's values, in the order of the groups; bins are found for all rows at once."""
    bins = bins_of(values)
    return [_histogram(values[rows], bins[rows]) for _, rows in groups]


def _histogram(values: NDArray[np.float64], bins: NDArray[np.int32]) -> Histogram:
    filled, counts = np.unique(bins, return_counts=True)
    return Histogram(filled, counts.astype(np.int64), float(values.sum()), float(values.min()), float(values.max()))
