"""What the operating system tells in files; on systems without them, nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_STEAL = 7  # of /proc/stat: user nice system idle iowait irq softirq steal
_V1 = "sys/fs/cgroup/cpu"


@dataclass(frozen=True)
class Quota:
    """How much CPU a container may use.

    Attributes:
        cores: the quota in cores; None for no limit.
        periods: enforcement periods so far.
        throttled: those in which the container had to wait.
    """

    cores: float | None
    periods: int
    throttled: int


class System:
    """Reads the files of one system.

    Args:
        root: where /proc and /sys lie; tests give a folder of their own.
    """

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root

    def text(self, path: str) -> str | None:
        """A file's text, or None where it does not exist or must not be read."""
        try:
            return (self._root / path).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None

    def cpu_ticks(self) -> tuple[int, int] | None:
        """Ticks stolen by the hypervisor, and all ticks, of all cores since boot."""
        fields = (self.text("proc/stat") or "").partition("\n")[0].split()[1:9]
        if len(fields) <= _STEAL or not all(field.isdecimal() for field in fields):
            return None
        return int(fields[_STEAL]), sum(map(int, fields))

    def quota(self) -> Quota | None:
        """The CPU quota of this process's control group (version 2, else 1); None where there are none.

        The tightest limit of the group and those above it counts.
        """
        found = [quota for folder in self._folders() if (quota := self._quota_in(folder)) is not None]
        if not found:
            return None
        limited = [quota for quota in found if quota.cores is not None]
        return min(limited, key=lambda quota: quota.cores or 0.0) if limited else found[0]

    def _folders(self) -> list[str]:
        """Folders of the groups this process is in, its own first."""
        groups = [line.split(":", 2) for line in (self.text("proc/self/cgroup") or "").splitlines()]
        folders: list[str] = []
        for group in groups:
            if len(group) == 3 and (group[1] == "" or "cpu" in group[1].split(",")):
                base = "sys/fs/cgroup" if group[1] == "" else _V1
                path = PurePosixPath(group[2].strip("/"))
                folders += [f"{base}/{folder}" for folder in (path, *path.parents)]
        # Inside a container the path often is that of the host, and its own group is mounted at the top.
        return [*folders, "sys/fs/cgroup", _V1]

    def _quota_in(self, folder: str) -> Quota | None:
        limit = self.text(f"{folder}/cpu.max")
        if limit is None:
            period = self.text(f"{folder}/cpu.cfs_period_us")
            quota = self.text(f"{folder}/cpu.cfs_quota_us")
            limit = f"{quota} {period}" if quota and period else None
        if limit is None:
            return None
        lines = [line.split() for line in (self.text(f"{folder}/cpu.stat") or "").splitlines()]
        stat = {fields[0]: fields[1] for fields in lines if len(fields) == 2}
        return Quota(_cores(limit), _count(stat.get("nr_periods")), _count(stat.get("nr_throttled")))


def _cores(limit: str) -> float | None:
    """`max 100000`, `-1 100000` and `150000 100000` are no limit, no limit and 1.5 cores."""
    quota, _, period = limit.strip().partition(" ")
    usable = quota.strip().isdecimal() and period.strip().isdecimal() and int(period) > 0
    return int(quota) / int(period) if usable else None


def _count(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0
