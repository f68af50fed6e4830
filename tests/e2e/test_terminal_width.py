"""Sentences on a terminal are broken between words, whatever its width; elsewhere they are one line each."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.e2e.project import LONGEST_S, PERFGATE

if TYPE_CHECKING:
    from tests.e2e.project import Project


def on_a_terminal(project: Project, columns: int, *words: str) -> list[str]:
    """The lines that a command writes on a terminal of so many columns."""
    terminal, its_end = pty.openpty()
    fcntl.ioctl(its_end, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    told = b""
    environment = {**os.environ, "TERM": "xterm", "NO_COLOR": "1"}
    with subprocess.Popen(
        [*PERFGATE, *words], cwd=project.root, stdout=its_end, stderr=its_end, env=environment
    ) as process:
        os.close(its_end)
        with suppress(OSError):  # nobody has its other end any more
            while some := os.read(terminal, 65536):
                told += some
        os.close(terminal)
        process.wait(LONGEST_S)
    return told.decode().replace("\r\n", "\n").splitlines()


@pytest.mark.parametrize(
    "words",
    [
        ("run", "--scale", "0"),
        ("compare",),
        ("explain",),
        ("doctor", "--no-services"),
        ("init", "http://127.0.0.1:1", "--out", "new", "--no-measure", "--name", "shop"),
        ("init", "--demo", "--out", "demo"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
@pytest.mark.parametrize("columns", [60, 80])
def test_sentences_are_broken_between_words(project: Project, words: tuple[str, ...], columns: int) -> None:
    """Left to the terminal are words that are longer than that, such as paths, and commands, which are copied."""
    lines = on_a_terminal(project, columns, *words)
    assert lines
    for line in lines:
        if line.strip().removeprefix("next: ").startswith("perfgate "):
            continue
        assert len(line) <= columns or max(map(len, line.split())) > columns // 2, line


def test_in_a_pipe_a_sentence_is_one_line(project: Project) -> None:
    """So that it can be searched for."""
    done = project.perfgate("compare")
    assert done.code == 3
    (sentence, *_) = done.err.splitlines()
    on_terminal = " ".join(" ".join(on_a_terminal(project, 40, "compare")).split())
    assert sentence in on_terminal
