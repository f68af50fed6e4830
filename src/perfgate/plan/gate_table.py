"""The `[gate]` table made into a plan value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perfgate.plan.hosts import check_entry
from perfgate.plan.plan import Gate, HealthLimits
from perfgate.plan.units import shown

if TYPE_CHECKING:
    from perfgate.plan.findings import Place
    from perfgate.plan.tables import GateTable, HealthTable, ScoreTable

_SAME_NAME = (
    "baseline",
    "branch",
    "false_alarm_rate",
    "history",
    "keep",
    "require_baseline",
    "store",
    "together",
    "uncertain",
    "undecided",
)
_IN_MS = {name: f"{name}_ms" for name in ("loop_lag", "schedule_lag", "throttled", "clock_step")}


def build_gate(table: GateTable | None, place: Place) -> Gate:
    """The gate, with the defaults of `Gate` for what is not written; problems are reported to `place`."""
    if table is None:
        return Gate()
    written: dict[str, Any] = {name: getattr(table, name) for name in _SAME_NAME if getattr(table, name) is not None}
    if table.max_slowdown is not None:
        written["max_slowdown_percent"] = table.max_slowdown
    if table.allowed_hosts is not None:
        _check_hosts(table.allowed_hosts, place.at("allowed_hosts"))
        written["allowed_hosts"] = tuple(table.allowed_hosts)
    return Gate(
        **written,
        health=_health(table.health),
        score_weights=_weights(table.score, place.at("score")),
        source=place.at("max_slowdown").source,
    )


def _check_hosts(entries: list[str], place: Place) -> None:
    for number, entry in enumerate(entries):
        try:
            check_entry(entry)
        except ValueError as error:
            place.at(number).wrong(f"{shown(entry)}: {error}", 'write e.g. "127.0.0.1" or "*.staging.example.com"')


def _health(table: HealthTable | None) -> HealthLimits:
    if table is None:
        return HealthLimits()
    return HealthLimits(**{_IN_MS.get(name, name): getattr(table, name) for name in table.model_fields_set})


def _weights(table: ScoreTable | None, place: Place) -> dict[str, float]:
    weights = {name: float(getattr(table, name)) for name in sorted(table.model_fields_set)} if table else {}
    if weights and not any(weights.values()):
        place.wrong("every weight that is written is zero", "give one of them a weight above zero")
    return weights
