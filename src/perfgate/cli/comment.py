"""`perfgate comment`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from perfgate.cli import options

if TYPE_CHECKING:
    from perfgate.publish.told import Told


@click.command(
    epilog="""\b
Examples:
  perfgate comment --dry-run                        what the newest finished run here would say
  perfgate comment result.json                      in a job for a pull request
  perfgate comment --merge results/*.json           one comment for all jobs of a matrix
  perfgate comment --artifact perfgate.zip          in a workflow_run job, for a pull request from a fork
  perfgate comment result.json --check-run --status
The token is read from GITHUB_TOKEN, or on GitLab from GITLAB_TOKEN. The verdict is the exit code of the command that
measured; this one ends with 0 unless it is used wrongly, no result can be read, or --require-comment is given."""
)
@click.argument("results", nargs=-1, type=options.path, metavar="[RESULT.json]...")
@options.budgets
@click.option("--merge", is_flag=True, help="Several results, one comment.")
@click.option("--artifact", type=options.path, metavar="PATH", help="A folder or zip archive with results in it.")
@click.option("--dry-run", is_flag=True, help="Print the comment; tell nobody.")
@click.option("--no-comment", is_flag=True, help="Only the check run or the status.")
@click.option("--check-run", is_flag=True, help="Write a check run, with annotations on the broken lines.")
@click.option("--status", is_flag=True, help="Set a commit status.")
@click.option("--neutral-on-invalid", is_flag=True, help="In the check run, what was not judged is neutral.")
@click.option("--require-comment", is_flag=True, help="End with 3 when somebody could not be told.")
@click.option("--job", default="", metavar="NAME", help="This is one of several jobs that share the comment.")
@click.option("--author", metavar="LOGIN", help="Whose comments are ours; default: whose token it is.")
@click.option("--openmetrics", type=options.path, metavar="PATH", help="Write the figures for GitLab's metrics report.")
@click.option("--report-url", metavar="URL", help="Of the full report; default: the page of the CI run.")
def comment(  # noqa: PLR0913  (one argument per option)
    *,
    results: tuple[Path, ...],
    budgets: Path,
    merge: bool,
    artifact: Path | None,
    dry_run: bool,
    no_comment: bool,
    require_comment: bool,
    openmetrics: Path | None,
    **wished: Any,
) -> None:
    """Say on the pull request whether the change is fast enough, in one comment that is updated."""
    import os

    from perfgate.publish import telling
    from perfgate.publish.told import Wishes

    paths = _paths(results, artifact, merge=merge)
    wishes = Wishes(comment=not no_comment, required=require_comment, **wished)
    if openmetrics is not None:
        telling.write_metrics(paths, openmetrics)
    if dry_run:
        click.echo(telling.preview(paths, budgets, wishes, os.environ), nl=False)
        return
    told = telling.tell(paths, budgets, wishes, os.environ, click.echo)
    _show(told)
    click.get_current_context().exit(told.exit_code(required=require_comment))


def _paths(results: tuple[Path, ...], artifact: Path | None, *, merge: bool) -> list[Path]:
    from perfgate.errors import UsageError
    from perfgate.preflight import latest_folder

    if len(results) > 1 and not merge:
        raise UsageError("several results are given", hint="say --merge to put them into one comment")
    if results and artifact:
        raise UsageError("results and --artifact cannot be combined", hint="give the files, or the artifact")
    if artifact is not None:
        return [artifact]
    return list(results) or [latest_folder(Path(), options.note, holding="result.json") / "result.json"]


def _show(told: Told) -> None:
    from perfgate.cli.fault import told as tell_error

    for sentence in told.done:
        click.echo(sentence)
    for problem in [*told.problems, *([told.unreadable] if told.unreadable else [])]:
        tell_error(problem)
