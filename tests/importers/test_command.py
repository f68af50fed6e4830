"""`perfgate import`: another tool's results under the same gate."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from perfgate.cli import cli
from perfgate.errors import ExitCode
from tests.compare.repository import Repository
from tests.importers.files import DATA

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def imported(folder: Path, budgets: str, *arguments: str) -> Result:
    """What the command does with these budgets."""
    path = folder / "budgets.toml"
    path.write_text(budgets)
    return CliRunner().invoke(cli, ["import", *arguments, "--budgets", str(path)])


CASES = [
    ("pytest-benchmark.json", "test_*", 'p50 = "5ms"', ExitCode.PASS, "PASS: 5 checks held"),
    ("pytest-benchmark.json", "test_codec.py::test_encode", 'p50 = "80us"', ExitCode.FAIL, "0.1014 ms"),
    ("pytest-benchmark.json", "test_encoded", 'p50 = "5ms"', ExitCode.INVALID, "nothing of this name was measured"),
    ("google-benchmark.json", "BM_*", 'max = "5ms"', ExitCode.INVALID, "no device"),
    ("k6.json.gz", "POST /orders", 'error_rate = "5%"', ExitCode.FAIL, "10 %"),
    ("jmeter-2.13.jtl", "GET *", 'max = "1s"', ExitCode.PASS, "PASS: 2 checks held"),
    ("lighthouse.json.gz", "CLS", "max = 0.1", ExitCode.PASS, "PASS"),
    ("lighthouse.json.gz", "LCP", 'max = { warn = "0.5s", fail = "2.5s" }', ExitCode.PASS, "WARN"),
]


@pytest.mark.parametrize(("file", "name", "limit", "code", "words"), CASES)
def test_the_verdict_is_the_exit_code(
    tmp_path: Path, file: str, name: str, limit: str, code: ExitCode, words: str
) -> None:
    """Pass, fail, and invalid for what is gone or was not measured."""
    done = imported(tmp_path, f'[benchmarks."{name}"]\n{limit}\n', "any", str(DATA / file))
    assert (done.exit_code, words in done.output) == (code, True), done.output


def test_reports_are_written_as_for_any_result(tmp_path: Path) -> None:
    """`result.json`, markdown and HTML beside each other; other formats where they are asked for."""
    junit = tmp_path / "junit.xml"
    budgets = '[benchmarks."test_encode"]\np50 = "80us"\n'
    imported(tmp_path, budgets, "pytest-benchmark", str(DATA / "pytest-benchmark.json"), "--junit", str(junit))
    (folder,) = (tmp_path / ".perfgate" / "imports").iterdir()
    result = json.loads((folder / "result.json").read_text())
    assert (result["kind"], result["verdict"], result["exit_code"]) == ("benchmarks", "fail", 1)
    assert result["reasons"] == ["benchmarks test_codec.py::test_encode: p50 0.1014 ms, budget 0.08 ms (+27 %)"]
    assert result["checks"][0]["endpoint"] == "test_codec.py::test_encode"
    assert "`test_codec.py::test_encode` | p50" in (folder / "report.md").read_text()
    assert 'classname="perfgate.benchmarks" name="test_codec.py::test_encode p50"' in junit.read_text()
    assert "Benchmarks" in (folder / "report.html").read_text()


def test_without_a_budget_nothing_is_judged_and_that_is_no_pass(tmp_path: Path) -> None:
    """Unknown is never pass; under a glob, too, a percentile of too few rounds proves nothing."""
    done = imported(tmp_path, '[artifacts]\n"app.js" = "1KB"\n', "any", str(DATA / "hyperfine.json"))
    assert (done.exit_code, "no budget applies" in done.output) == (ExitCode.INVALID, True)
    done = imported(tmp_path, '[benchmarks."sleep*"]\np99 = "1s"\n', "any", str(DATA / "hyperfine.json"))
    assert (done.exit_code, "every check was skipped" in done.output) == (ExitCode.INVALID, True)


def test_several_files_are_one_result(tmp_path: Path) -> None:
    """A load and its page, say."""
    budgets = '[benchmarks.LCP]\nmax = "2.5s"\n[benchmarks."GET /search"]\np50 = "1s"\n'
    done = imported(tmp_path, budgets, "any", str(DATA / "k6.json.gz"), str(DATA / "lighthouse.json.gz"))
    assert (done.exit_code, "PASS: 2 checks held" in done.output) == (ExitCode.PASS, True)


def test_a_file_that_cannot_be_used_is_a_usage_error(tmp_path: Path) -> None:
    """Nothing is judged, and nothing written."""
    broken = tmp_path / "results.jtl"
    broken.write_text("timeStamp,elapsed,label,success\n1772600000000,-5,GET /,true\n")
    done = imported(tmp_path, '[benchmarks."*"]\nmax = "1s"\n', "jmeter", str(broken))
    assert done.exit_code == ExitCode.USAGE
    assert not (tmp_path / ".perfgate").exists()
    assert imported(tmp_path, "", "jmetr", str(broken)).exit_code == ExitCode.USAGE


def test_a_file_in_the_work_tree_and_what_perfgate_writes_make_no_changes_of_it(tmp_path: Path) -> None:
    """Else no import would ever be one to compare with."""
    (tmp_path / "shop").mkdir()
    repository = Repository(tmp_path / "shop")
    repository.write("budgets.toml", '[benchmarks."*"]\nmax = "1m"\n')
    repository.write(".gitignore", "")
    repository.commit("benchmarks")
    results = repository.root / "benchmarks.json"
    shutil.copy(DATA / "pytest-benchmark.json", results)
    for number in range(2):
        report = tmp_path / f"{number}.json"
        words = [
            "import",
            "any",
            str(results),
            "--json",
            str(report),
            "--budgets",
            str(repository.root / "budgets.toml"),
        ]
        assert CliRunner().invoke(cli, words).exit_code == 0
        assert json.loads(report.read_text())["revision"]["dirty"] is False
