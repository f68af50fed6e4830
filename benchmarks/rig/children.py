"""Processes that a benchmark starts: none of them outlives it, however it ends."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1


def start(command: Sequence[str], **how: Any) -> subprocess.Popen[str]:
    """Start a program; on Linux it is asked to end when this process dies, even by SIGKILL.

    Args:
        command: the program and its arguments.
        how: as `subprocess.Popen` takes it.
    """
    return subprocess.Popen(command, text=True, preexec_fn=_end_with_parent, **how)  # noqa: PLW1509  (no threads here)


def run(command: Sequence[str], codes: Sequence[int] = (0,)) -> str:
    """Run a program to its end and give its output.

    Raises:
        SystemExit: its exit code is none of `codes`; with what it said.
    """
    process = start(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output, _ = process.communicate()
    if process.returncode not in codes:
        raise SystemExit(f"{command[0]} failed with {process.returncode}:\n{output}")
    return output


def _end_with_parent() -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
