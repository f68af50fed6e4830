"""What a service's process tree uses from one moment to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil

from perfgate.target.resources import ProcessTree, cpu_between

if TYPE_CHECKING:
    from perfgate.target.resources import Look
    from perfgate.target.service import RunningService


class Meter:
    """Reads the counters of one service at the edges of its blocks; a service that perfgate did not start has none."""

    def __init__(self, running: RunningService) -> None:
        self._tree: ProcessTree | None = None
        self._before: Look | None = None
        if running.pid is not None:
            try:
                self._tree = ProcessTree(running.pid, running.reaper)
            except psutil.NoSuchProcess:  # it has just died, which is told by others
                self._tree = None

    def start(self) -> None:
        """From now on."""
        self._before = self._tree.look() if self._tree else None

    def read(self) -> tuple[float | None, float | None]:
        """CPU seconds since `start`, and bytes of memory now; None without a process."""
        if self._tree is None or self._before is None:
            return None, None
        now = self._tree.look()
        return cpu_between(self._before.cpu, now.cpu), float(now.memory_bytes)
