"""Files to import: real ones, and ones written for a test."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from perfgate import importers
from perfgate.importers.imported import STATISTICS, Series

if TYPE_CHECKING:
    from perfgate.importers.imported import Entry, Imported

DATA = Path(__file__).parent / "data"
# Every real file, and whose it is.
TOOLS = {
    "pytest-benchmark.json": "pytest-benchmark",
    "pytest-benchmark-saved.json": "pytest-benchmark",
    "locust_stats.csv": "locust",
    "locust_stats_history.csv": "locust",
    "locust.json": "locust",
    "k6.json.gz": "k6",
    "k6-summary.json": "k6",
    "jmeter-2.13.jtl": "jmeter",
    "jmeter-5.6.jtl": "jmeter",
    "vegeta.json": "vegeta",
    "vegeta-report.json": "vegeta",
    "hyperfine.json": "hyperfine",
    "google-benchmark.json": "google-benchmark",
    "google-benchmark-aggregates.json": "google-benchmark",
    "lighthouse.json.gz": "lighthouse",
}


def real(name: str) -> Imported:
    """What one of the real files is read as."""
    return importers.read(DATA / name)


def read_bytes(content: bytes, tool: str | None = None, name: str = "results") -> Imported:
    """What some bytes are read as."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        return importers.read(path, tool)


def read_text(text: str, tool: str | None = None, name: str = "results") -> Imported:
    """What a text is read as."""
    return read_bytes(text.encode(), tool, name)


def read_value(value: Any, tool: str | None = None) -> Imported:
    """What a JSON document is read as; one member a line, as the tools write it."""
    return read_text(json.dumps(value, indent=1), tool)


def told(imported: Imported) -> list[tuple[object, ...]]:
    """All that the entries say, to be compared (histograms have no equality)."""
    return [
        (found.name, found.unit, found.error, *(found.statistic(name) for name in STATISTICS), *_counts(found))
        for found in imported.entries
    ]


def _counts(found: Entry) -> tuple[object, ...]:
    if isinstance(found, Series):
        return found.rounds, found.iterations, found.samples
    return found.requests, found.failures, found.mixed


def entry(imported: Imported, name: str) -> Entry:
    """The entry of this name."""
    return next(entry for entry in imported.entries if entry.name == name)


# What k6 writes for a request; and a trend of the script's own.
K6_DEFINITION = '{"type":"Metric","data":{"name":"NAME","type":"trend","contains":"time"},"metric":"NAME"}'
K6_REQUESTS = K6_DEFINITION.replace("NAME", "http_req_duration")


def k6_point(value: object = 2.5, metric: str = "http_req_duration", **tags: str) -> str:
    """A point of k6, without the end of its line."""
    known = tags or {"method": "GET", "name": "/items", "expected_response": "true"}
    data = {"time": "2026-03-04T04:53:21.123456789Z", "value": value, "tags": known}
    return json.dumps({"metric": metric, "type": "Point", "data": data})


def vegeta_result(**changed: object) -> str:
    """A result of Vegeta, without the end of its line."""
    result = {"attack": "", "seq": 0, "code": 200, "timestamp": "2026-03-04T04:53:20.5Z", "latency": 2_500_000}
    result |= {"error": "", "method": "GET", "url": "http://127.0.0.1/items"}
    return json.dumps(result | changed)


JTL_HEADER = "timeStamp,elapsed,label,responseCode,success,Latency\n"
