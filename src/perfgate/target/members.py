"""Which processes of the service ended in the middle of a load while the service went on.

A worker that crashed is soon replaced by its master, and all that is left of it is a handful of failed requests. Not
every process that ends is a worker, though: some services start one for each request. So a process counts that held the
listening socket, or that was there as the load began and of whose name another one began later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterable

    Key = tuple[int, float]  # pid and start time


class Members:
    """The processes of a service, from look to look.

    Args:
        alive: those that live as the load begins.
    """

    def __init__(self, alive: Iterable[Key]) -> None:
        self._names = {key: _name(key) for key in alive}
        self._settled = set(self._names)
        self._holders: set[Key] = set()
        self._ended: list[Key] = []

    def hold(self, pids: Iterable[int]) -> None:
        """These hold the listening socket."""
        held = set(pids)
        self._holders |= {key for key in self._names if key[0] in held}

    def ended(self, alive: Iterable[Key]) -> list[str]:
        """Take the next look; returns the workers that are known by now to have ended, as `gunicorn (pid 12)`."""
        now = set(alive)
        known = set(self._names)
        gone, new = known - now, now - known
        self._names |= {key: _name(key) for key in new}
        self._ended += sorted(key for key in gone if key in self._settled | self._holders)
        begun = {self._names[key] for key in new}
        told = [key for key in self._ended if key in self._holders or self._names[key] in begun]
        replaced = {self._names[key] for key in told}
        self._settled |= {key for key in new if self._names[key] in replaced}  # the successor of one that counted
        self._ended = [key for key in self._ended if key not in told]
        words = [f"{self._names[key]} (pid {key[0]})" for key in told]
        for key in gone - set(self._ended):
            del self._names[key]
        return words


def _name(key: Key) -> str:
    try:
        return psutil.Process(key[0]).name()
    except psutil.Error:  # it has ended, or is another user's
        return "a process"
