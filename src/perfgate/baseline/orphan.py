"""A branch without a past of its own, written without touching any work tree or index, and shared through `origin`.

A change is made on top of what is known, and put in place only if nobody else did meanwhile (`update-ref` compares
and swaps; a push is refused otherwise). Who comes second fetches, makes the change again on top, and tries again. Files
are only ever added and removed, each under a name of its own, so any two changes can be put together.
"""

from __future__ import annotations

import random
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from perfgate.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perfgate.baseline.repository import Repository

_REMOTE = "origin"
_ZERO = "0" * 40
_LONGEST_PAUSE_S = 1.0
_NETWORK_S = 60.0
_WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "perfgate"), ("EMAIL", "perfgate@localhost"))
}
# Somebody else was quicker; everything else is no matter of patience.
_OVERTAKEN = re.compile(
    r"non-fast-forward|fetch first|cannot lock ref|failed to update ref|incorrect old value|but expected|\.lock'"
)
_REFUSED = re.compile(r"Permission denied|Read-only file system|No space left|insufficient permission")
_NO_SUCH_BRANCH = re.compile(r"couldn't find remote ref")
README = """\
This branch is the history of `perfgate`: one file for each load at each service that was measured.
perfgate reads and writes it (`perfgate baseline`); nothing here is meant to be edited by hand.
"""

Listing = dict[str, str]


@dataclass(frozen=True)
class Change:
    """What is to become of the branch: contents by path to add, and paths to remove."""

    add: Mapping[str, bytes]
    remove: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.add or self.remove)


class OrphanBranch:
    """The branch, here and at `origin`.

    Attributes:
        note: why what is known of `origin` may be old, in words; empty when it is not.
    """

    def __init__(self, repository: Repository, branch: str, patience_s: float) -> None:
        self.git = repository
        self.name = branch
        self.note = ""
        self._patience_s = patience_s
        self._overtaken_by = ""
        self._local_ref = f"refs/heads/{branch}"
        self._remote_ref = f"refs/remotes/{_REMOTE}/{branch}"
        self._shared = repository.ask("remote", "get-url", _REMOTE).code == 0
        self._fetch()

    def listing(self) -> Listing:
        """Object by path, of all that is known here and at `origin`."""
        return self._merged(self._at(self._local_ref), self._at(self._remote_ref))

    def change(self, make: Callable[[Listing], Change], message: str) -> Listing:
        """Change the branch, here and at `origin`; nothing that others do meanwhile is lost.

        Args:
            make: the change for a listing; asked anew whenever somebody else was quicker.
            message: of the commit.

        Returns:
            The listing afterwards.

        Raises:
            StorageError: the change is made here, but `origin` does not take it (slug `history-push`); or others are
                quicker again and again (`history-locked`); or Git fails (`history-git`).
        """
        self._check_not_checked_out()
        deadline = time.monotonic() + self._patience_s
        pause = 0.01
        while True:
            listing = self._try(make, message)
            if listing is not None:
                return listing
            if time.monotonic() > deadline:
                raise StorageError(
                    f"other writers of the branch {self.name} were quicker for {self._patience_s:.0f} s: "
                    f"{self._overtaken_by}",
                    place=self.git.place,
                    hint="the run's recording is kept: import it later with `perfgate baseline import`",
                    slug="history-locked",
                )
            time.sleep(random.uniform(0, pause))
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    def read(self, blob: str) -> bytes:
        """The content of an object.

        Raises:
            StorageError: it is not there, or damaged.
        """
        try:
            return bytes(self.git.repo.git.get_object_data(blob)[3])
        except ValueError as error:
            raise StorageError(
                f"git cannot read the object {blob}: {error}",
                place=self.git.place,
                hint="git fsck tells more; git fetch origin may bring it back",
                slug="history-git",
            ) from None

    def _try(self, make: Callable[[Listing], Change], message: str) -> Listing | None:
        """Make the change once; None when somebody was quicker."""
        local, remote = self._at(self._local_ref), self._at(self._remote_ref)
        known = self._merged(local, remote)
        change = make(known)
        if not change and (not self._shared or self._is_at_origin(local, remote)):
            return known
        # What is not at origin yet goes on top of what is.
        parent = local if remote is None or (local and self.git.holds(local, remote)) else remote
        wished = {path: blob for path, blob in known.items() if path not in change.remove}
        first = {} if parent else {"README.md": README.encode()}
        wished.update(self._stored({**first, **change.add}))
        before = self._files(parent)
        tip = self._commit(wished, before, parent, message) if parent is None or wished != before else parent
        if tip != local and not self._swap(tip, local):
            return None
        return wished if not self._shared or self._push(tip, remote) else None

    def _swap(self, tip: str, local: str | None) -> bool:
        """Whether the branch here is now at `tip`; False when it was no longer where it was."""
        answer = self.git.ask("update-ref", self._local_ref, tip, local or _ZERO)
        if answer.code == 0:
            return True
        self._overtaken_by = answer.why
        if _OVERTAKEN.search(answer.error) and not _REFUSED.search(answer.error):
            return False
        raise StorageError(
            f"the branch {self.name} cannot be moved: {answer.why}", place=self.git.place, slug="history-git"
        )

    def _is_at_origin(self, local: str | None, remote: str | None) -> bool:
        return local is None or (remote is not None and self.git.holds(remote, local))

    def _at(self, ref: str) -> str | None:
        return self.git.commit(ref)

    def _merged(self, local: str | None, remote: str | None) -> Listing:
        """What both have: what was added or removed here since they parted is so there as well."""
        if local is None or remote is None:
            return self._files(local or remote)
        parted = next(iter(self.git.merge_bases(local, remote)), None)
        if parted == local:
            return self._files(remote)
        if parted == remote:
            return self._files(local)
        before, ours, theirs = self._files(parted), self._files(local), self._files(remote)
        kept = {path: blob for path, blob in theirs.items() if path in ours or path not in before}
        return {**kept, **{path: blob for path, blob in ours.items() if before.get(path) != blob}}

    def _files(self, commit: str | None) -> Listing:
        if commit is None:
            return {}
        rows = self.git.told("ls-tree", "-r", "-z", "--full-tree", commit).split("\0")
        return {path: words.split(" ")[2] for words, _, path in (row.partition("\t") for row in rows) if path}

    def _stored(self, contents: Mapping[str, bytes]) -> Listing:
        """Write objects; returns them by path."""
        if not contents:
            return {}
        with tempfile.TemporaryDirectory(prefix="perfgate-") as name:
            files = [Path(name) / str(number) for number in range(len(contents))]
            for file, content in zip(files, contents.values(), strict=True):
                file.write_bytes(content)
            paths = Path(name) / "paths"
            paths.write_text("".join(f"{file}\n" for file in files), encoding="utf-8")
            with paths.open("rb") as given:
                blobs = self.git.told("hash-object", "-w", "--no-filters", "--stdin-paths", given=given).split()
        return dict(zip(contents, blobs, strict=True))

    def _commit(self, wished: Listing, before: Listing, parent: str | None, message: str) -> str:
        """A commit of `wished`, made with an index of its own."""
        rows = [f"100644 {blob}\t{path}\0" for path, blob in wished.items() if before.get(path) != blob]
        rows += [f"0 {_ZERO}\t{path}\0" for path in before if path not in wished]
        with tempfile.TemporaryDirectory(prefix="perfgate-") as name:
            env = {"GIT_INDEX_FILE": str(Path(name) / "index")}
            lines = Path(name) / "rows"
            lines.write_bytes("".join(rows).encode())
            self.git.told("read-tree", parent or "--empty", env=env)
            with lines.open("rb") as given:
                self.git.told("update-index", "-z", "--index-info", env=env, given=given)
            tree = self.git.told("write-tree", env=env)
        parents = ["-p", parent] if parent else []
        return self.git.told("commit-tree", tree, *parents, "-m", f"{message} [skip ci]", env=_WHO)

    def _fetch(self) -> None:
        """Learn what `origin` has; when it cannot be reached, `note` says so."""
        if not self._shared:
            return
        spec = f"+refs/heads/{self.name}:{self._remote_ref}"
        words = ("fetch", "--no-tags", "--no-write-fetch-head", "--quiet", _REMOTE, spec)
        answer = self.git.ask(*words, within_s=_NETWORK_S)
        self.note = ""
        if answer.code == 0 or _OVERTAKEN.search(answer.error):
            return
        if _NO_SUCH_BRANCH.search(answer.error):
            self.git.ask("update-ref", "-d", self._remote_ref)
        else:
            self.note = f"{_REMOTE} cannot be reached, so the history may be old: {answer.why}"

    def _push(self, tip: str, remote: str | None) -> bool:
        """Whether `origin` took it; False when somebody was quicker.

        Raises:
            StorageError: it does not take it at all.
        """
        spec = f"{tip}:{self._local_ref}"
        answer = self.git.ask("push", "--porcelain", "--no-verify", "--quiet", _REMOTE, spec, within_s=_NETWORK_S)
        if answer.code == 0:
            # A clone of a single branch does not follow this one; where it does, this is done already.
            self.git.ask("update-ref", self._remote_ref, tip, remote or _ZERO)
            return True
        said = f"{answer.out}\n{answer.error}"
        if _OVERTAKEN.search(said) and not _REFUSED.search(said):
            self._overtaken_by = answer.why
            self._fetch()
            return False
        refused = [line for line in answer.out.splitlines() if line.startswith("!")]
        raise StorageError(
            f"{_REMOTE} does not take the history: {'; '.join(refused) or answer.why}",
            place=f"the branch {self.name}",
            hint="it is kept in this clone and pushed with the next one; may this job write to the repository "
            "(`permissions: contents: write` in GitHub Actions)?",
            slug="history-push",
        )

    def _check_not_checked_out(self) -> None:
        if self.git.current_branch() == self.name:
            raise StorageError(
                f"the branch {self.name} is checked out here, and would change under your feet",
                place=self.git.place,
                hint="check out another branch",
                slug="history-git",
            )
