"""Several engines heard as one: seconds, the stop condition, and what travels between machines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.drive import wire
from perfgate.drive.condition import StopCondition, to_text
from perfgate.drive.fleet import Engines, merged
from perfgate.drive.order import Order, Progress, Workers, event_from_json, event_to_json
from perfgate.drive.share import Share
from perfgate.drive.together import Together
from perfgate.errors import EngineError, UsageError
from perfgate.measure.histogram import Histogram
from perfgate.plan.budgets_file import parse_plan
from perfgate.plan.profile import hold

ORDER = Order("scenarios/shop.py", "http://127.0.0.1:1", "", "open", hold(10, 5), seed=3, stop_when={"p95_ms": 9.0})


def _second(number: int, *, good: list[float] | None = None, bad: int = 0, phase: str = "steady") -> Progress:
    times = good or []
    return Progress(number, phase, 4, len(times) + bad, bad, 1.0, 0, to_text(Histogram.of(times)), bad)


def test_a_second_is_whole_when_every_engine_has_said_it() -> None:
    """In order, and none before its time."""
    together: Together[str] = Together(["a", "b"])
    assert together.add("a", 0, "a0") == []
    assert together.add("a", 1, "a1") == []
    assert together.add("b", 0, "b0") == [["a0", "b0"]]
    assert together.add("b", 1, "b1") == [["a1", "b1"]]


def test_an_engine_that_skips_a_second_does_not_hold_the_others_up() -> None:
    """What it says next holds for both."""
    together: Together[str] = Together(["a", "b"])
    together.add("a", 0, "a0")
    together.add("a", 1, "a1")
    assert together.add("b", 1, "b1") == [["a0"], ["a1", "b1"]]


def test_an_engine_that_leaves_is_waited_for_no_more() -> None:
    """What the others said meanwhile comes at once."""
    together: Together[str] = Together(["a", "b"])
    together.add("a", 0, "a0")
    assert together.leave("b") == [["a0"]]
    assert together.add("a", 1, "a1") == [["a1"]]
    assert together.leave("a") == []


def test_a_second_of_several_engines_is_their_sum_and_the_worst_p95() -> None:
    """For the live view."""
    left, right = Progress(3, "steady", 2, 10, 1, 5.0, 1), Progress(3, "steady", 3, 20, 0, None, 2)
    assert merged([left, right]) == Progress(3, "steady", 5, 30, 1, 5.0, 3)


@pytest.mark.parametrize(
    ("limits", "parts", "words"),
    [
        ({"error_rate": 0.05}, [_second(0, good=[1.0] * 95, bad=2), _second(0, good=[1.0] * 95, bad=8)], ""),
        (
            {"error_rate": 0.05},
            [_second(0, good=[1.0] * 100), _second(0, bad=20)],
            "error rate 16.7% passed stop_when 5.0% in steady",
        ),
        ({"p95_ms": 50.0}, [_second(0, good=[1.0] * 100), _second(0, good=[80.0] * 5)], ""),
        (
            {"p95_ms": 50.0},
            [_second(0, good=[1.0] * 100), _second(0, good=[80.0] * 10)],
            "p95 80 ms passed stop_when 50 ms in steady",
        ),
        ({"error_rate": 0.05}, [_second(0, bad=10), _second(0, bad=9)], ""),
        ({"error_rate": 0.05}, [_second(0, bad=99, phase="ramp")], ""),
        ({}, [_second(0, bad=99)], ""),
    ],
    ids=["below", "one engine only fails", "p95 of all below", "p95 of all above", "too few", "ramp", "no condition"],
)
def test_the_stop_condition_holds_over_the_whole_load(
    limits: dict[str, float], parts: list[Progress], words: str
) -> None:
    """One engine's bad luck is not the load's: the shares are added before they are judged."""
    assert StopCondition(limits).holds(parts) == words


def test_the_stop_condition_forgets_at_a_new_phase() -> None:
    """Each step of a stress load is judged by itself."""
    condition = StopCondition({"error_rate": 0.5})
    assert condition.holds([_second(0, bad=30, good=[1.0] * 40, phase="step_1")]) == ""
    assert condition.holds([_second(1, bad=30, phase="step_2")]) != ""


def test_an_order_travels_whole() -> None:
    """Share and workers too."""
    order = replace(ORDER, share=Share(1, 3), workers=Workers(2), more=True)
    assert Order.from_json(order.to_json()) == order


def test_an_event_travels_whole() -> None:
    """With what the stop condition needs."""
    event = _second(4, good=[1.5, 2.5], bad=3)
    assert event_from_json(event_to_json(event)) == event


@given(st.lists(st.integers(0, 4), max_size=30))
def test_reports_bring_every_entry_once_and_in_order(sizes: list[int]) -> None:
    """However many entries each report has, and though some come twice."""
    outbox, inbox, got = wire.Outbox(), wire.Inbox(), []
    number = 0
    for size in sizes:
        for _ in range(size):
            outbox.append("second", {"second": number})
            number += 1
        report: dict[str, bytes] = {}
        outbox.report(report)
        for _ in range(2):
            got += inbox.take(report[wire.REPORT]) if wire.REPORT in report else []
    assert [body["second"] for _, body in got] == list(range(number))
    assert inbox.whole


def test_a_report_that_is_lost_is_noticed() -> None:
    """Nothing measured is lost silently."""
    outbox, inbox = wire.Outbox(), wire.Inbox()
    outbox.append("second", {"second": 0})
    outbox.report({})
    outbox.append("second", {"second": 1})
    report: dict[str, bytes] = {}
    outbox.report(report)
    inbox.take(report[wire.REPORT])
    assert not inbox.whole


def test_a_bundle_brings_order_and_files(tmp_path: Path) -> None:
    """And keeps folders."""
    bundle = wire.Bundle(replace(ORDER, scenario="shop.py"), {"shop.py": "import words\n", "lib/words.py": "é = 1\n"})
    order = wire.Bundle.from_text(bundle.to_text()).unpack(tmp_path)
    assert order == bundle.order
    assert (tmp_path / "lib" / "words.py").read_text(encoding="utf-8") == "é = 1\n"


def test_a_bundle_cannot_write_outside_its_folder(tmp_path: Path) -> None:
    """A path that climbs out is refused."""
    with pytest.raises(EngineError, match="outside"):
        wire.Bundle(ORDER, {"../evil.py": ""}).unpack(tmp_path / "folder")


@pytest.mark.parametrize("name", ["perfgate", "locust"])
def test_another_version_is_refused_with_both_versions(name: str) -> None:
    """Master and worker must be the same."""
    theirs = {**wire.versions(), name: "0.0.1"}
    with pytest.raises(EngineError, match=rf"{name} {wire.versions()[name]}, its master 0\.0\.1"):
        wire.check_versions(theirs)


@pytest.mark.parametrize(
    ("host", "only_here"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("*", False)]
)
def test_binding_to_loopback_is_told_from_the_rest(host: str, only_here: bool) -> None:
    """So that a master that others can reach is warned about."""
    assert Workers(1, bind_host=host).only_here is only_here


PLAN = """
version = 1
[loads.own]
shape = "scenario"
[loads.open]
rate = "10/s"
duration = "5s"
max_users = 2
[services.a]
url = "http://127.0.0.1:1"
scenario = "a.py"
loads = ["{load}"]
budget = {{ error_rate = "1%" }}
"""


@pytest.mark.parametrize(
    ("load", "engines", "words"),
    [
        ("own", Engines(2), 'shape = "scenario"'),
        ("own", Engines(workers=Workers(1)), 'shape = "scenario"'),
        ("open", Engines(3), "max_users = 2"),
    ],
)
def test_what_cannot_be_shared_is_refused_before_anything_is_driven(load: str, engines: Engines, words: str) -> None:
    """A usage error that names the load."""
    plan = parse_plan(PLAN.format(load=load), Path("budgets.toml"), loads=[load], require_files=False)
    with pytest.raises(UsageError, match=words):
        engines.check(plan)


def test_one_process_shares_nothing_and_refuses_nothing() -> None:
    """The scenario's own shape is driven as ever."""
    plan = parse_plan(PLAN.format(load="own"), Path("budgets.toml"), loads=["own"], require_files=False)
    Engines(1).check(plan)
