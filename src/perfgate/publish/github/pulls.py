"""The pull request of a workflow run: asked of GitHub, and believed only if it is at the commit that was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.publish.github.client import GitHubError

if TYPE_CHECKING:
    from github.PullRequest import PullRequest

    from perfgate.publish.github.client import Client
    from perfgate.publish.github.event import Event, Origin

_MOST = 100  # open pull requests of one branch of one fork


def pull_request_of(event: Event, client: Client) -> int | None:
    """The number of the pull request to comment on; None when the event belongs to none.

    For a workflow run of a fork GitHub leaves the number out of the event. It is found by the fork's branch, and has to
    be open, of that fork, and at the commit of the event.

    Raises:
        GitHubError: slug `github-pull-request`; none is at that commit any more, or several are. Others: see
            `Client.ask`.
    """
    if event.pull_request is not None or event.origin is None:
        return event.pull_request
    owner = event.origin.repository.partition("/")[0]
    if not owner or not event.origin.branch:
        raise _error(event, "the fork is gone")
    pulls = client.repo.get_pulls(state="open", head=f"{owner}:{event.origin.branch}")
    page = client.ask("look for the pull request", lambda: pulls.get_page(0)[:_MOST], needs="pull-requests: read")
    numbers = [pull.number for pull in page if _is_it(pull, event.origin, event.commit)]
    if len(numbers) != 1:
        raise _error(event, "no open pull request is at it any more" if not numbers else "several pull requests are")
    return numbers[0]


def _is_it(pull: PullRequest, origin: Origin, commit: str) -> bool:
    head = pull.head
    return head.repo is not None and head.repo.full_name == origin.repository and head.sha == commit


def _error(event: Event, why: str) -> GitHubError:
    return GitHubError(
        f"there is no one pull request for commit {event.commit[:12]}: {why}",
        hint="nothing has to be done when it was pushed again meanwhile: that commit has its own run",
        slug="github-pull-request",
    )
