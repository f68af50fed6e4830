"""Vegeta: results as JSON lines (`vegeta encode --to json`), and reports (`vegeta report -type=json`)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from perfgate.importers.document import Node, is_time
from perfgate.importers.gathering import Requests, endpoint_name
from perfgate.importers.imported import Imported, ImportedEndpoint
from perfgate.importers.json_lines import each
from perfgate.importers.percentile_name import statistic_named

if TYPE_CHECKING:
    from perfgate.importers.result_file import Look, ResultFile

WHOLE = "all requests"
_MS = 1e-6  # times are in nanoseconds
_GOOD = range(200, 400)


def recognises(look: Look) -> bool:
    """A line that is a result, or a document that is a report."""
    return _is_result(look) or {"latencies", "requests", "success"} <= look.keys


def _is_result(look: Look) -> bool:
    return isinstance(look.value, dict) and {"code", "timestamp", "latency"} <= look.keys


def read_file(file: ResultFile) -> Imported:
    """One endpoint per method and URL (without its query); from a report, one of all requests."""
    return _of_lines(file) if _is_result(file.look) else _of_report(file)


def _of_lines(file: ResultFile) -> Imported:
    requests = Requests(file)
    each(file, "vegeta", lambda line, result: _take(file, requests, line, result))
    return Imported("vegeta", None, requests.started_at, requests.duration_s, requests.endpoints())


def _take(file: ResultFile, requests: Requests, line: int, result: dict[str, Any]) -> None:
    if not is_time(result["latency"], _MS):
        raise file.wrong(line, f"latency: {result['latency']!r} is no time", hint="times are finite numbers from 0")
    ms = result["latency"] * _MS
    # Before version 12.8 a result had neither method nor URL: only the attack may have a name.
    name = endpoint_name(result.get("method") or "", result.get("url") or result.get("attack") or WHOLE)
    requests.add(name, ms, line, failed=result["code"] not in _GOOD or bool(result.get("error")))
    began = datetime.fromisoformat(result["timestamp"]).timestamp()
    requests.span(line, began, began + ms / 1000)


def _of_report(file: ResultFile) -> Imported:
    report = Node(file, file.value)
    requests, success = report["requests"].count(), report["success"].number()
    if success > 1:
        raise report["success"].wrong(f"{success} is no share of the requests")
    named = [(statistic_named(key), node) for key, node in report["latencies"].members()]
    given = {ours: node.time_ms(_MS) for ours, node in named if ours}
    whole = ImportedEndpoint(WHOLE, requests, round(requests * (1 - success)), given=given, mixed=True)
    begun = report["earliest"].moment()
    return Imported("vegeta", None, begun, (report["end"].moment() - begun).total_seconds(), (whole,))
