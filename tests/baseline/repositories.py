"""Real Git repositories, made with the git command."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SETTINGS = {
    "GIT_CONFIG_GLOBAL": os.devnull,  # not as this machine's user likes it
    **{f"GIT_{role}_NAME": "Ada" for role in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{role}_EMAIL": "ada@example.com" for role in ("AUTHOR", "COMMITTER")},
}


class Project:
    """A repository with a work tree."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / ".git").exists():
            self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *words: str) -> str:
        """What a git command prints."""
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "CI", "GITHUB"))
        }
        command = ["git", "-c", "protocol.file.allow=always", *words]
        done = subprocess.run(
            command, cwd=self.folder, env={**environment, **_SETTINGS}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self, message: str) -> str:
        """A commit with a change; returns its id."""
        (self.folder / "service.txt").write_text(message, encoding="utf-8")
        self.git("add", "service.txt")
        self.git("commit", "--quiet", "--message", message)
        return self.head()

    def commits(self, count: int) -> list[str]:
        """So many commits, the oldest first."""
        return [self.commit(f"change {number} on {self.branch()}") for number in range(count)]

    def head(self) -> str:
        """The commit that is checked out."""
        return self.git("rev-parse", "HEAD")

    def branch(self) -> str:
        """The branch that is checked out."""
        return self.git("symbolic-ref", "--short", "HEAD")

    def with_origin(self) -> Path:
        """Push everything to a new bare repository beside it, which is its `origin` from now on; returns where."""
        origin = self.folder.parent / f"{self.folder.name}.git"
        self.git("clone", "--quiet", "--bare", str(self.folder), str(origin))
        self.git("remote", "add", "origin", str(origin))
        self.git("fetch", "--quiet", "origin")
        return origin

    def clone(self, origin: Path, name: str, *options: str) -> Project:
        """A clone of `origin`, beside it."""
        self.git("clone", "--quiet", *options, origin.as_uri(), str(self.folder.parent / name))
        return Project(self.folder.parent / name)
