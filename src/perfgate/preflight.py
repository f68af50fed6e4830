"""What is checked and laid out before anything is started."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from perfgate.baseline.fingerprint import scenario_digest
from perfgate.baseline.origin import origin_of
from perfgate.errors import ScenarioError, StorageError, UsageError
from perfgate.measure import environment
from perfgate.measure.manifest import MANIFEST, Manifest
from perfgate.target import revision

if TYPE_CHECKING:
    from pathlib import Path

    from perfgate.plan.plan import Plan

PRIVATE = ".perfgate"
RUNS = f"{PRIVATE}/runs"


def check_scenarios(plan: Plan) -> None:
    """Find scenarios that do not even compile before a service is started for them.

    Raises:
        ScenarioError: with file and line.
    """
    for path in {service.scenario for service in plan.services.values()}:
        try:
            compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
        except SyntaxError as error:
            raise ScenarioError(
                f"syntax error: {error.msg}", place=f"{path}:{error.lineno}", slug="scenario-syntax"
            ) from error
        except (OSError, ValueError) as error:
            raise ScenarioError(f"the scenario cannot be read: {error}", place=str(path)) from error


def fresh_folder(root: Path, below: str = RUNS) -> Path:
    """A name for a new recording below `root`/.perfgate/runs, by the time, so that names sort."""
    base = root / below
    name = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    tries = (base / (name if number == 0 else f"{name}-{number}") for number in range(1000))
    return next(path for path in tries if not path.exists())


def latest_folder(root: Path) -> Path:
    """The newest recording below `root`.

    Raises:
        UsageError: there is none.
    """
    base = root / RUNS
    folders = sorted(path for path in base.glob("*") if path.is_dir()) if base.is_dir() else []
    if not folders:
        raise UsageError("there is no recording yet", place=str(base), hint="drive one with `perfgate run`")
    return folders[-1]


def _claim(folder: Path) -> None:
    """Make the folder ours: of several runs that want it at the same moment, one gets it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError("the folder for the recording is not empty", place=str(folder), hint="give a new --out")
        (folder / MANIFEST).touch(exist_ok=False)
    except (FileExistsError, NotADirectoryError) as error:
        what = "another run has just taken the folder" if folder.is_dir() else "there is a file where the folder"
        raise UsageError(
            f"{what} for the recording{'' if folder.is_dir() else ' should be'}",
            place=str(folder),
            hint="give a new --out",
        ) from error
    except OSError as error:
        raise StorageError(f"cannot make the folder for the recording: {error.strerror}", place=str(folder)) from error


def hide(root: Path) -> None:
    """Keep recordings and history out of the user's Git: else what perfgate writes would make every work tree dirty."""
    ignore = root / PRIVATE / ".gitignore"
    try:
        ignore.parent.mkdir(exist_ok=True)
        with ignore.open("x", encoding="ascii") as file:
            file.write("*\n")
    except OSError:  # it is there already; or nothing can be written here, and so nothing needs to be hidden
        return


def _digests(plan: Plan) -> dict[str, str]:
    """The scenario of each service, in short."""
    found = {}
    for service in plan.services.values():
        try:
            found[service.name] = scenario_digest(service.scenario.read_bytes())
        except OSError:  # `check_scenarios` has just read it; a run without a digest is like no other
            continue
    return found


def open_folder(plan: Plan, folder: Path, *, strict: bool) -> Manifest:
    """Make the recording's folder, with its first manifest.

    Raises:
        UsageError: the folder holds something already, or is none, or another run has just taken it.
        StorageError: it cannot be made, or the disk is full.
    """
    _claim(folder)
    hide(plan.root)
    fields: dict[str, Any] = {
        "services": list(plan.services),
        "loads": list(plan.loads),
        "environment": environment.describe(),
        "revision": dict(revision.current(plan.root)),
        "scenarios": _digests(plan),
        "origin": origin_of(os.environ),
    }
    manifest = Manifest(
        id=folder.name,
        started_at=time.time(),
        root=str(plan.root),
        budgets_path=str(plan.path),
        budgets_text=plan.text,
        seed=plan.seed,
        scale=plan.scale,
        strict=strict,
        **fields,
    )
    manifest.save(folder)
    return manifest
