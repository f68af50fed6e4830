"""perfgate tells a team whether a change makes their services slower, and is right about it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from perfgate.custom_metric import metric
    from perfgate.errors import PerfgateError

__version__ = "0.1.0"

# Lazy, because `import perfgate` happens in the CLI (which must answer in 0.15 s) and inside scenarios (where
# Locust must be imported before anything else touches sockets).
_PUBLIC = {
    "PerfgateError": "perfgate.errors",
    "metric": "perfgate.custom_metric",
}

__all__ = ["PerfgateError", "__version__", "metric"]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'perfgate' has no attribute {name!r}")
