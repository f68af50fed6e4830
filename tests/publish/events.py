"""Events in the form in which GitHub records them, with what perfgate reads and some of what it passes over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

HEAD, MERGE, BASE = "1" * 40, "2" * 40, "3" * 40
REPOSITORY = {"id": 4711, "full_name": "octo/shop", "default_branch": "main", "private": False}
FORK = {"id": 4712, "full_name": "mallory/shop", "fork": True}
SENDER = {"login": "octocat", "id": 1, "type": "User"}


def pull_request(**changes: Any) -> dict[str, Any]:
    """`pull_request`, action `synchronize`."""
    return {
        "action": "synchronize",
        "number": 7,
        "before": BASE,
        "after": HEAD,
        "pull_request": {
            "number": 7,
            "state": "open",
            "head": {"label": "octo:topic", "ref": "topic", "sha": HEAD, "repo": REPOSITORY},
            "base": {"label": "octo:main", "ref": "main", "sha": BASE, "repo": REPOSITORY},
            **changes,
        },
        "repository": REPOSITORY,
        "sender": SENDER,
    }


def push() -> dict[str, Any]:
    """`push` to main."""
    return {
        "ref": "refs/heads/main",
        "before": BASE,
        "after": HEAD,
        "commits": [],
        "repository": REPOSITORY,
        "sender": SENDER,
    }


def schedule() -> dict[str, Any]:
    """`schedule`: there is next to nothing in it."""
    return {"schedule": "17 3 * * *", "workflow": ".github/workflows/perfgate-nightly.yml", "repository": REPOSITORY}


def merge_group() -> dict[str, Any]:
    """`merge_group`, action `checks_requested`."""
    group = {"head_sha": HEAD, "head_ref": "refs/heads/gh-readonly-queue/main/pr-7-333", "base_sha": BASE}
    return {"action": "checks_requested", "merge_group": group, "repository": REPOSITORY, "sender": SENDER}


def workflow_run(**changes: Any) -> dict[str, Any]:
    """`workflow_run`, action `completed`, of a pull request of the repository itself."""
    pull = {
        "id": 99,
        "number": 7,
        "head": {"ref": "topic", "sha": HEAD, "repo": {"id": 4711, "url": "https://api.github.com/repos/octo/shop"}},
        "base": {"ref": "main", "sha": BASE, "repo": {"id": 4711, "url": "https://api.github.com/repos/octo/shop"}},
    }
    run = {
        "id": 30433642,
        "name": "perfgate",
        "event": "pull_request",
        "status": "completed",
        "conclusion": "success",
        "head_branch": "topic",
        "head_sha": HEAD,
        "html_url": "https://github.test/octo/shop/actions/runs/30433642",
        "head_repository": REPOSITORY,
        "repository": REPOSITORY,
        "pull_requests": [pull],
        **changes,
    }
    return {"action": "completed", "workflow_run": run, "repository": REPOSITORY, "sender": SENDER}


def of_fork(**changes: Any) -> dict[str, Any]:
    """`workflow_run` of a fork: GitHub leaves the pull request out."""
    return workflow_run(**{"pull_requests": [], "head_repository": FORK, "head_branch": "topic", **changes})


def environment(name: str, payload: object, folder: Path) -> dict[str, str]:
    """The variables that GitHub sets, with the event in a file."""
    path = folder / "event.json"
    path.write_text(payload if isinstance(payload, str) else json.dumps(payload), encoding="utf-8")
    return {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": name,
        "GITHUB_EVENT_PATH": str(path),
        "GITHUB_REPOSITORY": "octo/shop",
        "GITHUB_RUN_ID": "30433650",
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_SERVER_URL": "https://github.test",
        "GITHUB_SHA": MERGE if name == "pull_request" else HEAD,
        "GITHUB_JOB": "perfgate",
        "GITHUB_WORKSPACE": str(folder),
    }
