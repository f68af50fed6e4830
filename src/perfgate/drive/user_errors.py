"""Exceptions that scenario code raised, counted by their text: each may mean that requests were left out."""

from __future__ import annotations

from typing import Any

from perfgate.drive.outcomes import is_recorded
from perfgate.drive.unrecorded import LOST
from perfgate.drive.values import sentence_of
from perfgate.measure.names import without_values

MOST_KINDS = 50
OTHER = "other exceptions"
_LONGEST = 200


class UserErrors:
    """Listens to Locust's `user_error`.

    Attributes:
        counts: by text. An exception that is a recorded failure is none: see `outcomes`.
    """

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self._last: BaseException | None = None

    def end(self, exception: BaseException, greenlet: Any) -> None:
        """A user ended with an exception; that of `on_start` has been told a moment ago."""
        if exception is not self._last:
            self._count(exception, greenlet)

    def __call__(self, exception: BaseException, **_: Any) -> None:
        """Count one."""
        self._last = exception
        self._count(exception)

    def _count(self, exception: BaseException, greenlet: Any = None) -> None:
        if not LOST.discount(exception) and is_recorded(exception, greenlet):
            return
        text = without_values(sentence_of(exception, _LONGEST))
        if text not in self.counts and len(self.counts) >= MOST_KINDS:
            text = OTHER
        self.counts[text] = self.counts.get(text, 0) + 1
