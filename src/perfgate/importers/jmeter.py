"""JMeter: a JTL file as CSV with a header, as `jmeter -n -t PLAN -l FILE` writes it since version 3."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from perfgate.importers.document import LARGEST_MS
from perfgate.importers.gathering import Requests
from perfgate.importers.imported import Imported
from perfgate.importers.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfgate.importers.result_file import Look, ResultFile

_NEEDED = ("timeStamp", "elapsed", "label", "success")
_OPTIONAL = ("SampleCount", "responseCode", "failureMessage", "responseMessage")
_DELIMITERS = ",;\t|"
_ROW = re.compile(r"\d{12,13}[,;\t|]\d+[,;\t|]")  # a row, where the header should be
_OUTCOMES = {"true": False, "false": True}


def recognises(look: Look) -> bool:
    """Its columns, or what its other forms begin with."""
    return bool(_delimiter(look) or _ROW.match(look.first_line) or _is_xml(look))


def _delimiter(look: Look) -> str:
    cells = (re.escape(delimiter) for delimiter in _DELIMITERS)
    header = re.match(rf"timeStamp({'|'.join(cells)})elapsed\1", look.first_line)
    return header[1] if header else ""


def _is_xml(look: Look) -> bool:
    return (look.value is None and "<?xml" in look.first_line[:10]) or look.first_line.startswith("<testResults")


def read_file(file: ResultFile) -> Imported:
    """One endpoint per label (a transaction controller is one too); failed as JMeter judged, assertions included."""
    delimiter = _delimiter(file.look)
    if not delimiter:
        raise _other_form(file)
    table, requests = Table(file, delimiter), Requests(file)
    moment, elapsed, label, success = table.positions(_NEEDED)
    counted, *told = (table.header.index(name) if name in table.header else None for name in _OPTIONAL)
    clock: Callable[[str], float] | None = None
    for line, row in table.rows():
        failed = _OUTCOMES.get(row[success])
        ms = _elapsed(row[elapsed])
        if failed is None or ms is None or (counted is not None and row[counted] != "1"):
            raise _wrong(file, line, table.header, row)
        requests.add(row[label], ms, line, failed=failed)
        if failed:
            code, failure, answer = (row[place] if place is not None else "" for place in told)
            requests.kinds.add(code, failure or answer)
        clock = clock or _clock(row[moment])
        began = _moment(file, line, clock, row[moment])
        requests.span(line, began, began + ms / 1000)
    found = requests.endpoints()
    kinds = requests.kinds.failures()
    return Imported("jmeter", None, requests.started_at, requests.duration_s, found, failures=kinds)


def _other_form(file: ResultFile) -> Exception:
    if _is_xml(file.look):
        return file.wrong(1, "this is XML", hint="run JMeter with -Jjmeter.save.saveservice.output_format=csv")
    return file.wrong(
        1, "the header is missing", hint="run JMeter with -Jjmeter.save.saveservice.print_field_names=true"
    )


def _elapsed(cell: str) -> float | None:
    try:
        ms = float(cell)
    except ValueError:
        return None
    return ms if 0 <= ms <= LARGEST_MS else None


def _wrong(file: ResultFile, line: int, header: list[str], row: list[str]) -> Exception:
    cells = dict(zip(header, row, strict=True))
    if row == header:
        return file.wrong(line, "a second header: two files in one", hint="import each alone")
    if _elapsed(cells["elapsed"]) is None:
        return file.wrong(line, f"elapsed: {cells['elapsed']!r} is no time", hint="times are finite numbers from 0")
    if cells["success"] not in _OUTCOMES:
        return file.wrong(line, f"success: {cells['success']!r} is neither true nor false")
    return file.wrong(
        line, f"this row is {cells['SampleCount']} samples in one", hint="let JMeter write each sample: mode=Standard"
    )


def _clock(cell: str) -> Callable[[str], float]:
    """How to read the moments: milliseconds, or what `jmeter.save.saveservice.timestamp_format` says."""
    return _of_milliseconds if cell.isdecimal() else _of_date


def _of_milliseconds(cell: str) -> float:
    return int(cell) / 1000


def _of_date(cell: str) -> float:
    # JMeter writes its own local time, and no time zone: it is taken for this machine's.
    return datetime.fromisoformat(cell.replace("/", "-").replace(",", ".")).timestamp()


def _moment(file: ResultFile, line: int, clock: Callable[[str], float], cell: str) -> float:
    try:
        return clock(cell)
    except (ValueError, OverflowError) as error:
        raise file.wrong(
            line, f"timeStamp: {cell!r} cannot be read", hint="let JMeter write it as ms, or as yyyy/MM/dd HH:mm:ss.SSS"
        ) from error
