"""Every error a user can meet: a stable slug, the place, and the next step.

Each slug has an entry in `docs/errors.md`; a test holds the two together.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """The process exit codes, part of the contract with CI."""

    PASS = 0
    FAIL = 1
    USAGE = 2
    INVALID = 3


class PerfgateError(Exception):
    """Base of all errors that perfgate reports to a user.

    Args:
        message: what is wrong, in one sentence, with the value that is wrong.
        place: where: a file, `file:line`, a table or key, a URL. Empty when there is no place.
        hint: the next step, an imperative sentence. Empty when there is none.
        slug: the stable name of this error, an anchor in `docs/errors.md`.
    """

    slug: ClassVar[str] = "internal"
    exit_code: ClassVar[ExitCode] = ExitCode.INVALID

    def __init__(self, message: str, *, place: str = "", hint: str = "", slug: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.hint = hint
        if slug:
            self.slug = slug  # type: ignore[misc]  # an instance may narrow its class's slug

    def __str__(self) -> str:
        """One line for logs and results: place, message, hint."""
        text = f"{self.place}: {self.message}" if self.place else self.message
        return f"{text} ({self.hint})" if self.hint else text


class UsageError(PerfgateError):
    """The command line or a file it names cannot be used; nothing was driven. Exit 2."""

    slug = "usage"
    exit_code = ExitCode.USAGE


class BudgetsError(UsageError):
    """`budgets.toml` is wrong: not TOML, an unknown key, a bad unit, a missing scenario... Exit 2."""

    slug = "budgets"


class ImportFileError(UsageError):
    """A result file of another tool is missing, cut off, of no known tool, or wrong in a line. Exit 2."""

    slug = "import-file"


class HostNotAllowedError(UsageError):
    """A URL points to a host that `allowed_hosts` does not name. Exit 2 before anything is driven."""

    slug = "host-not-allowed"


class ScenarioError(PerfgateError):
    """The scenario cannot be imported, has no User, or has no tasks. Exit 2: it is found before any request."""

    slug = "scenario"
    exit_code = ExitCode.USAGE


class ServiceError(PerfgateError):
    """The service under test did not start, did not become ready, or died. Exit 3."""

    slug = "service"


class EngineError(PerfgateError):
    """The load engine failed or was killed; what it journaled until then is kept. Exit 3."""

    slug = "engine"


class RecordingError(PerfgateError):
    """A journal or run folder cannot be read, or is not one. Exit 3."""

    slug = "recording"


class StorageError(PerfgateError):
    """Results cannot be written: the disk is full, or the folder is not writable. Exit 3."""

    slug = "storage"


class BaselineError(PerfgateError):
    """There is nothing that a run can be compared with, or it cannot be told what. Exit 3 if that was required."""

    slug = "baseline"


class StoppedError(PerfgateError):
    """Ctrl-C or SIGTERM: a partial result is written. Exit 3."""

    slug = "interrupted"
