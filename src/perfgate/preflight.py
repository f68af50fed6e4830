"""What is checked and laid out before anything is started."""

from __future__ import annotations

import atexit
import os
import time
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from perfgate.baseline.fingerprint import scenario_digest
from perfgate.baseline.origin import origin_of
from perfgate.errors import PerfgateError, ScenarioError, StorageError, UsageError
from perfgate.measure import environment
from perfgate.measure.manifest import MANIFEST, Manifest
from perfgate.plan.budgets_file import parse_plan
from perfgate.plan.secrecy import configuration_digest, without_secrets
from perfgate.reading import LARGEST_SOURCE, read_bytes
from perfgate.target import revision

if TYPE_CHECKING:
    from collections.abc import Callable
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
            compile(read_bytes(path, LARGEST_SOURCE), str(path), "exec", dont_inherit=True)
        except SyntaxError as error:
            raise ScenarioError(
                f"syntax error: {error.msg}", place=f"{path}:{error.lineno}", slug="scenario-syntax"
            ) from error
        except (RecursionError, MemoryError) as error:  # Python's own parser raises both of what is nested too deeply
            raise ScenarioError(
                "the scenario cannot be compiled: it is nested too deeply, or there is too little memory",
                place=str(path),
                slug="scenario-syntax",
            ) from error
        except (OSError, ValueError) as error:
            raise ScenarioError(f"the scenario cannot be read: {error}", place=str(path)) from error


def fresh_folder(root: Path, below: str = RUNS) -> Path:
    """A new folder for a recording below `root`/.perfgate/runs, named by the time, so that names sort.

    It is made at once, so that two runs that begin in the same second have one each; it goes again when nothing comes
    into it.

    Raises:
        StorageError: it cannot be made.
    """
    base = root / below
    name = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    for number in count():
        folder = base / (name if number == 0 else f"{name}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise _no_folder(folder, error) from error
        atexit.register(_remove_if_empty, folder)
        return folder
    raise AssertionError("numbers do not end")


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):  # it holds a recording, or has gone already
        folder.rmdir()


def latest_folder(root: Path, tell: Callable[[str], None], *, holding: str = "") -> Path:
    """The newest finished recording below `root`; without a finished one the newest of all, of which a part is known.

    A damaged recording counts as finished: what reads it has to say so, and an older one must not take its place.

    Args:
        root: the folder of the budgets file.
        tell: is told of newer recordings that are not finished: under way, or killed.
        holding: a file that it has to hold, such as `result.json`; then an unfinished one never does.

    Raises:
        UsageError: there is none.
    """
    base = root / RUNS
    folders = sorted((path.parent for path in base.glob(f"*/{MANIFEST}")), reverse=True)
    if not folders:
        raise UsageError("there is no recording yet", place=str(base), hint="drive one with `perfgate run`")
    fit = [folder for folder in folders if not _is_unfinished(folder) and (folder / holding).exists()]
    if not fit and holding:
        if not _is_unfinished(folders[0]) and (why := _stopped(folders[0])):
            raise UsageError(
                f"nothing was judged yet; the newest recording, {folders[0].name}: {why}",
                place=str(base),
                hint="mend that, and run it again",
            )
        raise UsageError(
            f"no recording is finished yet; the newest, {folders[0].name}, is under way, or was killed",
            place=str(base),
            hint="wait until it has ended; `perfgate report RUN_DIR` shows what was measured until now",
        )
    taken = fit[0] if fit else folders[0]
    passed_over = folders[: folders.index(taken)] or ([] if fit else [taken])
    if passed_over:
        names = f"{passed_over[0].name} is" if len(passed_over) == 1 else f"{len(passed_over)} newer recordings are"
        why = "" if _is_unfinished(passed_over[0]) else _stopped(passed_over[0])
        tell(f"{names} not finished ({why or 'under way, or killed'}): this is {taken.name}")
    return taken


def _stopped(folder: Path) -> str:
    """Why its work ended before anything could be judged; empty where that is not known."""
    try:
        return Manifest.load(folder).stopped
    except (OSError, PerfgateError):
        return ""


def _is_unfinished(folder: Path) -> bool:
    """Whether its work goes on, or was killed: its manifest has no end, or is not written yet."""
    try:
        return (folder / MANIFEST).stat().st_size == 0 or Manifest.load(folder).ended_at is None
    except (OSError, PerfgateError):
        return False


def _claim(folder: Path) -> None:
    """Make the folder ours: of several runs that want it at the same moment, one gets it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError("the folder for the recording is not empty", place=str(folder), hint="give a new --out")
        (folder / MANIFEST).touch(0o600, exist_ok=False)
    except (FileExistsError, NotADirectoryError) as error:
        what = "another run has just taken the folder" if folder.is_dir() else "there is a file where the folder"
        raise UsageError(
            f"{what} for the recording{'' if folder.is_dir() else ' should be'}",
            place=str(folder),
            hint="give a new --out",
        ) from error
    except OSError as error:
        raise _no_folder(folder, error) from error


def _no_folder(folder: Path, error: OSError) -> StorageError:
    return StorageError(f"cannot make the folder for the recording: {error.strerror}", place=str(folder))


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
            found[service.name] = scenario_digest(read_bytes(service.scenario, LARGEST_SOURCE))
        except OSError:  # `check_scenarios` has just read it; a run without a digest is like no other
            continue
    return found


def _kept(plan: Plan) -> str:
    """The budgets as the recording keeps them: without secrets, wherever that still is the same plan."""
    shown = without_secrets(plan.text)
    try:
        parse_plan(shown, plan.path, require_files=False)
    except PerfgateError:  # a value that is checked as a whole was hidden: the file is the owner's alone in any case
        return plan.text
    return shown


def open_folder(plan: Plan, folder: Path, *, strict: bool) -> Manifest:
    """Make the recording's folder, with its first manifest.

    Raises:
        UsageError: the folder holds something already, or is none, or another run has just taken it.
        StorageError: it cannot be made, or the disk is full.
    """
    _claim(folder)
    hide(plan.root)
    measured = revision.current(plan.root)
    fields: dict[str, Any] = {
        "services": list(plan.services),
        "loads": list(plan.loads),
        "environment": environment.describe(),
        "revision": dict(measured),
        "scenarios": _digests(plan),
        "configurations": {name: configuration_digest(one, plan.root) for name, one in plan.services.items()},
        "origin": origin_of(os.environ, measured["commit"]),
    }
    manifest = Manifest(
        id=folder.name,
        started_at=time.time(),
        root=str(plan.root),
        budgets_path=str(plan.path),
        budgets_text=_kept(plan),
        seed=plan.seed,
        scale=plan.scale,
        strict=strict,
        **fields,
    )
    manifest.save(folder)
    return manifest
