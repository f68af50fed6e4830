"""What runs here, and for which pull request and commit: from GitHub's own event, never from what was measured.

https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
https://docs.github.com/en/actions/reference/workflows-and-actions/variables
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perfgate.errors import UsageError
from perfgate.reading import read_text

if TYPE_CHECKING:
    from collections.abc import Mapping

SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
_LARGEST = 32 * 1024 * 1024  # bytes; GitHub's payloads have at most 25 MB


@dataclass(frozen=True)
class Origin:
    """Where a workflow run's commit came from, to look for its pull request there.

    Attributes:
        repository: of the head branch, `owner/name`: the fork.
        branch: the head branch.
    """

    repository: str
    branch: str


@dataclass(frozen=True)
class Event:
    """What GitHub says about this job.

    Attributes:
        name: `pull_request`, `push`, `workflow_run`, ...
        repository: `owner/name`; where comments and checks go.
        commit: the head commit that is judged.
        pull_request: its number; None when the event has none, or does not tell.
        origin: of a workflow run whose pull request has still to be found.
        run: number of the CI run that measured.
        run_url: its page.
        ended_with: how the workflow run that measured ended.
    """

    name: str
    repository: str
    commit: str
    pull_request: int | None = None
    origin: Origin | None = None
    run: int = 0
    run_url: str | None = None
    ended_with: str | None = None


def read_event(env: Mapping[str, str]) -> Event:
    """The event of this job, from `GITHUB_EVENT_PATH` and the variables beside it.

    Raises:
        UsageError: slug `github-event`; this is no job of GitHub Actions, or its event cannot be read.
    """
    name, path = env.get("GITHUB_EVENT_NAME", ""), env.get("GITHUB_EVENT_PATH", "")
    if not name or not path:
        raise _error("this is no job of GitHub Actions: GITHUB_EVENT_NAME and GITHUB_EVENT_PATH are not set")
    try:
        return _event(name, _payload(Path(path)), env)
    except (KeyError, TypeError, AttributeError) as error:
        raise _error(f"the {name} event has not the form that GitHub documents: {error}", path) from error


def _payload(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(read_text(path, _LARGEST))
    except (OSError, ValueError, RecursionError) as error:
        raise _error(f"the event cannot be read: {error}", str(path)) from error
    if not isinstance(value, dict):
        raise _error("the event is no JSON object", str(path))
    return value


def _event(name: str, payload: dict[str, Any], env: Mapping[str, str]) -> Event:
    if name == "workflow_run":
        return _workflow_run(payload, env)
    pull: dict[str, Any] | None = payload["pull_request"] if name.startswith("pull_request") else None
    head: str = env.get("GITHUB_SHA", "")
    if pull is not None:
        head = pull["head"]["sha"]  # GITHUB_SHA is a merge commit that nobody has written
    elif name == "merge_group":
        head = payload["merge_group"]["head_sha"]
    return Event(
        name=name,
        repository=_repository(payload, env),
        commit=_sha(head),
        pull_request=_number(pull["number"]) if pull is not None else None,
        run=_run(env.get("GITHUB_RUN_ID", "0")),
        run_url=_run_url(env),
    )


def _workflow_run(payload: dict[str, Any], env: Mapping[str, str]) -> Event:
    run = payload["workflow_run"]
    repository = _repository(payload, env)
    commit = _sha(run["head_sha"])
    origin, number = None, None
    if run["event"].startswith("pull_request"):
        head = run.get("head_repository") or {}
        number = _own_pull_request(run, payload["repository"]["id"], commit)
        origin = Origin(head.get("full_name", ""), run.get("head_branch") or "")
    return Event(
        name="workflow_run",
        repository=repository,
        commit=commit,
        pull_request=number,
        origin=origin if number is None else None,
        run=_run(run["id"]),
        run_url=_https(run.get("html_url")),
        ended_with=run.get("conclusion") or "unknown",
    )


def _own_pull_request(run: dict[str, Any], repository: int, commit: str) -> int | None:
    """The pull request that the event names: the only one of this repository at this very commit.

    The list also holds pull requests of other repositories that have the same head, and it is empty for forks.
    """
    numbers = {
        _number(pull["number"])
        for pull in run.get("pull_requests") or []
        if pull["base"]["repo"]["id"] == repository and pull["head"]["sha"] == commit
    }
    return numbers.pop() if len(numbers) == 1 else None


def _repository(payload: dict[str, Any], env: Mapping[str, str]) -> str:
    name = env.get("GITHUB_REPOSITORY") or (payload.get("repository") or {}).get("full_name", "")
    if not _REPOSITORY.fullmatch(name):
        raise _error(f"{name[:80]!r} is no repository; GITHUB_REPOSITORY is owner/name")
    return name


def _sha(value: object) -> str:
    if not isinstance(value, str) or not SHA.fullmatch(value):
        raise _error(f"{str(value)[:80]!r} is no commit")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise _error(f"{str(value)[:80]!r} is no number of a pull request")
    return value


def _run(value: object) -> int:
    text = str(value)
    return int(text) if text.isdecimal() and len(text) < 16 else 0


def _run_url(env: Mapping[str, str]) -> str | None:
    server, repository, run = (env.get(f"GITHUB_{name}") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    return _https(f"{server}/{repository}/actions/runs/{run}") if server and repository and run else None


def _https(url: object) -> str | None:
    return url if isinstance(url, str) and url.startswith(("https://", "http://")) else None


def _error(message: str, place: str = "") -> UsageError:
    return UsageError(message, place=place, hint="docs/github.md names the events", slug="github-event")
