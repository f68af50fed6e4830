"""A log that grows without end keeps its head and its tail."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from perfgate.measure.log_limit import LogLimit, shorten

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_S = 60  # a bound against hanging


def test_the_middle_goes_and_the_log_says_how_much(tmp_path: Path) -> None:
    """How a service started stands at its head, and why it ended at its tail."""
    log = tmp_path / "service.log"
    log.write_bytes(b"started" + b"x" * 1000 + b"ended")
    assert shorten(log, most=100, head=7, tail=5)
    assert log.read_bytes() == b"started\n[perfgate: 1000 bytes were left out here]\nended"


def test_a_log_that_is_not_too_long_stays_as_it_is(tmp_path: Path) -> None:
    """To the byte."""
    log = tmp_path / "service.log"
    log.write_bytes(b"x" * 100)
    assert not shorten(log, most=100, head=7, tail=5)
    assert log.read_bytes() == b"x" * 100


def test_a_log_that_is_shortened_twice_says_it_once(tmp_path: Path) -> None:
    """What was said the first time lies in what goes the second time."""
    log = tmp_path / "service.log"
    log.write_bytes(b"started" + b"x" * 1000)
    shorten(log, most=100, head=7, tail=5)
    with log.open("ab") as file:
        file.write(b"y" * 1000 + b"ended")
    shorten(log, most=100, head=7, tail=5)
    assert log.read_bytes().startswith(b"started\n[perfgate: ")
    assert log.read_bytes().endswith(b" bytes were left out here]\nended")
    assert log.read_bytes().count(b"perfgate") == 1


def test_a_writer_goes_on_at_the_new_end(tmp_path: Path) -> None:
    """A real process that appends, as a service does: no hole, and what comes afterwards stands at the end."""
    log = tmp_path / "service.log"
    code = "for number in range(1_000_000): print(number, flush=number % 1000 == 0)"
    with log.open("ab", buffering=0) as file:
        with LogLimit(log, every_s=0.01, most=5 * 1024 * 1024):
            subprocess.run([sys.executable, "-c", code], stdout=file, check=True, timeout=LONGEST_S)
        file.write(b"ended\n")
    text = log.read_bytes()
    assert b"\0" not in text
    assert text.startswith(b"0\n1\n2\n")
    assert text.endswith(b"ended\n")


def test_a_log_that_somebody_took_away_is_left_alone(tmp_path: Path) -> None:
    """Nothing is left to be limited."""
    limit = LogLimit(tmp_path / "gone.log", every_s=0.01).start()
    time.sleep(0.05)
    limit.stop()
    with pytest.raises(FileNotFoundError):
        shorten(tmp_path / "gone.log")
