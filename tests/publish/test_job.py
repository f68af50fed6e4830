"""What a job of GitHub Actions is told without a token: annotations, summary, outputs."""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.judge.result import Acceptance
from perfgate.publish.github.annotations import commands
from perfgate.publish.github.broken import Broken, broken
from perfgate.publish.github.job import in_repository, tell
from perfgate.publish.github.outputs import write_outputs
from perfgate.report.comment import Part
from tests.report import results


def parsed(text: str) -> dict[str, str]:
    """Outputs, as the runner reads them."""
    found, lines = {}, iter(text.splitlines())
    for line in lines:
        name, end = line.split("<<")
        value: list[str] = []
        for following in lines:
            if following == end:
                break
            value.append(following)
        found[name] = "\n".join(value)
    return found


def test_a_job_is_told_its_verdict(tmp_path: Path) -> None:
    """In the summary, as outputs, and beside the line whose limit was broken."""
    env = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_WORKSPACE": str(Path.cwd()),
    }
    out = io.StringIO()
    tell(results.result(), Path("budgets.toml"), env, out)
    assert out.getvalue().splitlines()[0] == (
        "::error file=budgets.toml,line=57,title=perfgate FAIL%3A catalog / peak::"
        "GET /items/{id}: p95 312.4 ms, budget 250 ms"
    )
    assert (tmp_path / "summary").read_text().startswith("## ❌ perfgate FAIL")
    assert parsed((tmp_path / "output").read_text()) == {"verdict": "fail", "exit-code": "1"}


def test_elsewhere_nothing_is_told() -> None:
    """On a laptop the lines would only be in the way."""
    out = io.StringIO()
    tell(results.result(), Path("budgets.toml"), {}, out)
    assert out.getvalue() == ""


def test_what_was_told_before_stays(tmp_path: Path) -> None:
    """Other steps write to the same files."""
    (tmp_path / "output").write_text("mine=1\n")
    write_outputs(tmp_path / "output", {"verdict": "pass"})
    assert (tmp_path / "output").read_text().startswith("mine=1\nverdict<<perfgate-")


@given(st.text(st.characters(exclude_characters="\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", codec="utf-8")))
def test_no_output_can_end_itself_and_begin_another(value: str) -> None:
    """Whatever its value is."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "output")
        write_outputs(path, {"result": value, "verdict": "pass"})
        assert parsed(path.read_text(encoding="utf-8"))["verdict"] == "pass"


@given(st.text(), st.text())
def test_no_text_can_begin_a_command_of_its_own(title: str, message: str) -> None:
    """`::add-mask::` or `::set-output` in an endpoint's name are only text."""
    (line,) = commands([Broken("budgets.toml", 3, "failure", title, message)])
    assert "\n" not in line
    assert "\r" not in line
    properties = re.fullmatch(r"::error file=budgets\.toml,line=3,title=([^:,\n\r]*)::.*", line, re.DOTALL)
    assert properties is not None


@pytest.mark.parametrize("name", results.HOSTILE)
def test_a_hostile_result_annotates_only_the_budgets_file(name: str) -> None:
    """Its sources name no other file."""
    found = broken([Part(name, results.hostile(name))], "budgets.toml")
    assert {one.path for one in found} == {"budgets.toml"}
    assert all(one.title.isprintable() and one.message.isprintable() for one in found)


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("budgets.toml:57", 57),
        ("/somewhere/else/budgets.toml:57", 57),
        ("../../.github/workflows/ci.yml:3", 1),
        ("budgets.toml:0", 1),
        ("budgets.toml:99999999999", 1),
        ("budgets.toml", 1),
        ("", 1),
        ("budgets.toml:５", 1),
    ],
)
def test_a_line_is_taken_from_the_budgets_file_only(source: str, line: int) -> None:
    """From nowhere else."""
    checks = [results.check("fail", source=source)]
    (one,) = broken([Part("", results.passed(runs=[results.run(checks=checks)]))], "perf/budgets.toml")
    assert (one.path, one.line) == ("perf/budgets.toml", line)


def test_an_accepted_regression_points_at_its_acceptance() -> None:
    """That is the line to look at some day, not the one that says what is tolerated."""
    acceptance = Acceptance(
        metric="p95", up_to_percent=30, reason="x", by="ann", until="2099-01-01", source="budgets.toml:9"
    )
    checks = [results.check("warn", kind="paired", source="budgets.toml:3", accepted=acceptance)]
    (one,) = broken([Part("", results.passed(runs=[results.run(checks=checks)]))], "budgets.toml")
    assert one.line == 9


def test_no_more_annotations_are_written_than_github_shows() -> None:
    """Ten of each level; the last says how many there are besides."""
    found = [Broken("budgets.toml", number, "failure", "x", "y") for number in range(1, 31)]
    lines = commands(found)
    assert len(lines) == 10
    assert lines[-1] == "::error title=perfgate::21 more: see the job's summary"


def test_a_path_is_named_as_the_repository_names_it(tmp_path: Path) -> None:
    """From the workspace's root."""
    assert in_repository(tmp_path / "perf" / "budgets.toml", {"GITHUB_WORKSPACE": str(tmp_path)}) == "perf/budgets.toml"
    assert (
        in_repository(Path("/elsewhere/budgets.toml"), {"GITHUB_WORKSPACE": str(tmp_path)}) == "/elsewhere/budgets.toml"
    )
