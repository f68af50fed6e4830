"""The commit status, for those who gate on statuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from perfgate.publish.github.client import Client
    from perfgate.publish.github.conclusion import State

NEEDS = "statuses: write"
LONGEST_DESCRIPTION = 140  # characters


@dataclass(frozen=True)
class Status:
    """What the status says.

    Attributes:
        context: its name, by which branch protection knows it.
        words: shown beside it; cut to 140 characters.
        url: of the full report.
    """

    context: str
    state: State
    words: str
    url: str | None = None


def write_status(client: Client, commit: str, status: Status) -> None:
    """Set the status of a commit. Set twice, it is as if it were set once: the last one of a context counts.

    Raises:
        GitHubError: see `Client.ask`.
    """
    options: dict[str, Any] = {"target_url": status.url} if status.url else {}
    where = client.repo.get_commit(commit)
    words = status.words[:LONGEST_DESCRIPTION]
    client.ask(
        "set the commit status",
        lambda: where.create_status(status.state, description=words, context=status.context, **options),
        needs=NEEDS,
    )
