"""The generator's time slice: asked for without changing anything else about how the process is scheduled."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="there are no policies to choose from here")

NICE = min(os.nice(0) + 3, 19)  # these tests themselves may be run as a batch job
CHILD = """
import json, os
from perfgate.drive.time_slice import ask_for_short_slices
os.nice(3)
os.sched_setscheduler(0, {policy}, os.sched_param(0))
agreed = ask_for_short_slices()
print(json.dumps([agreed, os.sched_getscheduler(0), os.nice(0)]))
"""


def _in_a_process(policy: int) -> list[object]:
    done = subprocess.run(
        [sys.executable, "-c", CHILD.format(policy=policy)], capture_output=True, text=True, check=True, timeout=60
    )
    found: list[object] = json.loads(done.stdout)
    return found


def test_policy_and_nice_value_stay_as_they_are() -> None:
    """Nobody is pushed aside: only the slice becomes shorter, where the kernel knows of it."""
    _, policy, nice = _in_a_process(os.SCHED_OTHER)
    assert (policy, nice) == (os.SCHED_OTHER, NICE)


def test_a_policy_that_someone_chose_is_left_alone() -> None:
    """Whoever starts the gate as a batch job, or in real time, has a reason."""
    assert _in_a_process(os.SCHED_BATCH) == [False, os.SCHED_BATCH, NICE]
