"""Every request that perfgate sends to GitHub is valid by GitHub's own description of its API.

Prism reads the description and answers like GitHub, refusing what the description does not allow. The small GitHub of
the other tests keeps the state, and shows each request to Prism as well.
"""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import requests

from perfgate.publish.github.broken import broken
from perfgate.publish.github.checks import Check, write_check
from perfgate.publish.github.comment import CommentWriter
from perfgate.publish.github.event import Event, Origin
from perfgate.publish.github.pulls import pull_request_of
from perfgate.publish.github.status import Status, write_status
from perfgate.report.comment import Context, Part
from perfgate.target.ports import reserve_port
from tests.openapi.packages import DESCRIPTION, PRISM, part_of_description, wanted
from tests.publish.conftest import Clock, client_of
from tests.report import results
from tests.servers.github import GitHub, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.long, pytest.mark.xdist_group(__name__)]  # what they share is made once

SHA = "c" * 40
CONTEXT = Context(commit=SHA, run=1, report_url="https://github.test/runs/1", at=1_772_600_000.0)
LONGEST_S = 120  # a bound against hanging
PATHS = [
    "/user",
    "/repos/{owner}/{repo}/issues/{issue_number}/comments",
    "/repos/{owner}/{repo}/issues/comments/{comment_id}",
    "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions",
    "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions/{reaction_id}",
    "/repos/{owner}/{repo}/check-runs",
    "/repos/{owner}/{repo}/check-runs/{check_run_id}",
    "/repos/{owner}/{repo}/commits/{ref}/check-runs",
    "/repos/{owner}/{repo}/statuses/{sha}",
    "/repos/{owner}/{repo}/pulls",
]


@pytest.fixture(scope="module")
def prism(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where Prism listens."""
    wanted(PRISM, DESCRIPTION)
    folder: Path = tmp_path_factory.mktemp("prism")
    (folder / "github.json").write_text(json.dumps(part_of_description(PATHS)), encoding="utf-8")
    with (
        reserve_port() as port,
        (folder / "log").open("w") as log,
        subprocess.Popen(
            [str(PRISM), "mock", "--errors", "-h", "127.0.0.1", "-p", str(port), str(folder / "github.json")],
            stdout=log,
            stderr=log,
        ) as process,
    ):
        try:
            for _ in range(LONGEST_S * 10):
                if "listening" in (folder / "log").read_text() or process.poll() is not None:
                    break
                time.sleep(0.1)
            assert process.poll() is None, (folder / "log").read_text()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@pytest.fixture
def checked(prism: str) -> Iterator[GitHub]:
    """A GitHub that shows every request to Prism; at the end all of them must have been valid."""
    refused: list[str] = []
    seen: list[str] = []

    def show(method: str, path: str, body: bytes) -> None:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        answer = requests.request(method, prism + path, data=body or None, headers=headers, timeout=LONGEST_S)
        seen.append(f"{method} {path}")
        if 400 <= answer.status_code < 500:  # 500 is Prism's word for an example in the description that breaks it
            refused.append(f"{method} {path}: {answer.status_code} {answer.text}")

    with serving() as server:
        server.state.shown = show
        yield server
    assert seen
    assert refused == []


def test_prism_refuses_what_the_description_does_not_allow(prism: str) -> None:
    """Else the tests below would prove nothing."""
    url = f"{prism}/repos/octo/shop/statuses/{SHA}"
    assert requests.post(url, json={"state": "good"}, timeout=LONGEST_S).status_code == 422
    assert requests.post(url, json={"state": "success"}, timeout=LONGEST_S).status_code == 201
    assert requests.post(f"{prism}/repos/octo/shop/nothing", json={}, timeout=LONGEST_S).status_code == 404


def test_create_find_and_update_a_comment_among_250(checked: GitHub) -> None:
    """With a token of a person, who is asked for as well."""
    checked.state.login = "octocat"
    client = client_of(checked, Clock(), "ghp_token")
    for number in range(250):
        checked.state.add_comment(f"comment {number}", login="somebody")
    parts = [Part("", results.result())]
    writer = CommentWriter(client, 7, pause_s=0.0)
    assert writer.write(parts, CONTEXT).done == "created"
    assert writer.write(parts, replace(CONTEXT, run=2)).done == "updated"
    checked.state.add_comment(checked.state.bodies[-1])
    CommentWriter(client, 7, pause_s=0.0).write(parts, replace(CONTEXT, run=3, job="linux"))
    methods = {request.split()[0] for request in checked.state.requests}
    assert methods == {"GET", "POST", "PATCH", "DELETE"}
    assert any("page=3" in request for request in checked.state.requests)


def test_a_check_run_with_annotations_in_batches(checked: GitHub) -> None:
    """Of fifty; one of the answers is lost, so that it has to look."""
    from tests.servers.github import REPOSITORY, Fault

    checked.state.faults += [
        Fault(f"POST /repos/{REPOSITORY}/check-runs", 502, after=True),
        Fault(rf"PATCH /repos/{REPOSITORY}/check-runs/\d+", 502, after=True),
    ]
    checks = [results.check("fail", endpoint=f"GET /{number}", observed=300.0) for number in range(120)]
    parts = [Part("", results.passed(verdict="fail", exit_code=1, runs=[results.run(checks=checks)]))]
    annotations = broken(parts, "budgets.toml")
    check = Check("perfgate", SHA, "key", "failure", "FAIL", "summary", "https://github.test/runs/1", annotations)
    write_check(client_of(checked, Clock()), check)
    assert checked.state.batches == [50, 50, 20]


def test_a_commit_status_and_the_pull_request_of_a_fork(checked: GitHub) -> None:
    """The rest of what is asked."""
    client = client_of(checked, Clock())
    write_status(client, SHA, Status("perfgate", "success", "fast enough", "https://github.test/runs/1"))
    head = {"label": "fork:topic", "sha": SHA, "repo": {"full_name": "fork/shop"}}
    checked.state.pulls.append({"number": 7, "head": head})
    event = Event("workflow_run", "octo/shop", SHA, origin=Origin("fork/shop", "topic"))
    assert pull_request_of(event, client) == 7
