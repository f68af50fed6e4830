"""Words that users bring from Locust, k6, Gatling and their like, and what they are called in `budgets.toml`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MEANT: dict[str, tuple[str, ...]] = {
    "users": ("vus", "num_users", "user_count", "at_once_users", "concurrency", "connections", "clients", "threads"),
    "rate": ("rps", "qps", "arrival_rate", "requests_per_second", "users_per_sec", "throughput"),
    "duration": ("run_time", "runtime", "time", "hold_for", "length", "stages"),
    "ramp_up": ("spawn_rate", "hatch_rate", "ramp", "ramp_time", "start_rate", "ramp_users"),
    "warm_up": ("warmup_time", "discard"),
    "stop_timeout": ("graceful_stop", "grace_period"),
    "max_users": ("max_vus", "pre_allocated_vus"),
    "url": ("host", "base_url", "target", "address", "endpoint"),
    "scenario": ("locustfile", "script", "file", "test"),
    "command": ("start", "cmd", "run", "exec", "entrypoint"),
    "setup": ("build", "install", "before"),
    "ready": ("health", "healthcheck", "health_check", "readiness", "wait_for"),
    "cwd": ("working_directory", "workdir", "dir"),
    "budget": ("budgets", "thresholds", "limits", "slo", "assertions", "slas"),
    "error_rate": ("errors", "failures", "fail_ratio", "failure_rate", "http_req_failed", "error_ratio"),
    "p50": ("median", "med"),
    "mean": ("avg", "average", "avg_response_time"),
    "throughput": ("rps", "qps", "requests_per_second", "http_reqs"),
    "memory": ("rss", "ram", "mem"),
    "startup_time": ("start_time", "boot_time", "cold_start"),
}


def meant(name: str, known: Iterable[str]) -> str:
    """What a word of another tool is called here, when it is among the known keys of the table; empty else.

    Args:
        name: the key as it was written, in any case, with dashes or underscores, or in camel case.
        known: keys of the table in which it stands.
    """
    plain = _plain(name)
    ours = set(known)
    return next((key for key, theirs in _MEANT.items() if key in ours and plain in map(_plain, theirs)), "")


def _plain(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "")
