"""The slowest requests of each endpoint: those of the judged phases, without what is secret."""

from __future__ import annotations

import pytest

from perfgate.measure.recording import SlowRequest
from perfgate.measure.run import reduce
from perfgate.measure.slowest import public
from perfgate.plan import profile
from perfgate.plan.plan import HealthLimits
from tests.measure.recordings import steady_recording


def test_the_five_slowest_of_each_endpoint_in_the_judged_phases_are_kept() -> None:
    """Slowest first; those of the ramp are not the service's steady state."""
    recording = steady_recording()
    for second in recording.seconds:
        at = second.second + 0.5
        second.slowest = [
            SlowRequest("GET /b", at, 100.0 + second.second, 200, "http://h/b", "abc"),
            SlowRequest("GET /a", at, 900.0 - second.second, None, "http://h/a"),
        ]
    summary = reduce(recording, profile.hold(10, 10, ramp_up_s=2).segments, HealthLimits())
    assert [(slow.endpoint, slow.response_ms) for slow in summary.slowest] == [
        *[("GET /a", 899.0 - number) for number in range(5)],
        *[("GET /b", 109.0 - number) for number in range(5)],
    ]
    last = summary.slowest[5]
    assert (last.phase, last.at_s, last.status, last.url, last.trace_id) == ("steady", 9.5, 200, "http://h/b", "abc")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://h/items?q=green+tea&page=2", "http://h/items?q=green+tea&page=2"),
        ("http://me:pw@h/x", "http://***@h/x"),
        ("http://h/x?api_key=abc&q=1", "http://h/x?api_key=***&q=1"),
        ("http://h/x?q=1&Access-Token=a%20b", "http://h/x?q=1&Access-Token=***"),
        ("http://h/x#session=1", "http://h/x#session=***"),
        ("http://h/a@b", "http://h/a@b"),
        ("", ""),
    ],
)
def test_credentials_and_telling_parameters_are_hidden(url: str, shown: str) -> None:
    """A report is read by more people than the service's logs."""
    assert public(url) == shown
