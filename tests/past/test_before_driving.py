"""What the history needs before and while a load is driven: next to nothing."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from perfgate.baseline.origin import origin_of, recording_id
from perfgate.past.ahead import Ahead
from perfgate.stage import Unwatched

if TYPE_CHECKING:
    from tests.past.measured import Measured


def test_the_gate_loads_nothing_of_it_before_the_first_request() -> None:
    """The database, Git and the statistics are imported while a load is driven."""
    code = "import perfgate.gate, perfgate.live, perfgate.plan.budgets_file, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert {"sqlalchemy", "git", "scipy"} & set(done.stdout.split()) == set()


def test_whoever_watches_is_told_everything_all_the_same() -> None:
    """The first second begins the imports, and is passed on like the others."""

    class Seen(Unwatched):
        def __init__(self) -> None:
            self.told: list[str] = []

        def second(self, service: str, load: str, progress: object, sample: object) -> None:  # noqa: ARG002
            self.told.append(f"{service}/{load}")

        def doing(self, text: str) -> None:
            self.told.append(text)

        def message(self, text: str) -> None:
            self.told.append(text)

    seen = Seen()
    ahead = Ahead(seen, "sqlite:///history.db")
    for _ in range(2):
        ahead.second("shop", "normal", None, None)  # type: ignore[arg-type]  # nobody looks at it
    ahead.doing("waiting")
    ahead.message("stopping")
    assert seen.told == ["shop/normal", "shop/normal", "waiting", "stopping"]


def test_a_store_that_cannot_be_one_is_refused_before_anything_is_driven(measured: Measured) -> None:
    """Exit 2, with the three kinds."""
    measured.change("[gate]\n", '[gate]\nstore = "mysql://db/history"\n')
    done = measured.perfgate("run", "--out", str(measured.root / "other"), "--quiet")
    assert done.exit_code == 2
    assert "there is no store of the kind 'mysql'" in done.stderr
    assert not (measured.root / "other").exists()


def test_a_recording_knows_where_it_was_measured_without_naming_the_host() -> None:
    """The pushed branch, the pull request, and a digest that differs from job to job."""
    push = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push", "GITHUB_REF_NAME": "main", "GITHUB_RUN_ID": "1"}
    first, second = origin_of(push, "c" * 40), origin_of({**push, "GITHUB_RUN_ID": "2"}, "c" * 40)
    assert (first["branch"], first["pull_request"]) == ("main", None)
    assert first["job"] != second["job"]
    assert recording_id("run", 1.0, "c", first) != recording_id("run", 1.0, "c", second)
    assert recording_id("run", 1.0, "c", first) == recording_id("run", 1.0, "c", origin_of(push, "c" * 40))


def test_what_a_job_of_a_branch_checked_out_besides_is_no_run_of_that_branch() -> None:
    """A comment on a pull request starts a job of main, which checks the pull request out by its commit."""
    comment = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "issue_comment", "GITHUB_REF_NAME": "main"}
    assert origin_of({**comment, "GITHUB_SHA": "a" * 40}, "a" * 40)["branch"] == "main"
    assert origin_of({**comment, "GITHUB_SHA": "a" * 40}, "b" * 40)["branch"] is None
