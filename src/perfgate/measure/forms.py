"""The forms of a recording's entries: what each value has to be. See `recording` for what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.measure import shape

if TYPE_CHECKING:
    from perfgate.measure.shape import Test

MOST_ENGINES = 10_000

# What each value of an entry has to be; rows in the order of `second_to_body`.
HEALTH: dict[str, Test] = {
    "cpu": shape.is_number,
    "loop_lag_ms": shape.is_number,
    "steal": shape.or_none(shape.is_number),
    "throttled_ms": shape.or_none(shape.is_number),
    "clock_step_ms": shape.is_number,
    "sockets": shape.or_none(shape.is_count),
    "open_files": shape.or_none(shape.is_number),
    "ports": shape.or_none(shape.is_number),
}
SECOND: dict[str, Test] = {
    "second": shape.is_second,
    **dict.fromkeys(
        ("users", "iterations", "arrivals", "waiting", "stamped", "retried", "unsolicited"), shape.is_count
    ),
    "schedule_lag_ms": shape.or_none(shape.is_histogram),
    "odd": shape.is_counts_by_text,
    **dict.fromkeys(
        ("cells", "failures", "metrics", "slowest", "health", "untimed", "unusable", "answers"), lambda _value: True
    ),  # looked at below
}
CELL = (
    shape.is_text,
    shape.one_of("ok", "failed"),
    shape.is_text,
    shape.is_second,
    shape.is_histogram,
    shape.or_none(shape.is_histogram),
    shape.is_count,
)
FAILURE = (shape.is_text, shape.is_text, shape.is_second, shape.is_text, shape.is_count, shape.is_text)
METRIC = (
    shape.is_text,
    shape.is_text,
    shape.or_none(shape.is_text),
    shape.is_text,
    shape.is_second,
    shape.is_histogram,
)
SLOW = (
    shape.is_text,
    shape.is_moment,
    shape.is_number,
    shape.or_none(shape.is_count),
    shape.is_text,
    shape.or_none(shape.is_text),
)
BEGIN: dict[str, Test] = {
    "started_at": shape.is_date,
    "user_classes": shape.is_texts,
    "model": shape.one_of("closed", "open"),
    "locust": shape.is_text,
    "engines": lambda value: shape.is_count(value) and 0 < value <= MOST_ENGINES,
    "workers": shape.is_count,
}
END: dict[str, Test] = {
    "reason": shape.is_text,
    "detail": shape.is_text,
    "duration_s": lambda value: shape.is_moment(value) and value >= 0,
    "cut_off": shape.is_count,
    "unserved": shape.is_count,
    "user_errors": shape.is_counts_by_text,
    "refused_hosts": shape.is_texts,
    "classes_at_work": shape.is_texts,
}
SAMPLE: dict[str, Test] = {
    "at_s": shape.is_moment,
    "cpu": shape.is_number,
    "memory_bytes": shape.is_count,
    "processes": shape.is_count,
    "unread": shape.is_count,
}
LISTENER: dict[str, Test] = {
    "at_s": shape.is_moment,
    "where": shape.one_of("inside", "outside", "unknown"),
    "process": shape.is_text,
    "peers": shape.is_texts,
}
ENDED: dict[str, Test] = {"at_s": shape.is_moment, "process": shape.is_text}
SERVICE_END: dict[str, Test] = {"samples": shape.is_count}
EXIT: dict[str, Test] = {
    "at_s": shape.is_moment,
    "code": lambda value: isinstance(value, int) and abs(value) < shape.MOST,
}
