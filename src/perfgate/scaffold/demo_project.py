"""`perfgate init --demo`: a small project of its own to try perfgate on, with a change that makes it slower."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from perfgate.errors import BaselineError, StorageError, UsageError
from perfgate.scaffold.editor import DIRECTIVE, SCHEMA, schema_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from perfgate.baseline.repository import Repository

FOLDER = "perfgate-demo"
SHOP = "shop.py"
SCENARIO = "scenarios/visitors.py"
BRANCHES = ("main", "slower")
# A change as anybody might make it: each name is turned into small letters for each search.
FAST, SLOW = 'if word in str(item["name"])', 'if word.lower() in str(item["name"]).lower()'
_SUBJECTS = ("A small shop", "Search no longer cares about capital letters")
_IGNORED = ".perfgate/\n__pycache__/\n"
_WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "perfgate"), ("EMAIL", "perfgate@localhost"))
}


@dataclass(frozen=True)
class Demo:
    """What was written.

    Attributes:
        written: the files.
        no_revisions: why there are no two revisions to compare, a sentence; empty when there are.
    """

    written: tuple[Path, ...]
    no_revisions: str


def write_demo(folder: Path) -> Demo:
    """Write the project into a folder, with a Git repository of its own: the branch `slower` is slower than `main`.

    Raises:
        UsageError: slug `exists`; there is something in the folder already.
        StorageError: it cannot be written.
    """
    texts = {
        "budgets.toml": f"{DIRECTIVE}\n{_text('budgets.toml')}",
        SCHEMA: schema_text(),
        SHOP: _text(SHOP),
        SCENARIO: _text("visitors.py"),
        ".gitignore": _IGNORED,
    }
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UsageError(
                "there is something already", place=str(folder), hint="name another folder with --out", slug="exists"
            )
        for name, text in texts.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"cannot be written: {error.strerror}", place=str(folder), hint="choose another folder with --out"
        ) from error
    return Demo(tuple(folder / name for name in texts), _commit(folder))


def _text(name: str) -> str:
    return files("perfgate.scaffold").joinpath("demo", name).read_text(encoding="utf-8")


def _commit(folder: Path) -> str:
    """Make the two branches; says why that could not be done."""
    from perfgate.baseline.repository import Repository, own_variables

    env = {**own_variables(folder), **_WHO}
    shop = folder / SHOP
    fast = shop.read_text(encoding="utf-8")
    try:
        with Repository.new(folder, BRANCHES[0]) as made:
            _record(made, _SUBJECTS[0], env)
            made.told("checkout", "--quiet", "-b", BRANCHES[1], env=env)
            shop.write_text(fast.replace(FAST, SLOW), encoding="utf-8")
            _record(made, _SUBJECTS[1], env)
            made.told("checkout", "--quiet", BRANCHES[0], env=env)
    except (BaselineError, StorageError) as error:
        shop.write_text(fast, encoding="utf-8")
        return f"{error.message}; {error.hint}" if error.hint else error.message
    return ""


def _record(repository: Repository, subject: str, env: Mapping[str, str]) -> None:
    """Commit all files, whatever the user's Git does besides: signing and hooks are for their own work."""
    repository.told("add", "--all", env=env)
    repository.told("commit", "--quiet", "--no-verify", "--no-gpg-sign", "-m", subject, env=env)
