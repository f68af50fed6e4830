"""Whatever perfgate is told to read: a file of a bounded size, or an error in words; it never waits, nor swells."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from perfgate.reading import open_file, read_bytes, read_text, storable

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCE = Path(__file__).parent.parent / "src" / "perfgate"
# Where a file is opened without `perfgate.reading`: what is written, /proc, the kernel's, and perfgate's own logs.
OWN_FILES = {
    "reading.py",
    *("drive/outside.py", "target/listening.py", "measure/log_limit.py", "measure/manifest.py"),
    *("drive/health.py", "measure/environment.py", "target/supervisor.py", "target/system.py"),
    *("target/service.py", "target/setup.py", "compare/suite.py", "suite/serve.py", "target/checkout.py"),
    *("baseline/repository.py", "scaffold/github.py", "publish/output.py", "publish/github/outputs.py"),
    "scaffold/installation.py",  # the metadata of its own package, through importlib.metadata
    "scaffold/demo_project.py",  # files of its own package, and one that it has just written
    *("drive/engine.py", "drive/block_engine.py", "measure/journal.py"),
}


def test_files_are_opened_in_one_place() -> None:
    """A new reader of files uses `perfgate.reading`, or is named here with its reason."""
    opens = re.compile(r"\.read_(text|bytes)\(|(path|file|Path\(.*\))\.open\(|\bos\.open\(|(?<!def )(?<![.\w])open\(")
    found = {
        str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*.py") if opens.search(path.read_text(encoding="utf-8"))
    }
    assert found <= OWN_FILES, found - OWN_FILES


def pipe(folder: Path) -> Path:
    """A FIFO into which nobody writes."""
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


def folder(below: Path) -> Path:
    """A folder."""
    (below / "folder").mkdir()
    return below / "folder"


def device(_: Path) -> Path:
    """Zeros without end."""
    return Path("/dev/zero")


def huge(below: Path) -> Path:
    """A file of a terabyte, without a single block on the disk."""
    with (below / "huge").open("wb") as file:
        file.truncate(2**40)
    return below / "huge"


ODD = [(pipe, "a pipe"), (folder, "a folder"), (device, "a device"), (huge, "larger than")]


@pytest.mark.parametrize(("made", "words"), ODD)
def test_what_is_no_file_or_too_large_is_refused_at_once(
    tmp_path: Path, made: Callable[[Path], Path], words: str
) -> None:
    """Without waiting for a writer, and without reading any of it."""
    with pytest.raises(OSError, match=words) as raised:
        read_bytes(made(tmp_path))
    assert raised.value.strerror


def test_a_file_that_is_larger_than_it_says_is_not_read_whole() -> None:
    """Files below /proc say that they are empty."""
    assert read_text("/proc/self/status")
    with pytest.raises(OSError, match="larger than"):
        read_bytes("/proc/self/status", most=10)


def test_a_file_is_read_as_it_is(tmp_path: Path) -> None:
    """Line ends as Python's own text files; a link is followed."""
    path = tmp_path / "text"
    path.write_bytes("a\r\nä\rb\n".encode())
    (tmp_path / "link").symlink_to(path)
    assert read_text(tmp_path / "link") == "a\nä\nb\n"
    with open_file(path) as file:
        assert file.readline() == b"a\r\n"


def test_texts_that_no_file_can_hold_are_shown() -> None:
    """A lone surrogate, as JSON may spell it; pairs are characters."""
    value = json.loads(r'{"a\ud800": ["\udfff", "\ud83d\ude00", 1, null]}')
    assert storable(value) == {r"a\ud800": [r"\udfff", "😀", 1, None]}


COMMANDS: list[tuple[str, list[str], str]] = [
    ("an import", ["import", "any", "{}"], "import-missing"),
    ("budgets", ["explain", "--budgets", "{}"], "budgets-missing"),
    ("a result", ["comment", "{}", "--dry-run"], "artifact"),
    ("a baseline", ["baseline", "import", "{}"], ""),
    ("a document", ["init", "{}"], "target"),
]


@pytest.mark.parametrize(("made", "words"), ODD)
@pytest.mark.parametrize(("what", "command", "slug"), COMMANDS)
def test_a_command_that_is_given_no_file_says_so(
    tmp_path: Path, made: Callable[[Path], Path], words: str, what: str, command: list[str], slug: str
) -> None:
    """An import, budgets, a result, a baseline, a HAR file: the same words, and a usual exit code."""
    path = made(tmp_path)
    if "init" not in command:
        (tmp_path / "budgets.toml").write_text('[benchmarks."*"]\nmax = "1s"\n')
    arguments = [word.format(path) for word in command]
    done = run(arguments, tmp_path)
    assert done.returncode in {2, 3}, (what, done)
    assert "Traceback" not in done.stderr
    if (made, what) not in {(folder, "a result"), (huge, "a baseline"), (huge, "an import")}:
        assert words in done.stderr, (what, done)
        assert f"error[{slug}" in done.stderr, (what, done)


def run(arguments: list[str], where: Path, memory: int | None = None) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own; with so many bytes of memory, when that is given."""

    def limit() -> None:
        if memory is not None:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

    return subprocess.run(
        [sys.executable, "-m", "perfgate", *arguments],
        cwd=where,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=limit,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )


@pytest.mark.parametrize("deep", ["-" * 200_000 + "1", "(" * 5_000 + ")" * 5_000, "[" * 100_000])
def test_a_scenario_that_python_cannot_compile_is_named(tmp_path: Path, deep: str) -> None:
    """The parser runs out of stack, which it calls a lack of memory."""
    (tmp_path / "scenario.py").write_text(f"x = {deep}\n")
    (tmp_path / "budgets.toml").write_text(
        '[services.shop]\nurl = "http://127.0.0.1:9"\nscenario = "scenario.py"\nbudget.p95 = "1s"\n'
        '[loads.normal]\nusers = 1\nduration = "1s"\n'
    )
    done = run(["run"], tmp_path)
    assert done.returncode == 2, done
    assert "error[scenario" in done.stderr
    assert "scenario.py" in done.stderr


@pytest.mark.parametrize(
    ("name", "text", "command"),
    [
        ("x.toml", "a = " + "[" * 100_000, ["explain", "--budgets", "x.toml"]),
        ("x.har", '{"log": ' + "[" * 100_000, ["init", "x.har"]),
        ("x.yaml", "openapi: " + "[" * 5_000, ["init", "x.yaml"]),
        ("x.json", "[" * 100_000, ["import", "any", "x.json"]),
        ("result.json", "[" * 100_000, ["comment", "result.json", "--dry-run"]),
        ("baseline.jsonl", "[" * 100_000 + "\n", ["baseline", "import", "baseline.jsonl"]),
    ],
)
def test_nesting_without_end_is_an_error_in_words(tmp_path: Path, name: str, text: str, command: list[str]) -> None:
    """Of every kind of file that has any."""
    (tmp_path / name).write_text(text)
    if name not in {"x.toml", "x.har", "x.yaml"}:
        (tmp_path / "budgets.toml").write_text('[benchmarks."*"]\nmax = "1s"\n')
    done = run(command, tmp_path)
    assert done.returncode in {2, 3}, done
    assert "please report this" not in done.stderr
    assert "error[" in done.stderr


def test_too_little_memory_is_an_error_in_words(tmp_path: Path) -> None:
    """The limit of a shell or a container; nothing is judged then."""
    (tmp_path / "budgets.toml").write_text('[benchmarks."*"]\nmax = "1s"\n')
    rows = ",\n".join(["[" + "0, " * 5_000 + "0]"] * 4_000)
    (tmp_path / "x.json").write_text(f'{{"context": {{}}, "benchmarks": [{rows}]}}')
    done = run(["import", "any", "x.json", "--no-history"], tmp_path, memory=260 * 2**20)
    assert done.returncode == 3, done
    assert "error[memory]" in done.stderr
    assert "raise the limit" in done.stderr


def test_lone_surrogates_of_a_result_file_are_shown_in_every_report(tmp_path: Path) -> None:
    """JSON can spell them, no file can hold them."""
    stats = {"data": [0.001], "rounds": 1, "iterations": 1}
    document = {"machine_info": {}, "benchmarks": [{"name": "a\ud800", "fullname": "f.py::a\ud800", "stats": stats}]}
    (tmp_path / "x.json").write_text(json.dumps(document))
    (tmp_path / "budgets.toml").write_text('[benchmarks."*"]\nmax = "1s"\n')
    reports = [word for suffix in ("junit", "csv", "prometheus") for word in (f"--{suffix}", f"x.{suffix}")]
    done = run(["import", "any", "x.json", "--verbose", *reports], tmp_path)
    assert done.returncode == 0, done
    assert r"f.py::a\ud800" in done.stdout
    (report,) = (tmp_path / ".perfgate" / "imports").glob("*/report.html")
    assert r"f.py::a\ud800" in report.read_text()
