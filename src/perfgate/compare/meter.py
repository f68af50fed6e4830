"""What a service's process tree uses from one moment to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil

from perfgate.target.resources import ProcessTree, cpu_between

if TYPE_CHECKING:
    from perfgate.target.resources import Look
    from perfgate.target.service import RunningService


class Meter:
    """Reads the counters of one service at the edges of its blocks; a service that perfgate did not start has none.

    Attributes:
        tree: its processes; None for such a one.
    """

    def __init__(self, running: RunningService) -> None:
        self.tree: ProcessTree | None = None
        self._before: Look | None = None
        if running.pid is not None:
            try:
                self.tree = ProcessTree(running.pid, running.reaper)
            except psutil.NoSuchProcess:  # it has just died, which is told by others
                self.tree = None

    def start(self) -> None:
        """From now on."""
        self._before = self.tree.look() if self.tree else None

    def read(self) -> tuple[float | None, float | None]:
        """CPU seconds since `start`, and bytes of memory now; None without a process."""
        if self.tree is None or self._before is None:
            return None, None
        now = self.tree.look()
        return cpu_between(self._before.cpu, now.cpu), float(now.memory_bytes)
