"""Keeps a log that another process appends to from filling the disk: its head and its tail stay, the middle goes."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

MOST_BYTES = 64 * 1024 * 1024
HEAD_BYTES = 1024 * 1024
TAIL_BYTES = 4 * 1024 * 1024
_EVERY_S = 1.0


def shorten(path: Path, most: int = MOST_BYTES, head: int = HEAD_BYTES, tail: int = TAIL_BYTES) -> bool:
    """Take the middle out of a log that has more than `most` bytes, and say in it how much that was.

    The writer must append (O_APPEND): it goes on at the new end. What it writes at this moment may stand before
    the tail.

    Returns:
        Whether something was taken out.

    Raises:
        OSError: the file is gone, or cannot be written.
    """
    size = path.stat().st_size
    if size <= most:
        return False
    with path.open("rb") as file:
        file.seek(size - tail)
        end = file.read(tail)
    os.truncate(path, head)
    with path.open("ab", buffering=0) as file:
        file.write(b"\n[perfgate: %d bytes were left out here]\n" % (size - head - tail) + end)
    return True


class LogLimit:
    """While inside, looks at a log every second and shortens it when it has become too long."""

    def __init__(self, path: Path, every_s: float = _EVERY_S, most: int = MOST_BYTES) -> None:
        self._path = path
        self._every_s = every_s
        self._most = most
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name=f"limit of {path.name}")

    def start(self) -> LogLimit:
        """Begin to look."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Look once more, and no more."""
        self._ended.set()
        self._thread.join()

    def __enter__(self) -> LogLimit:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _watch(self) -> None:
        while True:
            ended = self._ended.wait(self._every_s)
            try:
                shorten(self._path, self._most)
            except OSError:  # the disk is full, or somebody took the file away: nothing is left to be limited
                return
            if ended:
                return
