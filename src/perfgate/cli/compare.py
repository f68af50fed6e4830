"""`perfgate compare`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from perfgate.cli import options
from perfgate.cli.ending import finish
from perfgate.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from perfgate.cli.comparing import QuietComparison
    from perfgate.compare.subject import Subject
    from perfgate.plan.plan import Plan


@click.command(
    epilog="""\b
Examples:
  perfgate compare                           the work tree against [gate] baseline (merge-base)
  perfgate compare main                      the work tree against main
  perfgate compare v1.2 HEAD --load peak     two revisions
  perfgate compare main --benchmarks "pytest benchmarks/"
  perfgate compare --service catalog --base-url http://127.0.0.1:8001 --head-url http://127.0.0.1:8002
Exit codes: 0 not slower, 1 a slowdown is proven, 2 usage error, 3 it could not be decided."""
)
@click.argument("base", required=False, metavar="[BASE]")
@click.argument("head", required=False, metavar="[HEAD]")
@options.budgets
@options.services
@options.loads
@options.seed
@click.option("--base-url", metavar="URL", help="A deployment that already runs, in place of BASE.")
@click.option("--head-url", metavar="URL", help="A deployment that already runs, in place of HEAD.")
@click.option("--benchmarks", metavar="COMMAND", help="Compare what pytest-benchmark measures when this is run.")
@options.max_duration
@click.option(
    "--out", type=options.path, metavar="DIR", help="Folder for the recording; default .perfgate/runs/<time>."
)
@click.option("--quiet", is_flag=True, help="No progress; only the result and warnings.")
@options.report_options
def compare(  # noqa: PLR0913  (one argument per option)
    *,
    base: str | None,
    head: str | None,
    budgets: Path,
    services: tuple[str, ...],
    loads: tuple[str, ...],
    seed: int | None,
    base_url: str | None,
    head_url: str | None,
    benchmarks: str | None,
    max_duration: float | None,
    out: Path | None,
    quiet: bool,
    **files: Path | None,
) -> None:
    """Tell whether a revision is slower than another, measured side by side on this machine.

    Both are checked out, set up and started; each load is driven at both in turn, block by block, until every check is
    decided or the time is over. HEAD is the work tree as it is unless given.
    """
    from perfgate.cli.comparing import comparison_view
    from perfgate.compare import suites
    from perfgate.compare.judging import judge
    from perfgate.compare.recording import record
    from perfgate.plan.budgets_file import read_plan
    from perfgate.preflight import fresh_folder

    quiet = options.to_stdout(files) or quiet
    plan = options.timed(read_plan(budgets, services=services, loads=loads, seed=seed), max_duration)
    choice = base or (base_url or plan.gate.baseline)
    folder = out or fresh_folder(plan.root)
    stream = sys.stderr if quiet else sys.stdout
    view = comparison_view(stream, quiet=quiet, longest_s=plan.compare.max_duration_s)
    try:
        if benchmarks and (base_url or head_url):
            raise UsageError("benchmarks are those of two revisions", place="--base-url")
        named, found = _based(plan, base, (base_url, head_url), view)
        if benchmarks is None:
            sides = _sides(plan, (named, head), (base_url, head_url), view)
            manifest = record(plan, *sides, folder, view, choice=choice, found=found)
        else:
            manifest = suites.record(plan, benchmarks, (named, head), folder, view, choice=choice, found=found)
    finally:
        view.close()
    finish(judge(folder, manifest), folder, files, budgets=budgets)


def _based(plan: Plan, base: str | None, urls: tuple[str | None, str | None], view: QuietComparison) -> tuple[str, str]:
    """The base, and how it was found, in words: empty where it was named."""
    if base or any(urls):
        return base or "", ""
    commit, found = _chosen(plan)
    view.doing(f"base: {found}")
    return commit, found


def _sides(
    plan: Plan, names: tuple[str, str | None], urls: tuple[str | None, str | None], view: QuietComparison
) -> tuple[Subject, Subject]:
    from perfgate.compare.subject import deployments, revisions

    if any(urls):
        if not all(urls) or any(names):
            raise UsageError(
                "two deployments are given by --base-url and --head-url together, and without revisions",
                place="--base-url",
            )
        return deployments(plan, str(urls[0]), str(urls[1]))
    return revisions(plan, *names, tell=view.doing)


def _chosen(plan: Plan) -> tuple[str, str]:
    """The commit that `[gate] baseline` means for this change, and how it was found, in words."""
    import os

    from perfgate.baseline.choose import PINNED, choose
    from perfgate.baseline.event import read_event

    if plan.gate.baseline == PINNED:
        from perfgate.past.promoting import promoted_commit

        return promoted_commit(plan), "the commit of the run that was promoted last"
    chosen = choose(plan.root, plan.gate.baseline, branch=plan.gate.branch, event=read_event(os.environ))
    if chosen.commit is None:
        raise UsageError(
            f"[gate] baseline = {plan.gate.baseline!r} names no revision that could be checked out",
            hint="name one: perfgate compare BASE",
        )
    return chosen.commit, chosen.detail
