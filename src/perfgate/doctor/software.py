"""What perfgate leans on: Locust's version, and Git."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from perfgate.doctor.finding import Finding
from perfgate.target.revision import git as output_of

if TYPE_CHECKING:
    from pathlib import Path

OLDEST_LOCUST = (2, 46, 2)  # before it, percentiles could be deflated
_TIMEOUT_S = 1.0


def locust() -> Finding:
    """Its installed version, without importing it."""
    oldest = ".".join(map(str, OLDEST_LOCUST))
    install = f"pip install 'locust>={oldest}'"
    try:
        found = version("locust")
    except PackageNotFoundError:
        return Finding("fail", "locust", "not installed", install, "packages")
    return locust_version(found, install)


def locust_version(found: str, mend: str) -> Finding:
    """Whether a version of Locust is new enough.

    Args:
        found: the version.
        mend: what to do when it is not.
    """
    numbers = tuple(int(number) for number in re.findall(r"\d+", found)[:3])
    if numbers >= OLDEST_LOCUST:
        return Finding("ok", "locust", found, area="packages")
    return Finding("fail", "locust", f"{found} is too old", mend, "packages")


def git(folder: Path) -> list[Finding]:
    """Whether the revision that is measured is known, and with it a history to compare with."""
    if output_of(folder, "--version", timeout_s=_TIMEOUT_S) is None:
        return [
            Finding("warn", "git", "not found", "install Git: results are to say which revision they belong to", "git")
        ]
    if output_of(folder, "rev-parse", "--is-inside-work-tree", timeout_s=_TIMEOUT_S) != "true":
        detail = f"{folder} is in no repository"
        return [Finding("warn", "git", detail, "run `git init` and commit, so that results have a revision", "git")]
    commit = output_of(folder, "rev-parse", "--short", "HEAD", timeout_s=_TIMEOUT_S)
    if commit is None:
        return [
            Finding("warn", "git", "the repository has no commit", "commit, so that results have a revision", "git")
        ]
    return [Finding("ok", "git", f"at {commit}", area="git"), _depth(folder), _dirty(folder)]


def _depth(folder: Path) -> Finding:
    if output_of(folder, "rev-parse", "--is-shallow-repository", timeout_s=_TIMEOUT_S) != "true":
        return Finding("ok", "git history", "complete", area="git")
    mend = "git fetch --unshallow (in GitHub Actions: fetch-depth: 0), so that the merge base can be found"
    return Finding("warn", "git history", "shallow", mend, "git")


def _dirty(folder: Path) -> Finding:
    status = output_of(folder, "status", "--porcelain", timeout_s=_TIMEOUT_S)
    if status is None:
        mend = "run `git status` yourself: results say that the revision is unknown when Git does not answer"
        return Finding("warn", "git status", f"Git failed, or took longer than {_TIMEOUT_S:g} s", mend, "git")
    changed = len(status.splitlines())
    if not changed:
        return Finding("ok", "git status", "clean", area="git")
    return Finding(
        "warn", "git status", f"{changed} files changed or new", "commit before a result is to be a baseline", "git"
    )
