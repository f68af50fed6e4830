"""Vegeta: results as JSON lines (`vegeta encode --to json`), and reports (`vegeta report -type=json`)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from perfgate.importers.document import Node, is_time
from perfgate.importers.gathering import FailureKinds, Requests, endpoint_name
from perfgate.importers.imported import Imported, ImportedEndpoint
from perfgate.importers.json_lines import each
from perfgate.importers.percentile_name import statistic_named

if TYPE_CHECKING:
    from perfgate.importers.result_file import Look, ResultFile
    from perfgate.measure.summary import Failure

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
    found = requests.endpoints()
    kinds = requests.kinds.failures()
    return Imported("vegeta", None, requests.started_at, requests.duration_s, found, failures=kinds)


def _take(file: ResultFile, requests: Requests, line: int, result: dict[str, Any]) -> None:
    if not is_time(result["latency"], _MS):
        raise file.wrong(line, f"latency: {result['latency']!r} is no time", hint="times are finite numbers from 0")
    ms = result["latency"] * _MS
    # Before version 12.8 a result had neither method nor URL: only the attack may have a name.
    name = endpoint_name(result.get("method") or "", result.get("url") or result.get("attack") or WHOLE)
    failed = result["code"] not in _GOOD or bool(result.get("error"))
    requests.add(name, ms, line, failed=failed)
    if failed:
        requests.kinds.add(str(result["code"]), str(result.get("error") or ""))
    began = datetime.fromisoformat(result["timestamp"]).timestamp()
    requests.span(line, began, began + ms / 1000)


def _of_report(file: ResultFile) -> Imported:
    report = Node(file, file.value)
    requests, success = report["requests"].count(), report["success"].number()
    if success > 1:
        raise report["success"].wrong(f"{success} is no share of the requests")
    named = [(statistic_named(key), node) for key, node in report["latencies"].members()]
    given = {ours: node.time_ms(_MS) for ours, node in named if ours}
    failures = round(requests * (1 - success))
    whole = ImportedEndpoint(WHOLE, requests, failures, given=given, mixed=True)
    if not requests:  # its moments are those of the year 1 then
        return Imported("vegeta", None, None, None, (whole,))
    begun = report["earliest"].moment()
    seconds = (report["end"].moment() - begun).total_seconds()
    return Imported("vegeta", None, begun, seconds, (whole,), failures=_kinds(report, failures))


def _kinds(report: Node, failures: int) -> tuple[Failure, ...]:
    """Failures by status; the report counts all requests by it, and lists the texts of errors without their number."""
    kinds, codes = FailureKinds(), report.get("status_codes")
    texts = report.get("errors")
    text = next((str(error.value) for error in texts.items()), "") if texts else ""
    for code, count in codes.members() if codes else ():
        if code.isdecimal() and int(code) not in _GOOD and count.count():
            kinds.add(code, text if code == "0" else "", count.count())
    return kinds.failures() if failures else ()
