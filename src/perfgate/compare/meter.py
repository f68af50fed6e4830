"""What a service's process tree uses from one moment to another, where that tree is the service.

Whoever holds the listening socket is the service. Where that is no process of the tree (`docker run` only asks a
daemon), or where a process of the tree may not be read, nothing is known: what was seen is not the service's, or not
all of it, and would be called small, or unchanged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil

from perfgate.target.listening import listener_at
from perfgate.target.readiness import address_of
from perfgate.target.resources import ProcessTree, cpu_between

if TYPE_CHECKING:
    from perfgate.target.resources import Look
    from perfgate.target.service import RunningService


class Meter:
    """Reads the counters of one service at the edges of its blocks; a service that perfgate did not start has none.

    Attributes:
        tree: the processes that its command started; None for such a one.
        inside: whether one of them accepts the service's connections.
    """

    def __init__(self, running: RunningService) -> None:
        self.tree: ProcessTree | None = None
        self.inside = False
        self._before: Look | None = None
        if running.pid is not None:
            try:
                self.tree = ProcessTree(running.pid, running.reaper)
            except psutil.NoSuchProcess:  # it has just died, which is told by others
                self.tree = None
        if self.tree:
            self.inside = listener_at(*address_of(running.url), self.tree.pids()).where == "inside"

    def start(self) -> None:
        """From now on."""
        self._before = self.tree.look() if self.tree else None

    def read(self) -> tuple[float | None, float | None]:
        """CPU seconds since `start`, and bytes of memory now; None where they are not known to be the service's."""
        if self.tree is None or self._before is None or not self.inside:
            return None, None
        now = self.tree.look()
        if self._before.unread or now.unread:
            return None, None
        return cpu_between(self._before.cpu, now.cpu), float(now.memory_bytes)
