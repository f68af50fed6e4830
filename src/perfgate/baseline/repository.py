"""The Git repository that holds the project, asked through GitPython; what is amiss with it is told in clear words."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from perfgate.errors import BaselineError, StorageError
from perfgate.measure.work_tree import STATUS, changed_files
from perfgate.spelling import did_you_mean, most_like

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
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


def own_variables(folder: Path) -> dict[str, str]:
    """What makes git commands speak of the repository in `folder`, whatever a hook around this says of another one."""
    place = folder.resolve()
    return {
        "GIT_DIR": str(place / ".git"),
        "GIT_WORK_TREE": str(place),
        "GIT_INDEX_FILE": str(place / ".git" / "index"),
    }


def _need_git() -> None:
    if shutil.which("git") is None:
        raise BaselineError("the command git is not installed", hint="install it: apt install git", slug="git-missing")


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
        _need_git()
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

    @classmethod
    def new(cls, folder: Path, branch: str) -> Repository:
        """A new repository in `folder`, on a branch without a commit.

        Raises:
            BaselineError: there is no Git (slug `git-missing`), or it refuses (`git`).
        """
        _need_git()
        from git import GitCommandError, Repo

        try:
            repo = Repo.init(folder, env=own_variables(folder))
        except GitCommandError as error:
            why = Answer(1, "", str(error.stderr).strip().removeprefix("stderr:").strip(" '\n")).why
            raise BaselineError(f"git refuses: {why}", place=str(folder), hint="mend that first", slug="git") from error
        made = cls(repo, False)
        made.told("symbolic-ref", "HEAD", f"refs/heads/{branch}", env=own_variables(folder))
        return made

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

    def meant(self, name: str) -> str:
        """The branch or tag that is spelt most like a name of no commit; empty without one."""
        refs = self.ask("for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads", "refs/tags", "refs/remotes")
        known = dict.fromkeys(ref.removeprefix("origin/") for ref in refs.out.split() if ref != "origin/HEAD")
        return most_like(name.removeprefix("origin/"), known)

    def tip(self, branch: str) -> str | None:
        """Where a branch is: at the remote when that is known, else here."""
        return self.commit(f"refs/remotes/origin/{branch}") or self.commit(f"refs/heads/{branch}")

    def parents(self, commit: str) -> list[str]:
        """The parents of a commit, in their order, as it names them itself: a shallow clone need not have them."""
        head = self.told("cat-file", "commit", commit).partition("\n\n")[0]
        lines = [line.split() for line in head.splitlines()]
        return [words[1] for words in lines if len(words) == 2 and words[0] == "parent"]

    def merge_bases(self, one: str, other: str) -> list[str]:
        """Where the two parted: more than one where each was merged into the other; none when they never met."""
        answer = self.ask("merge-base", "--all", one, other)
        return answer.out.split() if answer.code == 0 else []

    def hides(self, commits: Sequence[str], base: str) -> bool:
        """Whether, between any of the commits and `base`, some are missing: then a nearer base may be among those."""
        if not self.shallow:
            return False
        path = Path(self.repo.working_dir, self.told("rev-parse", "--git-path", "shallow"))
        edge = set(path.read_text(encoding="ascii").split())
        return not edge.isdisjoint(self.told("rev-list", *commits, f"^{base}", "--").split())

    def count(self, commit: str, other: str | None) -> int:
        """How many commits `commit` has and `other` has not."""
        return int(self.told("rev-list", "--count", commit, *([f"^{other}"] if other else []), "--"))

    def comes_from(self, name: str) -> bool:
        """Whether `origin` is the repository `owner/name` of a forge."""
        answer = self.ask("remote", "get-url", "origin")
        path = answer.out.lower().removesuffix("/").removesuffix(".git").replace(":", "/")
        return answer.code == 0 and path.endswith(f"/{name.lower()}")

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
        """Whether the work tree differs from the head; untracked files count, but for what measuring leaves behind."""
        return bool(changed_files(self.told(*STATUS)))

    def missing(self, what: str, meant: str = "") -> BaselineError:
        """The error for a commit that ought to be here; `meant` is a name that is spelt like the one that was given."""
        if self.shallow:
            return self.too_shallow(f"{what} is not in it")
        return BaselineError(
            f"{what} is not in this clone: it was not fetched, or was rewritten since",
            place=self.place,
            hint=did_you_mean(meant)
            if meant
            else "git fetch origin; if the branch was force-pushed, start the pipeline anew",
            slug="baseline-missing",
        )

    def too_shallow(self, why: str) -> BaselineError:
        """The error for what a shallow clone cannot tell."""
        return BaselineError(f"the clone is shallow: {why}", place=self.place, hint=FETCH_ALL, slug="baseline-shallow")

    def close(self) -> None:
        """End the git processes that GitPython keeps."""
        self.repo.close()

    def __enter__(self) -> Repository:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
