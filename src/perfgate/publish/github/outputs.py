"""The files through which a step tells its job something: outputs and the summary.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#environment-files
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from perfgate.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LONGEST_SUMMARY = 1_000_000  # bytes; GitHub takes 1 MiB a step


def write_outputs(path: Path, values: Mapping[str, str]) -> None:
    """Append outputs to the file that `GITHUB_OUTPUT` names.

    No value can end itself and begin another: each ends with a word that was drawn by lot.

    Raises:
        StorageError: it cannot be written.
    """
    text = ""
    for name, value in values.items():
        end = f"perfgate-{secrets.token_hex(16)}"
        text += f"{name}<<{end}\n{value}\n{end}\n"
    _append(path, text)


def write_summary(path: Path, markdown: str) -> None:
    """Append to the file that `GITHUB_STEP_SUMMARY` names.

    Args:
        markdown: at most `LONGEST_SUMMARY` bytes; GitHub drops a larger one whole.

    Raises:
        StorageError: it cannot be written.
    """
    if len(markdown.encode()) > LONGEST_SUMMARY:
        raise ValueError("the summary is larger than GitHub takes")
    _append(path, f"{markdown.rstrip()}\n\n")


def _append(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise StorageError(f"cannot tell GitHub: {error.strerror}", place=str(path)) from error
