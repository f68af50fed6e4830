"""perfgate tells a team whether a change makes their services slower, and is right about it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# `__init__.pyi` tells type checkers what these are.
# Lazy, because `import perfgate` happens in the CLI (which must answer in 0.15 s) and inside scenarios (where
# Locust must be imported before anything else touches sockets).
_PUBLIC = {
    "HttpUser": "perfgate.drive.client",
    "PerfgateError": "perfgate.errors",
    "metric": "perfgate.custom_metric",
    # The gate itself.
    "Check": "perfgate.judge.result",
    "Plan": "perfgate.plan.plan",
    "Result": "perfgate.judge.result",
    "RunResult": "perfgate.judge.result",
    "compare_revisions": "perfgate.interface",
    "judge_recording": "perfgate.interface",
    "load_plan": "perfgate.interface",
    "load_result": "perfgate.interface",
    "render": "perfgate.interface",
    "run": "perfgate.interface",
    # Amounts with units, for assertions in tests.
    "ms": "perfgate.suite.amount",
    "per_second": "perfgate.suite.amount",
    "percent": "perfgate.suite.amount",
    "seconds": "perfgate.suite.amount",
    # Locust's own, so that a locustfile needs one import only.
    "SequentialTaskSet": "locust",
    "TaskSet": "locust",
    "between": "locust",
    "constant": "locust",
    "constant_pacing": "locust",
    "constant_throughput": "locust",
    "events": "locust",
    "tag": "locust",
    "task": "locust",
}

__all__ = [
    "Check",
    "HttpUser",
    "PerfgateError",
    "Plan",
    "Result",
    "RunResult",
    "SequentialTaskSet",
    "TaskSet",
    "__version__",
    "between",
    "compare_revisions",
    "constant",
    "constant_pacing",
    "constant_throughput",
    "events",
    "judge_recording",
    "load_plan",
    "load_result",
    "metric",
    "ms",
    "per_second",
    "percent",
    "render",
    "run",
    "seconds",
    "tag",
    "task",
]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'perfgate' has no attribute {name!r}")
