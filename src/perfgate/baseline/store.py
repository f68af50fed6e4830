"""Where the history is kept, behind one small interface: SQLite, PostgreSQL, or an orphan branch of the repository."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from perfgate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from perfgate.baseline.entry import Entry, Kind, Pin

DEFAULT_STORE = "sqlite:///.perfgate/history.db"
_DAY_S = 86_400.0
_DAYS = re.compile(r"([1-9][0-9]{0,4}) days?")


@dataclass(frozen=True)
class Wanted:
    """Which entries are looked for; a field that is None asks for nothing.

    Attributes:
        fingerprint: the digest of a `Fingerprint`.
        commits: of one of these commits; thousands are fine.
        since, until: recorded then or later, then or before; seconds since the epoch.
        pinned: only promoted ones, or only others.
        eligible: only those that may be compared with, see `Entry.eligible`.
        own: leave out what was measured for pull requests, unless it was promoted.
        limit: at most so many, the newest.
        whole: read the histograms too; `Entry.packed` is None otherwise.
    """

    service: str | None = None
    load: str | None = None
    kind: Kind | None = None
    recording: str | None = None
    branch: str | None = None
    fingerprint: str | None = None
    commits: Collection[str] | None = None
    since: float | None = None
    until: float | None = None
    pinned: bool | None = None
    eligible: bool = False
    own: bool = False
    limit: int | None = None
    whole: bool = False


ALL = Wanted()


@dataclass(frozen=True)
class Keep:
    """How long entries are kept: for so many seconds, or the newest so many of each load at each service."""

    seconds: float | None = None
    count: int | None = None

    @classmethod
    def parse(cls, written: str | int) -> Keep:
        """As `keep` stands in `budgets.toml`: `90 days`, or a count.

        Raises:
            UsageError: it is neither.
        """
        days = _DAYS.fullmatch(str(written))
        if days:
            return cls(seconds=int(days[1]) * _DAY_S)
        if str(written).isascii() and str(written).isdigit() and int(written) > 0:
            return cls(count=int(written))
        raise UsageError(f"cannot tell how long to keep runs from {str(written)!r}", hint='write e.g. "90 days" or 500')


class Store(Protocol):
    """A history. Everything it does may raise `StorageError`, which names the store and the next step.

    Attributes:
        name: the store in words, without passwords, for messages.
        note: what to know about it, e.g. that it may be old because the remote cannot be reached; else empty.
    """

    name: str
    note: str

    def add(self, entries: Iterable[Entry]) -> int:
        """Keep entries, all or none; one whose id is known is left as it is. Returns how many were new."""

    def find(self, wanted: Wanted = ALL) -> list[Entry]:
        """What is wanted, the newest first."""

    def get(self, entry_id: str) -> Entry | None:
        """One entry, whole; None when there is no such id."""

    def pin(self, entry_id: str, pin: Pin) -> bool:
        """Promote an entry, or say anew why; False when there is no such id."""

    def unpin(self, entry_id: str) -> bool:
        """Take a promotion back; False when there was none."""

    def drop(self, entry_ids: Iterable[str]) -> int:
        """Forget entries, promoted or not. Returns how many there were."""

    def prune(self, keep: Keep, now: float) -> int:
        """Forget what is older; promoted entries stay, and do not count. Returns how many were forgotten."""

    def close(self) -> None:
        """Let go of connections and files."""


def open_store(url: str, root: Path) -> Store:
    """Open the history, and make it when it is not there yet.

    Args:
        url: `sqlite:///PATH` (relative to `root`, unless it starts with a fourth slash), `postgresql://...`, or
            `git:BRANCH` for a branch of the repository that holds `root`.
        root: the folder of `budgets.toml`.

    Raises:
        UsageError: there is no store of this kind, or what it needs is not installed (slug `history-url`).
        StorageError: it cannot be opened: locked, damaged, unreachable, or written by a later perfgate.
    """
    check_url(url)
    scheme, _, rest = url.partition(":")
    if scheme == "git":
        from perfgate.baseline.branch import BranchStore

        return BranchStore.open(root, rest)
    from perfgate.baseline.sql import SqlStore

    return SqlStore.open(url, root)


def check_url(url: str) -> None:
    """Find a store that cannot be one before anything is driven.

    Raises:
        UsageError: there is no store of this kind (slug `history-url`).
    """
    scheme, _, rest = url.partition(":")
    if scheme == "git" and rest and not rest.startswith(("-", "/")):
        return
    if scheme in {"sqlite", "postgresql"} and rest.startswith("//"):
        return
    raise UsageError(
        f"there is no store of the kind {scheme!r}",
        place="store",
        hint="write sqlite:///.perfgate/history.db, postgresql://HOST/DATABASE, or git:perfgate-baselines",
        slug="history-url",
    )
