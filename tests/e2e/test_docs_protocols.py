"""The WebSocket and SSE scenarios of docs/protocols.md, driven at the page's own service on a real socket."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.e2e.project import LENIENT, REPOSITORY, Outcome, Project

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (REPOSITORY / "docs" / "protocols.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^`([\w./]+)`:\n\n```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
WIDE = {'"50ms"': '"60s"', '"500ms"': '"60s"', "p95 = 100": "p95 = 60000"}  # no busy neighbour can break these


def driven(root: Path, *words: str, broken: tuple[str, str] = ("", "")) -> Outcome:
    """The services of the page, the application changed in one place where that is given."""
    project = Project(root)
    for name, text in FILES.items():
        (root / name).write_text(text.replace(*broken) if name == "app.py" and broken[0] else text, encoding="utf-8")
    budgets = FILES["budgets.toml"]
    for narrow, wide in WIDE.items():
        assert narrow in budgets
        budgets = budgets.replace(narrow, wide)
    (root / "budgets.toml").write_text(LENIENT + budgets, encoding="utf-8")
    return project.run("--scale", "0.07", *words)


def test_the_examples_pass_and_their_endpoints_are_measured(tmp_path: Path) -> None:
    """Under the names that the page's budgets have."""
    done = driven(tmp_path)
    assert done.code == 0, (done.out, done.err)
    measured = {endpoint.name for run in done.the_result.runs for endpoint in run.endpoints if endpoint.requests}
    assert measured >= {"WS echo", "GET /events", "SSE /events, whole"}
    held = {
        (check.endpoint, check.metric) for run in done.the_result.runs for check in run.checks if check.status == "pass"
    }
    assert held >= {("WS echo", "p95"), ("SSE /events, whole", "p95"), (None, "first_event.p95")}


def test_a_stream_that_ends_early_is_a_failure(tmp_path: Path) -> None:
    """Its head was fine, and so is its status."""
    done = driven(tmp_path, "--service", "stream", broken=("[DONE]", "[MORE]"))
    assert done.code == 1, (done.out, done.err)
    assert done.check("error_rate", "SSE /events, whole").status == "fail"
