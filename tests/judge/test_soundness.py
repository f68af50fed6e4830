"""Why a run cannot be judged, whatever its figures say."""

from __future__ import annotations

import pytest

from perfgate.judge.soundness import doubts_about
from tests.judge.summaries import load, phase, summary


def test_a_whole_run_of_a_fit_generator_is_sound() -> None:
    """There is no doubt about it."""
    assert doubts_about(summary(phase()), load()) == []


@pytest.mark.parametrize(
    ("end_reason", "words"),
    [
        ("not_started", "nothing was recorded: the load never began"),
        (
            "killed",
            "the engine was killed at 00:07 of 00:10: out of files; what it had recorded is shown, and not judged",
        ),
        ("stopped", "the load was stopped at 00:07 of 00:10: out of files; what was recorded is shown, and not judged"),
        ("error", "the engine gave up at 00:07 of 00:10: out of files"),
    ],
)
def test_a_partial_recording_says_how_far_it_came(end_reason: str, words: str) -> None:
    """And why it ended."""
    run = summary(phase(), complete=False, end_reason=end_reason, end_detail="out of files", duration_s=7.4)
    assert doubts_about(run, load()) == [words]


def test_a_scenarios_own_shape_has_no_planned_end() -> None:
    """So none is named."""
    run = summary(phase(), complete=False, end_reason="stopped", duration_s=7.4)
    assert doubts_about(run, load("scenario"))[0].startswith("the load was stopped at 00:07;")


@pytest.mark.parametrize(("code", "how"), [(1, "exit code 1"), (-9, "killed by signal 9")])
def test_a_service_that_died_is_the_first_reason(code: int, how: str) -> None:
    """That the load was then stopped, and its requests failed, follows from it."""
    run = summary(
        phase(), complete=False, end_reason="stopped", service_exit=code, service_exit_at_s=65.0, reasons=["cut off"]
    )
    assert doubts_about(run, load()) == [f"the service ended by itself at 01:05 ({how})", "cut off"]


def test_a_refused_host_is_named_once() -> None:
    """That the load was ended for it needs no line of its own."""
    words = "the scenario tried to reach elsewhere.example, which allowed_hosts does not name"
    run = summary(phase(), complete=False, end_reason="refused", duration_s=3.0, reasons=[words])
    assert doubts_about(run, load()) == [words]


def test_the_generators_reasons_are_copied() -> None:
    """Word for word."""
    assert doubts_about(summary(phase(), reasons=["the generator used 98 %"]), load()) == ["the generator used 98 %"]
