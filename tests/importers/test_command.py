"""`perfgate import`: another tool's results under the same gate."""

from __future__ import annotations

import csv
import json
import re
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
    ("pytest-benchmark.json", "test_codec.py::test_encode", 'p50 = "40us"', ExitCode.FAIL, "101.4 µs"),
    ("pytest-benchmark.json", "test_encoded", 'p50 = "5ms"', ExitCode.INVALID, "nothing of this name was measured"),
    ("google-benchmark.json", "BM_*", 'max = "5ms"', ExitCode.INVALID, "no device"),
    ("k6.json.gz", "POST /orders", 'error_rate = "5%"', ExitCode.FAIL, "10 %"),
    ("jmeter-2.13.jtl", "GET *", 'max = "1s"', ExitCode.PASS, "WARN: 1 warning in 3 checks"),
    ("jmeter-2.13.jtl", "*", 'max = "1s"\nerror_rate = "10%"', ExitCode.PASS, "PASS: 6 checks held"),
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
    budgets = '[benchmarks."test_encode"]\np50 = "40us"\n'
    imported(tmp_path, budgets, "pytest-benchmark", str(DATA / "pytest-benchmark.json"), "--junit", str(junit))
    (folder,) = (tmp_path / ".perfgate" / "imports").iterdir()
    result = json.loads((folder / "result.json").read_text())
    assert (result["kind"], result["verdict"], result["exit_code"]) == ("benchmarks", "fail", 1)
    (reason,) = result["reasons"]
    assert reason.startswith("benchmarks test_codec.py::test_encode: p50 101.4 µs, budget 40 µs (+154 %)")
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
    budgets += '[benchmarks."POST /orders"]\nerror_rate = "10%"\n'
    done = imported(tmp_path, budgets, "any", str(DATA / "k6.json.gz"), str(DATA / "lighthouse.json.gz"))
    assert (done.exit_code, "PASS: 3 checks held" in done.output) == (ExitCode.PASS, True), done.output


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


def test_the_same_names_of_two_files_are_told_apart_in_every_report(tmp_path: Path) -> None:
    """By their number, as in the history; a budget for the name holds for each of them."""
    second = tmp_path / "second.json"
    shutil.copy(DATA / "hyperfine.json", second)
    paths = {name: tmp_path / f"x.{name}" for name in ("junit", "csv", "json")}
    options = [word for name, path in paths.items() for word in (f"--{name}", str(path))]
    budgets = '[benchmarks.true]\nmax = "9s"\n'
    done = imported(tmp_path, budgets, "any", str(DATA / "hyperfine.json"), str(second), *options)
    names = [check["endpoint"] for check in json.loads(paths["json"].read_text())["checks"] if check["limit"]]
    assert (done.exit_code, len(names), len(set(names))) == (0, len(names), len(names))
    cases = re.findall(r'testcase classname="[^"]*" name="([^"]*)"', paths["junit"].read_text())
    assert len(cases) == len(set(cases)) >= len(names) > 1
    rows = list(csv.DictReader(paths["csv"].read_text().splitlines()))
    assert [row["endpoint"] for row in rows if row["scope"] == "check"] == names
    assert all(row["observed"] and row["limit"] for row in rows if row["scope"] == "check")


HOSTILE = "GET /\x1b]0;owned\x07\u202e\u2066x\x85"


def test_no_output_holds_what_a_terminal_obeys(tmp_path: Path) -> None:
    """Escape sequences and marks of direction in a name and in what failed, in whatever is written or printed."""
    file = tmp_path / "x.jtl"
    header = "timeStamp,elapsed,label,responseCode,failureMessage,success\n"
    row = f'177260000000{{}},5,"{HOSTILE}",500,"{HOSTILE}",{{}}\n'
    file.write_text(header + "".join(row.format(n, "false" if n else "true") for n in range(4)))
    names = ("junit", "csv", "prometheus", "markdown", "html", "json")
    options = [word for name in names for word in (f"--{name}", str(tmp_path / f"x.{name}"))]
    done = imported(tmp_path, '[benchmarks."*"]\nmax = "1s"\n', "any", str(file), "--verbose", *options)
    comment = CliRunner().invoke(cli, ["comment", str(tmp_path / "x.json"), "--dry-run"])
    bad = imported(tmp_path, '[benchmarks."*"]\nmax = "1s"\n', f"k6{HOSTILE}", str(file))
    missing = imported(tmp_path, '[benchmarks."*"]\nmax = "1s"\n', "k6", f"{tmp_path}/{HOSTILE.replace('/', '')}")
    texts = {name: (tmp_path / f"x.{name}").read_text() for name in names}
    texts |= {"terminal": done.output, "comment": comment.output, "error": missing.output, "usage": bad.output}
    for name, text in texts.items():
        lines = text.replace("\t", " ").split("\n")
        found = {character for line in lines for character in line if not character.isprintable()}
        assert not found - {"\u200b", "\u00a0"}, (name, found)  # of no width, and a blank: perfgate's own
