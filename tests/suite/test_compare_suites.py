"""`perfgate compare BASE HEAD --benchmarks COMMAND`: the benchmarks of two revisions, run in turn."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from perfgate.judge.result import Check, Result
from tests.suite.environment import own_environment

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.long, pytest.mark.xdist_group(__name__)]  # what they share is made once

LONGEST_S = 180  # a bound against hanging, not an expectation
PYTEST = f"{sys.executable} -m pytest -p pytest_benchmark.plugin -p no:cacheprovider benchmarks"
# Writes what pytest-benchmark writes, and starts ten times as quickly: for comparisons that take many runs.
PROGRAM = f"{sys.executable} bench.py"
BENCH = """\
import json
import sys
import time
import shop

NAMES = ["encode", "other"]


def round_s(function):
    began = time.perf_counter()
    for _ in range(20):
        function()
    return (time.perf_counter() - began) / 20


options = dict(word.lstrip("-").split("=", 1) for word in sys.argv[1:])
benchmarks = [
    {
        "name": f"test_{name}",
        "fullname": f"bench.py::test_{name}",
        "stats": {"rounds": 30, "iterations": 20, "data": [round_s(getattr(shop, name)) for _ in range(30)]},
    }
    for name in NAMES
]
with open(options["benchmark-json"], "w") as file:
    json.dump({"machine_info": {}, "datetime": "2026-03-04T04:53:20", "benchmarks": benchmarks}, file)
"""
CODE = """\
def encode():
    return sum(range(100))


def other():
    return sum(range(1000))
"""
BENCHMARKS = """\
import shop


def test_encode(benchmark):
    benchmark.pedantic(shop.encode, rounds=30, iterations=20)


def test_other(benchmark):
    benchmark.pedantic(shop.other, rounds=30, iterations=20)
"""
BUDGETS = """\
[gate]
max_slowdown = "400%"
false_alarm_rate = 0.2
[compare]
max_duration = "90s"
[benchmarks."*"]
p50 = "1m"
"""


@dataclass
class Outcome:
    """What the command left."""

    code: int
    out: str
    result: Result | None

    def checks(self, metric: str) -> dict[str | None, Check]:
        """The checks of a metric, by the benchmark's name without its file."""
        assert self.result is not None, self.out
        (run,) = self.result.runs
        found = [check for check in run.checks if check.metric == metric]
        return {check.endpoint and check.endpoint.partition("::")[2]: check for check in found}


class Repository:
    """A package below src/, as most are, with benchmarks; changed on a branch."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._git("init", "-q", "-b", "main")
        files = {"src/shop.py": CODE, "benchmarks/test_shop.py": BENCHMARKS, "bench.py": BENCH, "budgets.toml": BUDGETS}
        for name, text in files.items():
            self.write(name, text)
        self.write(".gitignore", ".perfgate\n__pycache__\nrecording\n")
        self.commit()
        self._git("checkout", "-q", "-b", "feature")

    def _git(self, *words: str) -> None:
        identity = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
        subprocess.run(["git", *identity, *words], cwd=self.root, check=True, capture_output=True)

    def write(self, name: str, text: str) -> None:
        """Write a file."""
        path = self.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def commit(self) -> None:
        """Commit everything."""
        self._git("add", "-A")
        self._git("commit", "-q", "--allow-empty", "-m", "a change")

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start perfgate. An installed package of that name would be the user's own tree: as in development."""
        return subprocess.Popen(
            [sys.executable, "-m", "perfgate", *words],
            cwd=self.root,
            env={**own_environment(), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(self.root / "src")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def compare(self, *words: str, benchmarks: str = PYTEST) -> Outcome:
        """Compare with main to the end."""
        with self.start("compare", *(words or ("main",)), "--benchmarks", benchmarks, "--out", "recording") as process:
            out, _ = process.communicate(timeout=LONGEST_S)
        return self.outcome(process.returncode, out)

    def outcome(self, code: int, out: str) -> Outcome:
        """With the result that lies in the recording."""
        path = self.root / "recording/result.json"
        return Outcome(code, out, Result.model_validate_json(path.read_text()) if path.exists() else None)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository of the test's own."""
    return Repository(tmp_path)


@pytest.fixture(scope="module")
def slower(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repository, Outcome]:
    """A change that makes one benchmark slower by far, and brings one along."""
    repository = Repository(tmp_path_factory.mktemp("slower"))
    repository.write("src/shop.py", CODE.replace("range(100)", "range(20_000)"))
    with (repository.root / "src/shop.py").open("a") as file:
        file.write("\n\nnew = other\n")
    repository.write("bench.py", BENCH.replace('"other"]', '"other", "new"]'))
    return repository, repository.compare(benchmarks=PROGRAM)


def test_a_slower_benchmark_is_proven_and_the_others_are_not_red(slower: tuple[Repository, Outcome]) -> None:
    """Each revision's own code is measured, wherever the package is installed from."""
    _, outcome = slower
    assert outcome.code == 1, outcome.out
    p50 = outcome.checks("p50")
    assert (p50["test_encode"].decision, p50["test_encode"].status) == ("worse", "fail")
    assert (p50["test_encode"].interval_percent or (0, 0))[0] >= 400
    assert p50["test_other"].status != "fail"


def test_times_below_a_microsecond_are_told_apart(slower: tuple[Repository, Outcome]) -> None:
    """A benchmark's are, where a service's never are."""
    check = slower[1].checks("p50")["test_encode"]
    assert 0 < (check.baseline or 0) < 0.1
    assert check.baseline != 0.001


def test_a_benchmark_at_one_side_only_is_new(slower: tuple[Repository, Outcome]) -> None:
    """And not compared."""
    check = slower[1].checks("mean")["test_new"]
    assert (check.decision, check.status) == ("new", "skipped")


def test_the_result_is_that_of_a_comparison(slower: tuple[Repository, Outcome]) -> None:
    """Which blocks, which revisions, which command; nothing is said about failed requests."""
    _, outcome = slower
    result = outcome.result
    assert result is not None
    assert result.kind == "compare"
    assert result.baseline is not None
    assert PROGRAM in result.baseline.detail
    assert result.revision.dirty is True
    comparison = result.runs[0].comparison
    assert comparison is not None
    assert (comparison.order, comparison.pairs >= 5) == ("ABBA", True)
    assert outcome.checks("error_rate") == {}


def test_the_recording_can_be_judged_again(slower: tuple[Repository, Outcome]) -> None:
    """To the same result."""
    repository, outcome = slower
    with repository.start("report", "recording") as process:
        out, _ = process.communicate(timeout=LONGEST_S)
    assert repository.outcome(process.returncode, out) == Outcome(1, out, outcome.result)


def test_a_suite_that_fails_at_one_side_is_invalid_and_told_with_its_output(repository: Repository) -> None:
    """What is missing may be what became slower."""
    repository.write("src/shop.py", CODE.replace("return sum(range(100))", "raise RuntimeError('out of stock')"))
    outcome = repository.compare()
    assert outcome.code == 3
    assert "the benchmarks at the head, the work tree as it is" in outcome.out
    assert outcome.result is not None
    assert "FAILED benchmarks/test_shop.py::test_encode" in outcome.out, outcome.out
    assert "head.log" in outcome.result.reasons[0]


@pytest.mark.parametrize(
    ("words", "benchmarks", "told"),
    [
        (("main",), "no-such-program benchmarks", "'no-such-program': No such file or directory"),
        (("main",), "", "the command is empty"),
        (("main",), "pytest 'benchmarks", "no command"),
        (("no-such",), PYTEST, "names no commit here"),
        (("main", "main"), PYTEST, "the same revision"),
        (("--base-url", "http://127.0.0.1:1"), PYTEST, "benchmarks are those of two revisions"),
    ],
)
def test_what_cannot_be_used_is_refused(
    repository: Repository, words: tuple[str, ...], benchmarks: str, told: str
) -> None:
    """With exit code 2."""
    repository.commit()
    outcome = repository.compare(*words, benchmarks=benchmarks)
    assert (outcome.code, told in outcome.out) == (2, True), outcome.out
    assert "Traceback" not in outcome.out


def test_ctrl_c_ends_the_suite_and_keeps_what_was_measured(repository: Repository) -> None:
    """The result is partial and not green."""
    repository.write("src/shop.py", CODE + "\n")
    words = ("compare", "main", "--benchmarks", PYTEST, "--out", "recording", "--max-duration", "30m")
    with repository.start(*words) as process:
        pairs = repository.root / "recording/suite/pairs.journal"
        while not (pairs.exists() and pairs.stat().st_size > 100):
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=LONGEST_S)
    outcome = repository.outcome(process.returncode, out)
    assert outcome.code == 3
    assert outcome.result is not None
    assert "stopped by SIGINT" in outcome.result.reasons[0]
    assert outcome.result.runs[0].comparison is not None
    assert [endpoint.name for endpoint in outcome.result.runs[0].endpoints] == [
        "benchmarks/test_shop.py::test_encode",
        "benchmarks/test_shop.py::test_other",
    ]
