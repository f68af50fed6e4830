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

    def __call__(self, exception: BaseException, **_: Any) -> None:
        """Count one."""
        if not LOST.discount(exception) and is_recorded(exception):
            return
        text = without_values(sentence_of(exception, _LONGEST))
        if text not in self.counts and len(self.counts) >= MOST_KINDS:
            text = OTHER
        self.counts[text] = self.counts.get(text, 0) + 1
