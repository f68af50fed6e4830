"""hyperfine: `hyperfine --export-json FILE`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from perfgate.importers.document import Node
from perfgate.importers.imported import Imported, Series

if TYPE_CHECKING:
    from perfgate.importers.result_file import Look, ResultFile

_MS = 1000.0  # times are in seconds
_GIVEN = {"mean": "mean", "median": "p50", "min": "min", "max": "max"}


def recognises(look: Look) -> bool:
    """The document is a list of results, each of a command."""
    results = look.value.get("results") if isinstance(look.value, dict) and not look.of_lines else None
    return isinstance(results, list) and all(isinstance(result, dict) and "command" in result for result in results)


def read_file(file: ResultFile) -> Imported:
    """One series per command; commands that occur several times are told apart by their parameters."""
    results = list(Node(file, file.value)["results"].items())
    commands = Counter(result["command"].text() for result in results)
    return Imported("hyperfine", None, None, None, tuple(_series(result, commands) for result in results))


def _series(result: Node, commands: Counter[str]) -> Series:
    command, times, codes = result["command"].text(), result.get("times"), result.get("exit_codes")
    parameters = result.get("parameters")
    unique = commands[command] == 1 or parameters is None
    name = command if unique or parameters is None else f"{command} ({_words(parameters)})"
    samples = times.times_ms(_MS) if times else ()
    return Series(
        name=name,
        samples=samples,
        given={} if samples else {ours: result[theirs].time_ms(_MS) for theirs, ours in _GIVEN.items()},
        rounds=len(samples) or None,
        also=() if name == command else (command,),
        error=_failure(codes) if codes else "",
    )


def _words(parameters: Node) -> str:
    return ", ".join(f"{key}={value.text()}" for key, value in parameters.members())


def _failure(codes: Node) -> str:
    """A command that failed was not measured at what it should do; a code of null is a signal."""
    failed = [code for code in codes.value if code != 0] if isinstance(codes.value, list) else []
    return f"{len(failed)} of {len(codes.value)} runs failed, with exit code {failed[0]}" if failed else ""
