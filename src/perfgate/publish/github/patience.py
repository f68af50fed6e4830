"""How long to wait before a request is sent again: as GitHub asks, and not forever.

https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

SECONDARY_S = 60.0  # "wait for at least one minute before retrying", then longer each time
_FIRST_S, _LONGEST_S = 1.0, 30.0
_LIMITED = ("rate limit", "abuse detection", "wait a few minutes", "retry your request again later")


@dataclass
class Patience:
    """What is left of the time that may be spent on waiting.

    Attributes:
        total_s: of all requests together.
        tries: of one request.
        sleep: waits.
        now: the time in seconds since the epoch.
    """

    total_s: float = 300.0
    tries: int = 6
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.time
    spent_s: float = field(default=0.0, init=False)

    def waited(self, seconds: float) -> bool:
        """Wait so long; False, at once, when that is more than what is left."""
        if self.spent_s + seconds > self.total_s:
            return False
        self.spent_s += seconds
        self.sleep(seconds)
        return True


def pause(status: int, headers: Mapping[str, str], message: str, attempt: int, now: float) -> float | None:
    """Seconds to wait before the request is sent again; None when that would change nothing.

    Args:
        status: of the answer; 0 when there was none.
        headers: of the answer, by names in small letters.
        message: what GitHub said.
        attempt: 0 for the first time.
        now: in seconds since the epoch.
    """
    asked = _asked(headers, now)
    if status in (403, 429):
        if asked is not None:
            return asked
        limited = status == 429 or any(words in message.lower() for words in _LIMITED)
        return SECONDARY_S * 2**attempt if limited else None
    if status == 0 or status >= 500:
        return asked if asked is not None else min(_FIRST_S * 2**attempt, _LONGEST_S)
    return None


def _asked(headers: Mapping[str, str], now: float) -> float | None:
    """What the answer asks for: `Retry-After` in seconds or as a date, else the moment when the limit is renewed."""
    after = headers.get("retry-after", "").strip()
    if after.isdecimal() and len(after) < 10:
        return float(after)
    moment = _date(after)
    if moment is not None:
        return max(moment.timestamp() - now, 0.0)
    reset = headers.get("x-ratelimit-reset", "").strip()
    if headers.get("x-ratelimit-remaining", "").strip() == "0" and reset.isdecimal() and len(reset) < 13:
        return max(float(reset) - now, 0.0) + 1.0  # nobody knows when in that second
    return None


def _date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
