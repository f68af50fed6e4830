"""What a comparison holds and refuses besides changes: budgets on the head, sides that failed, what is missing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from perfgate.judge.changed import Rules
from perfgate.judge.comparison import NOTHING_COMPARED, Terms, check_of, compared_run
from perfgate.judge.figures import figure_changes
from perfgate.judge.head_budgets import head_checks
from perfgate.judge.paired import CheckKey, compare_pairs
from perfgate.measure.blocks import Block, Requests
from perfgate.measure.histogram import Histogram
from perfgate.measure.pairs import UNFINISHED
from perfgate.plan.budget import Budget, BudgetLayer, Limit
from tests.judge.blocks import block, pair
from tests.judge.summaries import load, service
from tests.judge.test_comparison import COMPARISON

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfgate.judge.result import Check, RunResult

RULES = Rules(max_slowdown_percent=10.0)
OK, BROKEN = [5.0] * 20, [0.0] * 0


def side(parts: Mapping[str, tuple[Sequence[float], int]], **rest: float) -> Block:
    """Times and failures by endpoint."""
    endpoints = {name: Requests(Histogram.of(list(times)), failed) for name, (times, failed) in parts.items()}
    return Block(endpoints, 1.0, rest.get("cpu_s"), rest.get("memory"))


def compared(base: Block, head: Block, *, limits: Budget | None = None, terms: Terms | None = None) -> RunResult:
    """Thirty pairs alike."""
    pairs = [pair(number, base, head) for number in range(30)]
    own = replace(service(), budget=limits or Budget())
    return compared_run(own, load(), pairs, compare_pairs(pairs, RULES), COMPARISON, terms or Terms("invalid"))


def limits(**fail: float) -> Budget:
    return Budget(every=BudgetLayer({name: Limit(name, fail=value) for name, value in fail.items()}))


def statuses(run: RunResult, endpoint: str | None, kind: str = "paired") -> dict[str, str]:
    return {check.metric: check.status for check in run.checks if (check.endpoint, check.kind) == (endpoint, kind)}


def check(run: RunResult, metric: str, endpoint: str | None = None, kind: str = "budget") -> Check:
    return next(one for one in run.checks if (one.endpoint, one.metric, one.kind) == (endpoint, metric, kind))


def test_a_service_that_fails_everything_at_both_sides_is_red() -> None:
    """Nothing got worse, nothing was compared, and the head is broken: that is the first that is said."""
    run = compared(side({"a": (BROKEN, 20)}), side({"a": (BROKEN, 20)}))
    assert run.verdict == "fail"
    assert run.reasons[0] == "catalog/steady: every request failed (600 requests): that is never a pass"
    assert statuses(run, "a") == {"mean": "invalid", "p50": "invalid", "p95": "invalid", "error_rate": "pass"}
    assert check(run, "p50", "a", "paired").message == (
        "p50 not compared: 100 % of the base's and 100 % of the head's requests failed"
    )


def test_a_repaired_service_has_nothing_to_be_compared_with() -> None:
    """The base failed everything: that cannot be a pass, nor is it the head's fault."""
    run = compared(side({"a": (BROKEN, 20)}), side({"a": (OK, 0)}))
    assert run.verdict == "invalid"
    assert run.reasons == ["catalog/steady: geometric mean not compared: 100 % of the base's requests failed"]


def test_an_endpoint_that_the_base_does_not_answer_is_as_good_as_new() -> None:
    """A change that adds an endpoint: the base answers 404. The budgets hold it; the rest is compared."""
    base, head = side({"old": (OK, 0), "new": (BROKEN, 20)}), side({"old": (OK, 0), "new": (OK, 0)})
    run = compared(base, head)
    assert run.verdict == "pass"
    assert statuses(run, "new") == {"mean": "skipped", "p50": "skipped", "p95": "skipped", "error_rate": "pass"}


@pytest.mark.parametrize("failed", [(10, 10), (0, 12)])
def test_an_endpoint_of_which_the_head_fails_most_is_not_compared(failed: tuple[int, int]) -> None:
    """Whatever the times of the rest are."""
    base, head = (side({"a": (OK, 0), "b": ([1.0] * 10, own)}) for own in failed)
    run = compared(base, head)
    assert {statuses(run, "b")[metric] for metric in ("mean", "p50", "p95")} == {"invalid"}
    assert run.verdict in {"fail", "invalid"}


@pytest.mark.parametrize(
    ("limit", "metric", "status"),
    [
        ({"p95": 4.0}, "p95", "fail"),
        ({"p95": 6.0}, "p95", "pass"),
        ({"mean": 4.0}, "mean", "fail"),
        ({"error_rate": 0.01}, "error_rate", "pass"),
        ({"cpu": 0.1}, "cpu", "fail"),
        ({"memory": 1e6}, "memory", "fail"),
        ({"memory": 1e9}, "memory", "pass"),
        ({"throughput": 1000.0}, "throughput", "skipped"),
        ({"p99_9": 6.0}, "p99_9", "skipped"),  # 600 requests: a comparison ends when it knows what changed
    ],
)
def test_budgets_are_held_on_the_head(limit: dict[str, float], metric: str, status: str) -> None:
    """Unchanged, and too slow all the same; what the blocks cannot tell is skipped and says why."""
    same = side({"a": (OK, 0)}, cpu_s=0.2, memory=50e6)
    run = compared(same, same, limits=limits(**limit))
    held = check(run, metric)
    assert held.status == status
    assert run.verdict == ("fail" if status == "fail" else "pass")
    if status == "skipped":
        assert "`perfgate run` holds it" in held.message


def test_the_default_limit_on_failures_holds_too() -> None:
    """3 % failed at both sides, and no error rate is written: a warning."""
    same = side({"a": ([5.0] * 97, 3)})
    run = compared(same, same)
    assert run.verdict == "warn"
    assert check(run, "error_rate").status == "warn"


def test_what_a_deployment_uses_is_skipped_and_what_was_not_read_is_not() -> None:
    """Of a service that perfgate started CPU and memory have to be known."""
    same = side({"a": (OK, 0)})
    for started, status in ((False, "skipped"), (True, "invalid")):
        run = compared(same, same, limits=limits(memory=1e9), terms=Terms("invalid", started=started))
        assert check(run, "memory").status == status


def test_a_budget_that_is_broken_stands_though_nothing_was_compared() -> None:
    """A proven red is not hidden by an unknown."""
    run = compared(side({}), side({"a": (OK, 0)}), limits=limits(p95=4.0))
    assert run.verdict == "fail"
    assert compared(side({}), side({"a": (OK, 0)})).doubts == [NOTHING_COMPARED]


def test_an_endpoint_that_only_the_base_was_asked_for_is_not_passed_over() -> None:
    """The same load, and the head never came so far; one that is rare may be missing by chance."""
    run = compared(side({"a": (OK, 0), "next": (OK, 0)}), side({"a": (OK * 2, 0)}))
    assert (run.verdict, statuses(run, "next")["mean"]) == ("invalid", "invalid")
    rare = [
        pair(n, side({"a": (OK, 0), **({"next": (OK[:1], 0)} if n < 10 else {})}), side({"a": (OK, 0)}))
        for n in range(30)
    ]
    gone = next(own for own in compare_pairs(rare, RULES) if own.key == CheckKey("next", "mean"))
    assert (gone.decision, check_of(gone, "invalid").status) == ("gone", "skipped")


def test_what_the_head_never_answered_is_a_failure_of_the_whole() -> None:
    """It is no endpoint, which would be new; and one that the base did not answer is no endpoint gone."""
    fine, hanging = side({"a": (OK, 0)}), side({"a": (OK, 0), UNFINISHED: (BROKEN, 5)})
    run = compared(fine, hanging)
    assert (run.verdict, statuses(run, None)["error_rate"]) == ("fail", "fail")
    assert not statuses(run, UNFINISHED)
    assert compared(hanging, fine).verdict == "pass"


def test_a_metric_that_one_side_lacks_is_told() -> None:
    """Nothing is left out without a word."""
    run = compared(side({"a": (OK, 0)}, memory=50e6), side({"a": (OK, 0)}), terms=Terms("invalid", started=False))
    memory = check(run, "memory", kind="paired")
    assert (memory.status, memory.message) == ("skipped", "memory not compared: nothing was measured at the head")


def test_a_decision_that_contradicts_its_figures_makes_everything_unknown() -> None:
    """Not a crash, and not a pass."""
    pairs = [pair(n, block({"a": OK}), block({"a": OK})) for n in range(30)]
    changes = compare_pairs(pairs, RULES)
    wrong = [replace(own, interval=(20.0, 30.0)) if own.key == CheckKey("a", "p50") else own for own in changes]
    run = compared_run(service(), load(), pairs, wrong, COMPARISON, Terms("invalid"))
    assert run.verdict == "invalid"
    assert "contradicts its interval" in run.reasons[0]


def whole(figures: dict[str, float], failed: int = 0) -> Block:
    return Block({"a": Requests(Histogram.of([5.0] * 10), failed)}, 1.0, figures=figures)


@pytest.mark.parametrize(
    ("kind", "base", "head", "verdict"),
    [
        ("stress", whole({"capacity": 0}), whole({"capacity": 0}), "invalid"),  # no step held at either
        ("stress", whole({"capacity": 50}, 40), whole({"capacity": 50}, 40), "pass"),  # it breaks in the end
        ("stress", whole({"capacity": 50}), whole({"capacity": 0}), "fail"),
        ("spike", whole({"recovery_time": 5}, 90), whole({"recovery_time": 5}, 90), "fail"),
        ("spike", whole({"recovery_time": 5}, 90), whole({"recovery_time": 5}), "invalid"),
        ("spike", whole({"recovery_time": 5, "spike_p95": 9}), whole({"recovery_time": 5}), "invalid"),
        ("spike", whole({"recovery_time": 5}), whole({"recovery_time": 5}), "pass"),
    ],
)
def test_whole_loads_that_failed_are_not_compared(kind: str, base: Block, head: Block, verdict: str) -> None:
    """Nor is a figure passed over that only the base has."""
    pairs = [pair(number, base, head) for number in range(4)]
    own = load(kind)  # type: ignore[arg-type]
    run = compared_run(service(), own, pairs, figure_changes(pairs, RULES), COMPARISON, Terms("invalid"))
    assert run.verdict == verdict


def test_a_stress_load_of_which_everything_failed_is_red() -> None:
    """Though failures are what it ends in."""
    heads = [Block({"a": Requests(Histogram.of([]), 50)}, 1.0)]
    (found,) = head_checks(service(), load("stress"), heads, started=True)
    assert found.status == "fail"
