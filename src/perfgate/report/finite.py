"""A result whose every number can be shown: what is not finite, or beyond all sense, is unknown."""

from __future__ import annotations

import math
from typing import Any, TypeVar, cast

from pydantic import BaseModel

BEYOND = 1e15  # no time, rate or size that is measured comes near it

M = TypeVar("M", bound=BaseModel)


def finite(model: M) -> M:
    """The model with NaN, infinities and numbers beyond 1e15 made null; 0 where a number must stand."""
    return cast("M", _clean(model, optional=False))


def _clean(value: object, *, optional: bool) -> object:
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        changed: dict[str, Any] = {
            name: _clean(getattr(value, name), optional=type(None) in getattr(fields[name].annotation, "__args__", ()))
            for name in fields
        }
        return type(value).model_construct(None, **changed)
    if isinstance(value, list):
        return [_clean(item, optional=True) for item in value]
    if isinstance(value, tuple):  # an interval: half of one says nothing
        return value if all(_is_sane(item) for item in value) else None
    return value if _is_sane(value) else (None if optional else 0)


def _is_sane(value: object) -> bool:
    if not isinstance(value, int | float):
        return True
    return math.isfinite(value) and abs(value) < BEYOND
