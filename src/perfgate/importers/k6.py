"""k6: JSON lines (`--out json=FILE`) and summaries (`--summary-export FILE`, or a script's `handleSummary`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.importers import k6_lines, k6_summary

if TYPE_CHECKING:
    from perfgate.importers.imported import Imported
    from perfgate.importers.result_file import Look, ResultFile


def recognises(look: Look) -> bool:
    """A line that defines a metric or is a point of one, or a document of metrics."""
    return _is_line(look) or _is_summary(look)


def _is_line(look: Look) -> bool:
    return isinstance(look.value, dict) and {"type", "metric", "data"} <= look.keys


def _is_summary(look: Look) -> bool:
    metrics = look.value.get("metrics") if isinstance(look.value, dict) else None
    return isinstance(metrics, dict) and not {"iterations", "vus", "http_reqs", "data_sent"}.isdisjoint(metrics)


def read_file(file: ResultFile) -> Imported:
    """See `k6_lines` and `k6_summary`: lines have each request, a summary has what k6 made of them."""
    return k6_lines.read_file(file) if _is_line(file.look) else k6_summary.read_file(file)
