"""The manifest of a recording: what lies in `.perfgate/runs/<id>/`, enough to recreate every report from it.

Written when the work begins and after each step, always whole (a new file is renamed over the old one), so that a
kill at any moment leaves a readable recording.

Format history:

    format 1   the first release
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from perfgate.errors import RecordingError, StorageError

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1
MANIFEST = "manifest.json"


@dataclass
class Problem:
    """An error that kept something from being measured; the fields are those of a `PerfgateError`."""

    slug: str
    message: str
    place: str = ""
    hint: str = ""


@dataclass
class PairsEntry:
    """How the pairs of a comparison were driven.

    Attributes:
        max_pairs: how many could have been driven at most, which fixes when they were looked at.
        stopped: why no more were driven; empty while they are.
        duration_s: how long it took.
        block_s: length of one block at one side; None in recordings made before it was found.
        own_cpus: the generator and the services ran on CPUs of their own.
    """

    max_pairs: int
    base_url: str
    head_url: str
    stopped: str = ""
    duration_s: float = 0.0
    block_s: float | None = None
    own_cpus: bool = False


@dataclass
class RunEntry:
    """One load at one service: where its journals lie, and what went wrong, if anything did."""

    service: str
    load: str
    folder: str
    problem: Problem | None = None
    driven: bool = False
    pairs: PairsEntry | None = None


@dataclass
class ComparisonEntry:
    """What was compared with what.

    Attributes:
        base: the revision, with the keys of `target.revision`; all None for a deployment. The head's is the manifest's.
        base_words, head_words: the two sides, for people.
        choice: as it was asked for.
        benchmarks: the command that was run at both, where it was benchmarks that were compared.
    """

    base: dict[str, Any]
    base_words: str
    head_words: str
    choice: str = ""
    benchmarks: str = ""


@dataclass
class ServiceEntry:
    """One service: where it was, how long it took to start, and what went wrong, if anything did."""

    name: str
    url: str
    startup_time_s: float | None = None
    problem: Problem | None = None


@dataclass
class Manifest:
    """Everything that is not in a journal.

    Attributes:
        started_at, ended_at: seconds since the epoch; `ended_at` is None while the work goes on (or was killed).
        budgets_text: `budgets.toml` as it was.
        services, loads: what was chosen on the command line; empty means all.
        control_ms: the fixed piece of work, timed after each load; see `measure.control`.
        artifacts: size in bytes by path or glob; None where nothing matched.
        comparison: of a comparison, what was compared; None for a run.
        stopped: why the work was ended before its end, in words; empty when it was not.
        scenarios: a digest of each service's scenario file, as it was driven.
        origin: what else the history has to know of where it was measured; see `baseline.origin`.
    """

    id: str
    started_at: float
    root: str
    budgets_path: str
    budgets_text: str
    seed: int
    scale: float
    strict: bool
    services: list[str]
    loads: list[str]
    environment: dict[str, Any]
    revision: dict[str, Any]
    ended_at: float | None = None
    stopped: str = ""
    artifacts: dict[str, int | None] = field(default_factory=dict)
    service_entries: dict[str, ServiceEntry] = field(default_factory=dict)
    runs: list[RunEntry] = field(default_factory=list)
    control_ms: list[float] = field(default_factory=list)
    comparison: ComparisonEntry | None = None
    scenarios: dict[str, str] = field(default_factory=dict)
    origin: dict[str, str | None] = field(default_factory=dict)
    format: int = FORMAT

    def save(self, folder: Path) -> None:
        """Write it into the recording's folder.

        Raises:
            StorageError: the disk is full, or the folder is not writable.
        """
        path = folder / MANIFEST
        try:
            fresh = path.with_suffix(".new")
            fresh.write_text(json.dumps(asdict(self), indent=2), encoding="utf-8")
            os.replace(fresh, path)  # noqa: PTH105  (atomic)
        except OSError as error:
            raise StorageError(
                f"cannot write: {error.strerror}", place=str(path), hint="free some space, or use --out"
            ) from error

    @classmethod
    def load(cls, folder: Path) -> Manifest:
        """Read it back.

        Raises:
            RecordingError: there is none, or it cannot be read, or a later perfgate wrote it.
        """
        path = folder / MANIFEST
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise RecordingError(
                "this is not the folder of a recording: it has no manifest.json",
                place=str(folder),
                hint="give a folder below .perfgate/runs/",
                slug="not-a-recording",
            ) from None
        except (OSError, ValueError) as error:
            raise RecordingError(f"cannot read the recording: {error}", place=str(path)) from error
        if not isinstance(value, dict) or value.get("format") != FORMAT:
            raise RecordingError(
                f"recording format {value.get('format') if isinstance(value, dict) else value!r} is not known",
                place=str(path),
                hint=f"this perfgate reads format {FORMAT}: read it with the version that wrote it",
            )
        return cls._from(value, path)

    @classmethod
    def _from(cls, value: dict[str, Any], path: Path) -> Manifest:
        try:
            value["runs"] = [_run(run) for run in value["runs"]]
            if value["comparison"]:
                value["comparison"] = ComparisonEntry(**value["comparison"])
            value["service_entries"] = {
                name: ServiceEntry(**{**entry, "problem": _problem(entry["problem"])})
                for name, entry in value["service_entries"].items()
            }
            return cls(**value)
        except (KeyError, TypeError, AttributeError) as error:
            raise RecordingError(f"the manifest is damaged: {error}", place=str(path)) from error


def _run(value: dict[str, Any]) -> RunEntry:
    pairs = PairsEntry(**value["pairs"]) if value["pairs"] else None
    return RunEntry(**{**value, "problem": _problem(value["problem"]), "pairs": pairs})


def _problem(value: dict[str, Any] | None) -> Problem | None:
    return Problem(**value) if value else None
