"""Generator and services on CPUs of their own while blocks are driven, where the services leave room for that.

Where both may run anywhere, the scheduler finds a place for each instance of a service, and it stays there: two starts
of one program differed by 1.6 % in their means and 2.8 % in their medians (standard deviation beyond the noise, eight
starts), as if one of them were slower. With the generator on one CPU and both services on the others nothing of that
could be seen (benchmarks/placing.py). A service that needs more than half of what it would have is left alone: it would
be short of CPU, and be measured at another load than it has in truth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.target.cpus import bind, may_run_on, usable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perfgate.measure.blocks import SideName
    from perfgate.target.resources import ProcessTree

_ROOM = 0.5
_LEAST = 0.01  # what uses less is not what answers: the client of a container, say
_SMALL = 8  # CPUs


class Placing:
    """Where the processes of one comparison run.

    Args:
        trees: the services' processes; None for a side that perfgate did not start.
        generator: the engine's pid.
        wanted: as `[compare] own_cpus` says.
    """

    def __init__(self, trees: Mapping[SideName, ProcessTree | None], generator: int, *, wanted: bool) -> None:
        self._trees = [tree for tree in trees.values() if tree is not None]
        self._generator = generator
        self._usable = usable() if wanted and len(self._trees) == len(trees) else []
        self.own = False
        self._placed = False

    def settle(self, used: Mapping[SideName, float | None]) -> None:
        """Give each its CPUs if there is room.

        Args:
            used: how many CPUs each service used in the warm-up.
        """
        first, rest = self._divided()
        shares = [share for share in used.values() if share is not None]
        if not rest or not shares or min(shares) < _LEAST or max(shares) > _ROOM * len(rest):
            return
        if not all(may_run_on(tree.pids(), self._usable) for tree in self._trees):  # its own command has placed it
            return
        self._placed = True
        twice = [*self._trees, *self._trees]  # a process may just have started another
        self.own = bind([self._generator], first) and all(bind(tree.pids(), rest) for tree in twice)
        if not self.own:
            self.release()

    def _divided(self) -> tuple[list[int], list[int]]:
        """The generator's CPU, and the others; on a large machine, which others share, not everybody's first one."""
        if not self._usable:
            return [], []
        place = 0 if len(self._usable) <= _SMALL else self._generator % len(self._usable)
        return [self._usable[place]], [*self._usable[:place], *self._usable[place + 1 :]]

    def release(self) -> None:
        """Everybody may run anywhere again: whole loads follow, or other engines."""
        if self._placed:
            bind([self._generator], self._usable)
            for tree in self._trees:
                bind(tree.pids(), self._usable)
