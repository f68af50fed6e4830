"""The `[compare]` and `[[accept]]` tables made into plan values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.plan.budget import METRICS
from perfgate.plan.plan import Accept, Compare
from perfgate.plan.units import shown
from perfgate.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.plan.compare_tables import AcceptTable, CompareTable
    from perfgate.plan.findings import Place

_SHORTEST_BLOCK_S = 0.05
_BLOCKS = 20  # fewer, ten pairs, decide nothing
# What comparisons look at and budgets have no limit for.
_COMPARED_ONLY = ("cpu_per_request",)


def build_compare(table: CompareTable | None, place: Place) -> Compare:
    """How two revisions are measured; problems are reported to `place`."""
    if table is None:
        return Compare()
    block_s = _SHORTEST_BLOCK_S if table.block is None else table.block
    longest_s = Compare.max_duration_s if table.max_duration is None else table.max_duration
    if block_s < _SHORTEST_BLOCK_S:
        place.at("block").wrong(f"a block of {block_s:g} s is too short to measure in", 'write at least "50ms"')
    elif longest_s < _BLOCKS * block_s:
        key = "block" if table.max_duration is None else "max_duration"
        place.at(key).wrong(
            f"only {int(longest_s / block_s)} blocks of {block_s:g} s fit into {longest_s:g} s",
            f"a comparison needs at least {_BLOCKS}: raise max_duration, or shorten block",
        )
    return Compare(longest_s, table.block, own_cpus=table.own_cpus is not False, answers=table.answers or "invalid")


def build_accepts(
    tables: Sequence[AcceptTable], place: Place, services: Sequence[str], loads: Sequence[str]
) -> tuple[Accept, ...]:
    """The accepted regressions; problems are reported to `place`.

    Args:
        tables: as written.
        place: of the list.
        services, loads: the names that the file has.
    """
    return tuple(_accept(table, place.at(number), services, loads) for number, table in enumerate(tables))


def _accept(table: AcceptTable, place: Place, services: Sequence[str], loads: Sequence[str]) -> Accept:
    _check_known(table.service, services, place.at("service"))
    _check_known(table.load, loads, place.at("load"))
    _check_known(table.metric, [*METRICS, *_COMPARED_ONLY], place.at("metric"))
    return Accept(
        metric=table.metric,
        up_to_percent=table.up_to,
        reason=table.reason,
        by=table.by,
        until=table.until,
        service=table.service,
        load=table.load,
        endpoint=table.endpoint,
        source=place.source,
    )


def _check_known(name: str | None, known: Sequence[str], place: Place) -> None:
    if name is not None and name not in known:
        place.wrong(f"no {place.path[-1]} {shown(name)}", nearest(name, known))
