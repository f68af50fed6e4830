"""Reads `budgets.toml`: the order of its reading, and nothing else.

Text -> TOML -> form of tables (`shape`) -> loads, services and limits as plan values -> what was selected.
"""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from perfgate.errors import BudgetsError, UsageError
from perfgate.plan.benchmarks import build_benchmarks
from perfgate.plan.comparing import build_accepts, build_compare
from perfgate.plan.findings import Findings, Place
from perfgate.plan.gate_table import build_gate
from perfgate.plan.limits import limit_of
from perfgate.plan.loads import build_load
from perfgate.plan.locate import Lines
from perfgate.plan.names import check_load_name, check_pattern
from perfgate.plan.plan import Artifact, Load, Plan, Service
from perfgate.plan.services import Surroundings, build_service
from perfgate.plan.shape import read_shape
from perfgate.plan.tables import BudgetsFile, budgets_schema
from perfgate.reading import LARGEST_SOURCE, read_bytes
from perfgate.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["budgets_schema", "parse_plan", "read_plan"]

SYNTAX = "budgets-syntax"
MISSING = "budgets-missing"
_LARGEST_SCALE = 1000.0


def read_plan(
    path: Path,
    *,
    services: Sequence[str] = (),
    loads: Sequence[str] = (),
    scale: float = 1.0,
    seed: int | None = None,
) -> Plan:
    """Read `budgets.toml`.

    Args:
        path: the file.
        services: names of the services to keep; empty keeps all.
        loads: names of the loads to keep; empty keeps all.
        scale: factor on every duration of every load.
        seed: replaces that of `[gate]`.

    Raises:
        BudgetsError: the file cannot be read, or is wrong; the message tells all that is wrong, with lines.
        HostNotAllowedError: a service's URL is at a host that `allowed_hosts` does not name.
        UsageError: a selected service or load does not exist, or `scale` is no positive number.
    """
    return parse_plan(_text(path), path, services=services, loads=loads, scale=scale, seed=seed)


def parse_plan(  # noqa: PLR0913  (each is an option of the command line)
    text: str,
    path: Path,
    *,
    services: Sequence[str] = (),
    loads: Sequence[str] = (),
    scale: float = 1.0,
    seed: int | None = None,
    require_files: bool = True,
) -> Plan:
    """Like `read_plan`, from text that was already read.

    Args:
        text: the file's text.
        path: where it stands, or stood; relative paths start in its folder.
        services: see `read_plan`.
        loads: see `read_plan`.
        scale: see `read_plan`.
        seed: see `read_plan`.
        require_files: False to recreate the plan of a kept recording, whose scenario may be gone.

    Raises:
        PerfgateError: as `read_plan` does.
    """
    if not (math.isfinite(scale) and 0 < scale <= _LARGEST_SCALE):
        raise UsageError(f"scale {scale:g} is not a number above 0 and up to {_LARGEST_SCALE:g}", place="--scale")
    doc, lines = _toml(text, path)
    findings = Findings(path.name, lines)
    file = read_shape(doc, findings)
    plan = _Reader(doc, file, findings, require_files=require_files).plan(path, text, scale)
    findings.raise_if_any()
    if seed is not None:
        plan = replace(plan, seed=seed)
    return _selected(plan, services, loads)


def _text(path: Path) -> str:
    try:
        return read_bytes(path, LARGEST_SOURCE).decode("utf-8-sig")
    except FileNotFoundError as error:
        raise BudgetsError(
            "there is no such file",
            place=str(path),
            hint="run `perfgate init`, or name it with --budgets",
            slug=MISSING,
        ) from error
    except OSError as error:
        raise BudgetsError(
            f"cannot be read: {error.strerror}", place=str(path), hint="check its permissions", slug=MISSING
        ) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise BudgetsError(
            "not TOML: not UTF-8 text", place=f"{path.name}:{line}", hint="save the file as UTF-8", slug=SYNTAX
        ) from error


def _toml(text: str, path: Path) -> tuple[dict[str, Any], Lines]:
    try:
        return tomllib.loads(text), Lines(text)
    except RecursionError as error:
        raise BudgetsError("not usable TOML: nested too deeply", place=path.name, slug=SYNTAX) from error
    except ValueError as error:  # TOMLDecodeError, and numbers too long for Python
        raise _syntax_error(str(error), text, path) from error


def _syntax_error(message: str, text: str, path: Path) -> BudgetsError:
    rows = text.splitlines() or [""]
    found = re.fullmatch(r"(?P<what>.*) \(at line (?P<line>\d+), column (?P<column>\d+)\)", message)
    line = min(int(found["line"]), len(rows)) if found else len(rows)
    what = f"{found['what']} at column {found['column']}" if found else message
    unquoted = re.search(r"=\s*[0-9.]+\s?[A-Za-z%/]", rows[line - 1])
    hint = 'put amounts with a unit in quotation marks, such as "60s"' if unquoted else "see https://toml.io"
    return BudgetsError(f"not TOML: {what}", place=f"{path.name}:{line}", hint=hint, slug=SYNTAX)


class _Reader:
    def __init__(self, doc: dict[str, Any], file: BudgetsFile, findings: Findings, *, require_files: bool) -> None:
        self._doc = doc
        self._file = file
        self._place = Place(findings)
        self._require_files = require_files

    def plan(self, path: Path, text: str, scale: float) -> Plan:
        gate = build_gate(self._file.gate, self._place.at("gate"))
        hosts = None if self._is_wrong("gate", "allowed_hosts") else gate.allowed_hosts
        loads = self._loads(scale)
        root = path.absolute().parent
        around = Surroundings(root, hosts, self._written("loads"), loads, self._require_files)
        services = self._services(around)
        artifacts = self._artifacts()
        measured = any(self._written(table) for table in ("services", "artifacts", "benchmarks"))
        if not (measured or self._place.findings.problems):
            self._place.wrong("nothing to do: the file has no service", "add a table such as [services.shop]")
        seed = self._file.gate.seed if self._file.gate else None
        compare = build_compare(self._file.compare, self._place.at("compare"))
        known = self._written("services"), self._written("loads")
        accepts = build_accepts(self._file.accept or [], self._place.at("accept"), *known)
        benchmarks = build_benchmarks(self._file.benchmarks or {}, self._place.at("benchmarks"))
        services = {name: replace(one, budget=one.budget.deciding(gate.uncertain)) for name, one in services.items()}
        benchmarks = tuple(one.deciding(gate.uncertain) for one in benchmarks)
        return Plan(root, path, gate, loads, services, artifacts, seed or 0, scale, text, compare, accepts, benchmarks)

    def _is_wrong(self, *path: str) -> bool:
        """Whether a problem was found at a key, in it, or in what holds it."""
        problems = self._place.findings.problems
        return any(path[: len(problem.path)] == problem.path[: len(path)] for problem in problems)

    def _written(self, table: str) -> tuple[str, ...]:
        """The keys of a table of the file, also those whose values could not be read."""
        found = self._doc.get(table)
        return tuple(found) if isinstance(found, dict) else ()

    def _loads(self, scale: float) -> dict[str, Load]:
        for name in self._written("loads"):
            check_load_name(name, self._place.at("loads", name))
        tables = self._file.loads or {}
        built = {
            name: build_load(name, table, self._place.at("loads", name), scale=scale) for name, table in tables.items()
        }
        return {name: load for name, load in built.items() if load is not None}

    def _services(self, around: Surroundings) -> dict[str, Service]:
        tables = self._file.services or {}
        return {
            name: build_service(name, table, self._place.at("services", name), around) for name, table in tables.items()
        }

    def _artifacts(self) -> tuple[Artifact, ...]:
        for name in self._written("artifacts"):
            check_pattern(name, self._place.at("artifacts", name))
        return tuple(
            Artifact(name, limit_of("size", tiers, self._place.at("artifacts", name), at_most=True))
            for name, tiers in (self._file.artifacts or {}).items()
        )


def _selected(plan: Plan, services: Sequence[str], loads: Sequence[str]) -> Plan:
    """The part of a plan that the command line names, without loads that nothing is driven by.

    What is left selects itself: the plan of a kept recording is recreated from the names that it holds.
    """
    _check_known("service", services, plan.services, plan.path)
    _check_known("load", loads, plan.loads, plan.path)
    kept = {name: service for name, service in plan.services.items() if not services or name in services}
    _check_driven(loads, kept, plan.path, whose="the selected services do not list" if services else "no service lists")
    if loads:
        kept = {name: replace(service, loads=_both(service.loads, loads)) for name, service in kept.items()}
        _check_busy(services, kept, plan.path)
        kept = {name: service for name, service in kept.items() if service.loads}
    driven = {load for service in kept.values() for load in service.loads}
    return replace(plan, services=kept, loads={name: load for name, load in plan.loads.items() if name in driven})


def _check_driven(loads: Sequence[str], services: dict[str, Service], path: Path, *, whose: str) -> None:
    for load in loads:
        if not any(load in service.loads for service in services.values()):
            raise UsageError(f'{whose} load "{load}"', place=f"--load {load}", hint=f"add it to `loads` in {path.name}")


def _check_busy(names: Sequence[str], services: dict[str, Service], path: Path) -> None:
    for name in names:
        if not services[name].loads:
            hint = f"leave it out, or add one of them to its `loads` in {path.name}"
            raise UsageError(f'service "{name}" lists none of the selected loads', place=f"--service {name}", hint=hint)


def _both(listed: Sequence[str], selected: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in listed if name in selected)


def _check_known(noun: str, names: Sequence[str], known: dict[str, Any], path: Path) -> None:
    for name in names:
        if name not in known:
            raise UsageError(f'no {noun} "{name}" in {path.name}', place=f"--{noun} {name}", hint=nearest(name, known))
