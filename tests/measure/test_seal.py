"""No damage to a file of a recording turns red to green, nor what can be read into a fault of perfgate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfgate.gate import judged
from tests.measure.damages import GREEN, damaged, files_of, red_run, verdict_in

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording that fails."""
    return red_run(tmp_path_factory.mktemp("red") / "original")


def test_the_recording_that_is_damaged_here_is_red(original: Path) -> None:
    """Or these tests would show nothing."""
    result = judged(original)
    assert {run.service: run.verdict for run in result.runs} == {"shop": "fail", "till": "fail"}


@pytest.mark.parametrize("start", range(0, 250, 50))
def test_no_damage_turns_red_to_green(original: Path, tmp_path: Path, start: int) -> None:
    """Cut, flipped, gone, twice, exchanged, with garbage or zeros: it stays red, is invalid, or is refused in words."""
    for seed in range(start, start + 50):
        what = damaged(original, tmp_path, seed)
        assert verdict_in(tmp_path / "recording") not in GREEN, f"{seed}: {what}"


@pytest.mark.parametrize("length", [0, 7, 8, 20, 100, 180, 250])
def test_samples_that_were_cut_off_are_unknown(original: Path, tmp_path: Path, length: int) -> None:
    """The largest memory may be among them; the other service is judged all the same."""
    damaged(original, tmp_path, 0)
    folder = tmp_path / "recording"
    for path in files_of(original):
        (folder / path.relative_to(original)).write_bytes(path.read_bytes())
    journal = folder / "till/normal/service.journal"
    journal.write_bytes(journal.read_bytes()[:length])
    result = judged(folder)
    assert {run.service: run.verdict for run in result.runs} == {"shop": "fail", "till": "invalid"}
    assert any("service.journal is not as it was recorded" in reason for reason in result.reasons)


def test_a_manifest_that_was_edited_is_refused(original: Path, tmp_path: Path) -> None:
    """Its budgets are what everything is held against."""
    path = tmp_path / "manifest.json"
    path.write_text((original / "manifest.json").read_text().replace("150MB", "950MB"))
    assert verdict_in(tmp_path) == "RecordingError"
