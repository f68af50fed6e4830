"""Which exceptions of a scenario are failures that are recorded already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gevent
import pytest

from perfgate.drive.outcomes import FAILED, begin_iteration, forget_dead, is_recorded
from perfgate.drive.recorder import Recorder
from perfgate.drive.user_errors import MOST_KINDS, OTHER, UserErrors
from perfgate.plan.profile import hold

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """Records the requests of this greenlet, which is the user's."""
    begin_iteration()
    yield Recorder(hold(1, 60))
    FAILED.clear()


def _request(recorder: Recorder, exception: Any = None, response: Any = None) -> None:
    recorder(request_type="GET", name="/a", response_time=1.0, exception=exception, response=response)


class StatusError(Exception):
    """As `raise_for_status()` of most clients raises it: anew, with the response."""

    def __init__(self, response: Any) -> None:
        super().__init__("500")
        self.response = response


def test_what_follows_a_failed_request_is_that_failure(recorder: Recorder) -> None:
    """As `assert response.ok`, or the JSON that an error page is not."""
    _request(recorder)
    _request(recorder, exception=ValueError("500"))
    assert is_recorded(AssertionError())


def test_what_follows_a_good_request_is_the_scenarios_fault(recorder: Recorder) -> None:
    """Whatever failed before; also when there was no request at all."""
    assert not is_recorded(AssertionError())
    _request(recorder, exception=ValueError("500"))
    _request(recorder)
    assert not is_recorded(AssertionError())


def test_the_exception_or_response_of_an_earlier_request_is_known(recorder: Recorder) -> None:
    """Raised after others were sent, as it is, anew for its response, or wrapped."""
    failure, response = ValueError("500"), object()
    _request(recorder, exception=failure, response=response)
    _request(recorder)
    assert is_recorded(failure)
    assert is_recorded(StatusError(response))
    wrapped = RuntimeError("no log-in")
    wrapped.__cause__ = failure
    assert is_recorded(wrapped)
    assert not is_recorded(StatusError(object()))


def test_a_failure_of_the_iteration_before_excuses_nothing(recorder: Recorder) -> None:
    """What is raised before the next request has nothing to do with it."""
    _request(recorder, exception=ValueError("500"))
    begin_iteration()
    assert not is_recorded(AssertionError())


def test_a_failure_of_another_user_excuses_nothing(recorder: Recorder) -> None:
    """Each greenlet for itself; those of users that have ended are forgotten."""
    other = gevent.spawn(_request, recorder, ValueError("500"))
    other.join()
    assert not is_recorded(AssertionError())
    assert is_recorded(AssertionError(), other)
    forget_dead()
    assert is_recorded(AssertionError(), other)  # what it ended with may still be on its way
    forget_dead()
    assert not is_recorded(AssertionError(), other)


def test_errors_of_the_scenario_are_counted_by_text(recorder: Recorder) -> None:
    """Bounded, and with texts that can be written; recorded failures are not among them."""
    errors = UserErrors()
    for text in ("a", "a", "bad \udc80"):
        errors(exception=ValueError(text))
    _request(recorder, exception=ValueError("500"))
    errors(exception=AssertionError())
    assert errors.counts == {"ValueError: a": 2, "ValueError: bad \\udc80": 1}
    begin_iteration()
    for number in range(MOST_KINDS + 10):
        errors(exception=ValueError(f"number {number}"))
    assert len(errors.counts) == MOST_KINDS + 1
    assert errors.counts[OTHER] == 12
