"""Result files of other tools, read into one form: see `imported`.

Each tool has one module with two functions, `recognises` and `read_file` (the protocol `Importer`). To add a tool,
write such a module and name it in `_MODULES`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from perfgate.errors import ImportFileError

if TYPE_CHECKING:
    from pathlib import Path

    from perfgate.importers.imported import Imported
    from perfgate.importers.result_file import Look, ResultFile

# In the order in which they are asked whether a file is theirs; their modules are imported when they are needed.
_MODULES = {
    "pytest-benchmark": "pytest_benchmark",
    "locust": "locust_files",
    "k6": "k6",
    "jmeter": "jmeter",
    "vegeta": "vegeta",
    "hyperfine": "hyperfine",
    "google-benchmark": "google_benchmark",
    "lighthouse": "lighthouse",
}


class Importer(Protocol):
    """What a tool's module has."""

    def recognises(self, look: Look) -> bool:
        """Whether a file that begins like this is the tool's."""

    def read_file(self, file: ResultFile) -> Imported:
        """All that the file says.

        Raises:
            ImportFileError: it is cut off, or something in it is not what the tool writes; with the line.
        """


HISTORY_LOAD = "benchmarks"  # as the history names what has no load


def names() -> tuple[str, ...]:
    """The tools whose files can be read."""
    return tuple(_MODULES)


def importer(tool: str) -> Importer:
    """The importer of a tool.

    Raises:
        ImportFileError: there is none of this name.
    """
    if tool not in _MODULES:
        raise ImportFileError(
            f"files of {tool!r} cannot be read", hint=f"these can: {', '.join(_MODULES)}", slug="import-unknown"
        )
    return cast("Importer", import_module(f"perfgate.importers.{_MODULES[tool]}"))


def read(path: Path, tool: str | None = None) -> Imported:
    """Read a result file; it may be gzipped.

    Args:
        path: the file.
        tool: whose it is, one of `names()`; None to tell by what is in it.

    Raises:
        ImportFileError: it cannot be read, nothing tells whose it is, or something in it is wrong (with the line).
    """
    from perfgate.importers.result_file import ResultFile

    file = ResultFile(path)
    imported = _importer_of(file, tool).read_file(file)
    if not imported.entries:
        raise file.wrong(None, "nothing was measured", hint="look at what the tool itself says of this run")
    return imported


def _importer_of(file: ResultFile, tool: str | None) -> Importer:
    chosen = importer(tool or _detected(file))
    if tool is not None and not chosen.recognises(file.look):
        raise _not_of(tool, file)
    return chosen


def _owners(file: ResultFile) -> list[str]:
    return [tool for tool in _MODULES if importer(tool).recognises(file.look)]


def _detected(file: ResultFile) -> str:
    owners = _owners(file)
    if owners:
        return owners[0]
    raise ImportFileError(
        f"nothing tells which tool wrote it: it begins with {file.look.beginning()}",
        place=f"{file.path}:1",
        hint=f"files of these tools can be read: {', '.join(_MODULES)}",
        slug="import-unknown",
    )


def _not_of(tool: str, file: ResultFile) -> ImportFileError:
    owners = _owners(file)
    return ImportFileError(
        f"this is no result file of {tool}: it begins with {file.look.beginning()}",
        place=f"{file.path}:1",
        hint=f"it looks like one of {owners[0]}" if owners else "see the documentation for the options that write one",
    )
