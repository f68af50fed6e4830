"""`perfgate init --github`: the workflows of GitHub Actions, ready to commit."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING

from perfgate.errors import StorageError, UsageError
from perfgate.scaffold import variants

if TYPE_CHECKING:
    from pathlib import Path

    from perfgate.scaffold.installation import Installation

FOLDER = ".github/workflows"
WORKFLOWS = ("perfgate.yml", "perfgate-comment.yml", "perfgate-main.yml", "perfgate-nightly.yml")
FILL_IN = "FILL IN"
_INSTALL = re.compile(r'^( *)- run: python -m pip install "@PERFGATE@"$', re.MULTILINE)
# A job that does not know what to install fails, and says why: a guess may be somebody else's package.
_UNKNOWN = f"""\
- name: Install perfgate
  # {FILL_IN} where perfgate is installed from: this step fails until its command is such as
  #   python -m pip install "perfgate @ git+https://HOST/OWNER/REPO@COMMIT"
  run: |
    echo "::error title=perfgate::fill in where perfgate is installed from: .github/workflows/@FILE@" >&2
    exit 1"""
_VARIANTS = {"BESIDE": variants.BESIDE, "BEFORE": variants.BEFORE}
_PLACE = re.compile(r"^( *)# @([A-Z]+)@$", re.MULTILINE)


def write_workflows(out: Path, installation: Installation, *, force: bool = False) -> list[Path]:
    """Write the workflows below `out`; all of them, or none.

    Args:
        out: the repository's top.
        installation: what the jobs install.
        force: overwrite them.

    Raises:
        UsageError: slug `exists`; one is there already, and `force` is not given.
        StorageError: they cannot be written.
    """
    paths = [out / FOLDER / name for name in WORKFLOWS]
    for path in paths:
        if path.exists() and not force:
            raise UsageError(
                "the file exists already", place=str(path), hint="overwrite it with --force", slug="exists"
            )
    try:
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(workflow(path.name, installation), encoding="utf-8")
    except OSError as error:
        raise StorageError(f"cannot be written: {error.strerror}", place=str(out / FOLDER)) from error
    return paths


def workflow(name: str, installation: Installation) -> str:
    """The text of one of `WORKFLOWS`, which installs perfgate from there, or fails and says what is to be filled in."""
    text = files("perfgate.scaffold").joinpath("workflows", name).read_text(encoding="utf-8")
    text = _PLACE.sub(lambda line: _indented(_VARIANTS[line[2]], line[1]), text)
    if installation.requirement:
        return text.replace("@PERFGATE@", installation.requirement)
    return _INSTALL.sub(lambda line: _indented(_UNKNOWN.replace("@FILE@", name), line[1]), text)


def _indented(text: str, by: str) -> str:
    return "\n".join(by + line for line in text.splitlines())
