"""Where something was measured: the machine and the versions that a comparison has to know."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from perfgate import __version__

_CPU_INFO = Path("/proc/cpuinfo")


def describe() -> dict[str, str | int]:
    """The environment, as in `result.json`."""
    return {
        "machine": _cpu_model(),
        "system": f"{platform.system()} {platform.release()}",
        "cpu_count": os.cpu_count() or 1,
        "python": platform.python_version(),
        "perfgate": __version__,
        "locust": version("locust"),
    }


def _cpu_model() -> str:
    """The processor's name; host names say nothing about speed, and do not belong in a report."""
    try:
        lines = _CPU_INFO.read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
