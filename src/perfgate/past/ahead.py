"""Imports what the history needs while a load is driven, so that nobody waits for that after the last request."""

from __future__ import annotations

import threading
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perfgate.drive.order import Progress
    from perfgate.measure.recording import ServiceSample
    from perfgate.stage import Watcher

_ALWAYS = ("perfgate.past.concluding", "git", "scipy.special")
_DATABASE = "perfgate.baseline.sql"


class Ahead:
    """A watcher that passes everything on to another, and imports in the background once a second has been driven.

    It takes a third of a second of one core, once: in the first seconds of the first load, which is where ramps are.

    Args:
        watcher: who is really told.
        store: `[gate] store`.
    """

    def __init__(self, watcher: Watcher, store: str) -> None:
        self._watcher = watcher
        self._modules = [*_ALWAYS, *([] if store.startswith("git:") else [_DATABASE])]
        self._begun = False
        self.service_starting = watcher.service_starting
        self.service_ready = watcher.service_ready
        self.load_starting = watcher.load_starting
        self.load_ended = watcher.load_ended
        self.doing = watcher.doing
        self.message = watcher.message

    def second(self, service: str, load: str, progress: Progress, sample: ServiceSample | None) -> None:
        """Pass it on; the first begins the imports."""
        if not self._begun:
            self._begun = True
            threading.Thread(target=self._import, name="imports", daemon=True).start()
        self._watcher.second(service, load, progress, sample)

    def _import(self) -> None:
        for module in self._modules:
            try:
                import_module(module)
            except ImportError:  # raised again, and told, where it is needed
                return
