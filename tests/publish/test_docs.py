"""What docs/ci.md gives to copy does what it says."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCKS = re.findall(r"^```bash\n(.*?)^```", (DOCS / "ci.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
ZERO = "0" * 40


def bash(script: str, folder: Path, code: int, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run it where a command `perfgate` ends with this code and notes how it was called."""
    command = folder / "perfgate"
    command.write_text(f'#!/bin/sh\necho "$@" >> {folder}/calls\nexit {code}\n')
    command.chmod(0o755)
    env = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    done = ["bash", "-c", script]
    return subprocess.run(done, cwd=folder, env=env, input=text, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("ref", "code", "expected", "calls"),
    [
        ("refs/heads/main", 0, 0, 1),
        ("refs/heads/main", 1, 1, 1),
        ("refs/heads/main", 3, 3, 1),
        ("refs/heads/x", 1, 0, 0),
    ],
)
def test_the_hook_stops_a_push_to_main_that_is_not_a_pass(
    tmp_path: Path, ref: str, code: int, expected: int, calls: int
) -> None:
    """Git tells it on standard input what is pushed."""
    done = bash(BLOCKS[0], tmp_path, code, f"refs/heads/topic {ZERO} {ref} {ZERO}\n" * 2)
    assert done.returncode == expected, done.stderr
    called = (tmp_path / "calls").read_text().splitlines() if calls else []
    assert called == ["run --scale 0.2 --quiet"] * calls
    assert not calls or (tmp_path / "calls").exists()


@pytest.mark.parametrize(
    ("code", "words"), [(0, "merge it"), (1, "slower, and proven"), (2, "not known"), (3, "not known")]
)
def test_the_script_takes_only_zero_for_a_pass(tmp_path: Path, code: int, words: str) -> None:
    """By the exit codes of the table above it."""
    assert words in bash(BLOCKS[1], tmp_path, code).stdout
