"""What a run was compared with, kept in its recording: so that it is judged again without the history.

Format history:

    format 1   the first release
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from pydantic import Field, ValidationError

from perfgate.errors import RecordingError, StorageError
from perfgate.measure.seal import HISTORY
from perfgate.measure.summary import Model
from perfgate.reading import LARGEST_DOCUMENT, read_text

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1


class Trouble(Model):
    """Why something could not be compared; the fields are those of a `PerfgateError`."""

    slug: str
    message: str
    place: str = ""
    hint: str = ""

    @property
    def words(self) -> str:
        """On one line."""
        return f"{self.message} ({self.hint})" if self.hint else self.message


class Row(Model):
    """One figure in all earlier runs, in their order; null where a run did not have it."""

    endpoint: str | None
    metric: str
    values: list[float | None]


class PastRuns(Model):
    """With what one run is compared.

    Attributes:
        trouble: why with nothing; then everything below is empty.
        commit, branch, recorded_at: of the nearest earlier run.
        walked: how many commits lie between what was chosen and that.
        recordings: the earlier runs, nearest first.
        controls_ms: their controls.
        rows: their figures.
    """

    service: str
    load: str
    trouble: Trouble | None = None
    commit: str | None = None
    branch: str | None = None
    recorded_at: float | None = None
    walked: int = 0
    detail: str = ""
    recordings: list[str] = Field(default_factory=list)
    controls_ms: list[float | None] = Field(default_factory=list)
    rows: list[Row] = Field(default_factory=list)


class Kept(Model):
    """Everything that was found in the history.

    Attributes:
        choice: `[gate] baseline`.
        commit, branch: what it meant.
        note: what to know of the store, in words, e.g. that it may be old.
        unkept: why this run is not in the history, in words; empty when it is, or is not meant to be.
    """

    format: int = FORMAT
    choice: str
    commit: str | None = None
    branch: str | None = None
    note: str = ""
    unkept: str = ""
    runs: list[PastRuns] = Field(default_factory=list)

    def save(self, folder: Path) -> None:
        """Write it into the recording's folder.

        Raises:
            StorageError: the disk is full, or the folder is not writable.
        """
        path = folder / HISTORY
        fresh = path.with_suffix(".new")
        try:
            fresh.write_text(f"{self.model_dump_json()}\n", encoding="utf-8")
            os.replace(fresh, path)  # noqa: PTH105  (atomic)
        except OSError as error:
            raise StorageError(f"cannot write: {error.strerror}", place=str(path)) from error

    @classmethod
    def load(cls, folder: Path) -> Kept | None:
        """Read it back; None when the recording has none.

        Raises:
            RecordingError: it cannot be read, is damaged, or a later perfgate wrote it.
        """
        path = folder / HISTORY
        try:
            text = read_text(path, LARGEST_DOCUMENT)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise RecordingError(f"cannot read what the run was compared with: {error}", place=str(path)) from error
        return cls._parsed(text, path)

    @classmethod
    def _parsed(cls, text: str, path: Path) -> Kept:
        try:
            value = json.loads(text)
            version = value.get("format") if isinstance(value, dict) else None
            if version == FORMAT:
                return cls.model_validate_json(text)
            words = f"its format {version!r} is not known; this perfgate reads format {FORMAT}"
        except (ValidationError, ValueError, RecursionError) as error:
            words = f"it is damaged: {str(error).partition(chr(10))[0]}"
        raise RecordingError(
            f"what the run was compared with cannot be read: {words}",
            place=str(path),
            hint="measure again, or take the recording from where it was made",
        )
