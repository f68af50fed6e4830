"""perfgate as a library."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest

import perfgate
from perfgate.interface import Format
from tests.report.results import result

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", get_args(Format))
def test_a_result_is_rendered_in_every_format(name: Format) -> None:
    """As text that the caller writes wherever it belongs."""
    assert isinstance(perfgate.render(result(), name), str)


def test_there_is_no_other_format() -> None:
    """The error names those that there are."""
    with pytest.raises(perfgate.PerfgateError, match="no format 'pdf'") as caught:
        perfgate.render(result(), "pdf")  # type: ignore[arg-type]
    assert "markdown" in caught.value.hint


def test_a_result_that_was_written_is_read_again(tmp_path: Path) -> None:
    """From its file, or from the folder in which it lies."""
    file = tmp_path / "result.json"
    file.write_text(perfgate.render(result(), "json"))
    assert perfgate.load_result(file) == perfgate.load_result(str(tmp_path)) == result()


@pytest.mark.parametrize("text", [None, "", "{}", '{"format": 99}', "\udcff"])
def test_what_is_no_result_is_an_error_with_its_place(tmp_path: Path, text: str | None) -> None:
    """Missing, cut off, of another version, or no text."""
    file = tmp_path / "result.json"
    if text is not None:
        file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(perfgate.PerfgateError) as caught:
        perfgate.load_result(file)
    assert (caught.value.slug, caught.value.place) == ("result-file", str(file))


def test_a_plan_can_be_narrowed_and_what_is_not_there_is_told(tmp_path: Path) -> None:
    """With the nearest right name."""
    (tmp_path / "visit.py").write_text("")
    (tmp_path / "budgets.toml").write_text(
        '[loads.a]\nusers = 1\nduration = "10s"\n[loads.b]\nusers = 1\nduration = "10s"\n'
        '[services.shop]\nurl = "http://127.0.0.1:1"\nscenario = "visit.py"\n[services.shop.budget]\np95 = "1s"\n'
    )
    plan = perfgate.load_plan(tmp_path / "budgets.toml", loads=["b"], scale=0.5)
    assert list(plan.loads) == ["b"]
    profile = plan.loads["b"].profile
    assert profile is not None
    assert profile.duration_s == 5
    with pytest.raises(perfgate.PerfgateError, match="shp"):
        perfgate.load_plan(str(tmp_path / "budgets.toml"), services=["shp"])


def test_what_cannot_be_compared_is_an_error_and_not_a_result(tmp_path: Path) -> None:
    """Here a folder that is in no repository, with a service that has a command."""
    (tmp_path / "visit.py").write_text("from locust import User\n")
    (tmp_path / "budgets.toml").write_text(
        '[loads.a]\nusers = 1\nduration = "10s"\n[services.shop]\ncommand = "true {port}"\n'
        'url = "http://127.0.0.1:{port}"\nscenario = "visit.py"\n[services.shop.budget]\np95 = "1s"\n'
    )
    with pytest.raises(perfgate.PerfgateError) as caught:
        perfgate.compare_revisions(perfgate.load_plan(tmp_path / "budgets.toml"), "main")
    assert caught.value.exit_code == 2
