"""One real run of a real service in a repository, measured once; each test has a copy of its own."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.baseline.conftest import postgres  # noqa: F401  (a fixture)
from tests.compare.repository import Repository
from tests.past.measured import Measured, prepare

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """Ten commits, the last of which was measured with the installed command."""
    repository = Repository(tmp_path_factory.mktemp("original"))
    prepare(repository)
    outcome = repository.perfgate("run", "--out", "recording")
    assert outcome.code == 0, outcome.out + outcome.err
    return Measured(repository.root)


@pytest.fixture
def measured(original: Measured, tmp_path: Path) -> Measured:
    """A copy whose history is empty."""
    root = tmp_path / "project"
    shutil.copytree(original.root, root)
    for name in ("history.db", "history.db-shm", "history.db-wal"):
        (root / ".perfgate" / name).unlink(missing_ok=True)
    (root / "recording" / "history.json").unlink(missing_ok=True)
    copy = Measured(root)
    copy.amend()  # sealed without what it was compared with
    return copy
