"""k6's JSON lines: each request is a point of `http_req_duration`, named by its tags `method` and `name`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from perfgate.importers.document import is_time
from perfgate.importers.gathering import Requests, Values, endpoint_name
from perfgate.importers.imported import Imported, OwnFinding, Series
from perfgate.importers.json_lines import each

if TYPE_CHECKING:
    from perfgate.importers.result_file import ResultFile

_REQUEST = "http_req_duration"
_PARTS = "http_req_"  # connecting, sending, waiting...: parts of the same request
_FAILED_FROM = 400
_UNITS = {"time": "ms", "data": "B"}
_CHECKS = "checks"
_DROPPED = "dropped_iterations"
_ITERATIONS = "iterations"
_MOST_CHECKS = 1000
_LONGEST_CHECK = 200
_OTHER_CHECKS = "other checks"
_UNSAID = "k6's own thresholds are not in its JSON lines: whether they were kept, its exit code or summary tells"


@dataclass(frozen=True)
class _Metric:
    kind: str
    unit: str


def read_file(file: ResultFile) -> Imported:
    """One endpoint per method and name; one series for each other trend, such as `iteration_duration` or one's own.

    A request failed when k6 says that its response was not expected; without that tag, by its status.
    """
    reading = _Reading(file)
    each(file, "k6", reading.take)
    return reading.imported()


class _Reading:
    def __init__(self, file: ResultFile) -> None:
        self._file = file
        self._metrics: dict[str, _Metric] = {}
        self._requests = Requests(file)
        self._others = Values(file)
        self._names: dict[tuple[str, str], str] = {}
        self._checks: Counter[str] = Counter()
        self._failed_checks: Counter[str] = Counter()
        self._counters: Counter[str] = Counter()
        self._thresholds = 0

    def take(self, line: int, entry: dict[str, Any]) -> None:
        """Take a line's value."""
        kind, name, data = entry["type"], entry["metric"], entry["data"]
        if kind == "Point":
            self.point(line, name, data)
        elif kind == "Metric":
            self.define(name, data)
        else:
            raise self._file.wrong(line, f"{kind!r} is not known", hint="was it written by another version of k6?")

    def define(self, name: str, data: dict[str, Any]) -> None:
        """Take the definition of a metric; k6 writes it before the metric's first point."""
        self._metrics[name] = _Metric(data["type"], _UNITS.get(data["contains"], ""))
        self._thresholds += len(data.get("thresholds") or ())
        for sub in data.get("submetrics") or ():
            self._thresholds += len(sub.get("thresholds") or ())

    def point(self, line: int, name: str, data: dict[str, Any]) -> None:
        """Take a point."""
        metric = self._metrics.get(name)
        if metric is None:
            raise self._file.cut_off(line, f"nothing defines {name!r}: the beginning of the file is missing")
        value = data["value"]
        if metric.kind != "trend":
            self._count(name, value, data)
            return
        if metric.unit == "ms" and not is_time(value):
            raise self._file.wrong(line, f"{name}: {value!r} is no time", hint="times are finite numbers from 0")
        if name == _REQUEST:
            self._request(line, value, data)
        elif not name.startswith(_PARTS):
            self._others.add(name, float(value), line)

    def _count(self, name: str, value: float, data: dict[str, Any]) -> None:
        """Take a point of a counter or a rate, if it tells of what did not go as it should."""
        if name == _CHECKS:
            check = str(data["tags"].get("check", ""))[:_LONGEST_CHECK]
            check = check if check in self._checks or len(self._checks) < _MOST_CHECKS else _OTHER_CHECKS
            self._checks[check] += 1
            self._failed_checks[check] += not value
        elif name in (_DROPPED, _ITERATIONS):
            self._counters[name] += int(value)

    def _request(self, line: int, ms: float, data: dict[str, Any]) -> None:
        tags = data["tags"]
        key = (tags.get("method", ""), tags.get("name") or tags.get("url") or _REQUEST)
        name = self._names.get(key) or self._name(key)
        failed = self._failed(line, tags)
        self._requests.add(name, ms, line, failed=failed)
        if failed:
            self._requests.kinds.add(tags.get("status", ""), tags.get("error") or _code(tags))
        ended = datetime.fromisoformat(data["time"]).timestamp()
        self._requests.span(line, ended - ms / 1000, ended)

    def _name(self, key: tuple[str, str]) -> str:
        name = endpoint_name(*key)
        self._names[key] = name
        return name

    def _failed(self, line: int, tags: dict[str, str]) -> bool:
        expected = tags.get("expected_response")
        if expected is not None:
            return expected != "true"
        status = tags.get("status")
        if status is None:
            raise self._file.wrong(
                line,
                "neither the tag `expected_response` nor `status` tells whether the request failed",
                hint="add one of them to k6's option systemTags",
            )
        return not 0 < int(status) < _FAILED_FROM

    def imported(self) -> Imported:
        others = (
            Series(name, self._metrics[name].unit, values=values, rounds=values.count)
            for name, values in self._others.histograms().items()
        )
        return Imported(
            tool="k6",
            version=None,
            started_at=self._requests.started_at,
            duration_s=self._requests.duration_s,
            entries=(*self._requests.endpoints(), *others),
            findings=(*self._failed_findings(), *dropped(self._counters[_DROPPED], self._counters[_ITERATIONS])),
            failures=self._requests.kinds.failures(),
            notes=(_UNSAID,) if self._thresholds else (),
        )

    def _failed_findings(self) -> list[OwnFinding]:
        return [
            OwnFinding("checks", name, self._failed_checks[name], total)
            for name, total in self._checks.items()
            if self._failed_checks[name]
        ]


def _code(tags: dict[str, str]) -> str:
    return f"k6 error {tags['error_code']}" if tags.get("error_code") else ""


def dropped(count: int, begun: int) -> list[OwnFinding]:
    """What is told of iterations that k6 could not begin when they were due."""
    return [OwnFinding("dropped_iterations", "k6", count, count + begun)] if count else []
