"""What `perfgate doctor` finds out about the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.doctor import machine
from perfgate.doctor.examination import examined
from perfgate.doctor.finding import Finding
from perfgate.doctor.receive_clock import kernel_stamps
from perfgate.target.system import Quota, System

if TYPE_CHECKING:
    from pathlib import Path

CORES = machine.cores()


def system(root: Path, **files: str) -> System:
    """A system with these files; `__` in a name is a slash."""
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return System(root)


class TestQuota:
    """The CPU that a container may use."""

    def test_of_version_2_is_read(self, tmp_path: Path) -> None:
        """Quota and period stand in one file."""
        files = {"proc__self__cgroup": "0::/app\n", "sys__fs__cgroup__app__cpu.max": "150000 100000\n"}
        stat = {"sys__fs__cgroup__app__cpu.stat": "usage_usec 5\nnr_periods 40\nnr_throttled 3\n"}
        assert system(tmp_path, **files, **stat).quota() == Quota(1.5, 40, 3)

    def test_of_version_1_is_read(self, tmp_path: Path) -> None:
        """Quota and period stand in two files, below the controller's name."""
        folder = "sys__fs__cgroup__cpu__job"
        files = {f"{folder}__cpu.cfs_quota_us": "50000\n", f"{folder}__cpu.cfs_period_us": "100000\n"}
        found = system(tmp_path, proc__self__cgroup="5:memory:/m\n4:cpu,cpuacct:/job\n", **files)
        assert found.quota() == Quota(0.5, 0, 0)

    def test_inside_a_container_is_found_at_the_top(self, tmp_path: Path) -> None:
        """The path is often that of the host, which the container cannot see."""
        files = {"proc__self__cgroup": "0::/docker/4711\n", "sys__fs__cgroup__cpu.max": "200000 100000\n"}
        assert system(tmp_path, **files).quota() == Quota(2.0, 0, 0)

    def test_is_the_tightest_of_all_groups_above(self, tmp_path: Path) -> None:
        """A limit on a slice holds for all that is in it."""
        files = {
            "proc__self__cgroup": "0::/slice/app\n",
            "sys__fs__cgroup__slice__cpu.max": "100000 100000",
            "sys__fs__cgroup__slice__app__cpu.max": "max 100000",
        }
        assert system(tmp_path, **files).quota() == Quota(1.0, 0, 0)

    @pytest.mark.parametrize("limit", ["max 100000", "-1 100000", "nonsense", "", "5 0"])
    def test_may_be_none(self, limit: str, tmp_path: Path) -> None:
        """Or something that cannot be read as one."""
        found = machine.quota(system(tmp_path, **{"sys__fs__cgroup__cpu.max": limit}))
        assert found == Finding("ok", "CPU quota", "none")

    def test_below_the_cores_is_warned_of(self, tmp_path: Path) -> None:
        """A generator that is throttled adds latency."""
        found = machine.quota(system(tmp_path, **{"sys__fs__cgroup__cpu.max": f"{CORES * 50000} 100000"}))
        assert found is not None
        assert found.status == "warn"
        assert found.mend

    def test_that_is_enough_is_fine(self, tmp_path: Path) -> None:
        """As many cores as there are."""
        found = machine.quota(system(tmp_path, **{"sys__fs__cgroup__cpu.max": f"{CORES * 100000} 100000"}))
        assert found == Finding("ok", "CPU quota", f"{CORES} of {CORES} cores")


class TestWatch:
    """Half a second of watching."""

    def test_tells_steal_and_lateness(self) -> None:
        """On a Linux machine both are known; how large they are is the machine's own affair."""
        seen = machine.watch(System(), duration_s=0.02)
        assert seen.late_ms == pytest.approx(seen.late_ms)
        assert {"timers"} <= {finding.what for finding in machine.watched(seen)}

    def test_tells_what_it_cannot_see_by_leaving_it_out(self, tmp_path: Path) -> None:
        """Without /proc there is no steal and no throttling."""
        seen = machine.watch(System(tmp_path), duration_s=0.01)
        assert (seen.steal, seen.throttled) == (None, None)
        assert [finding.what for finding in machine.watched(seen)] == ["timers"]

    def test_warns_of_late_timers_steal_and_throttling(self) -> None:
        """Each with what to mend."""
        found = machine.watched(machine.Watch(late_ms=4.0, steal=0.2, throttled=(3, 5)))
        assert [finding.status for finding in found] == ["warn"] * 3
        assert all(finding.mend for finding in found)
        assert [finding.detail for finding in found] == [
            "4.00 ms late at the median",
            "20.0% of CPU time",
            "in 3 of 5 periods",
        ]

    def test_is_content_with_a_quiet_machine(self) -> None:
        """Nothing to mend."""
        found = machine.watched(machine.Watch(late_ms=0.1, steal=0.0, throttled=(0, 5)))
        assert {(finding.status, finding.mend) for finding in found} == {("ok", "")}


class TestLimits:
    """Open files and ports against the users of the plan."""

    @pytest.mark.parametrize(
        ("users", "soft", "hard", "status"),
        [(100, 1024, 4096, "ok"), (2000, 1024, 4096, "warn"), (2000, 1024, -1, "warn"), (9000, 1024, 4096, "fail")],
    )
    def test_of_open_files(self, users: int, soft: int, hard: int, status: str) -> None:
        """Too low is mended with `ulimit`, unless the hard limit forbids it."""
        found = machine.files_for(users, soft, hard, unlimited=-1)
        assert found.status == status
        assert bool(found.mend) == (status != "ok")

    def test_of_open_files_may_be_none(self) -> None:
        """No limit is enough for all."""
        assert machine.files_for(10**6, -1, -1, unlimited=-1).status == "ok"

    @pytest.mark.parametrize(
        ("text", "users", "status"),
        [("32768\t60999\n", 100, "ok"), ("60000\t60999\n", 100, "warn"), ("60000\t60099\n", 1000, "fail")],
    )
    def test_of_ports(self, text: str, users: int, status: str, tmp_path: Path) -> None:
        """Each user needs one, and closed connections keep theirs for a minute."""
        found = machine.ports(system(tmp_path, proc__sys__net__ipv4__ip_local_port_range=text), users)
        assert found is not None
        assert found.status == status

    def test_of_disk_need_a_folder_that_can_be_written(self, tmp_path: Path) -> None:
        """Recordings go below it."""
        assert machine.disk(tmp_path).detail.endswith(f"free for recordings in {tmp_path / '.perfgate'}")


class TestGovernor:
    """How the frequency of the cores is chosen."""

    @pytest.mark.parametrize(("text", "status"), [("performance\n", "ok"), ("powersave\n", "warn")])
    def test_is_named(self, text: str, status: str, tmp_path: Path) -> None:
        """Only `performance` keeps it steady."""
        found = machine.governor(system(tmp_path, sys__devices__system__cpu__cpu0__cpufreq__scaling_governor=text))
        assert found is not None
        assert (found.status, found.detail) == (status, text.strip())


class TestClock:
    """When an answer arrived."""

    def test_is_asked_of_the_kernel(self) -> None:
        """The answer is one of the two."""
        assert machine.receive_clock(kernel_stamps).what == "receive clock"

    def test_of_the_user_is_warned_of(self) -> None:
        """The latencies are then larger than the service's."""
        assert machine.receive_clock(lambda: False).status == "warn"
        assert machine.receive_clock(lambda: True).status == "ok"


class TestOddSystems:
    """Nothing crashes."""

    def test_without_proc_and_sys_tell_less(self, tmp_path: Path) -> None:
        """As on macOS."""
        empty = System(tmp_path)
        expected = (None, None, None, None)
        assert expected == (machine.quota(empty), machine.governor(empty), machine.ports(empty, 5), empty.cpu_ticks())

    @given(st.text())
    def test_with_nonsense_in_their_files_are_borne(self, text: str) -> None:
        """Whatever stands in them."""

        class Nonsense(System):
            def text(self, path: str) -> str | None:
                return None if "missing" in path else text

        odd = Nonsense()
        for found in (machine.quota(odd), machine.governor(odd), machine.ports(odd, 5)):
            assert found is None or found.status in {"ok", "warn", "fail"}
        odd.cpu_ticks()

    def test_that_cannot_answer_are_told_of(self) -> None:
        """Unknown is not fine."""

        def broken() -> Finding:
            raise OSError("no such call")

        found = examined("memory", broken)[0]
        assert (found.status, found.detail) == ("warn", "could not be examined: no such call")
        assert found.mend
