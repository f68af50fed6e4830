"""The manifest of a recording: what lies in `.perfgate/runs/<id>/`, enough to recreate every report from it.

Written when the work begins and after each step, always whole (a new file is renamed over the old one), so that a
kill at any moment leaves a readable recording.

Format history:

    format 1   before the first release
    format 2   a checksum of the manifest itself, and the seal of all other files; no secrets
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from perfgate.errors import RecordingError, StorageError
from perfgate.measure.seal import damage_of, seal_of
from perfgate.reading import LARGEST_DOCUMENT, read_text

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 2
MANIFEST = "manifest.json"
_CHECKSUM = "checksum"


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
        load_average: of the machine, over one minute: the highest while pairs were driven; None where it is not known.
    """

    max_pairs: int
    base_url: str
    head_url: str
    stopped: str = ""
    duration_s: float = 0.0
    block_s: float | None = None
    own_cpus: bool = False
    load_average: float | None = None


_HOST = {"user_class", "own", "driven"}


@dataclass
class RunEntry:
    """One load at one service: where its journals lie, and what went wrong, if anything did.

    `hosts` are the User classes with hosts of their own: `user_class`, `own`, and where they were `driven`.
    """

    service: str
    load: str
    folder: str
    problem: Problem | None = None
    driven: bool = False
    pairs: PairsEntry | None = None
    hosts: list[dict[str, str]] = field(default_factory=list)


@dataclass
class ComparisonEntry:
    """What was compared with what.

    Attributes:
        base: the revision, with the keys of `target.revision`; all None for a deployment. The head's is the manifest's.
        base_words, head_words: the two sides, for people.
        choice: as it was asked for.
        benchmarks: the command that was run at both, where it was benchmarks that were compared.
        found: how the base was found for the change, in words; empty where it was named.
    """

    base: dict[str, Any]
    base_words: str
    head_words: str
    choice: str = ""
    benchmarks: str = ""
    found: str = ""


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
        budgets_text: `budgets.toml` as it was, without secrets; see `plan.secrecy`.
        services, loads: what was chosen on the command line; empty means all.
        control_ms: the fixed piece of work, timed after each load; see `measure.control`.
        artifacts: size in bytes by path or glob; None where nothing matched.
        comparison: of a comparison, what was compared; None for a run.
        stopped: why the work was ended before its end, in words; empty when it was not.
        scenarios: a digest of each service's scenario file, as it was driven.
        origin: what else the history has to know of where it was measured; see `baseline.origin`.
        configurations: a digest of how each service is started, which the text does not say; see `plan.secrecy`.
        seal: what the files of an ended recording were; see `seal`.
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
    seal: dict[str, str] = field(default_factory=dict)
    configurations: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT

    def save(self, folder: Path) -> None:
        """Write it into the recording's folder; once the work has ended, with the seal of all files as they now are.

        Raises:
            StorageError: the disk is full, or the folder is not writable.
        """
        path = folder / MANIFEST
        if self.ended_at is not None:
            self.seal = seal_of(folder)
        fields = asdict(self)
        try:
            fresh = path.with_suffix(".new")
            text = json.dumps({**fields, _CHECKSUM: _checksum(fields)}, indent=2)
            with open(fresh, "w", encoding="utf-8", opener=_private) as file:
                file.write(text)
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
            value = json.loads(read_text(path, LARGEST_DOCUMENT))
        except FileNotFoundError:
            there = "this is not the folder of a recording: it has no manifest.json"
            raise RecordingError(
                there if folder.is_dir() else "there is no such folder",
                place=str(folder),
                hint="give a folder below .perfgate/runs/",
                slug="not-a-recording",
            ) from None
        except (OSError, ValueError, RecursionError) as error:
            raise RecordingError(f"cannot read the recording: {error}", place=str(path)) from error
        if not isinstance(value, dict) or value.get("format") != FORMAT:
            raise RecordingError(
                f"recording format {value.get('format') if isinstance(value, dict) else value!r} is not known",
                place=str(path),
                hint=f"this perfgate reads format {FORMAT}: read it with the version that wrote it",
            )
        if value.pop(_CHECKSUM, None) != _checksum(value):
            raise RecordingError(
                "the manifest is damaged: its checksum does not fit",
                place=str(path),
                hint="measure again; a manifest cannot be edited by hand",
            )
        return cls._from(value, path)

    def damage(self, folder: Path, only: str = "") -> dict[str, str]:
        """What befell the recording's files, or one of them, since it was ended; see `seal.damage_of`."""
        return damage_of(folder, self.seal, only) if self.ended_at is not None else {}

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


def _private(path: str, flags: int) -> int:
    """Opens a file for its owner alone."""
    return os.open(path, flags, 0o600)


def _checksum(fields: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(fields).encode()).hexdigest()


def _run(value: dict[str, Any]) -> RunEntry:
    pairs = PairsEntry(**value["pairs"]) if value["pairs"] else None
    for host in value.get("hosts", []):
        if set(host) != _HOST or not all(isinstance(text, str) for text in host.values()):
            raise TypeError("the hosts of its User classes cannot be read")
    return RunEntry(**{**value, "problem": _problem(value["problem"]), "pairs": pairs})


def _problem(value: dict[str, Any] | None) -> Problem | None:
    return Problem(**value) if value else None
