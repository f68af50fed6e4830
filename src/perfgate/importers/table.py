"""CSV with a header, row by row; each row with the line on which it begins."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.importers.result_file import ResultFile


class Table:
    """The rows of a CSV file.

    Args:
        file: the file.
        delimiter: what stands between cells.
    """

    def __init__(self, file: ResultFile, delimiter: str = ",") -> None:
        self._file = file
        self._last = ""
        self._reader = csv.reader(self._watched(), delimiter=delimiter, strict=True)
        self.header: list[str] = self._next(1) or []

    def _watched(self) -> Iterator[str]:
        """The lines; the last one has to have an end, because a number may be cut between its digits."""
        for line in self._file.lines():
            self._last = line
            yield line

    def _next(self, line: int) -> list[str] | None:
        try:
            row = next(self._reader, None)
        except csv.Error as error:
            if "unexpected end" in str(error):
                raise self._file.cut_off(line, "a quoted cell has no end") from error
            raise self._file.wrong(line, f"this is not CSV: {error}") from error
        if row is not None and not self._last.endswith("\n"):
            raise self._file.cut_off(line, "the last line has no end")
        return row

    def positions(self, names: Sequence[str]) -> list[int]:
        """Where columns stand, in the order of `names`.

        Raises:
            ImportFileError: one is missing.
        """
        missing = [name for name in names if name not in self.header]
        if missing:
            raise self._file.wrong(1, f"there is no column {missing[0]!r}", hint="let the tool write all its columns")
        return [self.header.index(name) for name in names]

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row and its line.

        Raises:
            ImportFileError: a row has more or fewer cells than the header, is a header again, or the file is cut off.
        """
        width, line = len(self.header), self._reader.line_num + 1
        while (row := self._next(line)) is not None:
            if len(row) != width:
                raise self._ragged(row, line)
            yield line, row
            line = self._reader.line_num + 1

    def _ragged(self, row: list[str], line: int) -> Exception:
        return self._file.wrong(
            line,
            f"{len(row)} cells, and the header has {len(self.header)}",
            hint="was it written by two versions of the tool, or into one file twice? Import each alone",
        )
