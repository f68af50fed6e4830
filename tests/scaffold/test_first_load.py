"""The load that `init` writes: short, and long enough for its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from perfgate.measure.percentile import QUANTILES, needed_for
from perfgate.scaffold.first_load import LONGEST_S, RAMP_UP_S, SHORTEST_S, long_enough
from tests.scaffold.test_proposal import result, summary

if TYPE_CHECKING:
    from perfgate.judge.result import RunResult


def run(*rates: float) -> RunResult:
    """A run whose endpoints were asked at these rates, a second."""
    entries = [
        summary(f"GET /{number}", 9.0, 9.0).model_copy(update={"throughput_per_s": rate})
        for number, rate in enumerate(rates)
    ]
    return result(summary(None, 9.0, 9.0), *entries).runs[0]


@given(st.lists(st.floats(0.0, 1e4), max_size=20))
def test_is_between_half_a_minute_and_a_minute(rates: list[float]) -> None:
    """In steps that one writes by hand."""
    found = long_enough(run(*rates))
    assert SHORTEST_S <= found <= LONGEST_S
    assert found % 5 == 0


@given(st.lists(st.floats(0.01, 1e4), min_size=1, max_size=20))
def test_holds_what_a_p99_of_the_rarest_endpoint_needs(rates: list[float]) -> None:
    """Unless a minute does not hold them either."""
    found = long_enough(run(*rates))
    assert found == LONGEST_S or min(rates) * (found - RAMP_UP_S) >= needed_for(QUANTILES["p99"])


def test_is_not_made_longer_by_what_never_answers() -> None:
    """No length gives it a percentile."""
    assert long_enough(run(50.0, 0.0)) == SHORTEST_S
    assert long_enough(run()) == SHORTEST_S
