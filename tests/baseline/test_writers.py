"""Several processes write into one store at the same moment, and nothing is lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from perfgate.baseline.store import Wanted, open_store
from tests.baseline.entries import entry
from tests.baseline.repositories import Project

if TYPE_CHECKING:
    from collections.abc import Sequence

REPOSITORY = Path(__file__).resolve().parents[2]
WRITERS = 3
EACH = 3
LONGEST_S = 180  # a bound against hanging, not an expectation


def _write_at_once(url: str, roots: Sequence[Path]) -> None:
    """A writer for each root; they begin together, when all of them are up."""
    writers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.baseline.writer", url, str(root), str(number), str(EACH)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=REPOSITORY,
            text=True,
        )
        for number, root in enumerate(roots)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        out, err = writer.communicate(timeout=LONGEST_S)
        assert (writer.returncode, out.strip()) == (0, str(EACH)), err


def _all_of(count: int) -> set[str]:
    own = {entry(number * 1000 + each).id for number in range(count) for each in range(EACH)}
    return own | {entry(999_999).id}


def test_writers_of_one_store_lose_nothing(url: str, tmp_path: Path) -> None:
    """Not even when the store is made by all of them at once, and when all add the same entry."""
    _write_at_once(url, [tmp_path] * WRITERS)
    store = open_store(url, tmp_path)
    found = store.find(Wanted(whole=True))
    assert {one.id for one in found} == _all_of(WRITERS)
    assert all(one.histograms() for one in found)
    store.close()


def test_clones_that_push_at_the_same_moment_lose_nothing(tmp_path: Path) -> None:
    """As CI jobs do: who comes second fetches, and puts his own on top."""
    project = Project(tmp_path / "project")
    project.commit("a first commit")
    origin = project.with_origin()
    clones = [project.clone(origin, f"job-{number}", "--depth=1") for number in range(WRITERS)]
    _write_at_once("git:perfgate-baselines", [clone.folder for clone in clones])
    late = project.clone(origin, "late")
    store = open_store("git:perfgate-baselines", late.folder)
    assert {one.id for one in store.find()} == _all_of(WRITERS)
    store.close()
    assert late.git("rev-list", "--count", "--merges", "origin/perfgate-baselines") == "0"
