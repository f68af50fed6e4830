"""Loads: the `[loads.NAME]` tables made into profiles, and what their keys must say together."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from perfgate.plan import profile
from perfgate.plan.plan import Load, LoadKind, Model, StopWhen

if TYPE_CHECKING:
    from perfgate.plan.findings import Place
    from perfgate.plan.profile import Profile
    from perfgate.plan.tables import LoadTable

_SPIKE_KEYS = ("spike_users", "spike_rate", "spike_at", "spike_duration")
_OPEN_KEYS = ("arrivals", "max_users", "spike_rate")
_ANY_KIND = frozenset({"kind", "stop_when", "stop_timeout"})
_LEVEL = frozenset({"users", "rate", "arrivals", "max_users"})
_STEADY = _ANY_KIND | _LEVEL | {"duration", "ramp_up", "warm_up"}
_KEYS: dict[LoadKind, frozenset[str]] = {
    "steady": _STEADY,
    "soak": _STEADY,
    "stress": _ANY_KIND | _LEVEL | {"step"},
    "spike": _ANY_KIND | _LEVEL | {"duration", "ramp_up", *_SPIKE_KEYS},
    "scenario": _ANY_KIND | {"shape", "duration"},
}
_NEEDED: dict[LoadKind, tuple[str, ...]] = {
    "steady": ("duration",),
    "soak": ("duration",),
    "stress": ("step",),
    "spike": ("duration", "spike_at", "spike_duration"),
    "scenario": (),
}
_WHY = {
    "step": "it is the length of each step of a stress load, whose users or rate is a list",
    "duration": "a stress load lasts as long as its steps together",
    "ramp_up": "each step of a stress load climbs in its own first fifth",
    "warm_up": "only a steady or soak load has one",
    "shape": "the scenario's own shape says how many users there are, and when",
}


class _Times(NamedTuple):
    """Durations in seconds, 0 where not written."""

    duration: float
    ramp_up: float
    warm_up: float
    spike_at: float
    spike_duration: float


def build_load(name: str, table: LoadTable, place: Place, *, scale: float = 1.0) -> Load | None:
    """A load as a plan value, or None when something is wrong with it, which is reported to `place`.

    Args:
        name: as in `[loads.NAME]`.
        table: what stands there.
        place: the table's place.
        scale: factor on every duration of the profile.
    """
    before = len(place.findings.problems)
    kind = _kind_of(name, table)
    model: Model = "open" if table.rate else "closed"
    _check_keys(table, kind, model, place)
    if table.model_fields_set.issuperset(_NEEDED[kind]):
        _check_times(_times(table), kind, place)
    _check_levels(table, place)
    if len(place.findings.problems) > before:
        return None
    curve = _profile(kind, table)
    return Load(
        name=name,
        kind=kind,
        model=model,
        profile=curve.scaled(scale) if curve else None,
        arrivals=table.arrivals or "poisson",
        max_users=int(table.max_users or Load.max_users),
        stop_timeout_s=Load.stop_timeout_s if table.stop_timeout is None else table.stop_timeout,
        stop_when=StopWhen(table.stop_when.error_rate, table.stop_when.p95) if table.stop_when else None,
        max_duration_s=table.duration * scale if kind == "scenario" and table.duration else None,
        levels=_levels(table) if kind == "stress" else (),
    )


def _kind_of(name: str, table: LoadTable) -> LoadKind:
    """What the keys make of the load; `kind` and the name only decide between steady and soak."""
    if table.shape:
        return "scenario"
    if (table.users or table.rate) and any(levels.stepped for levels in (table.users, table.rate) if levels):
        return "stress"
    if table.model_fields_set.intersection(_SPIKE_KEYS):
        return "spike"
    return "soak" if (table.kind or name) == "soak" else "steady"


def _levels(table: LoadTable) -> tuple[float, ...]:
    levels = table.rate or table.users
    return levels.values if levels else ()


def _spike_key(table: LoadTable) -> str:
    return "spike_rate" if table.rate else "spike_users"


def _spike_level(table: LoadTable) -> float:
    return (table.spike_rate if table.rate else table.spike_users) or 0.0


def _times(table: LoadTable) -> _Times:
    return _Times(
        table.duration or 0.0,
        table.ramp_up or 0.0,
        table.warm_up or 0.0,
        table.spike_at or 0.0,
        table.spike_duration or 0.0,
    )


def _check_keys(table: LoadTable, kind: LoadKind, model: Model, place: Place) -> None:
    if kind != "scenario":
        _check_model(table, place)
    if table.kind and table.kind != kind:
        place.at("kind").wrong(f'"{table.kind}", but its other keys make it a {kind} load', "remove `kind`")
    written = sorted(table.model_fields_set)
    for key in written:
        if key not in _KEYS[kind]:
            place.at(key).wrong(f"not a key of a {kind} load", _WHY.get(key) or _WHY["shape"])
        elif key in _OPEN_KEYS and model == "closed":
            place.at(key).wrong("only a load with `rate` (open model) has this key", _closed_hint(key))
    for key in _needed(kind, table):
        if key not in written:
            place.wrong(f"a {kind} load needs {key}", f"write {key} = {_example(key)}")
    if table.stop_when and not table.stop_when.model_fields_set:
        place.at("stop_when").wrong("it needs error_rate, p95 or both", 'write e.g. { error_rate = "5%" }')


def _needed(kind: LoadKind, table: LoadTable) -> tuple[str, ...]:
    without_level = kind == "spike" and not (table.spike_users or table.spike_rate)
    return (*_NEEDED[kind], _spike_key(table)) if without_level else _NEEDED[kind]


def _closed_hint(key: str) -> str:
    return "write spike_users" if key == "spike_rate" else "remove it, or write `rate`"


def _example(key: str) -> str:
    examples = {"spike_users": "200", "spike_rate": '"400/s"', "spike_at": '"20s"', "spike_duration": '"10s"'}
    return examples.get(key) or ('"20s"' if key == "step" else '"60s"')


def _check_model(table: LoadTable, place: Place) -> None:
    if table.users and table.rate:
        place.at("rate").wrong("a load has users or a rate, not both", "remove one of them")
    elif not (table.users or table.rate):
        place.wrong("a load needs users or rate", 'write users = 20, or rate = "400/s", or shape = "scenario"')
    elif table.rate and table.spike_users:
        place.at("spike_users").wrong("a load with `rate` has a spike_rate", 'write spike_rate = "400/s"')


def _check_times(times: _Times, kind: LoadKind, place: Place) -> None:
    if kind == "stress":
        return
    if kind == "spike":
        _check_spike_times(times, place)
    elif kind != "scenario" and times.ramp_up + times.warm_up >= times.duration:
        place.at("duration").wrong(
            "nothing is left to judge: ramp_up and warm_up together are as long as the whole duration",
            "lengthen duration, which includes ramp_up and warm_up",
        )


def _check_spike_times(times: _Times, place: Place) -> None:
    if times.spike_at <= times.ramp_up:
        place.at("spike_at").wrong(
            "the spike begins before ramp_up is over: no steady phase is left to judge", "begin it later"
        )
    if times.spike_at + times.spike_duration >= times.duration:
        place.at("duration").wrong(
            "the load ends before the spike does: no time is left in which the service could recover",
            "lengthen duration beyond spike_at and spike_duration together",
        )


def _check_levels(table: LoadTable, place: Place) -> None:
    levels = _levels(table)
    if any(later <= earlier for earlier, later in pairwise(levels)):
        place.at("rate" if table.rate else "users").wrong("the steps of a stress load must increase", "sort them")
    for key in ("duration", "step", "spike_duration"):
        if getattr(table, key) == 0:
            place.at(key).wrong("must be more than zero", f"write e.g. {_example(key)}")
    spike = _spike_level(table)
    if spike and levels and spike <= levels[0]:
        place.at(_spike_key(table)).wrong("the spike is no higher than the level before it", "raise it")


def _profile(kind: LoadKind, table: LoadTable) -> Profile | None:
    times, levels = _times(table), _levels(table)
    if kind == "scenario":
        return None
    if kind == "stress":
        return profile.steps(list(levels), table.step or 0.0)
    if kind == "spike":
        return profile.spike(
            levels[0],
            _spike_level(table),
            spike_at_s=times.spike_at,
            spike_duration_s=times.spike_duration,
            duration_s=times.duration,
            ramp_up_s=times.ramp_up,
        )
    return profile.hold(levels[0], times.duration, ramp_up_s=times.ramp_up, warm_up_s=times.warm_up)
