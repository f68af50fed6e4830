"""The first reading of `budgets.toml`: are its tables, keys and values of the right form?

What is wrong is reported and left out, so that the rest can still be read and one error can tell all problems.
"""

from __future__ import annotations

import copy
import re
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, cast, get_args, get_origin

from pydantic import ValidationError

from perfgate.plan.budget import METRICS, MetricKind, Scope
from perfgate.plan.findings import Findings, Problem
from perfgate.plan.limit_tables import NOT_IN_BUDGET, RequestLimits, Table
from perfgate.plan.other_tools import meant
from perfgate.plan.tables import BudgetsFile
from perfgate.plan.units import AmountError, shown
from perfgate.spelling import did_you_mean, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

    from perfgate.plan.locate import Path

_MISSING = "this key is missing"
_EXPECTED = {
    "model_type": "a table",
    "dict_type": "a table",
    "string_type": "a string",
    "list_type": "an array",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
}
_NAMES_ONLY = 'a load stands in a table of its own, [loads.NAME], and the service lists names: loads = ["NAME"]'


def read_shape(doc: dict[str, Any], findings: Findings) -> BudgetsFile:
    """All of the file that has the right form; what has not is reported to `findings`."""
    try:
        return BudgetsFile.model_validate(doc)
    except ValidationError as error:
        found = [_Reader(doc).problem(details) for details in error.errors(include_url=False)]
    findings.problems += _without_echoes(list(dict.fromkeys(found)))
    rest = copy.deepcopy(doc)
    for problem in found:
        _remove(rest, _part(problem.path))
    return read_shape(rest, findings)


def _without_echoes(problems: list[Problem]) -> list[Problem]:
    """Without "missing" for keys that are there, misspelt."""
    hints = {(problem.path[:-1], problem.hint) for problem in problems}
    return [p for p in problems if p.message != _MISSING or (p.path[:-1], did_you_mean(str(p.path[-1]))) not in hints]


def _key_in_budget(path: Path) -> Path:
    """The part of `path` up to the key in a budget table; empty when it does not lead into one."""
    for depth in (2, 4):  # services.NAME.budget.KEY, services.NAME.endpoints.NAME.budget.KEY
        if path[:1] == ("services",) and path[depth : depth + 1] == ("budget",) and len(path) > depth + 1:
            return path[: depth + 2]
    return ()


def _part(path: Path) -> Path:
    """The part of the file that cannot be used because of a problem at `path`.

    A limit can be left out alone without making anything else look wrong, and so can a key of the gate; else it is the
    whole load or service.
    """
    key_path = _key_in_budget(path)
    if not key_path:
        in_list = len(path) > 1 and isinstance(path[1], int)  # the numbers of the others would change
        return path[:1] if in_list else path[:2]
    in_table_of_load = key_path[-1] not in METRICS and key_path[-1] != "metrics"
    return path[: len(key_path) + 1] if in_table_of_load else key_path


def _remove(doc: dict[str, Any], path: Path) -> None:
    table: Any = doc
    for key in path[:-1]:
        table = table.get(key) if isinstance(table, dict) else None
    if isinstance(table, dict):
        table.pop(path[-1], None)


class _Reader:
    """Turns pydantic's errors into problems in the words of the file."""

    def __init__(self, doc: dict[str, Any]) -> None:
        loads = doc.get("loads")
        self._loads = list(loads) if isinstance(loads, dict) else []

    def problem(self, details: ErrorDetails) -> Problem:
        path: Path = tuple(details["loc"])
        misspelt = self._misspelt_limit(path)
        if misspelt:
            return self._unknown(misspelt)
        kind = details["type"]
        if kind == "extra_forbidden":
            return self._unknown(path)
        if kind == "missing":
            return Problem(path, _MISSING, f"add it: {_about(path)}")
        if kind == "value_error":
            return _amount_problem(path, details)
        return _value_problem(path, details)

    def _misspelt_limit(self, path: Path) -> Path:
        """The path of a key in a budget table that is neither a limit nor a load's name, when `path` leads there.

        In a budget, pydantic takes any unknown key for a load's table; what is wrong inside it is not the point.
        """
        key_path = _key_in_budget(path)
        known = {*self._loads, *_fields(_annotation_at(key_path[:-1]))} if key_path else set()
        return key_path if key_path and key_path[-1] not in known else ()

    def _unknown(self, path: Path) -> Problem:
        key, table = str(path[-1]), _annotation_at(path[:-1])
        fields = _fields(table)
        if key in METRICS and "budget" in fields:
            return Problem(path, "unknown key", f"limits stand in the table's budget: write budget.{key}")
        if key in METRICS and issubclass(table, RequestLimits):
            return Problem(path, *_misplaced(METRICS[key]))
        if _key_in_budget(path) == path:
            return Problem(path, NOT_IN_BUDGET, _elsewhere(key, path) or _instead(key, [*fields, *self._loads]))
        if key == "budget" and path[0] == "loads":
            return Problem(path, "unknown key", f"limits of one load stand with the service: {_budget_of_load(path)}")
        return Problem(path, "unknown key", _elsewhere(key, path) or _instead(key, fields))


def _instead(key: str, known: Iterable[str]) -> str:
    """The next step for an unknown key: what a word of another tool is called here, or the nearest spelling."""
    ours = meant(key, known)
    if key in ("spawn_rate", "hatch_rate") and ours:
        return f'{did_you_mean(ours)} It is the time to climb to all users, as "10s", not users per second'
    return did_you_mean(ours) if ours else nearest(key, known)


def _elsewhere(key: str, path: Path) -> str:
    """The next step for a key that has strayed from the one table that knows it; empty for others."""
    tables: tuple[Path, ...] = (("gate",), ("compare",), ("loads", "NAME"), ("services", "NAME"))
    homes = [table for table in tables if key in _fields(_annotation_at(table))]
    if len(homes) != 1 or (path[:1] == homes[0][:1] and len(path) == len(homes[0]) + 1):
        return ""
    return f"it belongs into [{'.'.join(map(str, homes[0]))}]"


def _budget_of_load(path: Path) -> str:
    return f"[services.NAME.budget.{path[1]}]"


def _misplaced(metric: MetricKind) -> tuple[str, str]:
    """Message and hint for a limit in a table of smaller scope than what it is measured on."""
    if metric.scope is Scope.SERVICE:
        return f"{metric.name} is measured once a service", "move it to [services.NAME.budget]"
    return f"{metric.name} is measured on the whole service, not on an endpoint", "move it to [services.NAME.budget]"


def _amount_problem(path: Path, details: ErrorDetails) -> Problem:
    error = details.get("ctx", {}).get("error")
    if isinstance(error, AmountError):
        return Problem((*path, *error.below), error.message, _artifact_hint(path, error) or error.hint)
    return Problem(path, str(error))


def _artifact_hint(path: Path, error: AmountError) -> str:
    # Unquoted, `app.js = "500KB"` is the key js in the table app.
    if path[0] == "artifacts" and error.below and error.below[0] not in ("warn", "fail"):
        return 'put file names in quotation marks: "app.js" = "500KB"'
    return ""


def _value_problem(path: Path, details: ErrorDetails) -> Problem:
    kind, value = details["type"], details["input"]
    if kind in _EXPECTED:
        a_load = isinstance(value, dict | list) and path[0] == "services" and path[2:3] == ("loads",)
        hint = _NAMES_ONLY if a_load else _about(path)
        return Problem(path, f"{_EXPECTED[kind]} is expected, not {shown(value)}", hint)
    if kind == "literal_error":
        expected = str(details.get("ctx", {}).get("expected", ""))
        choices = re.findall(r"'([^']*)'", expected)
        hint = nearest(value, choices) if isinstance(value, str) and choices else f"write {expected}"
        return Problem(path, f"{shown(value)} is not one of the choices", hint)
    if kind in ("too_short", "string_too_short"):
        return Problem(path, "it must not be empty", _about(path))
    bound = re.fullmatch(r"Input should be (?P<what>.*)", details["msg"])
    message = f"{shown(value)} must be {bound['what']}" if bound else f"{shown(value)} cannot be used"
    return Problem(path, message, _about(path))


def _about(path: Path) -> str:
    """What a key is for, as its description says."""
    found = _fields(_annotation_at(path[:-1])).get(str(path[-1]))
    return str(found.description) if found is not None and found.description else ""


def _fields(table: Any) -> dict[str, FieldInfo]:
    """A table's fields by the key that stands in the file; none for what is not a table with fixed keys."""
    if not _is_table(table):
        return {}
    return {found.alias or name: found for name, found in cast("type[Table]", table).model_fields.items()}


def _is_table(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Table)


def _annotation_at(path: Path) -> Any:
    """The type of what stands at `path`, or None where the file can hold nothing."""
    annotation: Any = BudgetsFile
    for key in path:
        annotation = _below(annotation, key)
    return annotation


def _below(annotation: Any, key: str | int) -> Any:
    if _is_table(annotation):
        found = _fields(annotation).get(str(key))
        return _bare(found.annotation if found else _extra_type(annotation))
    if get_origin(annotation) in (dict, list):
        return _bare(get_args(annotation)[-1])
    return None


def _extra_type(table: type[Table]) -> Any:
    """What a budget table takes any other key for: a load's own limits."""
    extra = table.__annotations__.get("__pydantic_extra__")
    return get_args(extra)[1] if extra else None


def _bare(annotation: Any) -> Any:
    """Without `None` and without metadata."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return _bare(next(part for part in get_args(annotation) if part is not type(None)))
    return annotation
