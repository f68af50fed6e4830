"""The `perfgate` fixture: loads driven from tests, and assertions that read well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.suite.conftest import Project, Session

pytestmark = [pytest.mark.long, pytest.mark.xdist_group(__name__)]  # what they share is made once

TESTS = '''\
import os
import pytest
from perfgate import ms, percent, per_second, seconds


def test_a_service_is_fast_enough(perfgate):
    result = perfgate.run("shop", load="busy")
    assert result.verdict.passed
    assert result["GET /home"].p95 < seconds(10)
    assert result.total.error_rate <= percent(1)
    assert result.total.throughput > per_second(1)
    assert list(result) == ["GET /home"]
    assert (result.folder / "requests.journal").exists() or list(result.folder.rglob("requests.journal"))


def test_too_slow(perfgate):
    result = perfgate.run("shop", load="calm")
    assert result["GET /home"].p50 < ms(0.001)


def test_misspelt(perfgate):
    perfgate.run("shop", load="calm")["GET /hme"]


def test_the_service_is_started_once(perfgate):
    first = perfgate.run("shop", load="calm").result.services[0].url
    assert perfgate.run("shop", load="calm").result.services[0].url == first


def test_no_such_load(perfgate):
    perfgate.run("shop", load="clam")


class TestApplications:
    """Objects, served as they are."""

    def test_wsgi(self, perfgate):
        seen = []

        def app(environ, start_response):
            start_response("200 OK", [("Content-Length", "2")])
            return [b"ok"]

        served = perfgate.serve(app, name="shop")
        assert served.running.pid != os.getpid()
        result = perfgate.run(served, load="calm")
        assert result.verdict.passed
        assert any(result.run.series.memory_bytes)

    def test_asgi(self, perfgate):
        async def app(scope, receive, send):
            if scope["type"] == "http":
                await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
                await send({"type": "http.response.body", "body": b"ok"})

        assert perfgate.run(perfgate.serve(app, name="shop"), load="calm").verdict.passed

    def test_one_that_dies(self, perfgate):
        def app(environ, start_response):
            print("out of stock")
            os._exit(7)

        perfgate.serve(app)
'''


@pytest.fixture(scope="module")
def session(shared_project: Callable[[str], Project]) -> Session:
    """All of them in one session."""
    project = shared_project("fixture")
    project.budgets(budget='p95 = "10s"\nerror_rate = "1%"')
    project.tests(TESTS)
    return project.pytest("-rA")


@pytest.mark.parametrize(
    "name",
    [
        "test_a_service_is_fast_enough",
        "test_the_service_is_started_once",
        "TestApplications::test_wsgi",
        "TestApplications::test_asgi",
    ],
)
def test_what_holds_passes(session: Session, name: str) -> None:
    """Amounts carry their units; services are started once; applications are served in a process of their own."""
    assert f"PASSED test_shop.py::{name}" in session.out


def test_an_assertion_that_fails_shows_the_amounts_and_where_they_come_from(session: Session) -> None:
    """With units, the endpoint, and on how many requests it rests."""
    report = session.out[session.out.index("_ test_too_slow _") :]
    (line,) = [line for line in report.splitlines() if line.startswith("E       assert")][:1]
    assert line.endswith("s < 1 µs")
    assert "where" in report
    assert "<shop/calm GET /home, " in report


def test_a_name_that_is_misspelt_is_an_error_with_the_nearest_right_one(session: Session) -> None:
    """For endpoints and loads."""
    assert 'did you mean "GET /home"?' in session.out
    assert 'did you mean "calm"?' in session.out


def test_an_error_is_shown_at_the_line_of_the_test_and_by_its_slug(session: Session) -> None:
    """With what was written, and without the way that the error took inside perfgate."""
    dies = session.out[session.out.index("_ TestApplications.test_one_that_dies _") :].partition("\n___")[0]
    misspelt = session.out[session.out.index("_ test_no_such_load _") :].partition("\n___")[0]
    assert "E       error[service-exited]" in dies
    assert "E         | out of stock" in dies
    assert "E       error[usage]" in misspelt
    assert not any("src/perfgate" in line or "suite/fixture.py" in line for line in (dies + misspelt).splitlines())


def test_an_application_that_dies_says_what_it_printed(session: Session) -> None:
    """Before anything is driven at it."""
    assert "the application ended with code 7 before it answered" in session.out
    assert "out of stock" in session.out


def test_the_whole_session_has_one_table(session: Session) -> None:
    """Whoever drove the loads."""
    assert session.out.count(" perfgate ====") == 1
    assert len(session.result()["runs"]) == 7


def test_a_run_that_proves_nothing_raises_instead_of_being_asserted_about(project: Project) -> None:
    """A figure of it would mean nothing."""
    project.budgets(budget='p95 = "10s"', loads='[loads.calm]\nusers = 1\nduration = "1s"\n')
    (project.root / "shop.py").write_text(
        "from locust import User, task\nclass U(User):\n    @task\n    def t(self):\n        1 / 0\n"
    )
    project.tests('def test_it(perfgate):\n    assert perfgate.run("shop", load="calm").verdict.passed\n')
    out = project.pytest().out
    assert "InvalidRunError: the run is invalid:" in out


RED = """\
import pytest


def test_that_looks_at_nothing(perfgate):
    perfgate.run("shop", load="calm")


def test_of_a_verdict_as_it_is(perfgate):
    assert perfgate.run("shop", load="calm").verdict


def test_of_a_run_as_it_is(perfgate):
    assert perfgate.run("shop", load="calm")


def test_that_reads_a_figure(perfgate):
    assert perfgate.run("shop", load="calm").total.requests > 0


def test_that_means_it(perfgate):
    assert perfgate.run("shop", load="calm").verdict.name == "fail"
"""


def test_a_red_load_that_the_test_does_not_look_at_is_no_pass(project: Project) -> None:
    """To drive it, or to ask whether there is a verdict, is not to look; a test of figures alone is warned."""
    project.budgets(budget='throughput = "1000000/s"', loads='[loads.calm]\nusers = 1\nduration = "1s"\n')
    project.tests(RED)
    out = project.pytest("-rA").out
    for name in ("that_looks_at_nothing", "of_a_verdict_as_it_is", "of_a_run_as_it_is"):
        assert f"FAILED test_shop.py::test_{name}" in out
    for name in ("that_reads_a_figure", "that_means_it"):
        assert f"PASSED test_shop.py::test_{name}" in out
    assert "shop/calm is fail, and the test did not look: assert result.verdict.passed" in out
    assert "PerfgateWarning: shop/calm is fail" in out
    assert "3 failed, 2 passed, 1 warning" in out
