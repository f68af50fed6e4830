"""How long to wait before a request is sent again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.publish.github.patience import Patience, pause

NOW = 1_772_600_000.0  # 2026-03-04 04:53:20 UTC


@pytest.mark.parametrize(
    ("status", "headers", "message", "attempt", "expected"),
    [
        (403, {"retry-after": "7"}, "", 0, 7.0),
        (429, {"retry-after": "0"}, "", 3, 0.0),
        (429, {"retry-after": "Wed, 04 Mar 2026 04:53:50 GMT"}, "", 0, 30.0),
        (429, {"retry-after": "Wed, 04 Mar 2020 04:53:50 GMT"}, "", 0, 0.0),
        (429, {"retry-after": "soon"}, "", 0, 60.0),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1772600100"}, "", 0, 101.0),
        (403, {"x-ratelimit-remaining": "1", "x-ratelimit-reset": "1772600100"}, "", 0, None),
        (403, {}, "You have exceeded a secondary rate limit", 0, 60.0),
        (403, {}, "You have exceeded a secondary rate limit", 2, 240.0),
        (403, {}, "Resource not accessible by integration", 0, None),
        (401, {}, "Bad credentials", 0, None),
        (404, {}, "Not Found", 0, None),
        (422, {}, "Validation Failed", 0, None),
        (500, {}, "", 0, 1.0),
        (502, {}, "", 9, 30.0),
        (503, {"retry-after": "3"}, "", 0, 3.0),
        (0, {}, "connection reset", 1, 2.0),
    ],
)
def test_it_waits_as_it_is_asked_to(
    status: int, headers: dict[str, str], message: str, attempt: int, expected: float | None
) -> None:
    """The whole table."""
    assert pause(status, headers, message, attempt, NOW) == expected


@given(st.integers(0, 999), st.text(), st.text(), st.text(), st.text(), st.integers(0, 10))
def test_no_answer_makes_it_fail_or_wait_less_than_no_time(
    status: int, after: str, remaining: str, reset: str, message: str, attempt: int
) -> None:
    """Headers may hold anything."""
    headers = {"retry-after": after, "x-ratelimit-remaining": remaining, "x-ratelimit-reset": reset}
    seconds = pause(status, headers, message, attempt, NOW)
    assert seconds is None or seconds >= 0


def test_it_waits_no_longer_than_it_may_in_all() -> None:
    """Of all requests together."""
    waits: list[float] = []
    patience = Patience(total_s=100.0, sleep=waits.append)
    assert [patience.waited(60.0), patience.waited(60.0), patience.waited(40.0)] == [True, False, True]
    assert waits == [60.0, 40.0]
