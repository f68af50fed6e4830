"""Where a run was measured, beyond what its environment and revision say: as a recording keeps it for the history."""

from __future__ import annotations

import hashlib
import platform
from typing import TYPE_CHECKING

from perfgate.baseline.event import read_event

if TYPE_CHECKING:
    from collections.abc import Mapping

# What tells two jobs of one pipeline apart.
_JOB = ("GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT", "GITHUB_JOB", "RUNNER_NAME", "CI_JOB_ID")
_LENGTH = 8


def origin_of(environ: Mapping[str, str], commit: str | None) -> dict[str, str | None]:
    """What a recording keeps: `branch` and `pull_request` as the CI names them, and `job`.

    The branch is that of the event's own commit: a job that a push, a schedule or a comment started may have checked
    out anything, and what it measures is then no run of that branch. The job is a digest: the names of hosts belong in
    no report.

    Args:
        environ: the environment variables.
        commit: what is checked out.
    """
    event = read_event(environ)
    branch = event.branch if event.head in {None, commit} else None
    job = [platform.node(), *(environ.get(name, "") for name in _JOB)]
    return {"branch": branch, "pull_request": event.pull_request, "job": _digest(job)}


def recording_id(name: str, started_at: float, commit: str | None, origin: Mapping[str, str | None]) -> str:
    """A recording's name in the history, which jobs of one second at different hosts do not share.

    Args:
        name: of its folder, by the time.
        started_at: seconds since the epoch.
        commit: what was measured.
        origin: see `origin_of`.
    """
    return f"{name}-{_digest([repr(started_at), commit or '', origin.get('job') or ''])}"


def _digest(words: list[str]) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:_LENGTH]
