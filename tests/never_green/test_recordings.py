"""Never green: a recording that fails, after something happened to one of its files."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.measure.damages import GREEN, red_run, verdict_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MANIFEST = "manifest.json"
FIRST, SAMPLES = "shop/normal/requests.journal", "till/normal/service.journal"


def _gone(path: Path) -> None:
    path.unlink()


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _halved(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _without_its_last_byte(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _flipped_in_the_middle(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes(data)


def _twice(path: Path) -> None:
    path.write_bytes(path.read_bytes() * 2)


def _followed_by_garbage(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0" * 64)


def _full_of_zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def _a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _its_neighbours(path: Path) -> None:
    other = "shop" if "till" in str(path) else "till"
    shutil.copy(path.parents[2] / other / "normal" / path.name, path)


_EVERY = [
    _gone, _emptied, _halved, _without_its_last_byte, _flipped_in_the_middle, _twice, _followed_by_garbage,
    _full_of_zeros, _a_folder,
]  # fmt: skip
TABLE: list[tuple[str, Callable[[Path], None]]] = [
    *((file, damage) for file in (MANIFEST, FIRST, SAMPLES) for damage in _EVERY),
    (FIRST, _its_neighbours),
    (SAMPLES, _its_neighbours),
]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording that fails: a time is too long in one service, and the memory too large in the other."""
    return red_run(tmp_path_factory.mktemp("red") / "original")


@pytest.mark.parametrize(
    ("file", "damage"),
    [pytest.param(*row, id=f"{row[0]} is {row[1].__name__.strip('_').replace('_', ' ')}") for row in TABLE],
)
def test_it_is_never_green(original: Path, tmp_path: Path, file: str, damage: Callable[[Path], None]) -> None:
    """It stays red, is invalid, or is refused in words."""
    folder = tmp_path / "recording"
    shutil.copytree(original, folder)
    damage(folder / file)
    assert verdict_in(folder) not in GREEN
