"""The CPU clock of another process."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import psutil
import pytest

from perfgate.target.cpu_clock import process_cpu_s


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has it")
def test_it_tells_what_the_kernel_tells_in_ticks_and_more_exactly() -> None:
    """All threads of the process together."""
    end = time.process_time() + 0.05
    while time.process_time() < end:
        pass
    before = time.process_time()
    told = process_cpu_s(os.getpid())
    after = time.process_time()
    assert told is not None
    assert before <= told <= after
    times = psutil.Process().cpu_times()
    assert abs(times.user + times.system - told) < 0.1


def test_a_process_that_has_ended_has_none() -> None:
    """Whoever asks has to do without."""
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait()
    assert process_cpu_s(process.pid) is None
