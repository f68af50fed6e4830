"""A comparison's checks added to a result: the verdict, the reasons, and what the team has accepted."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from perfgate.errors import EngineError
from perfgate.judge.accepting import acceptances
from perfgate.judge.amend import amend
from perfgate.judge.assemble import Circumstances, invalid_run
from perfgate.judge.result import Baseline, Check
from perfgate.plan.plan import Accept
from tests.judge.summaries import HOME, layer, load, service
from tests.judge.test_assemble import CIRCUMSTANCES, judged, whole

RUN = ("catalog", "steady")
DAY = date(2026, 6, 1)


def slower(percent: float = 20.0, **fields: Any) -> Check:
    return Check(
        **{
            "kind": "history",
            "endpoint": HOME,
            "metric": "p95",
            "unit": "ms",
            "status": "fail",
            "change_percent": percent,
            "message": f"p95 +{percent:g} %",
            **fields,
        }
    )


def accept(**fields: Any) -> Accept:
    return Accept(
        **{
            "metric": "p95",
            "endpoint": HOME,
            "up_to_percent": 30.0,
            "reason": "the ledger",
            "by": "ann",
            "until": date(2026, 12, 31),
            **fields,
        }
    )


@pytest.mark.parametrize(("status", "most"), [("fail", 59.0), ("warn", 89.0)])
def test_the_score_says_what_the_comparison_found(status: str, most: float) -> None:
    """No A stands beside a failure or a warning, whoever found it."""
    before = whole(judged())
    after = amend(before, {RUN: [slower(status=status)]})
    assert before.services[0].score.score is not None
    assert after.services[0].score.score == min(before.services[0].score.score, most)
    assert amend(before, {RUN: [slower(status="pass")]}).services[0].score == before.services[0].score


def test_a_proven_slowdown_turns_a_passing_result_red_and_is_its_first_reason() -> None:
    """The run, the service and the whole."""
    result = amend(whole(judged()), {RUN: [slower()]}, false_alarm_rate=0.01)
    assert (result.verdict, result.exit_code, result.false_alarm_rate) == ("fail", 1, 0.01)
    assert (result.runs[0].verdict, result.services[0].verdict) == ("fail", "fail")
    assert result.reasons == [f"catalog/steady {HOME}: p95 +20 %"]
    assert result.runs[0].checks[-1] == slower()


def test_what_passed_or_could_not_be_compared_changes_no_verdict() -> None:
    """A skipped check is shown."""
    checks = [slower(status="pass"), slower(status="skipped")]
    result = amend(whole(judged()), {RUN: checks})
    assert (result.verdict, result.reasons) == ("pass", [])
    assert result.runs[0].checks[-2:] == checks


def test_an_undecided_comparison_is_not_green() -> None:
    """Unknown is never pass."""
    assert amend(whole(judged()), {RUN: [slower(status="invalid")]}).exit_code == 3


def test_a_comparison_of_a_run_that_is_not_sound_proves_nothing() -> None:
    """Its change is shown, and its status is that nothing is known."""
    unsound = judged().model_copy(update={"sound": False, "verdict": "invalid"})
    result = amend(whole(unsound), {RUN: [slower()]})
    assert (result.verdict, result.runs[0].checks[-1].status) == ("invalid", "invalid")


def test_work_that_was_stopped_stays_invalid() -> None:
    """Whatever the comparison says of the part that was done."""
    stopped = Circumstances(**(vars(CIRCUMSTANCES) | {"stopped": "stopped by SIGINT"}))
    result = amend(whole(judged(), circumstances=stopped), {RUN: [slower()]})
    assert (result.verdict, result.reasons[0]) == ("invalid", "stopped by SIGINT")


def test_runs_that_are_not_compared_stay_as_they_are() -> None:
    """And so does an unknown beside them."""
    before = whole(judged(), invalid_run(service(), load("spike"), EngineError("it was killed")))
    after = amend(before, {RUN: [slower(status="pass")]}, baseline=Baseline(kind="history", choice="latest"))
    assert (after.verdict, after.runs[1]) == ("invalid", before.runs[1])
    assert after.baseline == Baseline(kind="history", choice="latest")


def test_an_accepted_slowdown_is_a_warning_that_says_who_accepted_it_and_why() -> None:
    """The result holds the acceptance."""
    known = acceptances([accept()], DAY)
    result = amend(whole(judged()), {RUN: [slower()]}, acceptances=known)
    check = result.runs[0].checks[-1]
    assert (result.verdict, check.status, check.accepted) == ("warn", "warn", known[0])
    assert check.message == "p95 +20 %; accepted by ann until 2026-12-31: the ledger"
    assert result.acceptances == known


@pytest.mark.parametrize(
    ("own", "words"),
    [
        (accept(until=date(2026, 5, 31)), "; it was accepted by ann until 2026-05-31, which has passed"),
        (accept(up_to_percent=15.0), "; only +15 % was accepted by ann"),
        (accept(endpoint="GET /other"), ""),
        (accept(metric="p50"), ""),
        (accept(service="checkout"), ""),
        (accept(load="peak"), ""),
        (accept(endpoint=None), ""),
    ],
)
def test_an_acceptance_that_has_expired_or_covers_less_leaves_it_red(own: Accept, words: str) -> None:
    """With a clear word where there is one."""
    result = amend(whole(judged()), {RUN: [slower()]}, acceptances=acceptances([own], DAY))
    assert (result.verdict, result.runs[0].checks[-1].message) == ("fail", f"p95 +20 %{words}")


def test_an_acceptance_holds_on_its_last_day() -> None:
    """And of several the one that holds counts."""
    known = acceptances([accept(until=date(2026, 5, 1)), accept(until=DAY)], DAY)
    assert [own.expired for own in known] == [True, False]
    assert amend(whole(judged()), {RUN: [slower()]}, acceptances=known).verdict == "warn"


def test_a_budget_is_not_accepted_away() -> None:
    """Whoever accepts more than a budget allows changes the budget."""
    red = whole(judged(budget=layer(p95=50)))
    known = acceptances([accept(endpoint=None, up_to_percent=1000.0)], DAY)
    assert amend(red, {RUN: [slower(status="pass")]}, acceptances=known).verdict == "fail"
