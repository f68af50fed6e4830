"""JSON lines: each value is handed on with its number; where something is wrong with one, the line is named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from perfgate.importers.result_file import decode_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfgate.importers.result_file import ResultFile


def each(file: ResultFile, tool: str, take: Callable[[int, Any], None]) -> None:
    """Call `take` with each line's number and value, in order. Blank lines are passed over.

    Args:
        file: the file.
        tool: whose lines they are, for messages.
        take: may raise what a value of another form makes it raise: KeyError, TypeError, ValueError, AttributeError.

    Raises:
        ImportFileError: a line is not JSON, not of the tool, or cut off.
    """
    for number, line in enumerate(file.lines(), 1):
        try:
            take(number, decode_line(line))
        except (json.JSONDecodeError, RecursionError) as error:
            if line.strip():
                raise _unreadable(file, number, line, error) from error
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            detail = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise file.wrong(number, f"this is no line of {tool}: {detail}") from error


def _unreadable(file: ResultFile, number: int, line: str, error: Exception) -> Exception:
    if not line.endswith("\n"):
        return file.cut_off(number, "the last line ends too early")
    return file.wrong(number, f"this is not JSON: {error}")
