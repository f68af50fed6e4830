"""File-size budgets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.judge.limits import Reading, check_limit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from perfgate.judge.result import Check
    from perfgate.plan.plan import Artifact


def check_artifacts(artifacts: Iterable[Artifact], sizes: Mapping[str, int | None]) -> list[Check]:
    """Hold files against their budgets.

    Args:
        artifacts: the budgets.
        sizes: bytes by path or glob, matches summed; None, or no entry, where no file matched.
    """
    return [_check(artifact, sizes.get(artifact.path)) for artifact in artifacts]


def artifacts_not_compared(artifacts: Iterable[Artifact]) -> list[Check]:
    """The same budgets where nothing was measured: a comparison drives services, and builds no files."""
    missing = "not held in a comparison: `perfgate run` holds it"
    return [
        check_limit(
            own.limit, Reading(own.path, "bytes", None, missing=missing, missing_status="skipped", shown=own.path)
        )
        for own in artifacts
    ]


def _check(artifact: Artifact, size: int | None) -> Check:
    observed = None if size is None else float(size)
    missing = "no file matches; build it first, or mend the path"
    return check_limit(artifact.limit, Reading(artifact.path, "bytes", observed, missing=missing, shown=artifact.path))
