"""Google Benchmark: `--benchmark_out=FILE --benchmark_out_format=json`, with `--benchmark_repetitions` for samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.importers.document import Node
from perfgate.importers.imported import Imported, Series
from perfgate.importers.percentile_name import statistic_named

if TYPE_CHECKING:
    from perfgate.importers.result_file import Look, ResultFile

_MS = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1000.0}


def recognises(look: Look) -> bool:
    """The document has a context and benchmarks."""
    return {"context", "benchmarks"} <= look.keys and not look.of_lines


def read_file(file: ResultFile) -> Imported:
    """One series per benchmark: its repetitions' real time per iteration, in order, or else the aggregates alone."""
    document = Node(file, file.value)
    context = document["context"]
    version, date = context.get("library_version"), context.get("date")
    rows: dict[str, list[Node]] = {}
    for row in document["benchmarks"].items():
        if row.get("run_type") is None:
            raise row.wrong("has no 'run_type'", hint="this needs Google Benchmark 1.5 or later")
        rows.setdefault(row["run_name"].text(), []).append(row)
    return Imported(
        tool="google-benchmark",
        version=version.text() if version else None,
        started_at=date.moment() if date else None,
        duration_s=None,
        entries=tuple(_series(name, same) for name, same in rows.items()),
    )


def _series(name: str, rows: list[Node]) -> Series:
    runs = [row for row in rows if row["run_type"].text() == "iteration"]
    skipped = next((text for row in runs if (text := _skipped(row))), "")
    if skipped:
        return Series(name=name, error=skipped)
    return Series(
        name=name,
        samples=tuple(_time(row) for row in runs),
        given={} if runs else dict(_aggregates(rows)),
        rounds=len(runs) or rows[0]["repetitions"].count(),
        iterations=runs[0]["iterations"].count() if runs else 1,
    )


def _skipped(row: Node) -> str:
    """Why the benchmark ended itself; `skipped` since 1.8, an error before."""
    reason = row.get("error_message") or row.get("skip_message")
    if row.value.get("error_occurred") or row.value.get("skipped"):
        return (reason.text() if reason else "") or "the benchmark skipped itself"
    return ""


def _time(row: Node) -> float:
    unit = row["time_unit"].text()
    if unit not in _MS:
        raise row["time_unit"].wrong(f"{unit!r} is no unit of time", hint=f"one of {', '.join(_MS)}")
    return row["real_time"].time_ms(_MS[unit])


def _aggregates(rows: list[Node]) -> list[tuple[str, float]]:
    named = [(statistic_named(row["aggregate_name"].text()), row) for row in rows]
    return [(name, _time(row)) for name, row in named if name]
