"""k6's summary: what k6 itself reduced the metrics to, as `--summary-export` and `handleSummary` have it.

A metric on which a threshold stands is in the summary even if it never had a sample, and then all its statistics are 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.importers.document import Node
from perfgate.importers.imported import Entry, Imported, ImportedEndpoint, OwnFinding, Series
from perfgate.importers.k6_lines import dropped
from perfgate.importers.percentile_name import statistic_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.importers.result_file import ResultFile

_REQUEST = "http_req_duration"
_GOOD = f"{_REQUEST}{{expected_response:true}}"
_PARTS = "http_req_"
_REQUESTS = "http_reqs"
_FAILED = "http_req_failed"
_CHECKS = "checks"
_THRESHOLDS = "thresholds"
# k6's own metrics that are times; what else a script makes may be anything.
_TIMES = ("http_req_", "iteration_duration", "group_duration", "ws_", "grpc_req_duration", "browser_http_req_duration")
_ALL_ZERO = (
    "all its statistics are 0, as k6 writes them of a metric without samples; add `count` to summaryTrendStats to "
    "tell a real 0 from none"
)


def read_file(file: ResultFile) -> Imported:
    """One entry per trend, under k6's own name for it; `http_req_duration` with its requests and failures.

    Its times are those of expected responses, where k6 has them apart.
    """
    document = Node(file, file.value)
    metrics = dict(document["metrics"].members())
    state = document.get("state")
    duration = state.get("testRunDurationMs") if state else None
    entries = [entry for name, metric in metrics.items() if (entry := _entry(name, metric, metrics))]
    findings = (*_thresholds(metrics), *_checks(document, metrics), *_dropped(metrics))
    seconds = duration.time_ms() / 1000 if duration else None
    return Imported("k6", None, None, seconds, tuple(entries), findings)


def _entry(name: str, metric: Node, metrics: dict[str, Node]) -> Entry | None:
    given = _trend(metric)
    if name == _REQUEST:
        return _requests(given, metrics)
    whole = name.partition("{")[0]
    if not given or name == _GOOD or (whole.startswith(_PARTS) and whole != _REQUEST):
        return None
    count = _values(metric).get("count")
    known, contains = name.startswith(_TIMES), metric.get("contains")
    empty = _is_empty(name, metric, metrics, given)
    return Series(
        name,
        "ms" if contains is None or contains.text() == "time" else "",
        unit_known=known or contains is not None,
        given={} if empty else given,
        rounds=count.count() if count else None,
        unknown=_ALL_ZERO if empty else "",
    )


def _is_empty(name: str, metric: Node, metrics: dict[str, Node], given: dict[str, float]) -> bool:
    """Whether there were no samples, as far as the file tells: a count tells it, else zeros alone make one doubt.

    Zeros of what is no time, say so, and have no threshold, are believed: such a metric is in the file only if it had
    a sample.
    """
    count = _values(metric).get("count")
    if count is not None:
        return count.count() == 0
    if any(given.values()):
        return False
    contains = metric.get("contains")
    is_time = contains is None or contains.text() == "time"
    limited = any(other == name or other.startswith(f"{name}{{") for other in _limited(metrics))
    return is_time or limited


def _limited(metrics: dict[str, Node]) -> list[str]:
    return [name for name, metric in metrics.items() if metric.get(_THRESHOLDS)]


def _trend(metric: Node) -> dict[str, float]:
    values = _values(metric)
    if values.get("avg") is None:  # a counter, a gauge or a rate
        return {}
    named = [(statistic_named(key), node) for key, node in values.members() if key != _THRESHOLDS]
    return {ours: node.time_ms() for ours, node in named if ours}


def _values(metric: Node) -> Node:
    return metric.get("values") or metric


def _requests(given: dict[str, float], metrics: dict[str, Node]) -> ImportedEndpoint:
    """All requests; k6 counts a failed request as a pass of the rate `http_req_failed`."""
    failed = metrics.get(_FAILED)
    if _REQUESTS not in metrics and not any(given.values()):  # it stands there for the threshold on it alone
        return ImportedEndpoint(_REQUEST, 0, 0)
    if _REQUESTS not in metrics or failed is None:
        raise metrics[_REQUEST].wrong("there is no 'http_reqs' or no 'http_req_failed' beside it")
    good = _trend(metrics[_GOOD]) if _GOOD in metrics else {}
    requests, failures = _values(metrics[_REQUESTS])["count"].count(), _values(failed)["passes"].count()
    if failures > requests:
        raise failed.wrong(f"{failures} failures of {requests} requests")
    times = good or given
    unknown = "" if any(times.values()) or requests == failures else _ALL_ZERO
    return ImportedEndpoint(
        _REQUEST, requests, failures, given={} if unknown else times, mixed=not good, unknown=unknown
    )


def _thresholds(metrics: dict[str, Node]) -> Iterator[OwnFinding]:
    """Those that were not kept: `handleSummary` says of each whether it is ok, `--summary-export` whether it is not."""
    for name, metric in metrics.items():
        for threshold, outcome in metric[_THRESHOLDS].members() if metric.get(_THRESHOLDS) else ():
            kept = outcome["ok"].value if isinstance(outcome.value, dict) else not outcome.value
            if not isinstance(outcome.value, dict | bool) or not isinstance(kept, bool):
                raise outcome.wrong("does not say whether the threshold was kept")
            if not kept:
                yield OwnFinding("threshold", f"{name}: {threshold}")


def _checks(document: Node, metrics: dict[str, Node]) -> list[OwnFinding]:
    """Failed checks by name; all together where the summary has no groups."""
    root = document.get("root_group")
    found = list(_of_group(root)) if root else []
    if found or _CHECKS not in metrics:
        return [check for check in found if check.failures]
    values = _values(metrics[_CHECKS])
    passes, fails = values["passes"].count(), values["fails"].count()
    return [OwnFinding("checks", _CHECKS, fails, passes + fails)] if fails else []


def _of_group(group: Node) -> Iterator[OwnFinding]:
    """The checks of a group and of those in it, which are lists or objects by name."""
    for check in _each(group.get("checks")):
        passes, fails = check["passes"].count(), check["fails"].count()
        yield OwnFinding("checks", check["name"].text(), fails, passes + fails)
    for inner in _each(group.get("groups")):
        yield from _of_group(inner)


def _each(node: Node | None) -> Iterator[Node]:
    if node is None:
        return iter(())
    return node.items() if isinstance(node.value, list) else (member for _, member in node.members())


def _dropped(metrics: dict[str, Node]) -> list[OwnFinding]:
    def total(name: str) -> int:
        return _values(metrics[name])["count"].count() if name in metrics else 0

    return dropped(total("dropped_iterations"), total("iterations"))
