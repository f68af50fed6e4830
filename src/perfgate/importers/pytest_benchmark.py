"""pytest-benchmark: `pytest --benchmark-json FILE`, and what `--benchmark-save` and `--benchmark-autosave` keep.

`--benchmark-json` writes all rounds; a saved file has them with `--benchmark-save-data` only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.importers.document import Node
from perfgate.importers.imported import Imported, Series

if TYPE_CHECKING:
    from perfgate.importers.result_file import Look, ResultFile

_MS = 1000.0  # times are in seconds
_GIVEN = {"mean": "mean", "median": "p50", "min": "min", "max": "max"}


def recognises(look: Look) -> bool:
    """The document names the machine and the benchmarks."""
    return {"machine_info", "benchmarks"} <= look.keys and not look.of_lines


def read_file(file: ResultFile) -> Imported:
    """One series per benchmark, named by its whole node id, and also by its short name; times are per call."""
    document = Node(file, file.value)
    version = document.get("version")
    written_at = document.get("datetime")
    return Imported(
        tool="pytest-benchmark",
        version=version.text() if version else None,
        started_at=written_at.moment() if written_at else None,
        duration_s=None,
        entries=tuple(_series(node) for node in document["benchmarks"].items()),
    )


def _series(node: Node) -> Series:
    short, stats = node["name"].text(), node["stats"]
    name = node["fullname"].text() if node.get("fullname") else short
    rounds, data = stats["rounds"].count(), stats.get("data")
    samples = data.times_ms(_MS) if data else ()
    if data and len(samples) != rounds:
        raise stats.wrong(f"{rounds} rounds, and {len(samples)} times")
    return Series(
        name=name,
        samples=samples,
        given={} if samples else {ours: stats[theirs].time_ms(_MS) for theirs, ours in _GIVEN.items()},
        rounds=rounds,
        iterations=stats["iterations"].count(),
        also=(short,) if short != name else (),
    )
