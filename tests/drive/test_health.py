"""The generator's samples: what the kernel tells of this very process."""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING

import pytest

from perfgate.drive.health import HealthMonitor, clock_gap_ns, ports_in_use, throttled_ms

if TYPE_CHECKING:
    from pathlib import Path

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="these figures come from Linux's /proc")


@LINUX
def test_open_sockets_are_counted_from_when_the_monitor_was_made() -> None:
    """Each takes a descriptor, and a share of the limit."""
    monitor = HealthMonitor()
    before = monitor.sample()
    opened = [socket.socket() for _ in range(25)]
    after = monitor.sample()
    for one in opened:
        one.close()
    assert before.sockets is not None
    assert after.sockets is not None
    assert after.sockets - before.sockets == 25
    assert before.open_files is not None
    assert after.open_files is not None
    assert 0 < before.open_files < after.open_files <= 1


def test_ports_in_use_and_closing_are_a_share_of_the_ephemeral_ones(tmp_path: Path) -> None:
    """Of both versions of the protocol; unknown where the kernel has no such files."""
    four, six, port_range = tmp_path / "sockstat", tmp_path / "sockstat6", tmp_path / "range"
    four.write_text("sockets: used 99\nTCP: inuse 30 orphan 0 tw 15 alloc 40 mem 2\nUDP: inuse 9 mem 0\n")
    six.write_text("TCP6: inuse 5\nUDP6: inuse 7\n")
    port_range.write_text("32768\t32967\n")
    assert ports_in_use((four, six), port_range) == (30 + 15 + 5) / 200
    assert ports_in_use((four, tmp_path / "none"), port_range) == 45 / 200
    assert ports_in_use((tmp_path / "none",), port_range) is None
    assert ports_in_use((four, six), tmp_path / "none") is None


def test_the_quota_is_read_from_either_version_of_cgroups(tmp_path: Path) -> None:
    """In microseconds or nanoseconds; unknown where there is neither."""
    two, one = tmp_path / "two", tmp_path / "one"
    two.write_text("usage_usec 7\nnr_throttled 3\nthrottled_usec 4500\n")
    one.write_text("nr_throttled 3\nthrottled_time 6000000\n")
    sources = ((two, "throttled_usec", 1e3), (one, "throttled_time", 1e6))
    assert [throttled_ms(sources), throttled_ms(sources[1:]), throttled_ms(())] == [4.5, 6.0, None]


def test_a_process_that_is_put_aside_between_two_clocks_sees_no_step() -> None:
    """The narrowest of a few readings counts."""
    gap_ns = 1_700_000_000_000_000_000
    now_ns = 0
    pauses = iter([1000, 50_000_000, 1000, 1000, 1000, 1000] + [1000] * 20)

    def monotonic_ns() -> int:
        nonlocal now_ns
        now_ns += next(pauses)
        return now_ns

    assert abs(clock_gap_ns(monotonic_ns, lambda: gap_ns + now_ns) - gap_ns) <= 1000


def test_a_sample_covers_the_time_since_the_one_before() -> None:
    """CPU is a share of one core; what the system does not tell is unknown."""
    sample = HealthMonitor().sample()
    assert sample.cpu >= 0
    assert sample.loop_lag_ms == 0
    assert sample.throttled_ms is None or sample.throttled_ms >= 0
