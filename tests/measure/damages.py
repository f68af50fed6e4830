"""Damages of recordings, every file and kind; `python -m tests.measure.damages 10000` counts what becomes of them."""

from __future__ import annotations

import random
import shutil
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from perfgate.errors import PerfgateError
from perfgate.gate import judged
from perfgate.measure import environment
from perfgate.measure.manifest import Manifest, RunEntry, ServiceEntry
from perfgate.past.kept import Kept, PastRuns, Row
from tests.measure.recordings import MEGABYTE, samples_of, steady_recording, write

if TYPE_CHECKING:
    from collections.abc import Callable

BUDGETS = """
[loads.normal]
users = 10
duration = "10s"
[services.shop]
url = "http://127.0.0.1:8000"
command = "python serve.py"
scenario = "shop.py"
loads = ["normal"]
[services.shop.budget]
p95 = "90ms"
memory = "150MB"
[services.till]
url = "http://127.0.0.1:8001"
command = "python till.py"
scenario = "shop.py"
loads = ["normal"]
[services.till.budget]
memory = "150MB"
"""
NOWHERE = {"commit": None, "branch": None, "dirty": None}
GREEN = frozenset({"pass", "warn"})


def red_run(folder: Path) -> Path:
    """A recording that fails: one service is too slow, the other needs too much memory."""
    slow, large = steady_recording(), steady_recording(times_ms=[1.0] * 100)
    large.samples = samples_of([100 * MEGABYTE] * 8 + [200 * MEGABYTE] * 2)
    for name, recording in (("shop", slow), ("till", large)):
        (folder / name / "normal").mkdir(parents=True)
        write(recording, folder / name / "normal")
    manifest = _manifest(folder)
    manifest.runs = [RunEntry(name, "normal", f"{name}/normal", driven=True) for name in ("shop", "till")]
    rows = [Row(endpoint=None, metric="p50", values=[1.0] * 20)]
    past = PastRuns(service="shop", load="normal", recordings=[f"r{n}" for n in range(20)], rows=rows)
    Kept(choice="pinned", runs=[past]).save(folder)
    manifest.save(folder)
    return folder


def _manifest(folder: Path) -> Manifest:
    return Manifest(
        id="damaged",
        started_at=1_700_000_000.0,
        ended_at=1_700_000_060.0,
        root=str(folder),
        budgets_path=str(folder / "budgets.toml"),
        budgets_text=BUDGETS,
        seed=0,
        scale=1.0,
        strict=False,
        services=["shop", "till"],
        loads=["normal"],
        environment=dict(environment.describe()),
        revision=dict(NOWHERE),
        service_entries={name: ServiceEntry(name, "http://127.0.0.1:8000", 0.1) for name in ("shop", "till")},
    )


def _truncated(path: Path, rng: random.Random) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: rng.randrange(len(data))])


def _flipped(path: Path, rng: random.Random) -> None:
    data = bytearray(path.read_bytes())
    for _ in range(rng.choice((1, 1, 2, 16))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def _deleted(path: Path, _rng: random.Random) -> None:
    path.unlink()


def _chunk(data: bytes, rng: random.Random) -> tuple[int, int]:
    start = rng.randrange(len(data))
    return start, min(len(data), start + rng.choice((1, 16, 100, 512)))


def _duplicated(path: Path, rng: random.Random) -> None:
    data = path.read_bytes()
    start, end = _chunk(data, rng)
    path.write_bytes(data[:end] + data[start:])


def _cut_out(path: Path, rng: random.Random) -> None:
    data = path.read_bytes()
    start, end = _chunk(data, rng)
    path.write_bytes(data[:start] + data[end:])


def _swapped_chunks(path: Path, rng: random.Random) -> None:
    data = path.read_bytes()
    (a, b), (c, d) = sorted((_chunk(data, rng), _chunk(data, rng)))
    b = min(b, c)
    path.write_bytes(data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:])


def _appended(path: Path, rng: random.Random) -> None:
    path.write_bytes(path.read_bytes() + rng.randbytes(rng.choice((1, 8, 200))))


def _zeroed(path: Path, rng: random.Random) -> None:
    data = path.read_bytes()
    start, end = _chunk(data, rng)
    path.write_bytes(data[:start] + bytes(end - start) + data[end:])


def _frames(data: bytes) -> list[bytes]:
    frames, at = [], 8
    while at + 8 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4], "little")
        frames.append(data[at:end])
        at = end
    return frames


def _other_frames(path: Path, rng: random.Random) -> None:
    """Whole frames, whose own checksums hold, in another number or order."""
    data = path.read_bytes()
    frames = _frames(data) if path.suffix == ".journal" else []
    if len(frames) < 2:
        return _flipped(path, rng)
    at = rng.randrange(len(frames))
    kind = rng.randrange(3)
    if kind == 0:
        del frames[at]
    elif kind == 1:
        frames[at:at] = [rng.choice(frames)] * rng.choice((1, 50))
    else:
        rng.shuffle(frames)
    path.write_bytes(data[:8] + b"".join(frames))
    return None


def _swapped_files(path: Path, rng: random.Random) -> None:
    others = [other for other in files_of(_top(path)) if other != path]
    other = rng.choice(others)
    mine, its = path.read_bytes(), other.read_bytes()
    path.write_bytes(its)
    other.write_bytes(mine)


def _top(path: Path) -> Path:
    return next(folder for folder in path.parents if folder.name == "recording")


KINDS: dict[str, Callable[[Path, random.Random], None]] = {
    "truncated": _truncated,
    "flipped": _flipped,
    "deleted": _deleted,
    "duplicated": _duplicated,
    "cut out": _cut_out,
    "swapped chunks": _swapped_chunks,
    "appended": _appended,
    "zeroed": _zeroed,
    "other frames": _other_frames,
    "swapped files": _swapped_files,
}


def files_of(folder: Path) -> list[Path]:
    """All files of a recording."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def damaged(original: Path, folder: Path, seed: int) -> str:
    """A copy of a recording with one damage, or several; returns what was done."""
    rng = random.Random(seed)
    copy = folder / "recording"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(original, copy)
    done = []
    for _ in range(rng.choice((1, 1, 1, 2))):
        path, kind = rng.choice([path for path in files_of(copy) if path.stat().st_size]), rng.choice(list(KINDS))
        KINDS[kind](path, rng)
        done.append(f"{path.relative_to(copy)} {kind}")
    return ", ".join(done)


def verdict_in(folder: Path) -> str:
    """The verdict, or the class of the error that is told instead; anything else is raised."""
    try:
        return judged(folder).verdict
    except PerfgateError as error:
        return type(error).__name__


def main(count: int) -> None:
    """Damage so many recordings and count what became of them."""
    with TemporaryDirectory() as place:
        original = red_run(Path(place) / "original")
        found: Counter[str] = Counter()
        for seed in range(count):
            what = damaged(original, Path(place), seed)
            verdict = verdict_in(Path(place) / "recording")
            found[verdict] += 1
            if verdict in GREEN:
                sys.stdout.write(f"{seed}: {what}: {verdict}\n")
        sys.stdout.write(f"{count:,} damages: {dict(found)}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
