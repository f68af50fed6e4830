"""The tables of `budgets.toml` that say how comparisons are made: `[compare]` and `[[accept]]`."""

# No `from __future__ import annotations`: pydantic evaluates the annotations, so they must be real imports.

import datetime
from typing import Annotated, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from perfgate.plan.limit_tables import Table, key
from perfgate.plan.tiers import Percent, Seconds
from perfgate.plan.units import AmountError, shown


class CompareTable(Table):
    """How `perfgate compare` measures two revisions."""

    max_duration: Seconds | None = key("Time for each load at both sides together; 2m unless written.")
    own_cpus: bool | None = key(
        "Whether generator and services may be given CPUs of their own, where there is room; true unless written."
    )
    answers: Literal["invalid", "warn"] | None = key(
        "What an endpoint is of which most answers are empty, much shorter or redirected at the head, and were not at "
        "the base; invalid (exit code 3) unless written."
    )
    block: Seconds | None = key(
        "Length of one block at one side, its warm-up included; found by perfgate unless written."
    )


def _read_day(value: object) -> datetime.date:
    try:
        if isinstance(value, str):
            return datetime.date.fromisoformat(value)
    except ValueError:
        pass  # told below, as for any other value
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value
    raise AmountError(f"{shown(value)} is not a day", 'write e.g. "2026-12-31"')


Day = Annotated[
    datetime.date, PlainValidator(_read_day), WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"})
]


class AcceptTable(Table):
    """A regression that the team accepts, for a time: it is shown in every report, and fails nothing until then."""

    metric: str = Field(description="The metric that may be worse, e.g. `p95`.", min_length=1)
    up_to: Percent = Field(description="The largest change that is accepted, from the baseline.")
    reason: str = Field(description="Why; shown in every report.", min_length=1)
    by: str = Field(description="Who accepted it.", min_length=1)
    until: Day = Field(description="The last day on which it holds, e.g. 2026-12-31; after it, it fails.")
    service: str | None = key("Only this service; any unless written.", min_length=1)
    load: str | None = key("Only this load; any unless written.", min_length=1)
    endpoint: str | None = key(
        "Only this endpoint, as reports name it; the whole service unless written.", min_length=1
    )
