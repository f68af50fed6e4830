"""One load at a time on a machine: a lock that all processes of a user share, as those of pytest-xdist are."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def lock_path() -> Path:
    """Where the lock lies; by user, because another's file could not be opened."""
    return Path(tempfile.gettempdir()) / f"perfgate-{os.getuid()}.lock"


@contextmanager
def machine_lock(path: Path | None = None) -> Iterator[None]:
    """Wait until no other process that asks for it drives a load here, and hold it while inside.

    It is the kernel's lock: it goes with the process that holds it, however that ends.
    """
    import fcntl

    with (path or lock_path()).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
