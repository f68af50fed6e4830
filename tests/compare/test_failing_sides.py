"""`perfgate compare` where a side fails, a budget is broken, or there is nothing to compare: never green."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfgate.target.same_place import same_deployment
from tests.compare.repository import HOME, SCENARIO, Repository

if TYPE_CHECKING:
    from pathlib import Path

FAILING = ("self.send_response(200)", "self.send_response(500)")

REDIRECTED = """self.send_response(302 if self.path == "/item" else 200)
        if self.path == "/item":
            self.send_header("Location", "/login")"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository of the test's own."""
    return Repository(tmp_path)


@pytest.mark.long
def test_a_service_that_fails_everything_as_before_is_red_and_was_not_compared(repository: Repository) -> None:
    """Both sides answer 500: the first that is said is that everything failed."""
    repository.change("serve.py", *FAILING)
    repository.commit("broken")
    repository.commit("still broken")
    outcome = repository.perfgate("compare", "HEAD~1", "HEAD", "--out", "recording", "--max-duration", "5s")
    assert outcome.code == 1, outcome.out + outcome.err
    assert outcome.result is not None
    assert "every request failed" in outcome.result.reasons[0]
    assert "100 % of the base's and 100 % of the head's requests failed" in " ".join(outcome.out.split())
    latencies = [check for check in outcome.result.runs[0].checks if check.metric in {"mean", "p50", "p95"}]
    assert {check.status for check in latencies} == {"invalid"}


@pytest.mark.parametrize(
    ("on_start", "told"),
    [
        (
            "with self.client.post('/login', catch_response=True) as r:\n            r.failure('no token')",
            "POST /login",
        ),
        ("raise ValueError('no USERNAME')", "no USERNAME"),
    ],
    ids=["login", "raised"],
)
def test_users_that_cannot_sign_in_are_told_of_at_once(repository: Repository, on_start: str, told: str) -> None:
    """Nothing can be compared then, and the reason is the login, neither missing requests nor a busy machine."""
    start = f"    def on_start(self):\n        {on_start}\n        raise StopUser\n\n    @task"
    scenario = SCENARIO.replace("    @task", start, 1)
    repository.write("shop.py", f"from locust.exception import StopUser\n{scenario}")
    repository.commit("signs in")
    repository.commit("nothing")
    outcome = repository.perfgate("compare", "HEAD~1", "HEAD", "--out", "recording")
    assert outcome.code == 3, outcome.out + outcome.err
    words = " ".join(outcome.out.split())
    assert "every user of the base and head ended before its first task" in words
    assert told in words
    assert "compare where it is quieter" not in words


@pytest.mark.long
def test_an_unchanged_service_that_breaks_its_budget_is_red(repository: Repository) -> None:
    """A workflow that runs only `perfgate compare` holds the budgets, and what it cannot hold is skipped visibly."""
    repository.change("budgets.toml", 'p95 = "10s"', 'p95 = "0.1ms"\nthroughput = "1/s"\n')
    repository.commit("a budget that is too narrow")
    repository.commit("nothing")
    outcome = repository.perfgate("compare", "HEAD~1", "HEAD", "--out", "recording", "--max-duration", "5s")
    assert outcome.code == 1, outcome.out + outcome.err
    assert outcome.result is not None
    budgets = {
        check.metric: check.status
        for check in outcome.result.runs[0].checks
        if check.kind == "budget" and check.endpoint is None
    }
    assert budgets == {"p95": "fail", "throughput": "skipped"}


@pytest.mark.long
def test_calibrate_and_selftest_take_no_failing_service_for_a_quiet_one(repository: Repository) -> None:
    """It was never compared, so that "not red" would say nothing."""
    repository.change("serve.py", *FAILING)
    for command in (("calibrate", "--times", "1"), ("selftest", "--delay", "50")):
        outcome = repository.perfgate(*command, "--max-duration", "5s")
        assert outcome.code == 3, outcome.out + outcome.err
        assert "requests failed" in outcome.out + outcome.err


@pytest.mark.parametrize(
    "head",
    [
        "http://127.0.0.1:8001",
        "http://127.0.0.1:8001/",
        "HTTP://localhost:8001",
        "http://LOCALHOST.:8001//",
        "http://0.0.0.0:8001",
        "http://127.1:8001",
        "http://[::ffff:127.0.0.1]:8001/./",
        "http://ann:secret@127.0.0.1:8001",
    ],
)
def test_a_deployment_is_the_same_however_it_is_spelled(head: str) -> None:
    """It would pass whatever it does."""
    assert same_deployment("http://127.0.0.1:8001", head)


@pytest.mark.parametrize(
    ("base", "head"),
    [
        ("http://127.0.0.1:8001", "http://127.0.0.1:8002"),
        ("http://127.0.0.1:8001/blue", "http://127.0.0.1:8001/green"),
        ("http://127.0.0.1:8001", "http://127.0.0.2:8001"),
        ("http://blue.example.com", "http://green.example.com"),  # perhaps virtual hosts of one address
        ("http://shop.example.com", "https://shop.example.com"),
    ],
)
def test_deployments_that_may_differ_are_compared(base: str, head: str) -> None:
    """Ports, paths, addresses and names tell them apart."""
    assert not same_deployment(base, head)


def test_default_ports_make_no_difference() -> None:
    """80 of http and 443 of https."""
    assert same_deployment("http://shop.example.com:80", "http://SHOP.example.com/")
    assert same_deployment("https://shop.example.com", "https://shop.example.com.:443")


@pytest.mark.parametrize("head", ["http://127.0.0.1:8001", "http://localhost:8001/"])
def test_a_deployment_compared_with_itself_is_refused(repository: Repository, head: str) -> None:
    """Before anything is driven."""
    outcome = repository.perfgate("compare", "--base-url", "http://127.0.0.1:8001", "--head-url", head)
    assert outcome.code == 2
    assert "base and head are the same deployment" in outcome.err


@pytest.mark.long
def test_a_head_whose_pages_are_empty_or_lead_to_the_login_is_no_faster_one(repository: Repository) -> None:
    """With a status of 200, and with a redirect that is followed to a page of the same length."""
    repository.write("shop.py", SCENARIO + HOME)
    repository.commit("two endpoints")
    repository.change("serve.py", "self.send_response(200)", REDIRECTED)
    repository.change("serve.py", '"Content-Length", "2"', '"Content-Length", "0" if self.path == "/home" else "2"')
    repository.change("serve.py", 'b"ok"', 'b"" if self.path == "/home" else b"ok"')
    repository.commit("everybody has to log in")
    outcome = repository.perfgate("compare", "HEAD~1", "HEAD", "--out", "recording", "--max-duration", "5s")
    assert outcome.code == 3, outcome.out + outcome.err
    assert outcome.result is not None
    invalid = {(check.endpoint, check.metric) for check in outcome.result.runs[0].checks if check.status == "invalid"}
    # Whether five seconds decide on latencies as well depends on what else the machine does.
    found = {(endpoint, metric) for endpoint, metric in invalid if metric.endswith("_answers")}
    assert found == {("GET /item", "redirected_answers"), ("GET /home", "empty_answers")}
    assert "redirects, or came after one" in " ".join(outcome.out.split())
