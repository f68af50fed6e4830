"""The history on an orphan branch of the repository itself, for a CI that has no database."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from perfgate.baseline.entry import from_bytes, pin_from_json, pin_to_json, to_bytes
from perfgate.baseline.filing import key_of, later_format, matching, micros, path_of, pin_path, read_listing
from perfgate.baseline.orphan import Change, OrphanBranch
from perfgate.baseline.repository import Repository
from perfgate.baseline.store import ALL, Keep, Wanted
from perfgate.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from perfgate.baseline.entry import Entry, Pin
    from perfgate.baseline.filing import Filed
    from perfgate.baseline.orphan import Listing

PATIENCE_S = 60.0


class BranchStore:
    """A history on a branch; see `Store`."""

    def __init__(self, repository: Repository, branch: str, patience_s: float) -> None:
        self.name = f"git:{branch}"
        self._repository = repository
        self._branch = OrphanBranch(repository, branch, patience_s)
        self.note = self._branch.note
        self._filed = self._read(self._branch.listing())

    @classmethod
    def open(cls, root: Path, branch: str, patience_s: float = PATIENCE_S) -> BranchStore:
        """Open the branch, fetched from `origin` when there is one; it is made when something is added.

        Args:
            root: a folder of the repository's work tree.
            branch: its name.
            patience_s: how long to try while others write.

        Raises:
            BaselineError: this is no repository, or there is no Git.
            StorageError: a later perfgate wrote it, or Git fails.
        """
        repository = Repository.around(root)
        try:
            return cls(repository, branch, patience_s)
        except BaseException:
            repository.close()
            raise

    def add(self, entries: Iterable[Entry]) -> int:
        """See `Store.add`."""
        given = {key_of(entry.id): entry for entry in entries}
        bodies = {key: to_bytes(replace(entry, pin=None)) for key, entry in given.items()}
        new: set[str] = set()

        def change(filed: dict[str, Filed]) -> Change:
            fresh = [key for key in given if key not in filed]
            new.update(fresh)
            contents = {path_of(given[key]): bodies[key] for key in fresh}
            contents.update({pin_path(key): pin_to_json(pin) for key in fresh if (pin := given[key].pin)})
            return Change(contents)

        services = ", ".join(sorted({entry.service for entry in given.values()}))
        if given:
            self._change(change, f"Keep {len(given)} runs of {services}")
        return len(new)

    def find(self, wanted: Wanted = ALL) -> list[Entry]:
        """See `Store.find`."""
        found = map(self._entry, matching(self._filed, wanted))
        return [entry if wanted.whole else replace(entry, packed=None) for entry in found]

    def get(self, entry_id: str) -> Entry | None:
        """See `Store.get`."""
        filed = self._filed.get(key_of(entry_id))
        return self._entry(filed) if filed else None

    def _entry(self, filed: Filed) -> Entry:
        name = f"{self.name}: {filed.path}"
        entry = from_bytes(self._branch.read(filed.blob), name)
        return entry if filed.pin is None else replace(entry, pin=pin_from_json(self._branch.read(filed.pin), name))

    def pin(self, entry_id: str, pin: Pin) -> bool:
        """See `Store.pin`."""
        key = key_of(entry_id)
        if key not in self._filed:
            return False
        content = {pin_path(key): pin_to_json(pin)}
        self._change(lambda filed: Change(content if key in filed else {}), f"Promote {entry_id}")
        return key in self._filed

    def unpin(self, entry_id: str) -> bool:
        """See `Store.unpin`."""
        key = key_of(entry_id)
        if key not in self._filed or self._filed[key].pin is None:
            return False
        self._change(
            lambda filed: Change({}, (pin_path(key),) if key in filed and filed[key].pin else ()), f"Unpin {entry_id}"
        )
        return True

    def drop(self, entry_ids: Iterable[str]) -> int:
        """See `Store.drop`."""
        keys = {key_of(entry_id) for entry_id in entry_ids}
        return self._removed(lambda filed: [filed[key] for key in keys if key in filed], "Drop")

    def prune(self, keep: Keep, now: float) -> int:
        """See `Store.prune`."""
        return self._removed(lambda filed: _outlived(filed, keep, now), "Prune")

    def _removed(self, victims: Callable[[dict[str, Filed]], list[Filed]], verb: str) -> int:
        removed: set[str] = set()

        def change(filed: dict[str, Filed]) -> Change:
            chosen = victims(filed)
            removed.update(entry.key for entry in chosen)
            paths = [
                path for entry in chosen for path in (entry.path, pin_path(entry.key) if entry.pin else "") if path
            ]
            return Change({}, tuple(paths))

        self._change(change, f"{verb} runs")
        return len(removed)

    def close(self) -> None:
        """See `Store.close`."""
        self._repository.close()

    def _change(self, make: Callable[[dict[str, Filed]], Change], message: str) -> None:
        self._filed = self._read(self._branch.change(lambda listing: make(self._read(listing)), message))

    def _read(self, listing: Listing) -> dict[str, Filed]:
        if later := later_format(listing):
            raise StorageError(
                f"a later perfgate wrote this history: its format is {later}",
                place=self.name,
                hint="install the same version of perfgate everywhere, or give this one a branch of its own",
                slug="history-later",
            )
        return read_listing(listing)


def _outlived(filed: dict[str, Filed], keep: Keep, now: float) -> list[Filed]:
    """What `keep` no longer keeps."""
    mortal = sorted(
        (entry for entry in filed.values() if entry.pin is None), key=lambda entry: (entry.recorded_us, entry.key)
    )
    outlived: dict[str, Filed] = {}
    if keep.seconds is not None:
        first = micros(now - keep.seconds)
        outlived.update({entry.key: entry for entry in mortal if entry.recorded_us < first})
    if keep.count is not None:
        loads: dict[tuple[str, str], list[Filed]] = defaultdict(list)
        for entry in mortal:
            loads[entry.service, entry.load].append(entry)
        outlived.update({entry.key: entry for group in loads.values() for entry in group[: -keep.count]})
    return list(outlived.values())
