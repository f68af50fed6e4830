"""User classes with hosts of their own, driven for real: who was asked, and what the reports say of it."""

from __future__ import annotations

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

from tests.e2e.project import ECHO, SIMPLE_SCENARIO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.project import Project

SCENARIO = """\
from locust import HttpUser, User, constant, events, task

class Shop(HttpUser):
    wait_time = constant(0.05)

    @task
    def home(self):
        self.client.get("/home")

class Auth(HttpUser):
    host = {host!r}
    wait_time = constant(0.05)

    @task
    def whoami(self):
        self.client.get("/auth")

class Broker(User):
    host = "localhost"
    wait_time = constant(0.05)

    @task
    def publish(self):
        assert self.host == "localhost"
        events.request.fire(request_type="mqtt", name=self.host, response_time=1, response_length=0, exception=None)
"""
TWO = 'class Shop(HttpUser):\n    host = "http://localhost:1"'
BASE = "class Base(FastHttpUser ):\n    wait_time = constant(0.02)\n\n"
ONE_DEFAULT = """\
from locust import HttpUser, constant, task

class Shop(HttpUser):
    host = {host!r}
    wait_time = constant(0.05)

    @task
    def home(self):
        self.client.get("/home")
"""


@contextmanager
def another_service() -> Iterator[tuple[str, list[str]]]:
    """Where a server is that perfgate knows nothing of, and the paths that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_classes_of_several_services_are_each_driven_at_their_own(project: Project) -> None:
    """What has no host goes to the service, what has one to its own, and every report says which these are."""
    with another_service() as (other, asked):
        project.scenario(SCENARIO.format(host=other))
        outcome = project.run("--quiet")
    assert set(asked) == {"/auth"}
    by_name = {endpoint.name: endpoint for endpoint in outcome.run().endpoints}
    assert {"GET /home", "GET /auth", "mqtt localhost"} == set(by_name)
    assert [endpoint.failures for endpoint in by_name.values()] == [0, 0, 0]
    found = {(host.user_class, host.own, host.driven) for host in outcome.run().hosts}
    assert found == {("Auth", other, other), ("Broker", "localhost", "localhost")}
    words = f"shop: Auth was driven at a host of its own, {other}, which is not the service's"
    for report in ("report.md", "report.html", "result.json"):
        assert other in (project.out / report).read_text(), report
    assert words in project.perfgate("report", str(project.out)).out.replace("\n", " ")


def test_a_default_host_gives_way_to_the_service_and_the_report_says_so(project: Project) -> None:
    """The host that many locustfiles have for running by hand is not what is under test."""
    with another_service() as (other, asked):
        project.scenario(ONE_DEFAULT.format(host=other))
        outcome = project.run()
    assert (asked, outcome.code) == ([], 0)
    (host,) = outcome.run().hosts
    assert (host.user_class, host.own) == ("Shop", other)
    assert host.driven == outcome.the_result.services[0].url
    assert f"not at {other}, the host that the scenario gives it" in " ".join(outcome.out.split())


def test_a_default_host_stays_where_the_budgets_say_so(project: Project) -> None:
    """`own_hosts = true`: the class is driven at its own host, and the report says that it is not the service's."""
    with another_service() as (other, asked):
        project.scenario(ONE_DEFAULT.format(host=other))
        project.budgets(service=f"own_hosts = true\n{ECHO}")
        outcome = project.run()
    assert asked
    assert "which is not the service's" in " ".join(outcome.out.split())


def test_a_base_class_that_forgot_to_be_abstract_is_not_driven(project: Project) -> None:
    """It has nothing to do; Locust would make users of it that only raise. What inherits from it is driven."""
    project.scenario(
        SIMPLE_SCENARIO.replace("class Visitor", BASE + "class Visitor").replace("(FastHttpUser):", "(Base):")
    )
    outcome = project.run()
    assert outcome.code == 0
    assert outcome.run().total is not None
    assert [(host.user_class, host.driven) for host in outcome.run().hosts] == [("Base", "")]
    assert "no users of Base were started" in " ".join(outcome.out.split())
    project.budgets(service=f'user_classes = ["Base"]\n{ECHO}')
    assert "scenario-without-tasks" in project.perfgate("run").err


def test_several_hosts_none_of_which_is_the_services_are_refused(project: Project) -> None:
    """Nothing is driven: whichever was driven at the service would mean something else."""
    project.scenario(SCENARIO.format(host="http://localhost:2").replace("class Shop(HttpUser):", TWO))
    outcome = project.run()
    assert (outcome.code, outcome.result) == (2, None)
    assert "host-undecided" in outcome.err


def test_a_host_that_is_not_allowed_is_refused_before_anything_is_sent(project: Project) -> None:
    """The guard against driving load at production holds for hosts of User classes too."""
    project.scenario(SCENARIO.format(host="http://shop.example.com"))
    outcome = project.run()
    assert outcome.code == 2
    assert "host-not-allowed" in outcome.err
    assert "shop.example.com" in outcome.err
