"""Existing locustfiles work unchanged: five in the styles that Locust's documentation shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.project import ECHO

if TYPE_CHECKING:
    from tests.e2e.project import Outcome, Project


def _endpoints(outcome: Outcome) -> set[str | None]:
    return {endpoint.name for phase in outcome.run().phases for endpoint in phase.endpoints}


def test_http_user_with_nested_task_sets_weights_tags_and_catch_response(project: Project) -> None:
    """Tasks, names, `on_start`, `on_stop`, excluded tags and hand-made failures appear as Locust has them."""
    project.wild("tasksets.py")
    project.budgets(load='users = 8\nduration = "4s"', service='exclude_tags = ["excluded"]\n' + ECHO)
    outcome = project.run()
    assert {"GET /forum", "GET /forum/thread/[id]", "POST /login", "GET /logout"} <= _endpoints(outcome)
    assert "GET /never" not in _endpoints(outcome)
    by_name = {endpoint.name: endpoint for endpoint in outcome.run().endpoints}
    assert by_name["GET /missing"].failures == 0
    checked = by_name["GET /forum (checked)"]
    assert checked.failures == checked.requests
    assert [failure.kind for failure in checked.failures_by_kind] == ["Got wrong response N"]


def test_fast_http_user_with_rest_helpers(project: Project) -> None:
    """`rest()`, grouped names and failed assertions."""
    project.wild("fast.py")
    outcome = project.run()
    by_name = {endpoint.name: endpoint for endpoint in outcome.run().endpoints}
    assert by_name["POST /echo"].failures == 0
    assert by_name["GET /forum/thread/[id]"].requests > 0
    assert [failure.kind for failure in by_name["GET /json"].failures_by_kind] == ["Unexpected bar"]


def test_a_client_of_ones_own_through_the_request_event(project: Project) -> None:
    """Any `User` that fires the event is recorded, unrounded, and exceptions are failures of a named kind."""
    project.wild("custom_client.py")
    outcome = project.run()
    by_name = {endpoint.name: endpoint for endpoint in outcome.run().endpoints}
    assert by_name["line /hello"].requests > 0
    assert by_name["line /hello"].failures == 0
    missing = by_name["line /missing"]
    assert missing.failures == missing.requests
    assert by_name["custom measured"].latency_ms.min is not None
    assert by_name["custom measured"].latency_ms.min >= 1.0


def test_sequential_and_markov_task_sets_with_a_login(project: Project) -> None:
    """Steps keep their order, and the login's cookie stays with the user."""
    project.wild("sequential_login.py")
    outcome = project.run()
    by_name = {endpoint.name: endpoint for endpoint in outcome.run().endpoints}
    assert by_name["GET /whoami"].failures == 0
    assert {"POST /login", "GET /step/1", "GET /step/3", "GET /home", "GET /look"} <= set(by_name)
    assert {name: e.failures for name, e in by_name.items() if e.failures} == {}


def test_a_load_shape_of_ones_own_with_events_and_fixed_counts(project: Project) -> None:
    """`shape = "scenario"` lets the file's LoadTestShape decide, and every event fires."""
    project.wild("own_shape.py")
    project.budgets(load='shape = "scenario"')
    outcome = project.run()
    run = outcome.run()
    assert 2.5 < run.duration_s < 30
    assert max(users for users in run.series.users if users is not None) == 6
    assert {"GET /admin", "GET /home"} == _endpoints(outcome)
    log = (project.out / "shop" / "normal" / "engine.log").read_text()
    assert "events seen: init test_start request test_stop quitting" in log
    assert "statistics kept: yes" in log
