"""The Git repository that holds the project, asked through GitPython; what is amiss with it is told in clear words."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.errors import BaselineError, StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import BinaryIO

    from git import Repo

FETCH_ALL = (
    "fetch the whole history: `fetch-depth: 0` for actions/checkout, `GIT_DEPTH: 0` for GitLab, "
    "`git fetch --unshallow` by hand"
)
# Nobody is there who could type a password.
_NEVER_ASK = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}


@dataclass(frozen=True)
class Answer:
    """What a git command said."""

    code: int
    out: str
    error: str

    @property
    def why(self) -> str:
        """Its complaint, on one line."""
        lines = [line.removeprefix("fatal: ").removeprefix("error: ").strip() for line in self.error.splitlines()]
        return "; ".join(line for line in lines if line)[:500] or f"exit code {self.code}"


class Repository:
    """A repository with its work tree, which is never touched.

    Attributes:
        shallow: whether commits are missing from it by design.
    """

    def __init__(self, repo: Repo, shallow: bool) -> None:
        self.repo = repo
        self.shallow = shallow
        self.place = str(repo.working_tree_dir or repo.git_dir)

    @classmethod
    def around(cls, folder: Path) -> Repository:
        """The repository that holds `folder`.

        Raises:
            BaselineError: there is none (slug `not-a-repository`), no Git (`git-missing`), or Git refuses (`git`).
        """
        if shutil.which("git") is None:
            raise BaselineError(
                "the command git is not installed", hint="install it: apt install git", slug="git-missing"
            )
        from git import InvalidGitRepositoryError, NoSuchPathError, Repo

        try:
            repo = Repo(folder, search_parent_directories=True)
        except (InvalidGitRepositoryError, NoSuchPathError):
            raise BaselineError(
                "this folder is in no Git repository, so nothing is known of earlier revisions",
                place=str(folder),
                hint='check it out with Git, or write baseline = "pinned" in [gate] and promote a run',
                slug="not-a-repository",
            ) from None
        asked = Repository(repo, False).ask("rev-parse", "--is-shallow-repository")
        if asked.code:
            repo.close()
            raise BaselineError(f"git refuses: {asked.why}", place=str(folder), hint="mend that first", slug="git")
        return cls(repo, asked.out == "true")

    def ask(
        self,
        *words: str,
        env: Mapping[str, str] | None = None,
        given: BinaryIO | None = None,
        within_s: float | None = None,
    ) -> Answer:
        """Run a git command here.

        Args:
            words: without `git`.
            env: environment variables beside those there are.
            given: a file that is its standard input.
            within_s: after so long it is ended, and has failed.
        """
        code, out, error = self.repo.git.execute(
            ["git", *words],
            istream=given,
            kill_after_timeout=within_s,
            env={**_NEVER_ASK, **(env or {})},
            with_extended_output=True,
            with_exceptions=False,
        )
        return Answer(int(code), str(out), str(error))

    def told(self, *words: str, env: Mapping[str, str] | None = None, given: BinaryIO | None = None) -> str:
        """The output of a git command that has to work.

        Raises:
            StorageError: it did not (slug `history-git`).
        """
        answer = self.ask(*words, env=env, given=given)
        if answer.code:
            raise StorageError(f"git {words[0]} failed: {answer.why}", place=self.place, slug="history-git")
        return answer.out

    def commit(self, revision: str) -> str | None:
        """The full id of the commit that a revision names; None when it names none here."""
        if revision.startswith("-"):
            return None
        answer = self.ask("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        return answer.out if answer.code == 0 else None

    def tip(self, branch: str) -> str | None:
        """Where a branch is: at the remote when that is known, else here."""
        return self.commit(f"refs/remotes/origin/{branch}") or self.commit(f"refs/heads/{branch}")

    def merge_base(self, one: str, other: str) -> str | None:
        """Where the two parted; None when they have nothing in common, as far as it is known here."""
        answer = self.ask("merge-base", one, other)
        return answer.out.partition("\n")[0] if answer.code == 0 else None

    def holds(self, commit: str, ancestor: str) -> bool:
        """Whether `ancestor` is an ancestor of `commit`, or the same."""
        return self.ask("merge-base", "--is-ancestor", ancestor, commit).code == 0

    def first_parents(self, commit: str, most: int) -> list[str]:
        """The commit, its first parent, that one's first parent, ... at most so many."""
        return self.told("rev-list", "--first-parent", f"--max-count={most}", commit, "--").split()

    def between(self, older: str, newer: str, most: int) -> set[str]:
        """What `first_parents` of `newer` has and `older` has not, at most so many."""
        return set(self.told("rev-list", "--first-parent", f"--max-count={most}", newer, f"^{older}", "--").split())

    def committed_at(self, commit: str) -> float:
        """When a commit was made, seconds since the epoch."""
        return float(self.told("show", "--no-patch", "--format=%ct", commit, "--"))

    def current_branch(self) -> str | None:
        """The branch that is checked out; None when the head is detached."""
        answer = self.ask("symbolic-ref", "--short", "--quiet", "HEAD")
        return answer.out if answer.code == 0 else None

    def default_branch(self) -> str | None:
        """The remote's default branch; without a remote `main` or `master`; else what is checked out."""
        answer = self.ask("symbolic-ref", "--short", "--quiet", "refs/remotes/origin/HEAD")
        if answer.code == 0:
            return answer.out.removeprefix("origin/")
        return next((name for name in ("main", "master") if self.tip(name)), None) or self.current_branch()

    def is_dirty(self) -> bool:
        """Whether the work tree differs from the head; untracked files count."""
        return bool(self.told("status", "--porcelain"))

    def close(self) -> None:
        """End the git processes that GitPython keeps."""
        self.repo.close()

    def __enter__(self) -> Repository:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
