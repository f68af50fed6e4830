"""On which CPUs processes run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from perfgate.target.cpus import bind, may_run_on, usable
from perfgate.target.system import System

if TYPE_CHECKING:
    from pathlib import Path

GONE = 2**22 + 1  # no process has this pid


def limited(root: Path, limit: str) -> System:
    """A container with this `cpu.max`."""
    folder = root / "sys/fs/cgroup"
    folder.mkdir(parents=True)
    (folder / "cpu.max").write_text(f"{limit}\n")
    return System(root)


def test_all_that_this_process_may_use_can_be_divided(tmp_path: Path) -> None:
    """Without a quota."""
    assert usable(limited(tmp_path, "max 100000")) == sorted(os.sched_getaffinity(0))


def test_a_container_with_less_than_it_sees_has_nothing_to_divide(tmp_path: Path) -> None:
    """The CPUs are others' too."""
    assert usable(limited(tmp_path, "50000 100000")) == []


def test_what_is_gone_cannot_be_bound() -> None:
    """Nor told."""
    assert not bind([GONE], os.sched_getaffinity(0))
    assert not may_run_on([GONE], os.sched_getaffinity(0))


def test_what_was_bound_by_somebody_else_is_told() -> None:
    """Its owner has chosen."""
    everywhere = os.sched_getaffinity(0)
    assert may_run_on([os.getpid()], everywhere)
    assert not may_run_on([os.getpid()], {*everywhere, 1023})
