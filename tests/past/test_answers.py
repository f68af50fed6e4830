"""Never green: a page that is faster than in earlier runs since it has become empty, short, or the login."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.plan.plan import Gate
from tests.past.test_comparing import found, past_of
from tests.report.results import endpoint, run

if TYPE_CHECKING:
    from perfgate.judge.result import Check, RunResult
    from perfgate.past.kept import PastRuns

ITEM = "GET /items/{id}"
USUAL = {"requests": 500, "failures": 0, "mean_body_bytes": 20_000.0, "empty": 0, "redirected": 0}
# What is answered in place of 500 pages of 20 kB.
OTHER_ANSWERS: dict[str, dict[str, Any]] = {
    "every page is empty": {"mean_body_bytes": 0.0, "empty": 500},
    "an error in JSON with a status of 200": {"mean_body_bytes": 30.0},
    "a page of a third of its length": {"mean_body_bytes": 6_600.0},
    "the login, which is as long": {"redirected": 500},
    "one page in ten is empty": {"empty": 50},
}


def _driven(**answers: Any) -> RunResult:
    page = endpoint(ITEM).model_copy(update={**USUAL, **answers})
    return run(total=endpoint(None), endpoints=[page], cpu_mean=0.4, memory_max_bytes=2e8)


def _answers(own: RunResult, past: PastRuns, gate: Gate | None = None) -> list[Check]:
    metrics = {"body_size", "empty_answers", "redirected_answers"}
    return [check for check in found(own, past, gate) if check.metric in metrics]


@pytest.mark.parametrize("runs", [1, 8])
@pytest.mark.parametrize("answered", [pytest.param(row, id=name) for name, row in OTHER_ANSWERS.items()])
def test_other_answers_than_in_earlier_runs_are_a_warning(answered: dict[str, Any], runs: int) -> None:
    """However few the earlier runs are: what is answered hardly scatters."""
    (told,) = _answers(_driven(**answered), past_of(_driven(), runs))
    assert (told.kind, told.endpoint, told.status) == ("history", ITEM, "warn")
    assert "is it the same that is answered?" in told.message


def test_where_a_comparison_is_required_nothing_was_judged() -> None:
    """Of a page most of whose answers are others."""
    past, gate = past_of(_driven()), Gate(require_baseline=True)
    told = {name: _answers(_driven(**answered), past, gate)[0].status for name, answered in OTHER_ANSWERS.items()}
    assert list(told.values()) == ["invalid", "invalid", "warn", "invalid", "warn"]


def test_what_most_of_the_last_runs_answered_too_is_the_usual() -> None:
    """It was meant: it is told no more."""
    emptied = OTHER_ANSWERS["every page is empty"]
    own, past = _driven(**emptied), past_of(_driven())
    for new, told in ((2, True), (3, False)):
        now = {(row.endpoint, row.metric): row.values for row in past_of(own).rows}
        rows = [
            row.model_copy(update={"values": [*now[row.endpoint, row.metric][:new], *row.values[new:]]})
            for row in past.rows
            if (row.endpoint, row.metric) in now
        ]
        assert bool(_answers(own, past.model_copy(update={"rows": rows}))) is told


def test_a_few_requests_say_nothing() -> None:
    """Of a rare endpoint."""
    assert not _answers(_driven(requests=19, empty=19, mean_body_bytes=0.0), past_of(_driven()))


@given(st.floats(0.6, 3.0), st.integers(0, 4), st.integers(0, 4))
def test_answers_that_vary_are_no_warning(size: float, empty: int, redirected: int) -> None:
    """Somewhat longer or shorter, one in a hundred empty."""
    own = _driven(mean_body_bytes=20_000 * size, empty=empty, redirected=redirected)
    assert not _answers(own, past_of(_driven()))


def test_an_endpoint_without_a_success_has_no_answers_that_would_be_gone() -> None:
    """Its failures are what is told."""
    own = _driven(failures=500, mean_body_bytes=None)
    assert not [check for check in found(own, past_of(_driven())) if check.metric.endswith(("size", "answers"))]
