"""Locust: `--csv PREFIX` (PREFIX_stats.csv, PREFIX_stats_history.csv), and `--json` or `--json-file`.

Locust's response times are those of failed requests too, and rounded to two digits, as its percentiles are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perfgate.importers.document import Node
from perfgate.importers.gathering import FailureKinds, endpoint_name, moment_at, told_apart
from perfgate.importers.imported import Imported, ImportedEndpoint, OwnFinding
from perfgate.importers.percentile_name import statistic_named
from perfgate.importers.result_file import ResultFile
from perfgate.importers.table import Table
from perfgate.measure.histogram import Histogram, bins_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from perfgate.importers.result_file import Look
    from perfgate.measure.summary import Failure

WHOLE = "Aggregated"
_STATS = ("Type", "Name", "Request Count", "Failure Count")
_HISTORY = ("Timestamp", "User Count", "Type", "Name")
_FAILURES = ("Method", "Name", "Error", "Occurrences")
_EXCEPTIONS = ("Count", "Message", "Traceback")
_UNTIMED = "all its times are 0, as Locust writes them where no request told one"
_GIVEN = {"Median": "p50", "Average": "mean", "Min": "min", "Max": "max"}
_NOT_ANY = "N/A"


def recognises(look: Look) -> bool:
    """One of its tables, or its list of endpoints."""
    columns = look.columns
    tables = columns[:4] in {_STATS, _HISTORY} or columns[:3] in {_FAILURES[:3], _EXCEPTIONS}
    return tables or (isinstance(look.value, list) and {"num_requests", "response_times"} <= look.keys)


def read_file(file: ResultFile) -> Imported:
    """One entry per endpoint; from the tables also one of all, called `Aggregated` as there."""
    columns = file.look.columns
    if file.look.value is not None:
        return _of_json(file)
    if columns[:4] == _STATS:
        return _of_stats(file)
    if columns[:4] == _HISTORY:
        return _of_history(file)
    raise file.wrong(
        1, "these are Locust's failures or exceptions alone", hint="the times stand in the file that ends in _stats.csv"
    )


def _of_stats(file: ResultFile) -> Imported:
    table = Table(file)
    rows = [(line, dict(zip(table.header, row, strict=True))) for line, row in table.rows()]
    entries = told_apart((f"{cells['Type']} {cells['Name']}", _row(file, line, cells, "")) for line, cells in rows)
    if not entries or entries[-1].name != WHOLE:
        raise file.cut_off(len(entries) + 1, f"the last row, {WHOLE!r}, is missing")
    history, failures, exceptions = (
        _beside(file.path, ending) for ending in ("_stats_history.csv", "_failures.csv", "_exceptions.csv")
    )
    started_at, duration_s = _times(history) if history else (None, None)
    return Imported(
        tool="locust",
        version=None,
        started_at=started_at,
        duration_s=duration_s,
        entries=tuple(entries),
        findings=_raised(exceptions) if exceptions else (),
        failures=_kinds(failures) if failures else (),
    )


def _beside(path: Path, ending: str) -> ResultFile | None:
    """Another table of the same run; Locust writes four of them."""
    beside = path.with_name(path.name.replace("_stats.csv", ending, 1))
    return ResultFile(beside) if beside != path and beside.is_file() else None


def _kinds(file: ResultFile) -> tuple[Failure, ...]:
    kinds, table = FailureKinds(), Table(file)
    error, times = table.positions(_FAILURES[2:])
    for line, row in table.rows():
        kinds.add("", row[error], int(_number(file, line, "Occurrences", row[times])))
    return kinds.failures()


def _raised(file: ResultFile) -> tuple[OwnFinding, ...]:
    """The exceptions of the scenario: what they left out was not measured."""
    table = Table(file)
    count, message = table.positions(_EXCEPTIONS[:2])
    raised = [(int(_number(file, line, "Count", row[count])), row[message]) for line, row in table.rows()]
    total = sum(times for times, _ in raised)
    return (OwnFinding("user_errors", WHOLE, total, detail=max(raised)[1]),) if total else ()


def _of_history(file: ResultFile) -> Imported:
    """The last row of each endpoint: the columns that begin with `Total` are of the whole run."""
    table = Table(file)
    last: dict[str, ImportedEndpoint] = {}
    for line, row in table.rows():
        cells = dict(zip(table.header, row, strict=True))
        last[f"{cells['Type']} {cells['Name']}"] = _row(file, line, cells, "Total ")
    if not last:
        raise file.cut_off(2, "there is no row")
    return Imported("locust", None, *_times(file), tuple(told_apart(last.items())))


def _times(history: ResultFile) -> tuple[datetime | None, float | None]:
    """When the run began and how long it was, by the first and the last second that the history has."""
    seconds = [_number(history, line, "Timestamp", row[0]) for line, row in Table(history).rows()]
    return (moment_at(seconds[0]), seconds[-1] - seconds[0]) if seconds else (None, None)


def _row(file: ResultFile, line: int, cells: dict[str, str], prefix: str) -> ImportedEndpoint:
    def number(column: str) -> float:
        if column not in cells:
            raise file.wrong(1, f"there is no column {column!r}", hint="was it written by another version of Locust?")
        return _number(file, line, column, cells[column])

    requests, failures = number(f"{prefix}Request Count"), number(f"{prefix}Failure Count")
    if failures > requests:
        raise file.wrong(line, f"{failures:.0f} failures of {requests:.0f} requests")
    given = {ours: number(f"{prefix}{theirs} Response Time") for theirs, ours in _GIVEN.items()}
    if not prefix:  # in the history the percentiles are those of the last seconds only
        given |= _percentiles(cells, number)
    name = endpoint_name(cells["Type"], cells["Name"])
    untimed = not any(given.values())
    return ImportedEndpoint(
        name,
        int(requests),
        int(failures),
        given={} if untimed else given,
        mixed=True,
        unknown=_UNTIMED if untimed and requests else "",
    )


def _percentiles(cells: dict[str, str], number: Callable[[str], float]) -> dict[str, float]:
    named = {column: statistic_named(column) for column in cells if column.endswith("%")}
    return {ours: number(column) for column, ours in named.items() if ours and cells[column] != _NOT_ANY}


def _number(file: ResultFile, line: int, column: str, cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise file.wrong(line, f"{column}: {cell!r} is no number from 0", hint="times and counts are finite, from 0")
    return value


def _of_json(file: ResultFile) -> Imported:
    nodes = list(Node(file, file.value).items())
    began = [node["start_time"].number() for node in nodes]
    ended = [moment.number() for node in nodes if (moment := node.get("last_request_timestamp") or node["start_time"])]
    return Imported(
        tool="locust",
        version=None,
        started_at=moment_at(min(began)),
        duration_s=max(ended) - min(began),
        entries=tuple(told_apart((node["name"].text(), _endpoint(node)) for node in nodes)),
    )


def _endpoint(node: Node) -> ImportedEndpoint:
    method = node.get("method")
    requests, failures = node["num_requests"].count(), node["num_failures"].count()
    latency = _histogram(node)
    untimed = node["num_none_requests"].count() if node.get("num_none_requests") else 0
    if latency.count + untimed != requests or failures > requests:
        raise node.wrong(f"{requests} requests, {failures} failed, and {latency.count} times")
    name = endpoint_name(method.text() if method else "", node["name"].text())
    return ImportedEndpoint(name, requests, failures, latency, mixed=True)


def _histogram(node: Node) -> Histogram:
    """The times with their counts; their sum and extremes are known unrounded."""
    pairs = [(_key(times), times.count()) for _, times in node["response_times"].members()]
    if not pairs:
        return Histogram()
    values, counts = (np.array(column, np.float64) for column in zip(*pairs, strict=True))
    bins, places = np.unique(bins_of(values), return_inverse=True)
    return Histogram(
        bins,
        np.bincount(places, weights=counts).astype(np.int64),
        node["total_response_time"].time_ms(),
        node["min_response_time"].time_ms(),
        node["max_response_time"].time_ms(),
    )


def _key(times: Node) -> float:
    """A time that is a key of the object, and so a text."""
    try:
        return Node(times.file, float(times.path[-1]), times.path).time_ms()
    except ValueError as error:
        raise times.wrong(f"{times.path[-1]!r} is no time") from error
