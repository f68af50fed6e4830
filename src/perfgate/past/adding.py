"""Adds to the history what was measured, and forgets what is older than the plan keeps."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from perfgate.baseline.store import Keep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.baseline.entry import Entry
    from perfgate.baseline.store import Store
    from perfgate.plan.plan import Gate


def add(store: Store, entries: Sequence[Entry], gate: Gate) -> None:
    """Add all entries, or none.

    Raises:
        StorageError: the store does not take them.
    """
    store.add(entries)
    if gate.keep is not None:
        store.prune(Keep.parse(gate.keep), time.time())
