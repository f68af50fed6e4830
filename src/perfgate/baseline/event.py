"""What the CI says of the change under test: its head, the branch it is meant for, and where the two parted.

A CI that tests a pull request often checks out a merge commit that nobody wrote. What the event says is therefore taken
before what is checked out. The variables are those that GitHub Actions and GitLab CI document.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_BRANCH_REF = "refs/heads/"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True)
class Event:
    """What is known of the change; None where the CI says nothing, and everything None outside a CI.

    Attributes:
        source: in words, e.g. `GitHub pull_request`.
        head: the commit under test.
        base: of a pull request: where its target branch was; of a push: where the branch was before.
        merge_base: where the two parted, when the CI says so itself.
        target: the branch into which the change is to go; for a push the default branch.
        branch: the branch that was pushed; None for a pull request.
        pull_request: its number.
    """

    source: str = ""
    head: str | None = None
    base: str | None = None
    merge_base: str | None = None
    target: str | None = None
    branch: str | None = None
    pull_request: str | None = None


LOCAL = Event()


def read_event(environ: Mapping[str, str]) -> Event:
    """What the CI's environment says; a file that cannot be read says nothing.

    Args:
        environ: the environment variables.
    """
    if environ.get("GITHUB_ACTIONS") == "true" or environ.get("GITHUB_EVENT_PATH"):
        return _github(environ)
    if environ.get("GITLAB_CI"):
        return _gitlab(environ)
    return LOCAL


def _github(environ: Mapping[str, str]) -> Event:
    name = environ.get("GITHUB_EVENT_NAME", "")
    payload = _payload(environ.get("GITHUB_EVENT_PATH", ""))
    default = _text(payload, "repository", "default_branch")
    if "pull_request" in payload or environ.get("GITHUB_BASE_REF"):
        number = _at(payload, "pull_request", "number") or _at(payload, "number")
        return Event(
            source=f"GitHub {name or 'pull_request'}",
            head=_commit(payload, "pull_request", "head", "sha"),
            base=_commit(payload, "pull_request", "base", "sha"),
            target=_text(payload, "pull_request", "base", "ref") or environ.get("GITHUB_BASE_REF") or default,
            pull_request=str(number) if isinstance(number, int) else "unknown",
        )
    if "merge_group" in payload:
        return Event(
            source=f"GitHub {name or 'merge_group'}",
            head=_commit(payload, "merge_group", "head_sha"),
            base=_commit(payload, "merge_group", "base_sha"),
            target=(_text(payload, "merge_group", "base_ref") or "").removeprefix(_BRANCH_REF) or default,
            pull_request="merge queue",
        )
    pushed = environ.get("GITHUB_REF_NAME") if environ.get("GITHUB_REF_TYPE", "branch") == "branch" else None
    return Event(
        source=f"GitHub {name}".strip(),
        head=_known(environ.get("GITHUB_SHA")),
        base=_commit(payload, "before"),
        target=default,
        branch=pushed or None,
    )


def _gitlab(environ: Mapping[str, str]) -> Event:
    request = environ.get("CI_MERGE_REQUEST_IID")
    return Event(
        source="GitLab merge request" if request else "GitLab pipeline",
        # In a pipeline of merged results CI_COMMIT_SHA is a merge commit; the source branch's own head is named too.
        head=_known(environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA")) or _known(environ.get("CI_COMMIT_SHA")),
        base=_known(environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_SHA" if request else "CI_COMMIT_BEFORE_SHA")),
        merge_base=_known(environ.get("CI_MERGE_REQUEST_DIFF_BASE_SHA")),
        target=environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME") or environ.get("CI_DEFAULT_BRANCH") or None,
        branch=None if request else environ.get("CI_COMMIT_BRANCH") or None,
        pull_request=request or None,
    )


def _payload(path: str) -> dict[str, Any]:
    try:
        value = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _at(payload: dict[str, Any], *keys: str) -> object:
    value: Any = payload
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _text(payload: dict[str, Any], *keys: str) -> str | None:
    value = _at(payload, *keys)
    return value if isinstance(value, str) and value else None


def _commit(payload: dict[str, Any], *keys: str) -> str | None:
    return _known(_text(payload, *keys))


def _known(commit: str | None) -> str | None:
    """A full commit id; forges write forty zeros where there is none."""
    return commit if commit and _COMMIT.fullmatch(commit) and commit.strip("0") else None
