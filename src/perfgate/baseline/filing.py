"""Where an entry lies on the history's branch: its path holds what is searched by, so that a listing is an index.

    format-1/entries/s=catalog/l=normal/f=9f86d0.../b=main/001760000000000000,1a2b3c...,pass,-,20260102-101112-ab12
    format-1/pins/20260102-101112-ab12,catalog,normal

Names are percent-encoded; long ones are cut and end in a checksum.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from perfgate.baseline.entry import GOOD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perfgate.baseline.entry import Entry
    from perfgate.baseline.store import Wanted

FORMAT = 1
_ROOT = f"format-{FORMAT}"
_ENTRIES = f"{_ROOT}/entries/"
_PINS = f"{_ROOT}/pins/"
_ANY_ROOT = re.compile(r"format-([0-9]+)/")
_LONGEST_NAME = 80
_DIRTY, _PULL_REQUEST, _BENCHMARKS = "d", "p", "b"


@dataclass(frozen=True)
class Filed:
    """One entry as its path tells of it; names are encoded as `name_of` does.

    Attributes:
        key: `key_of` its id.
        blob: the object that holds it.
        recorded_us: microseconds since the epoch.
        flags: letters for a dirty tree, a pull request and benchmarks.
        pin: the object that holds its promotion; None when it has none.
    """

    key: str
    path: str
    blob: str
    service: str
    load: str
    fingerprint: str
    branch: str
    recorded_us: int
    commit: str
    verdict: str
    flags: str
    recording: str
    pin: str | None = None

    @property
    def eligible(self) -> bool:
        """See `Entry.eligible`."""
        return self.pin is not None or (self.verdict in GOOD and _DIRTY not in self.flags)

    @property
    def own(self) -> bool:
        """Whether it was not measured for a pull request, or was promoted."""
        return self.pin is not None or _PULL_REQUEST not in self.flags


def name_of(text: str | None) -> str:
    """A text as part of a path; nothing is `-`, which no text becomes."""
    if text is None:
        return "-"
    name = quote(text, safe="").replace("-", "%2D") if text == "-" else quote(text, safe="")
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[: _LONGEST_NAME - 17]}~{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def key_of(entry_id: str) -> str:
    """What tells entries apart on the branch, of an entry's id (whose parts are percent-encoded already)."""
    from urllib.parse import unquote

    return ",".join(name_of(unquote(part)) for part in entry_id.split("/"))


def path_of(entry: Entry) -> str:
    """The path of an entry."""
    flags = _DIRTY * bool(entry.dirty) + _PULL_REQUEST * (entry.pull_request is not None)
    flags += _BENCHMARKS * (entry.kind == "benchmarks")
    folders = (
        f"s={name_of(entry.service)}/l={name_of(entry.load)}/f={entry.fingerprint.digest}/b={name_of(entry.branch)}"
    )
    moment = f"{micros(entry.recorded_at):018d}"
    file = ",".join([moment, name_of(entry.commit), entry.verdict, flags or "-", name_of(entry.recording)])
    return f"{_ENTRIES}{folders}/{file}"


def pin_path(key: str) -> str:
    """The path of an entry's promotion."""
    return f"{_PINS}{key}"


def micros(seconds: float) -> int:
    """Microseconds, as they stand in a path."""
    return round(seconds * 1_000_000)


def later_format(listing: Mapping[str, str]) -> int | None:
    """The latest format in a listing when that is not known here."""
    formats = [int(found[1]) for found in map(_ANY_ROOT.match, listing) if found]
    latest = max(formats, default=FORMAT)
    return latest if latest > FORMAT else None


def read_listing(listing: Mapping[str, str]) -> dict[str, Filed]:
    """The entries of a listing (object by path) by key; what is not ours is left alone."""
    pins = {path.removeprefix(_PINS): blob for path, blob in listing.items() if path.startswith(_PINS)}
    filed = (_read(path, blob, pins) for path, blob in listing.items() if path.startswith(_ENTRIES))
    return {entry.key: entry for entry in filed if entry}


def _read(path: str, blob: str, pins: Mapping[str, str]) -> Filed | None:
    folders = path.removeprefix(_ENTRIES).split("/")
    if len(folders) != 5:
        return None
    service, load, fingerprint, branch = (folder[2:] for folder in folders[:4])
    parts = folders[4].split(",")
    if len(parts) != 5 or not parts[0].isdecimal():
        return None
    moment, commit, verdict, flags, recording = parts
    key = f"{recording},{service},{load}"
    return Filed(
        key,
        path,
        blob,
        service,
        load,
        fingerprint,
        branch,
        int(moment),
        commit,
        verdict,
        flags,
        recording,
        pins.get(key),
    )


def matching(filed: Mapping[str, Filed], wanted: Wanted) -> list[Filed]:
    """What is wanted, the newest first, at most as much as is wanted."""
    named = {name: getattr(wanted, name) for name in ("service", "load", "recording", "branch", "fingerprint")}
    same = [(name, name_of(text)) for name, text in named.items() if text is not None]
    commits = None if wanted.commits is None else frozenset(map(name_of, wanted.commits))
    found = [
        entry
        for entry in filed.values()
        if all(getattr(entry, name) == text for name, text in same)
        and (commits is None or entry.commit in commits)
        and _fits(entry, wanted)
    ]
    found.sort(key=lambda entry: (entry.recorded_us, entry.key), reverse=True)
    return found[: wanted.limit]


def _fits(entry: Filed, wanted: Wanted) -> bool:
    kind = "benchmarks" if _BENCHMARKS in entry.flags else "load"
    return (
        wanted.kind in {None, kind}
        and (wanted.since is None or entry.recorded_us >= micros(wanted.since))
        and (wanted.until is None or entry.recorded_us <= micros(wanted.until))
        and wanted.pinned in {None, entry.pin is not None}
        and (entry.eligible or not wanted.eligible)
        and (entry.own or not wanted.own)
    )
