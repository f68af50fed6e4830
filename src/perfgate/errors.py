"""Every error a user can meet: a stable slug, the place, and the next step.

Each slug has an entry in `docs/errors.md`; a test holds the two together.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import ClassVar

# ECMA-48: control sequences (colours, cursor), operating system commands (titles, links), and other escapes.
_TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")


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
        output: the last lines that a failed command wrote, shown once beside the sentence. Empty without any.
    """

    slug: ClassVar[str] = "internal"
    exit_code: ClassVar[ExitCode] = ExitCode.INVALID

    def __init__(self, message: str, *, place: str = "", hint: str = "", slug: str = "", output: str = "") -> None:
        super().__init__(message)
        self.message = _shown(message)
        self.place = _shown(place)
        self.hint = _shown(hint)
        self.output = _shown(output)
        if slug:
            self.slug = slug  # type: ignore[misc]  # an instance may narrow its class's slug

    def __str__(self) -> str:
        """One line for logs and results: place, message, hint."""
        text = f"{self.place}: {self.message}" if self.place else self.message
        return f"{text} ({self.hint})" if self.hint else text

    def named(self) -> str:
        """The line with its slug, under which `docs/errors.md` says more."""
        return f"{self} [{self.slug}]"

    def in_full(self) -> str:
        """As it is told while the work goes on, and below it what the command wrote last."""
        told = f"error[{self.slug}]: {self}"
        return f"{told}\n{self.indented_output()}" if self.output else told

    def indented_output(self) -> str:
        """The last lines of output, set off from what perfgate itself says; empty without any."""
        return "\n".join(f"  | {line}" for line in self.output.split("\n")) if self.output else ""


def last_words(output: str) -> str:
    """What a failed command wrote last, for one line: the last line with words is the one that mostly says why."""
    lines = [line for line in _shown(output).splitlines() if any(map(str.isalnum, line))]
    return f"its last output: {lines[-1].strip()}" if lines else "it wrote nothing"


def _shown(text: str) -> str:
    """The text without what only a terminal could act on (a CI job makes other tools write colours, FORCE_COLOR).

    What no file could hold is shown as an escape: paths that are not UTF-8 come with lone surrogates.
    """
    return _TERMINAL.sub("", text).encode("utf-8", "backslashreplace").decode("utf-8")


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


class OutOfMemoryError(PerfgateError):
    """There is not enough memory for what was asked for. Exit 3; what was measured is kept."""

    slug = "memory"


class StorageError(PerfgateError):
    """Results cannot be written: the disk is full, or the folder is not writable. Exit 3."""

    slug = "storage"


class BaselineError(PerfgateError):
    """There is nothing that a run can be compared with, or it cannot be told what. Exit 3 if that was required."""

    slug = "baseline"


class StoppedError(PerfgateError):
    """Ctrl-C or SIGTERM: a partial result is written. Exit 3."""

    slug = "interrupted"
