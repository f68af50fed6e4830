"""A comparison on a busy machine says so, and what would decide it is told in time and requests."""

import pytest

from perfgate.judge.changed import Change, worded
from perfgate.judge.result import Comparison, RunResult
from perfgate.judge.sides import CheckKey
from perfgate.measure.summary import Health, Latency
from perfgate.report.grounds import advice, busyness
from tests.report import results


def run(pairs: int, dropped: dict[str, int], load_average: float | None) -> RunResult:
    """A load that was compared while the machine was as told."""
    made = Comparison(
        pairs=pairs,
        dropped=dropped,
        block_s=0.05,
        duration_s=60.0,
        stopped="the time was over",
        load_average=load_average,
        max_slowdown_percent=10.0,
        false_alarm_rate=0.01,
    )
    return RunResult(
        service="shop",
        load="peak",
        load_kind="steady",
        verdict="invalid",
        model="closed",
        health=Health(valid=True, clock=None),
        comparison=made,
    )


def test_a_busy_machine_is_named_with_its_load_its_cores_and_the_pairs_it_cost() -> None:
    """The reason stands where the verdict is told, with figures."""
    told = busyness(run(146, {"steal": 400, "loop lag": 12}, 15.0), 2)
    assert told == (
        "shop / peak: this machine is busy (load 15 on 2 cores), 412 of 558 pairs dropped (steal 400, loop lag 12): "
        "compare where it is quieter."
    )


@pytest.mark.parametrize(
    ("load_average", "dropped"),
    [(2.3, {}), (None, {}), (3.9, {"steal": 3})],
    ids=["its own work", "not known", "its own work and a few pairs"],
)
def test_a_machine_that_only_compares_is_not_called_busy(load_average: float | None, dropped: dict[str, int]) -> None:
    """The generator and the service that answers it want to run, too."""
    assert busyness(run(100, dropped, load_average), 2) == ""


def test_many_dropped_pairs_are_told_where_the_load_average_is_not_known() -> None:
    """A virtual machine whose time is stolen has no load average of its own to show for it."""
    assert "412 of 558 pairs dropped (steal 412)" in busyness(run(146, {"steal": 412}, None), 2)


def undecided(needed: int | None) -> Change:
    """A finding of 20 pairs with 60 requests at each side."""
    return Change(
        key=CheckKey("GET /", "p95"),
        decision="undecided",
        gating=True,
        unit="percent",
        change=5.0,
        interval=(-20.0, 30.0),
        smallest_detectable=None,
        tolerated=10.0,
        pairs=20,
        pairs_needed=needed,
        too_wide=False,
        base=10.0,
        head=10.5,
        value_unit="ms",
        base_requests=60,
        head_requests=60,
        words="",
    )


def test_what_would_decide_is_told_in_time_and_requests_and_not_in_pairs() -> None:
    """Nobody can ask for pairs: time is what --max-duration takes."""
    words = worded(undecided(100), pair_s=2.0).words
    assert words.endswith("about 3 m 20 s (600 requests) would tell, it was driven for 40 s (120 requests)")
    assert "pair" not in words


def test_what_cannot_be_forecast_says_how_little_there_was() -> None:
    """No figure is made up."""
    assert worded(undecided(None), pair_s=2.0).words.endswith("; 40 s (120 requests) cannot tell")


def advised(*needed_s: float, takes_ms: float = 2.0) -> str:
    """What is advised of a load of 65/s whose comparison took two minutes, and of checks that need so long."""
    checks = [results.UNDECIDED.model_copy(update={"needed_s": seconds}) for seconds in needed_s]
    result = results.compared(*checks, verdict="invalid", exit_code=3)
    run = result.runs[0]
    latency = Latency(mean=takes_ms)
    total = results.endpoint(None).model_copy(update={"throughput_per_s": 65.0, "latency_ms": latency})
    made = results.comparison(duration_s=120.0)
    changed = run.model_copy(update={"model": "closed", "total": total, "comparison": made})
    return " ".join(advice(result.model_copy(update={"runs": [changed]})))


def test_a_forecast_of_days_is_no_advice() -> None:
    """What can be told within an hour is counted, and the time for that is named."""
    told = advised(240.0, 590.0, 100_000.0)
    assert "--max-duration 10m would tell 2 of 3 by forecast" in told
    assert "would not tell any of it" in advised(100_000.0)


def test_a_higher_rate_is_advised_only_where_the_service_has_room_for_it() -> None:
    """20 users whose answers take long do not think: they wait in its queue, which would only become longer."""
    assert 'rate = "130/s" in place of users with think time' in advised(240.0)
    assert 'rate = "100/s"' in advised(480.0, takes_ms=5.0)
    assert "rate =" not in advised(240.0, takes_ms=180.0)
