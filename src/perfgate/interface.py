"""perfgate as a library: read a plan, drive or compare, and look at the result. These names are stable.

>>> import perfgate
>>> plan = perfgate.load_plan("budgets.toml", services=["catalog"], loads=["peak"])
>>> result = perfgate.run(plan, "recordings/one")
>>> result.verdict, result.reasons
('pass', [])
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from perfgate.errors import RecordingError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfgate.judge.result import Result
    from perfgate.plan.plan import Plan

Format = Literal["text", "json", "junit", "markdown", "html", "csv", "prometheus"]


def load_plan(
    path: str | Path = "budgets.toml",
    *,
    services: Iterable[str] = (),
    loads: Iterable[str] = (),
    scale: float = 1.0,
    seed: int | None = None,
) -> Plan:
    """Read a budgets file.

    Args:
        path: of the file; relative paths in it start at its folder.
        services, loads: only these; all unless given.
        scale: factor on every duration.
        seed: same seed, same schedule and same choices; that of `[gate]` unless given.

    Raises:
        BudgetsError: the file is wrong; the message lists everything, each with its line.
        HostNotAllowedError: a service is at a host that `allowed_hosts` does not name.
        UsageError: there is no such service or load, or `scale` is no positive number.
    """
    from perfgate.plan.budgets_file import read_plan

    return read_plan(Path(path), services=tuple(services), loads=tuple(loads), scale=scale, seed=seed)


def run(plan: Plan, folder: str | Path | None = None, *, strict: bool = False) -> Result:
    """Drive every load of the plan at its service, and judge it: what `perfgate run` does, without printing anything.

    What cannot be measured is told in the result, whose verdict then is `invalid`; so are a stop by Ctrl-C or SIGTERM
    and a full disk. Locust is imported in a child process, never in this one.

    Args:
        plan: from `load_plan`.
        folder: a new or empty one for the recording; below `.perfgate/runs/` of the plan's folder unless given.
        strict: a warning makes the exit code 1.

    Raises:
        UsageError: something cannot be used, and nothing was driven.
        ScenarioError: the scenario cannot be loaded, and nothing was driven.
        StorageError: the recording cannot be written.
    """
    from perfgate import gate
    from perfgate.stage import Unwatched

    return gate.run(plan, _folder(plan, folder), Unwatched(), strict=strict)


def compare_revisions(plan: Plan, base: str, head: str | None = None, folder: str | Path | None = None) -> Result:
    """Measure two revisions side by side on this machine, and decide whether head is slower: `perfgate compare`.

    Args:
        plan: from `load_plan`; each of its services has a command, so that perfgate can start it.
        base: what `git rev-parse` understands.
        head: likewise; the work tree as it is unless given.
        folder: as in `run`.

    Raises:
        UsageError: there is no such revision, both are the same, or something else cannot be used.
        ScenarioError: the scenario cannot be loaded.
        StorageError: a work tree or the recording cannot be written.
    """
    from perfgate.compare.judging import judge
    from perfgate.compare.recording import record
    from perfgate.compare.subject import revisions

    into = _folder(plan, folder)
    sides = revisions(plan, base, head, tell=_say_nothing)
    return judge(into, record(plan, *sides, into, _Unwatched(), choice=base))


def judge_recording(folder: str | Path) -> Result:
    """Judge a recording again, whole or partial: the result that it had, or that this version gives it.

    Raises:
        RecordingError: it is not one, or cannot be read.
        BudgetsError: its budgets cannot be read by this version.
    """
    from perfgate.gate import judged

    return judged(Path(folder))


def load_result(path: str | Path) -> Result:
    """Read a `result.json`.

    Args:
        path: of the file, or of the folder in which it lies.

    Raises:
        RecordingError: it cannot be read, or is none that this version knows.
    """
    from perfgate.reading import LARGEST_DOCUMENT, read_text
    from perfgate.report import json

    file = Path(path) / "result.json" if Path(path).is_dir() else Path(path)
    try:
        text = read_text(file, LARGEST_DOCUMENT)
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise RecordingError(f"the result cannot be read: {why}", place=str(file), slug="result-file") from error
    try:
        return json.parse(text)
    except RecordingError as error:
        error.place = error.place or str(file)
        raise


def render(result: Result, format: Format = "text") -> str:  # noqa: A002  (what it is called everywhere)
    """A result as a report; a pure function.

    Args:
        result: of any kind.
        format: `text`, `json`, `junit`, `markdown`, `html`, `csv` or `prometheus`.

    Raises:
        UsageError: there is no such format.
    """
    if format not in get_args(Format):
        raise UsageError(f"there is no format {format!r}", hint=f"one of {', '.join(get_args(Format))}")
    text: str = import_module(f"perfgate.report.{format}").render(result)
    return text


def _folder(plan: Plan, folder: str | Path | None) -> Path:
    from perfgate.preflight import fresh_folder

    return fresh_folder(plan.root) if folder is None else Path(folder)


def _say_nothing(_text: str) -> None:
    """What a person at a terminal would be told."""


class _Unwatched:
    """Nobody looks on."""

    def load_starting(self, service: str, load: str, max_pairs: int) -> None:
        """The pairs of a load begin."""

    def pair(self, service: str, load: str, pair: object) -> None:
        """A pair is whole."""

    def looked(self, service: str, load: str, decisions: object, estimates: object) -> None:
        """The pairs so far were looked at."""

    def load_ended(self, service: str, load: str, why: str) -> None:
        """No more pairs of the load are driven."""

    def doing(self, text: str) -> None:
        """What is being done now."""

    def message(self, text: str) -> None:
        """What a person must read: it stands in the result."""
