"""The checks of a comparison with the history: a pure function of the result and of what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from perfgate.judge.result import Capacity, Check, RunResult
from perfgate.past.comparing import compared
from perfgate.past.figures import figures_of
from perfgate.past.kept import Kept, PastRuns, Row, Trouble
from perfgate.plan.plan import Gate
from tests.report.results import endpoint, result, run

if TYPE_CHECKING:
    from collections.abc import Sequence

LOOK, ITEM = "GET /items", "GET /items/{id}"
WIGGLE = (0.99, 1.0, 1.01, 1.0, 0.99, 1.01, 1.0, 1.0)


def driven(**fields: Any) -> RunResult:
    """A run at two endpoints, with its resources."""
    return run(
        total=endpoint(None), endpoints=[endpoint(LOOK), endpoint(ITEM)], cpu_mean=0.4, memory_max_bytes=2e8, **fields
    )


def past_of(own: RunResult, runs: int = len(WIGGLE), **fields: Any) -> PastRuns:
    """Earlier runs that were as this one, but for a wiggle."""
    rows = [
        Row(endpoint=name, metric=metric, values=[value * share for share in WIGGLE[:runs]])
        for (name, metric), value in figures_of(own).items()
    ]
    recordings = [f"run-{number}" for number in range(runs)]
    made = {"recordings": recordings, "controls_ms": [0.5] * runs, "rows": rows, **fields}
    return PastRuns(service=own.service, load=own.load, **made)


def found(own: RunResult, past: PastRuns | None, gate: Gate | None = None) -> list[Check]:
    """The checks of the only run."""
    whole = result(runs=[own], control={"median_ms": 0.5, "repetitions": 200})
    kept = Kept(choice="latest", runs=[past] if past else [])
    (judged,) = compared(whole, kept, gate or Gate()).runs
    return [check for check in judged.checks if check.kind == "history"]


def rows_without(past: PastRuns, name: str) -> Sequence[Row]:
    return [row for row in past.rows if row.endpoint != name]


def test_what_is_compared() -> None:
    """Latency, throughput and resources; rates of errors have budgets."""
    metrics = {check.metric for check in found(driven(), past_of(driven()))}
    assert metrics == {"p50", "p95", "p99", "mean", "throughput", "cpu_per_request", "memory"}


def test_a_new_endpoint_and_one_that_is_gone_are_told_and_not_compared() -> None:
    """One line for each; what every one of the last runs had is more than a note: nobody has judged it."""
    past = past_of(driven())
    older = [row.model_copy(update={"endpoint": "GET /old"}) for row in past.rows if row.endpoint == ITEM]
    past = past.model_copy(update={"rows": [*rows_without(past, ITEM), *older]})
    one_sided = {(c.endpoint, c.decision, c.status) for c in found(driven(), past) if c.decision in {"new", "gone"}}
    assert one_sided == {(ITEM, "new", "skipped"), ("GET /old", "gone", "warn")}
    required = found(driven(), past, Gate(require_baseline=True))
    assert [check.status for check in required if check.decision == "gone"] == ["invalid"]


def test_an_endpoint_that_comes_and_goes_is_noted_when_it_is_gone() -> None:
    """A rare one may be in no request of a run."""
    past = past_of(driven())
    rare = Row(endpoint="GET /rare", metric="p50", values=[None, *[1.0] * (len(WIGGLE) - 1)])
    checks = found(driven(), past.model_copy(update={"rows": [*past.rows, rare]}))
    (gone,) = [check for check in checks if check.decision == "gone"]
    assert (gone.endpoint, gone.status) == ("GET /rare", "skipped")
    assert "7 of 8 earlier runs" in gone.message


def test_a_metric_that_is_gone_is_a_warning() -> None:
    """The service's memory was measured in all runs but this one; a percentile may just have too few requests."""
    past = past_of(driven())
    own = driven().model_copy(update={"memory_max_bytes": None})
    (gone,) = [check for check in found(own, past) if check.decision == "gone"]
    assert (gone.endpoint, gone.status) == (None, "warn")
    assert "memory" in gone.message
    few = endpoint(LOOK)
    few = few.model_copy(update={"latency_ms": few.latency_ms.model_copy(update={"p95": None})})
    own = driven().model_copy(update={"endpoints": [few, endpoint(ITEM)]})
    assert not [check for check in found(own, past) if check.decision == "gone"]


def test_what_is_gone_is_told_also_where_too_few_runs_are_there_to_compare() -> None:
    """One run is enough to know that it had it."""
    past = past_of(driven(), runs=2)
    own = driven().model_copy(update={"endpoints": [endpoint(LOOK)]})
    told = {(check.endpoint, check.status) for check in found(own, past)}
    assert told == {(None, "skipped"), (ITEM, "warn")}


def test_an_endpoint_that_few_earlier_runs_have_is_one_line_too() -> None:
    """It says how many more it takes."""
    past = past_of(driven())
    rows = [
        row.model_copy(update={"values": [*row.values[:2], *[None] * 6]}) if row.endpoint == ITEM else row
        for row in past.rows
    ]
    words = [
        check.message for check in found(driven(), past.model_copy(update={"rows": rows})) if check.endpoint == ITEM
    ]
    assert words == ["2 earlier runs with it: 3 more are needed to compare with the history"]


def test_a_machine_of_another_speed_is_no_change() -> None:
    """Times are divided by the control; memory is not."""
    past = past_of(driven(), controls_ms=[0.25] * len(WIGGLE))  # the machine is half as fast today
    halved = [
        row.model_copy(update={"values": [value and value / 2 for value in row.values]})
        if row.metric in {"p50", "p95", "p99", "mean", "cpu_per_request"}
        else row
        for row in past.rows
    ]
    statuses = {check.status for check in found(driven(), past.model_copy(update={"rows": halved}))}
    assert statuses == {"pass"}


def test_an_unsound_run_is_not_compared() -> None:
    """It is invalid, whatever its figures say."""
    own = driven(sound=False, verdict="invalid", doubts=["the generator was too slow"])
    assert found(own, past_of(driven())) == []


class TestAStressLoad:
    """Its figures are those of the highest step that held."""

    def test_compares_with_runs_that_held_the_same_step(self) -> None:
        """As any other."""
        own = driven(load_kind="stress", capacity=Capacity(level=200, unit="users", lower_bound=False))
        past = past_of(own)
        levels = Row(endpoint=None, metric="capacity", values=[200.0] * 6 + [400.0] * 2)
        past = past.model_copy(update={"rows": [*(row for row in past.rows if row.metric != "capacity"), levels]})
        assert {check.status for check in found(own, past)} == {"pass"}

    def test_is_not_compared_with_others(self) -> None:
        """A step is no shade of another; the budgets and the paired comparison tell capacities apart."""
        own = driven(load_kind="stress", capacity=Capacity(level=100, unit="users", lower_bound=False))
        past = past_of(own)
        levels = Row(endpoint=None, metric="capacity", values=[200.0] * 8)
        past = past.model_copy(update={"rows": [*(row for row in past.rows if row.metric != "capacity"), levels]})
        (check,) = found(own, past)
        assert check.status == "skipped"
        assert check.message.startswith("capacity 100 users, which 0 of 8 earlier runs had")


@pytest.mark.parametrize(("required", "status"), [(False, "skipped"), (True, "invalid")])
def test_what_keeps_it_from_being_made_is_told(required: bool, status: str) -> None:
    """And is invalid where it was required."""
    trouble = Trouble(slug="history-down", message="the database cannot be reached", hint="is it running?")
    past = PastRuns(service="catalog", load="normal", trouble=trouble)
    (check,) = found(driven(), past, Gate(require_baseline=required))
    assert (check.status, check.metric) == (status, "history")
    assert check.message == "not compared with the history: the database cannot be reached (is it running?)"


def test_an_undecided_check_is_shown_and_fails_nothing() -> None:
    """The history is the cheap comparison; the paired one decides."""
    past = past_of(driven())
    wild = [1.0, 3.0, 0.4, 2.0, 0.7, 1.5, 0.5, 2.5]
    rows = [
        row.model_copy(update={"values": [row.values[1] and row.values[1] * share for share in wild]})
        for row in past.rows
    ]
    checks = found(driven(), past.model_copy(update={"rows": rows}), Gate(require_baseline=True))
    assert {check.status for check in checks} == {"skipped"}
    assert {check.decision for check in checks} == {"undecided"}
