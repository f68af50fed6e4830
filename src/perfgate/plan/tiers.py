"""How limits are written: one amount (it fails), or `{ warn = ..., fail = ... }`; read into the metric's unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema

from perfgate.plan.units import (
    DURATION,
    PERCENT,
    RATE,
    SIZE,
    USERS,
    AmountError,
    parse_capacity,
    parse_users,
    shown,
)

TIERS = ("warn", "fail")
_LARGEST_NUMBER = 1e15


@dataclass(frozen=True)
class Tiers:
    """A limit as written; `unit` is only set where there is a choice: of a capacity, and of imported results."""

    warn: float | None = None
    fail: float | None = None
    unit: str = ""


def _read_tiers(value: object, read: Callable[[object], float]) -> Tiers:
    if not isinstance(value, Mapping):
        return Tiers(fail=read(value))
    unknown = [key for key in value if key not in TIERS]
    if unknown:
        raise AmountError("unknown key; a limit has only warn and fail", _tiers_hint(unknown[0]), below=(unknown[0],))
    if not value:
        raise AmountError("a limit needs warn, fail or both", "write at least one of them")
    tiers = {tier: _read_tier(tier, amount, read) for tier, amount in value.items()}
    return Tiers(tiers.get("warn"), tiers.get("fail"))


def _tiers_hint(key: str) -> str:
    # `p99.9 = ...` is a dotted key in TOML: the key 9 in a table p99.
    return "for the 99.9th percentile write p99_9" if key == "9" else 'write e.g. { warn = "400ms", fail = "600ms" }'


def _read_tier(tier: str, amount: object, read: Callable[[object], float]) -> float:
    try:
        return read(amount)
    except AmountError as error:
        raise AmountError(error.message, error.hint, (tier, *error.below)) from error


def _read_capacity(value: object) -> Tiers:
    tiers = _read_tiers(value, lambda amount: parse_capacity(amount)[0])
    amounts = value.values() if isinstance(value, Mapping) else [value]
    units = {parse_capacity(amount)[1] for amount in amounts}
    if len(units) > 1:
        raise AmountError("warn and fail have different units", "write both in users or both as a rate")
    return Tiers(tiers.warn, tiers.fail, units.pop())


def _read_number(value: object) -> float:
    """A custom metric's limit: a plain number, since its unit is the user's own."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise AmountError(f"{shown(value)} is not a number", "write a plain number, in the metric's own unit")
    if not abs(value) <= _LARGEST_NUMBER:  # not `>`, which is false for nan
        raise AmountError(f"{shown(value)} is absurd: beyond 1e15", "write a plain number, in the metric's own unit")
    return float(value)


def _read_measures(value: object) -> Tiers:
    """A time, read into ms, or a plain number in the metric's own unit."""
    amounts = list(value.values()) if isinstance(value, Mapping) else [value]
    plain = [_is_plain(amount) for amount in amounts]
    if any(plain) and not all(plain):
        raise AmountError("warn and fail have different units", 'write both as times, such as "2ms", or as numbers')
    tiers = _read_tiers(value, _read_measure if any(plain) else _read_milliseconds)
    return Tiers(tiers.warn, tiers.fail, "" if any(plain) else "ms")


def _is_plain(amount: object) -> bool:
    return isinstance(amount, int | float) and not isinstance(amount, bool)


def _read_measure(value: object) -> float:
    number = _read_number(value)
    if number < 0:
        raise AmountError(f"{shown(value)} is negative", "write a number from 0, in the metric's own unit")
    return number


def _read_milliseconds(value: object) -> float:
    return DURATION.parse(value, per="1ms", zero=False)


def _read_users(value: object) -> Levels:
    return _read_levels(value, parse_users)


def _read_rates(value: object) -> Levels:
    return _read_levels(value, partial(RATE.parse, per="1/s", zero=False))


@dataclass(frozen=True)
class Levels:
    """Users, or arrivals per second: one level, or the steps of a stress load."""

    values: tuple[float, ...]
    stepped: bool = False


def _read_levels(value: object, read: Callable[[object], float]) -> Levels:
    if not isinstance(value, list):
        return Levels((read(value),))
    if not value:
        raise AmountError("a stress load needs at least one step", "write e.g. [50, 100, 200]")
    return Levels(tuple(_read_level(number, level, read) for number, level in enumerate(value)), stepped=True)


def _read_level(number: int, level: object, read: Callable[[object], float]) -> float:
    try:
        return read(level)
    except AmountError as error:
        raise AmountError(error.message, error.hint, (number, *error.below)) from error


def _tiers_schema(amount: dict[str, Any]) -> dict[str, Any]:
    tiers = {
        "type": "object",
        "properties": {
            "warn": {**amount, "description": "Past this the check warns; reached before `fail`."},
            "fail": {**amount, "description": "Past this the check fails."},
        },
        "additionalProperties": False,
        "minProperties": 1,
    }
    return {"anyOf": [amount, tiers]}


def _levels_schema(level: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [level, {"type": "array", "items": level, "minItems": 1}]}


_USERS_SCHEMA: dict[str, Any] = {"anyOf": [{"type": "integer", "minimum": 1}, USERS.json_schema()]}
_MEASURE_SCHEMA = {"anyOf": [DURATION.json_schema(), {"type": "number", "minimum": 0}]}
_CAPACITY_SCHEMA = {"anyOf": [USERS.json_schema(), RATE.json_schema()]}

# Amounts, each in the unit that its name says.
Seconds = Annotated[float, PlainValidator(partial(DURATION.parse, per="1s")), WithJsonSchema(DURATION.json_schema())]
Milliseconds = Annotated[
    float, PlainValidator(partial(DURATION.parse, per="1ms", zero=False)), WithJsonSchema(DURATION.json_schema())
]
Share = Annotated[
    float, PlainValidator(partial(PERCENT.parse, per="100%", largest="100%")), WithJsonSchema(PERCENT.json_schema())
]
Percent = Annotated[
    float, PlainValidator(partial(PERCENT.parse, per="1%", zero=False)), WithJsonSchema(PERCENT.json_schema())
]
Users = Annotated[float, PlainValidator(parse_users), WithJsonSchema(_USERS_SCHEMA)]
Rate = Annotated[float, PlainValidator(partial(RATE.parse, per="1/s", zero=False)), WithJsonSchema(RATE.json_schema())]
UserLevels = Annotated[Levels, PlainValidator(_read_users), WithJsonSchema(_levels_schema(_USERS_SCHEMA))]
RateLevels = Annotated[Levels, PlainValidator(_read_rates), WithJsonSchema(_levels_schema(RATE.json_schema()))]


def _tiers(read: Callable[[object], float]) -> PlainValidator:
    return PlainValidator(partial(_read_tiers, read=read))


# Limits, by the unit of the metric.
_DURATION_TIERS = WithJsonSchema(_tiers_schema(DURATION.json_schema()))
_PERCENT_TIERS = WithJsonSchema(_tiers_schema(PERCENT.json_schema()))
LatencyTiers = Annotated[Tiers, _tiers(partial(DURATION.parse, per="1ms", zero=False)), _DURATION_TIERS]
TimeTiers = Annotated[Tiers, _tiers(partial(DURATION.parse, per="1s", zero=False)), _DURATION_TIERS]
ShareTiers = Annotated[Tiers, _tiers(partial(PERCENT.parse, per="100%", largest="100%")), _PERCENT_TIERS]
CoresTiers = Annotated[Tiers, _tiers(partial(PERCENT.parse, per="100%", zero=False, largest="102400%")), _PERCENT_TIERS]
DriftTiers = Annotated[Tiers, _tiers(partial(PERCENT.parse, per="1%", largest="10000%")), _PERCENT_TIERS]
RateTiers = Annotated[
    Tiers,
    _tiers(partial(RATE.parse, per="1/s", zero=False)),
    WithJsonSchema(_tiers_schema(RATE.json_schema())),
]
SizeTiers = Annotated[
    Tiers, _tiers(partial(SIZE.parse, per="1B", zero=False)), WithJsonSchema(_tiers_schema(SIZE.json_schema()))
]
CapacityTiers = Annotated[Tiers, PlainValidator(_read_capacity), WithJsonSchema(_tiers_schema(_CAPACITY_SCHEMA))]
MeasureTiers = Annotated[Tiers, PlainValidator(_read_measures), WithJsonSchema(_tiers_schema(_MEASURE_SCHEMA))]
NumberTiers = Annotated[Tiers, _tiers(_read_number), WithJsonSchema(_tiers_schema({"type": "number"}))]
