"""Writes reports to files: three beside the recording, and those that were asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.errors import StorageError
from perfgate.report import csv, html, json, junit, markdown, prometheus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from perfgate.judge.result import Result

RENDERERS: dict[str, Callable[[Result], str]] = {
    "json": json.render,
    "junit": junit.render,
    "markdown": markdown.render,
    "html": html.render,
    "csv": csv.render,
    "prometheus": prometheus.render,
}
BESIDE_THE_RECORDING = {"json": "result.json", "markdown": "report.md", "html": "report.html"}


def write_reports(result: Result, folder: Path, wanted: Mapping[str, Path]) -> list[Path]:
    """Write the reports that always lie in the recording's folder, then the wanted ones; returns all paths.

    Args:
        wanted: path by format, a key of `RENDERERS`.

    Raises:
        StorageError: one cannot be written.
    """
    files = [(name, folder / file) for name, file in BESIDE_THE_RECORDING.items()] + list(wanted.items())
    rendered: dict[str, str] = {}
    for name, path in files:
        if name not in rendered:
            rendered[name] = RENDERERS[name](result)
        write(path, rendered[name])
    return [path for _, path in files]


def write(path: Path, text: str) -> None:
    """Write a file, and its folder.

    Raises:
        StorageError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"cannot write the report: {error.strerror}", place=str(path)) from error
