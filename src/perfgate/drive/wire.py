"""What master and workers say to each other, as custom messages and reports of Locust's own protocol.

A worker downloads a bundle (Locust's `locustfile` message): the order, the scenario and the modules beside it that it
imports. It loads them, says `HELLO`, is given its share with `START`, and drives. Its entries travel in Locust's worker
reports, numbered, so that one that is lost is noticed. `STOP` ends the load early; `OVER` lets the worker go.
"""

from __future__ import annotations

import json
import sys
import zlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgpack

import perfgate
from perfgate.drive.order import Order
from perfgate.errors import EngineError
from perfgate.reading import LARGEST_SOURCE, read_text

HELLO = "perfgate_hello"
FAILED = "perfgate_failed"
START = "perfgate_start"
STOP = "perfgate_stop"
OVER = "perfgate_over"
REPORT = "perfgate"  # the key in Locust's worker reports
BUNDLE = "workers.json"  # in the run's folder: what the workers were given
# Locust reports every 3 s; a worker that is killed loses what it has not reported and the second it is in: 2 s at most.
REPORT_INTERVAL_S = 1.0
MASTER_SILENCE_S = 10.0  # a worker that has heard nothing for so long has lost its master


def versions() -> dict[str, str]:
    """What has to be the same on both sides."""
    return {"perfgate": perfgate.__version__, "locust": version("locust")}


def check_versions(theirs: dict[str, str]) -> None:
    """Refuse a master of another version: entries and schedules of two versions may differ silently.

    Raises:
        EngineError: with both versions.
    """
    for name, mine in versions().items():
        if theirs.get(name) != mine:
            raise EngineError(
                f"the worker has {name} {mine}, its master {theirs.get(name, 'none')}",
                hint="install the same versions on both sides",
                slug="worker-version",
            )


@dataclass(frozen=True)
class Bundle:
    """What a worker needs, and no copy of the project.

    Attributes:
        order: the master's; its scenario is a path in `files`.
        files: text by path, relative to the scenario's folder.
    """

    order: Order
    files: dict[str, str]

    def to_text(self) -> str:
        """As it is sent."""
        return json.dumps({**versions(), "order": self.order.to_dict(), "files": self.files})

    @classmethod
    def from_text(cls, text: str) -> Bundle:
        """The inverse of `to_text`.

        Raises:
            EngineError: it is of another version, or not a bundle.
        """
        try:
            value = json.loads(text)
        except ValueError:
            value = {}
        check_versions(value if isinstance(value, dict) else {})
        return cls(Order.from_dict(value["order"]), value["files"])

    def unpack(self, folder: Path) -> Order:
        """Write the files into `folder`; the order, with the scenario's place there."""
        for name, text in self.files.items():
            path = (folder / name).resolve()
            if not path.is_relative_to(folder.resolve()):
                raise EngineError(f"the master sent a file that lies outside the folder: {name}", slug="engine")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return self.order


def files_of(scenario: Path) -> dict[str, str]:
    """The scenario and the modules beside and below it that have been imported, by path relative to its folder."""
    folder = scenario.resolve().parent
    paths = {Path(path).resolve() for module in list(sys.modules.values()) if (path := getattr(module, "__file__", ""))}
    own = [path for path in paths if path.suffix == ".py" and path.is_relative_to(folder)]
    modules = {
        str(path.relative_to(folder)): read_text(path, LARGEST_SOURCE)
        for path in own
        if "site-packages" not in path.parts
    }
    # Under its own name, which may be that of a link, as in a mounted ConfigMap.
    return {**modules, scenario.name: read_text(scenario, LARGEST_SOURCE)}


def pack(first: int, entries: list[tuple[str, dict[str, Any]]]) -> bytes:
    """Entries of a journal as they travel in a report; `first` is the number of the first."""
    return zlib.compress(msgpack.packb([first, entries], unicode_errors="backslashreplace"), 1)


def unpack(data: bytes) -> tuple[int, list[tuple[str, dict[str, Any]]]]:
    """The inverse of `pack`."""
    first, entries = msgpack.unpackb(zlib.decompress(data), strict_map_key=False)
    return first, [(kind, body) for kind, body in entries]


class Outbox:
    """A worker's journal: entries wait here for the next report."""

    def __init__(self) -> None:
        self._entries: list[tuple[str, dict[str, Any]]] = []
        self._first = 0

    def append(self, kind: str, body: dict[str, Any]) -> None:
        """Take one entry."""
        self._entries.append((kind, body))

    def report(self, data: dict[str, Any], **_: Any) -> None:
        """Add what waits to a report; a listener of Locust's `report_to_master`."""
        if self._entries:
            data[REPORT] = pack(self._first, self._entries)
            self._first += len(self._entries)
            self._entries = []


class Inbox:
    """What the master has of one worker's entries.

    Attributes:
        whole: no entry is missing.
    """

    def __init__(self) -> None:
        self._next = 0
        self.whole = True

    def take(self, data: bytes) -> list[tuple[str, dict[str, Any]]]:
        """The entries of a report; one that came twice counts once."""
        first, entries = unpack(data)
        self.whole = self.whole and first <= self._next
        fresh = entries[max(self._next - first, 0) :]
        self._next = max(self._next, first + len(entries))
        return fresh
