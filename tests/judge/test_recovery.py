"""Recovery time: from the spike's end until the p95 of successive seconds is back within budget."""

from __future__ import annotations

import pytest

from perfgate.judge.recovery import check_recovery, recovery_of
from perfgate.measure.summary import RunSummary, Series
from tests.judge.summaries import layer, limit, phase, summary

BUDGET = layer(p95=250)


def spiked(p95s: list[float | None], *, few: bool = False, spike_end_s: float = 6) -> RunSummary:
    """A run of one second for each p95 (None: no request in it): steady to 4, spike to 6, then recovery.

    With `few`, each second has too few requests for a p95, and only its maximum is known.
    """
    length = len(p95s)
    none: list[float | None] = [None] * length
    series = Series(
        second=list(range(length)),
        phase=["steady"] * 4 + ["spike"] * 2 + ["recovery"] * (length - 6),
        users=[5] * length,
        requests=[0 if p95 is None else 100 for p95 in p95s],
        failures=[0] * length,
        p50_ms=none,
        p95_ms=none if few else p95s,
        p99_ms=none,
        max_ms=p95s if few else [None if p95 is None else p95 * 3 for p95 in p95s],
        cpu=none,
        memory_bytes=none,
    )
    phases = phase("steady", 0, 4), phase("spike", 4, spike_end_s), phase("recovery", spike_end_s, length)
    return summary(*phases, series=series)


BEFORE: list[float | None] = [50, 50, 50, 50, 900, 900]


@pytest.mark.parametrize(
    ("after", "seconds"),
    [
        ([50, 50, 50, 50], 0),
        ([900, 50, 50, 50], 1),
        ([900, 900, 900, 50], 3),
        ([900, 50, 900, 50], 3),
        ([250, 250.1, 250, 250], 2),
        ([50, 50, 50, 900], 0),
        ([900, 50, 50, 50, 900, 900, 900], 1),
        ([900, 50, 50, 900, 50, 50, 50], 4),
        ([900, 50, 50, 900, 50, 50, 900], None),
        ([900, 900, 900, 900], None),
        ([900, None, None, 50], 3),
        ([50, None, 50, 50], 2),
        ([50, 50, 50, None], 0),
        ([50, 50, None, None], None),
    ],
)
def test_a_service_has_recovered_with_the_first_of_three_seconds_within_budget(
    after: list[float | None], seconds: float | None
) -> None:
    """Or of all that remain; silence, where there was none before the spike, is out of budget as well."""
    assert recovery_of(spiked(BEFORE + after), BUDGET).recovery_time_s == seconds


def test_seconds_that_are_out_again_later_are_told_and_change_nothing() -> None:
    """One second of a healthy service is noise; whoever reads the check sees that there were some."""
    run = spiked([*BEFORE, 900, 50, 50, 50, 900, 50, 900, 50])
    recovery = recovery_of(run, BUDGET)
    words = "p95 back within 250 ms; out again in 2 of the 7 seconds from then on, first at 00:10"
    assert (recovery.recovery_time_s, recovery.detail) == (1, words)
    check = check_recovery(run, BUDGET, limit("recovery_time", 5))
    assert (check.status, check.message) == ("pass", f"recovery time 1 s, budget 5 s (-80 %); {words}")


def test_seconds_in_which_the_clock_stepped_are_passed_over() -> None:
    """Their requests succeeded, and nobody knows how fast; where there are no others, nothing is known."""
    run = spiked([*BEFORE, 900, 50, 50, 50, 50])
    columns = run.series.model_dump()
    columns["p95_ms"][8] = columns["max_ms"][8] = None
    assert recovery_of(run.model_copy(update={"series": Series(**columns)}), BUDGET).recovery_time_s == 1
    for second in range(6, 11):
        columns["p95_ms"][second] = columns["max_ms"][second] = None
    blind = run.model_copy(update={"series": Series(**columns)})
    assert check_recovery(blind, BUDGET, limit("recovery_time", 5)).status == "invalid"


def test_seconds_without_requests_are_borne_where_they_are_usual() -> None:
    """A load of few requests has silent seconds before the spike, too: then they count as the second before them."""
    before: list[float | None] = [50, None, 50, 50, 900, 900]
    assert recovery_of(spiked([*before, 900, None, 50, None]), BUDGET).recovery_time_s == 2
    assert recovery_of(spiked([*before, 900, 50, None, None]), BUDGET).recovery_time_s is None
    assert recovery_of(spiked([50, None, 50, 50, 50, 50, None, 50, 50, 50]), BUDGET).recovery_time_s == 0


def test_a_second_without_successful_requests_is_out_of_budget() -> None:
    """Failures are not recovery."""
    run = spiked([*BEFORE, 50, 50, 50, 50])
    columns = run.series.model_dump()
    columns["p95_ms"][7] = columns["max_ms"][7] = None
    columns["failures"][7] = columns["requests"][7]
    assert recovery_of(run.model_copy(update={"series": Series(**columns)}), BUDGET).recovery_time_s == 2


def test_the_maximum_stands_for_a_p95_that_too_few_requests_carry() -> None:
    """It is the stricter of the two."""
    assert recovery_of(spiked([*BEFORE, 900, 50, 50, 50], few=True), BUDGET).recovery_time_s == 1


def test_a_spike_that_ends_within_a_second_is_counted_from_there() -> None:
    """The second that it ends in is shared by both."""
    assert recovery_of(spiked([*BEFORE, 50, 50], spike_end_s=5.5), BUDGET).recovery_time_s == 0.5


def test_seconds_of_the_drain_are_no_part_of_it() -> None:
    """The load is over then."""
    run = spiked([*BEFORE, 900, 50, 50, 900])
    shorter = [*run.phases[:2], phase("recovery", 6, 9)]
    assert recovery_of(run.model_copy(update={"phases": shorter}), BUDGET).recovery_time_s == 1


def test_a_silence_right_after_the_spike_counts_as_the_spikes_last_second() -> None:
    """Where such silences are usual."""
    before: list[float | None] = [50, None, 50, 50]
    assert recovery_of(spiked([*before, 900, 900, None, 50, 50, 50]), BUDGET).recovery_time_s == 1
    assert recovery_of(spiked([*before, 900, 50, None, 50, 50, 50]), BUDGET).recovery_time_s == 0


def test_the_failing_tier_is_what_to_recover_to() -> None:
    """Else the warning tier."""
    run = spiked([*BEFORE, 300, 300, 50, 50])
    assert recovery_of(run, layer(p95=(250.0, 400.0))).recovery_time_s == 0
    assert recovery_of(run, layer(p95=(250.0, None))).recovery_time_s == 2


@pytest.mark.parametrize(
    ("after", "tiers", "status"),
    [
        ([900, 50, 50, 50], 1, "pass"),
        ([900, 900, 50, 50], 1, "fail"),
        ([900, 900, 50, 50], (1.0, 3.0), "warn"),
        ([900, 900, 900, 900], 60, "fail"),
    ],
)
def test_the_recovery_time_is_held_against_its_budget(
    after: list[float | None], tiers: float | tuple[float, float], status: str
) -> None:
    """A service that never recovered fails whatever the budget is."""
    check = check_recovery(spiked(BEFORE + after), BUDGET, limit("recovery_time", tiers))
    assert (check.status, check.unit) == (status, "s")


def test_never_recovered_has_no_observed_time() -> None:
    """The words say so."""
    check = check_recovery(spiked([*BEFORE, 900, 900, 900, 900]), BUDGET, limit("recovery_time", 5))
    assert (check.observed, check.message) == (
        None,
        "recovery time: p95 was not back within 250 ms when the load ended",
    )


def test_without_a_p95_budget_there_is_nothing_to_recover_to() -> None:
    """A budget for the time is then invalid."""
    run = spiked([*BEFORE, 50, 50, 50, 50])
    assert recovery_of(run, layer(p50=10)).detail == "there is no p95 budget to recover to"
    assert check_recovery(run, layer(p50=10), limit("recovery_time", 5)).status == "invalid"


def test_a_load_that_ended_before_the_spike_was_over_is_invalid() -> None:
    """Nothing is known of the recovery."""
    run = summary(phase("steady", 0, 4), phase("spike", 4, 5))
    assert recovery_of(run, BUDGET).recovery_time_s is None
    assert check_recovery(run, BUDGET, limit("recovery_time", 5)).status == "invalid"
