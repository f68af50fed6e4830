"""The check run: the verdict as its conclusion, a summary, and annotations on the lines of `budgets.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from github.CheckRun import CheckRun

    from perfgate.publish.github.broken import Broken
    from perfgate.publish.github.client import Client
    from perfgate.publish.github.conclusion import Conclusion

NEEDS = "checks: write"
BATCH = 50  # annotations that GitHub takes in one request
LONGEST_SUMMARY = 65_535  # characters


@dataclass(frozen=True)
class Check:
    """What the check run says.

    Attributes:
        name: by which branch protection knows it.
        commit: the head commit.
        key: tells this check run from all others; a repeated request is known by it.
        title: the verdict in words.
        summary: markdown.
        url: of the full report.
    """

    name: str
    commit: str
    key: str
    conclusion: Conclusion
    title: str
    summary: str
    url: str | None
    annotations: Sequence[Broken]


def write_check(client: Client, check: Check) -> CheckRun:
    """Create the check run, and add what annotations one request cannot take.

    Raises:
        GitHubError: see `Client.ask`.
    """
    batches = [check.annotations[at : at + BATCH] for at in range(0, len(check.annotations), BATCH)] or [[]]
    options: dict[str, Any] = {"details_url": check.url} if check.url else {}
    run = client.send(
        "write the check run",
        lambda: client.repo.create_check_run(
            check.name,
            check.commit,
            status="completed",
            conclusion=check.conclusion,
            external_id=check.key,
            output=_output(check, batches[0]),
            **options,
        ),
        lambda: _made(client, check),
        needs=NEEDS,
    )
    for sent, batch in enumerate(batches[1:], 1):
        _add(client, check, run, batch, sent * BATCH)
    return run


def _add(client: Client, check: Check, run: CheckRun, batch: Sequence[Broken], before: int) -> None:
    """Add annotations; each request adds to what is there, so it must not be carried out twice."""

    def add() -> bool:
        run.edit(output=_output(check, batch))
        return True

    client.send("add annotations to the check run", add, lambda: _count(client, run) > before or None, needs=NEEDS)


def _made(client: Client, check: Check) -> CheckRun | None:
    """The check run, if a request whose answer was lost has made it."""
    commit = client.repo.get_commit(check.commit)
    runs = client.ask(
        "read the check runs",
        lambda: commit.get_check_runs(check_name=check.name, filter="all").get_page(0),
        needs="checks: read",
    )
    return next((run for run in runs if run.external_id == check.key), None)


def _count(client: Client, run: CheckRun) -> int:
    again = client.ask("read the check run", lambda: client.repo.get_check_run(run.id), needs="checks: read")
    return int(client.ask("read the check run", lambda: again.output.annotations_count, needs="checks: read"))


def _output(check: Check, batch: Sequence[Broken]) -> dict[str, Any]:
    return {
        "title": check.title[:255],
        "summary": check.summary[:LONGEST_SUMMARY],
        "annotations": [
            {
                "path": one.path,
                "start_line": one.line,
                "end_line": one.line,
                "annotation_level": one.level,
                "title": one.title,
                "message": one.message,
            }
            for one in batch
        ],
    }
