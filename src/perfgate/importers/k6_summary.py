"""k6's summary: what k6 itself reduced the metrics to, as `--summary-export` and `handleSummary` have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.importers.document import Node
from perfgate.importers.imported import Entry, Imported, ImportedEndpoint, Series
from perfgate.importers.percentile_name import statistic_named

if TYPE_CHECKING:
    from perfgate.importers.result_file import ResultFile

_REQUEST = "http_req_duration"
_GOOD = f"{_REQUEST}{{expected_response:true}}"
_PARTS = "http_req_"


def read_file(file: ResultFile) -> Imported:
    """One entry per trend, under k6's own name for it; `http_req_duration` with its requests and failures.

    Its times are those of expected responses, where k6 has them apart.
    """
    document = Node(file, file.value)
    metrics = dict(document["metrics"].members())
    state = document.get("state")
    duration = state.get("testRunDurationMs") if state else None
    entries = [entry for name, metric in metrics.items() if (entry := _entry(name, metric, metrics))]
    return Imported("k6", None, None, duration.time_ms() / 1000 if duration else None, tuple(entries))


def _entry(name: str, metric: Node, metrics: dict[str, Node]) -> Entry | None:
    given = _trend(metric)
    if name == _REQUEST:
        return _requests(given, metrics)
    whole = name.partition("{")[0]
    if not given or name == _GOOD or (whole.startswith(_PARTS) and whole != _REQUEST):
        return None
    return Series(name, _unit(metric), given=given)


def _unit(metric: Node) -> str:
    """`handleSummary` says what the metric contains, `--summary-export` does not: there, trends are taken for times."""
    contains = metric.get("contains")
    return "ms" if contains is None or contains.text() == "time" else ""


def _trend(metric: Node) -> dict[str, float]:
    values = _values(metric)
    if values.get("avg") is None:  # a counter, a gauge or a rate
        return {}
    named = [(statistic_named(key), node) for key, node in values.members()]
    return {ours: node.time_ms() for ours, node in named if ours}


def _values(metric: Node) -> Node:
    return metric.get("values") or metric


def _requests(given: dict[str, float], metrics: dict[str, Node]) -> ImportedEndpoint:
    """All requests; k6 counts a failed request as a pass of the rate `http_req_failed`."""
    failed = metrics.get("http_req_failed")
    if "http_reqs" not in metrics or failed is None:
        raise metrics[_REQUEST].wrong("there is no 'http_reqs' or no 'http_req_failed' beside it")
    good = _trend(metrics[_GOOD]) if _GOOD in metrics else {}
    requests, failures = _values(metrics["http_reqs"])["count"].count(), _values(failed)["passes"].count()
    if failures > requests:
        raise failed.wrong(f"{failures} failures of {requests} requests")
    return ImportedEndpoint(_REQUEST, requests, failures, given=good or given, mixed=not good)
