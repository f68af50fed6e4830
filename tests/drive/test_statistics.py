"""Locust's own statistics: nobody keeps them until somebody reads them, and then they are whole."""

from __future__ import annotations

from typing import Any

import pytest
from locust.env import Environment
from locust.stats import RequestStats

from perfgate.drive.recorder import Recorder
from perfgate.drive.statistics import LateStatistics
from perfgate.plan.profile import hold


def _environment(*, heard_first: bool = True) -> tuple[Environment, Recorder]:
    environment, recorder = Environment(), Recorder(hold(1, 60))
    if heard_first:
        environment.events.request.add_listener(recorder)
    LateStatistics(environment, recorder)
    return environment, recorder


def _fire(environment: Environment, **event: Any) -> None:
    environment.events.request.fire(
        **{
            "request_type": "GET",
            "name": "/a",
            "response_time": 12.0,
            "response_length": 100,
            "exception": None,
            **event,
        }
    )


def _drive(environment: Environment, recorder: Recorder) -> None:
    """Some of it is reduced already, some is not."""
    for number in range(30):
        _fire(environment, response_time=float(number + 1))
        _fire(environment, name="/b", response_time=700.0, exception=ValueError("no"))
        if number == 20:
            recorder.flush()
    _fire(environment, name="/c", response_time=None)


def test_who_reads_them_at_the_end_finds_every_request() -> None:
    """As Locust's own would have them, which heard all from the beginning."""
    own = Environment()
    own.create_local_runner()
    environment, recorder = _environment()
    recorder.warm()
    for one in (own, environment):
        _drive(one, recorder)
    for name, method in (("/a", "GET"), ("/b", "GET"), ("/c", "GET"), ("", "")):
        mine, theirs = (one.stats.get(name, method) if name else one.stats.total for one in (environment, own))
        for figure in (
            "num_requests",
            "num_failures",
            "num_none_requests",
            "fail_ratio",
            "min_response_time",
            "max_response_time",
            "avg_response_time",
            "median_response_time",
            "total_content_length",
            "response_times",
        ):
            assert getattr(mine, figure) == pytest.approx(getattr(theirs, figure)), (name, figure)
        assert sum(mine.num_reqs_per_sec.values()) == mine.num_requests
        assert mine.get_response_time_percentile(0.95) == theirs.get_response_time_percentile(0.95)
    (error,) = environment.stats.errors.values()
    assert (error.method, error.name, error.occurrences) == ("GET", "/b", 30)


def test_who_reads_them_early_finds_each_later_request_once() -> None:
    """Also a listener that reads them while it is told of a request, whichever was registered first."""
    environment, recorder = _environment()
    seen: list[int] = []
    environment.events.request.add_listener(lambda **_: seen.append(environment.stats.num_requests))
    for number in range(5):
        _fire(environment)
        if number == 2:
            recorder.flush()
    assert seen == [1, 2, 3, 4, 5]
    assert environment.stats.total.num_requests == 5


def test_until_they_are_read_nothing_is_logged() -> None:
    """Holding them, or Locust's clearing at the start of a test, is no reading."""
    environment, recorder = _environment()
    statistics = environment.stats
    assert isinstance(statistics, LateStatistics)
    statistics.clear_all()
    _drive(environment, recorder)
    assert len(environment.events.request._handlers) == 1
    assert not statistics.is_read
    assert statistics.total.num_requests == 61
    assert len(environment.events.request._handlers) == 2


def test_statistics_of_the_scenarios_own_are_logged_to() -> None:
    """It has put them in the place of Locust's."""
    environment, recorder = _environment()
    statistics, own = environment.stats, RequestStats()
    environment.stats = own
    assert isinstance(statistics, LateStatistics)
    statistics.heed_replacement()
    _drive(environment, recorder)
    assert own.total.num_requests == 61


def test_odd_events_do_not_stop_them() -> None:
    """Locust's own logging would raise for each of these, and the run be invalid for it."""
    environment, _ = _environment()
    assert environment.stats.num_requests == 0
    _fire(environment, response_time="12", name=["/a"])
    _fire(environment, response_length=None, exception=ValueError("\ud800"))
    _fire(environment, name=None, exception="")
    assert (environment.stats.num_requests, environment.stats.num_failures) == (3, 1)


def test_a_workers_reports_hold_what_came_since_the_last() -> None:
    """Reporting is no reading: the master adds them up."""
    environment, recorder = _environment()
    statistics = environment.stats
    assert isinstance(statistics, LateStatistics)
    counts = []
    for _ in range(2):
        _drive(environment, recorder)
        recorder.flush()
        data: dict[str, Any] = {}
        statistics.report(data)
        counts.append((data["stats_total"]["num_requests"], sum(e["occurrences"] for e in data["errors"].values())))
    assert counts == [(61, 30), (61, 30)]
    assert not statistics.is_read
