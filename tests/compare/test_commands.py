"""`perfgate compare` and its relatives in a real repository whose service becomes slower by a change."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest
from rich.control import strip_control_codes
from rich.text import Text

from perfgate.measure.manifest import Manifest
from tests.compare.repository import HOME, SCENARIO, SLOWER, Outcome, Repository

if TYPE_CHECKING:
    from pathlib import Path

    from perfgate.judge.result import Check

pytestmark = pytest.mark.long


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository of the test's own."""
    return Repository(tmp_path)


@pytest.fixture(scope="module")
def slower(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repository, Outcome]:
    """A branch with a slow change, compared with where it left main."""
    repository = Repository(tmp_path_factory.mktemp("slower"))
    repository.write("shop.py", SCENARIO + HOME)
    repository.commit("two endpoints")
    repository.git("checkout", "-q", "-b", "feature")
    repository.change("serve.py", *SLOWER)
    repository.commit("prices from the ledger")
    return repository, repository.perfgate(
        "compare", "main", "feature", "--out", "recording", "--markdown", "report.md"
    )


def _check(outcome: Outcome, endpoint: str | None, metric: str) -> Check:
    assert outcome.result is not None, outcome.err
    (run,) = outcome.result.runs
    return next(check for check in run.checks if (check.endpoint, check.metric) == (endpoint, metric))


@pytest.mark.xdist_group("slower")
class TestASlowerRevision:
    """It is red, and says where, by how much and how sure that is."""

    def test_fails_with_the_endpoint_that_became_slower(self, slower: tuple[Repository, Outcome]) -> None:
        """The exit code is that of a broken budget."""
        _, outcome = slower
        assert outcome.code == 1
        check = _check(outcome, "GET /item", "p50")
        assert (check.kind, check.status, check.decision) == ("paired", "fail", "worse")
        assert check.baseline is not None
        assert check.observed is not None
        assert check.baseline < 100 <= check.observed

    def test_each_check_points_at_the_line_that_says_what_is_tolerated(
        self, slower: tuple[Repository, Outcome]
    ) -> None:
        """For annotations."""
        repository, outcome = slower
        lines = (repository.root / "budgets.toml").read_text().splitlines()
        line = 1 + next(number for number, text in enumerate(lines) if text.startswith("max_slowdown"))
        assert outcome.result is not None
        compared = [check for run in outcome.result.runs for check in run.checks if check.kind == "paired"]
        assert {check.source for check in compared} == {f"budgets.toml:{line}"}

    def test_the_interval_lies_above_what_is_tolerated(self, slower: tuple[Repository, Outcome]) -> None:
        """That is what proven means."""
        check = _check(slower[1], "GET /item", "p50")
        assert check.interval_percent is not None
        assert check.interval_percent[0] >= 100
        assert check.interval_percent[0] <= (check.change_percent or 0) <= check.interval_percent[1]

    def test_the_other_endpoint_is_not_called_slower(self, slower: tuple[Repository, Outcome]) -> None:
        """Only one was changed."""
        assert _check(slower[1], "GET /home", "p50").status != "fail"

    def test_the_result_says_what_was_compared_and_how(self, slower: tuple[Repository, Outcome]) -> None:
        """Both commits, how many pairs, and the error rate of the whole verdict."""
        repository, outcome = slower
        assert outcome.result is not None
        result = outcome.result
        assert (result.kind, result.false_alarm_rate) == ("compare", 0.01)
        assert result.base is not None
        assert result.base.commit == repository.git("rev-parse", "main")
        assert result.revision.commit == repository.git("rev-parse", "feature")
        assert result.baseline is not None
        assert (result.baseline.kind, result.baseline.choice) == ("paired", "main")
        comparison = result.runs[0].comparison
        assert comparison is not None
        assert comparison.pairs > 5
        assert comparison.order == "ABBA"

    def test_the_report_can_be_made_again_from_the_recording(self, slower: tuple[Repository, Outcome]) -> None:
        """Looked at as it was looked at then: the same verdict, the same intervals."""
        repository, outcome = slower
        again = repository.perfgate("report", "recording")
        assert again.code == 1
        assert again.result == outcome.result

    def test_the_users_tree_is_not_touched(self, slower: tuple[Repository, Outcome]) -> None:
        """Both revisions have trees of their own."""
        repository, _ = slower
        assert repository.git("status", "--porcelain", "--untracked-files=no") == ""
        assert repository.git("branch", "--show-current") == "feature"

    def test_it_can_be_accepted_for_a_time(self, slower: tuple[Repository, Outcome]) -> None:
        """With a reason, which the report shows; the verdict is a warning then, once every red check is covered."""
        repository, outcome = slower
        assert outcome.result is not None
        red = [check for check in outcome.result.runs[0].checks if check.status == "fail"]
        lines = "".join(
            f'[[accept]]\nmetric = "{check.metric}"\nup_to = "100000%"\nreason = "the ledger"\nby = "ann"\n'
            f"until = 2999-12-31\n" + (f'endpoint = "{check.endpoint}"\n' if check.endpoint else "")
            for check in red
        )
        folder = repository.root / "recording"
        manifest = Manifest.load(folder)
        manifest.budgets_text += lines
        manifest.save(folder)
        again = repository.perfgate("report", "recording")
        assert again.result is not None
        assert [check.status for check in again.result.runs[0].checks if check.accepted] == ["warn"] * len(red)
        assert again.result.verdict != "fail"
        assert "accepted by ann until 2999-12-31: the ledger" in again.result.model_dump_json()


def test_the_work_tree_as_it_is_is_compared_with_the_merge_base_unless_told(repository: Repository) -> None:
    """Changes that are not committed count; unchanged code is never red, and an open verdict is not green."""
    main = repository.git("rev-parse", "HEAD")
    repository.git("checkout", "-q", "-b", "feature")
    repository.commit("nothing yet")
    repository.change("serve.py", '"""A service', '"""The service')
    outcome = repository.perfgate("compare", "--out", "recording", "--max-duration", "5s")
    assert outcome.code in (0, 3)
    assert outcome.result is not None
    assert outcome.result.base is not None
    assert outcome.result.base.commit == main
    assert outcome.result.revision.dirty is True
    assert "the work tree as it is" in outcome.out


def test_a_terminal_shows_the_estimate_so_far_and_has_its_cursor_back(repository: Repository) -> None:
    """While pairs are driven; what stays is the report."""
    repository.change("budgets.toml", 'block = "200ms"', 'block = "50ms"')
    repository.commit("short blocks")
    repository.git("checkout", "-q", "-b", "feature")
    repository.change("serve.py", *SLOWER)
    repository.commit("prices from the ledger")
    code, told = repository.on_a_terminal("compare", "main", "feature", "--out", "recording")
    plain = strip_control_codes(Text.from_ansi(told.replace("\r", "\n")).plain)
    assert code == 1, plain
    bars = [line for line in plain.splitlines() if line.startswith("shop / normal ━")]
    assert bars
    assert all(line.endswith(" left") and len(line) <= 80 for line in bars)
    shown = plain[: plain.index("FAIL: slower")]
    assert re.search(r"  GET /item  (p95|p50|geometric mean)  \+[\d,]+ % \(.*\)", shown)
    assert "proven worse" in shown
    assert told.count("\x1b[?25l") == told.count("\x1b[?25h") == 1


def test_a_base_that_does_not_build_is_told_with_its_output(repository: Repository) -> None:
    """Nothing can be compared with it: the verdict is not green."""
    repository.change("budgets.toml", "[services.shop]\n", f'[services.shop]\nsetup = "{sys.executable} build.py"\n')
    repository.write("build.py", "raise SystemExit('no compiler')\n")
    repository.commit("a build that fails")
    repository.write("build.py", "")
    outcome = repository.perfgate("compare", "HEAD", "--out", "recording")
    assert outcome.code == 3
    assert "the setup of the service 'shop' at the base" in outcome.out
    assert "no compiler" in outcome.out


def test_a_head_that_does_not_start_is_told_as_the_head(repository: Repository) -> None:
    """With what it wrote."""
    repository.write("serve.py", "raise SystemExit('out of stock')\n")
    outcome = repository.perfgate("compare", "HEAD", "--out", "recording")
    assert outcome.code == 3
    assert "the head, the work tree as it is" in outcome.out
    assert "out of stock" in outcome.out
    assert "base: starting shop" in outcome.out


def test_quiet_tells_why_a_head_does_not_start_and_not_that_it_was_started(repository: Repository) -> None:
    """The result alone is on standard output; what the service wrote beside it."""
    repository.write("serve.py", "raise SystemExit('out of stock')\n")
    outcome = repository.perfgate("compare", "HEAD", "--out", "recording", "--quiet")
    assert outcome.code == 3
    assert outcome.out.startswith("INVALID: ")
    assert "starting shop" not in outcome.out + outcome.err
    assert "  | out of stock" in outcome.err


DIES = "import os, threading\nthreading.Timer(4, os._exit, [7]).start()\n"


def test_a_head_that_dies_in_the_middle_keeps_what_was_measured(repository: Repository) -> None:
    """And is invalid, whatever the pairs before it say."""
    repository.change("serve.py", "WAIT_S = 0.002\n", f"WAIT_S = 0.002\n{DIES}")
    outcome = repository.perfgate("compare", "HEAD", "--out", "recording")
    assert outcome.code == 3
    assert "the head's service shop ended by itself" in outcome.out
    assert list((repository.root / "recording").rglob("pairs.journal"))


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["HEAD", "HEAD"], "base and head are the same revision"),
        (["HEAD"], "base and head are the same revision"),
        (["no-such"], "names no commit here"),
        (["HEAD", "--base-url", "http://127.0.0.1:1"], "--base-url and --head-url together"),
        (["--base-url", "http://example.com", "--head-url", "http://127.0.0.1:1"], "host"),
        (["HEAD", "--max-duration", "soon"], "--max-duration"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_anything_is_driven(
    repository: Repository, args: list[str], words: str
) -> None:
    """With what to do instead."""
    outcome = repository.perfgate("compare", *args, "--out", "recording")
    assert outcome.code == 2
    assert words in outcome.err
    assert "Traceback" not in outcome.err


def test_ctrl_c_ends_it_and_keeps_the_pairs(repository: Repository) -> None:
    """The result is partial and not green."""
    repository.commit("again")
    outcome = repository.perfgate(
        "compare", "HEAD~1", "HEAD", "--out", "recording", "--max-duration", "60s", interrupt_at=": pair "
    )
    assert outcome.code == 3
    assert outcome.result is not None
    assert "stopped by SIGINT" in outcome.result.reasons[0]
    assert outcome.result.runs[0].comparison is not None
    assert outcome.result.runs[0].comparison.pairs >= 10


@pytest.fixture
def bisected(repository: Repository) -> tuple[Repository, str]:
    """Behind the good commit one that changes nothing, one that does not start, its repair, and the slow one."""
    repository.change("budgets.toml", 'block = "200ms"', 'block = "50ms"')
    repository.commit("short blocks")
    repository.git("tag", "good")
    repository.commit("words")
    repository.change("serve.py", "import time\n", "import time\nraise SystemExit('out of stock')\n")
    repository.commit("a typing error")
    repository.change("serve.py", "raise SystemExit('out of stock')\n", "")
    repository.commit("its repair")
    repository.change("serve.py", *SLOWER)
    return repository, repository.commit("prices from the ledger")


def test_bisect_finds_the_commit_that_made_it_slower(bisected: tuple[Repository, str]) -> None:
    """Each step with the commit's subject and its answer; what does not start is stepped around, and GOOD stays up."""
    repository, slow = bisected
    outcome = repository.perfgate("bisect", "good", "main", "--out", "recording")
    assert outcome.code == 0, outcome.out + outcome.err
    told = outcome.out[outcome.out.index("the commit that made it slower:") :]
    assert slow[:7] in told
    assert "prices from the ledger" in told
    assert "step 1: " in outcome.out
    assert "a typing error" in outcome.out
    assert "skipped: the head" in outcome.out
    assert outcome.out.count("  good: nearer to GOOD") == 2
    assert "started anew, BAD is slower again" in outcome.out
    assert "both started anew: confirmed" in outcome.out
    assert outcome.out.count("starting shop; it is kept running") == 1
    assert slow not in outcome.out  # hashes are short
    assert repository.perfgate("report", "recording/step-1").code == 1  # each comparison is a recording like any other


def test_bisect_does_not_call_a_commit_good_whose_page_is_empty(repository: Repository) -> None:
    """It is fast because it does nothing: it is told, stepped around, and stays a suspect."""
    repository.change("budgets.toml", 'block = "200ms"', 'block = "50ms"')
    repository.commit("short blocks")
    repository.git("tag", "good")
    lines = 'self.send_header("Content-Length", "2")', 'self.wfile.write(b"ok")'
    for line in lines:
        repository.change("serve.py", line, line.replace('"2"', '"0"').replace('b"ok"', 'b""'))
    repository.change("serve.py", "time.sleep(WAIT_S)", "pass")
    emptied = repository.commit("the page is empty")
    repository.git("checkout", "-q", "good", "--", "serve.py")
    repository.change("serve.py", *SLOWER)
    repository.commit("it is back, and slow")
    outcome = repository.perfgate("bisect", "good", "main", "--out", "recording")
    assert outcome.code == 3, outcome.out + outcome.err
    assert "good: nearer to GOOD" not in outcome.out
    assert "skipped: not judged" in outcome.out
    assert "answers are empty, 0 of" in outcome.out
    told = outcome.out[outcome.out.index("it is one of these 2 commits:") :]
    assert emptied[:7] in told


def test_bisect_that_is_stopped_says_what_is_left(bisected: tuple[Repository, str]) -> None:
    """And how to go on."""
    repository, slow = bisected
    outcome = repository.perfgate("bisect", "good", "main", "--out", "recording", interrupt_at="step 1: ")
    assert outcome.code == 3
    assert "it is one of these 4 commits:" in outcome.out
    assert "go on with: perfgate bisect" in outcome.out
    assert slow[:7] in outcome.out
    assert "stopped by SIGINT" in outcome.err


def test_bisect_of_what_is_not_slower_has_nothing_to_find(repository: Repository) -> None:
    """That is neither a commit nor a pass."""
    repository.git("tag", "good")
    repository.commit("words")
    outcome = repository.perfgate("bisect", "good", "main", "--out", "recording", "--max-duration", "3s")
    assert outcome.code == 3
    assert "BAD is not proven slower than GOOD" in outcome.out


@pytest.mark.parametrize(
    ("args", "words"),
    [(["main", "good"], "no ancestor of"), (["good", "no-such"], "names no commit here")],
)
def test_bisect_needs_an_older_good_commit(repository: Repository, args: list[str], words: str) -> None:
    """Named first."""
    repository.git("tag", "good")
    repository.commit("words")
    outcome = repository.perfgate("bisect", *args)
    assert (outcome.code, words in outcome.err) == (2, True)


def test_selftest_shows_that_a_delay_is_found(repository: Repository) -> None:
    """And that without it the gate is not red."""
    outcome = repository.perfgate("selftest", "--delay", "50", "--out", "recording")
    assert outcome.code == 0, outcome.out + outcome.err
    assert "with 50 ms: FAIL (has to be red)" in outcome.out
    assert "the gate tells the two apart" in outcome.out


def test_calibrate_tells_how_quiet_the_gate_is_here(repository: Repository) -> None:
    """How often it was red, how the figures scatter, and how small a slowdown is found; with a picture."""
    outcome = repository.perfgate("calibrate", "--times", "2", "--max-duration", "5s", "--svg", "calibration.svg")
    assert "shop/normal: 2 comparisons of the service with itself" in outcome.out
    assert "falsely red: 0 of 2" in outcome.out
    assert "the smallest slowdown that is found in 9 of 10 cases (100 % is tolerated):" in outcome.out
    assert outcome.code == 0
    assert (repository.root / "calibration.svg").read_text().startswith("<svg")
