"""What the CI says of the change under test: its head, the branch it is meant for, and where the two parted.

A CI that tests a pull request often checks out a merge commit that nobody wrote. What is measured is what is checked
out; the event tells what of that is the change (see `change`). The variables are those that GitHub Actions and GitLab
CI document; those of other CIs are in `pipelines`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from perfgate.baseline.pipelines import PIPELINES, Pipeline
from perfgate.reading import read_text

if TYPE_CHECKING:
    from collections.abc import Mapping

_BRANCH_REF = "refs/heads/"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHORT = re.compile(r"[0-9a-f]{12,64}")
_TEST_MERGE = re.compile(r"refs/pull/[0-9]+/merge")


@dataclass(frozen=True)
class Event:
    """What is known of the change; None where the CI says nothing, and everything None outside a CI.

    Attributes:
        source: in words, e.g. `GitHub pull_request`.
        head: the change's own newest commit.
        base: of a pull request: where its target branch was, now or earlier; of a push: where the branch was before.
        merge_base: where the two parted, when the CI says so itself.
        onto: the very commit that the CI itself put the change on: of a merge queue, a merge train, merged results.
        merged: what it made of the two, when that may be without `head`: squashed or rebased.
        fork: the other repository that a pull request comes from, `owner/name`.
        target: the branch into which the change is to go; for a push the default branch.
        branch: the branch that was pushed; None for a pull request.
        pull_request: its number.
    """

    source: str = ""
    head: str | None = None
    base: str | None = None
    merge_base: str | None = None
    onto: str | None = None
    merged: str | None = None
    fork: str | None = None
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
    pipeline = next((one for one in PIPELINES if environ.get(one.marker)), None)
    return _other(pipeline, environ) if pipeline else LOCAL


def _github(environ: Mapping[str, str]) -> Event:
    name = environ.get("GITHUB_EVENT_NAME", "")
    payload = _payload(environ.get("GITHUB_EVENT_PATH", ""))
    default = _text(payload, "repository", "default_branch")
    if "pull_request" in payload or environ.get("GITHUB_BASE_REF"):
        number = _at(payload, "pull_request", "number") or _at(payload, "number")
        head = _commit(payload, "pull_request", "head", "sha")
        own, other = (_text(payload, "pull_request", side, "repo", "full_name") for side in ("base", "head"))
        return Event(
            source=f"GitHub {name or 'pull_request'}",
            head=head,
            base=_commit(payload, "pull_request", "base", "sha"),
            merged=_known(environ.get("GITHUB_SHA")) if head is None and _is_test_merge(environ) else None,
            fork=other if other != own else None,
            target=_text(payload, "pull_request", "base", "ref") or environ.get("GITHUB_BASE_REF") or default,
            pull_request=str(number) if isinstance(number, int) else "unknown",
        )
    if "merge_group" in payload:
        return Event(
            source=f"GitHub {name or 'merge_group'}",
            head=_commit(payload, "merge_group", "head_sha"),
            onto=_commit(payload, "merge_group", "base_sha"),
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


def _is_test_merge(environ: Mapping[str, str]) -> bool:
    return bool(_TEST_MERGE.fullmatch(environ.get("GITHUB_REF", "")))


def _gitlab(environ: Mapping[str, str]) -> Event:
    request = environ.get("CI_MERGE_REQUEST_IID")
    # Set in pipelines of merged results and in merge trains alone: there CI_COMMIT_SHA is the source branch put on it.
    onto = _known(environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_SHA")) if request else None
    return Event(
        source="GitLab merge request" if request else "GitLab pipeline",
        head=_known(environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA")) or _known(environ.get("CI_COMMIT_SHA")),
        base=onto if request else _known(environ.get("CI_COMMIT_BEFORE_SHA")),
        onto=onto,
        merged=_known(environ.get("CI_COMMIT_SHA")) if onto else None,
        merge_base=_known(environ.get("CI_MERGE_REQUEST_DIFF_BASE_SHA")),
        target=environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME") or environ.get("CI_DEFAULT_BRANCH") or None,
        branch=None if request else environ.get("CI_COMMIT_BRANCH") or None,
        pull_request=request or None,
    )


def _other(pipeline: Pipeline, environ: Mapping[str, str]) -> Event:
    request, target, branch = (environ.get(name, "") for name in (pipeline.request, pipeline.target, pipeline.branch))
    onto = _known(environ.get(pipeline.onto))
    is_request = bool(onto) or request not in {"", "false"}
    words = "merge queue" if onto and request in {"", "false"} else request
    default = environ.get(pipeline.default) or None
    return Event(
        source=f"{pipeline.name} pull request" if is_request else f"{pipeline.name} pipeline",
        head=_known(environ.get(pipeline.head)),
        base=_named(environ.get(pipeline.base)) if is_request else None,
        onto=onto,
        target=(target.removeprefix(_BRANCH_REF) if is_request else "") or default,
        branch=None if is_request else _branch(branch),
        pull_request=words if is_request else None,
    )


def _branch(name: str) -> str | None:
    """A branch, of its name or its reference; None for a reference of another kind."""
    short = name.removeprefix(_BRANCH_REF)
    return None if not short or short.startswith("refs/") else short


def _payload(path: str) -> dict[str, Any]:
    try:
        value = json.loads(read_text(path)) if path else {}
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


def _named(commit: str | None) -> str | None:
    """A commit id, which Bitbucket cuts to 12 digits."""
    return commit if commit and _SHORT.fullmatch(commit) and commit.strip("0") else None
