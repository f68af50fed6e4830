"""Which files make a work tree another one than its commit: Git's status, without what measuring leaves behind.

A file that Git does not know may be a source that the service reads, so it counts. What tools write while they measure
does not: else the first run leaves a log behind, each later one is of a tree "with changes", and no history begins.
Only names that tools themselves choose are known here; everything else belongs into `.gitignore`.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

STATUS = ("status", "--porcelain", "-z", "--untracked-files=all")
_FOLDERS = frozenset(
    {
        ".perfgate",
        "__pycache__",
        ".pytest_cache",
        ".benchmarks",
        ".hypothesis",
        ".lighthouseci",
        ".mypy_cache",
        ".ruff_cache",
    }
)
_FILES = (
    "*.pyc",
    "*.log",  # jmeter.log, and what services write
    "*.jtl",
    "*_stats.csv",  # `locust --csv`
    "*_stats_history.csv",
    "*_failures.csv",
    "*_exceptions.csv",
    ".coverage",
    ".coverage.*",
    "nohup.out",
    ".DS_Store",
)
_UNTRACKED = "??"
_TWO_NAMES = frozenset("RC")  # renamed, copied: the old name follows


def changed_files(status: str) -> list[str]:
    """The files that make a tree another one than its commit.

    Args:
        status: what `git` says to `STATUS`.
    """
    found = []
    rows = iter(status.split("\0"))
    for row in rows:
        state, name = row[:2], row[3:]
        if not _TWO_NAMES.isdisjoint(state):
            next(rows, "")
        if name and not (state == _UNTRACKED and is_left_behind(name)):
            found.append(name)
    return found


def is_left_behind(name: str) -> bool:
    """Whether a path is of what tools leave behind when they measure; part of it may be a folder."""
    *folders, file = name.rstrip("/").split("/")
    return not _FOLDERS.isdisjoint([*folders, file]) or any(fnmatchcase(file, pattern) for pattern in _FILES)
