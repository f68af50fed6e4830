"""What every job of GitHub Actions is told, without a token: its summary, annotations and outputs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from perfgate.publish.github.annotations import commands
from perfgate.publish.github.broken import broken
from perfgate.publish.github.outputs import write_outputs, write_summary
from perfgate.report import markdown
from perfgate.report.comment import Part
from perfgate.report.finite import finite

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

    from perfgate.judge.result import Result

_LONGEST = 240_000  # characters, of at most four bytes


def tell(result: Result, budgets: Path, env: Mapping[str, str], out: TextIO) -> None:
    """Tell the job of GitHub Actions that this is; does nothing anywhere else.

    Args:
        result: of the run.
        budgets: path of the budgets file.
        env: `GITHUB_ACTIONS`, `GITHUB_STEP_SUMMARY`, `GITHUB_OUTPUT`, `GITHUB_WORKSPACE`.
        out: the step's output, which GitHub reads annotations from.

    Raises:
        StorageError: a file of GitHub's cannot be written.
    """
    if env.get("GITHUB_ACTIONS") != "true":
        return
    out.writelines(f"{line}\n" for line in commands(broken([Part("", result)], in_repository(budgets, env))))
    out.flush()
    if summary := env.get("GITHUB_STEP_SUMMARY"):
        write_summary(Path(summary), markdown.render(finite(result), longest=_LONGEST))
    if outputs := env.get("GITHUB_OUTPUT"):
        write_outputs(Path(outputs), {"verdict": result.verdict, "exit-code": str(result.exit_code)})


def in_repository(budgets: Path, env: Mapping[str, str]) -> str:
    """The path of the budgets file as the repository names it, with `/`."""
    root = Path(env.get("GITHUB_WORKSPACE") or env.get("CI_PROJECT_DIR") or Path.cwd())
    absolute = Path(os.path.normpath(Path.cwd() / budgets))
    return absolute.relative_to(root).as_posix() if absolute.is_relative_to(root) else budgets.as_posix()
