"""The examination: everything that `perfgate doctor` looks at, in its order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psutil

from perfgate.doctor import machine, plan_file, software
from perfgate.doctor.finding import Finding
from perfgate.doctor.services import Start, examine_services
from perfgate.target.service import start
from perfgate.target.system import System

Check = Callable[[], Finding | list[Finding] | None]


def examine(
    path: Path | None = None, *, services: bool = True, system: System | None = None, start_service: Start = start
) -> list[Finding]:
    """Look at the machine, the packages, Git, the budgets file with its scenarios, and the services.

    Without services it takes about a second, and sends nothing but a byte to itself.

    Args:
        path: the budgets file; None looks for `budgets.toml` here.
        services: start each service, or look at it where it already runs.
        system: where the operating system's files are read from.
        start_service: how a service is started.

    Raises:
        Nothing that a system, a file or a service does: that becomes a finding.
    """
    system = system or System()
    plan, about_file = plan_file.read(path)
    folder = plan.root if plan else (path.parent if path and path.parent.is_dir() else Path())
    users = plan_file.most_users(plan)
    findings = [*_of_machine(system, folder, users), software.locust(), *software.git(folder), *about_file]
    if services and plan is not None:
        findings += examine_services(plan, start_service)
    return findings


def _of_machine(system: System, folder: Path, users: int) -> list[Finding]:
    checks: dict[str, Check] = {
        "Python": machine.python_version,
        "CPU": machine.cpu_count,
        "load average": machine.load_average,
        "free memory": machine.memory,
        "disk": lambda: machine.disk(folder),
        "CPU quota": lambda: machine.quota(system),
        "frequency governor": lambda: machine.governor(system),
        "open files": lambda: machine.open_files(users),
        "ephemeral ports": lambda: machine.ports(system, users),
        "receive clock": machine.receive_clock,
        "timers": lambda: machine.watched(machine.watch(system)),
    }
    return [finding for what, check in checks.items() for finding in examined(what, check)]


def examined(what: str, check: Check) -> list[Finding]:
    """The findings of one check; a system that cannot answer is told, since unknown is not fine."""
    try:
        found = check()
    except (OSError, ValueError, AttributeError, NotImplementedError, psutil.Error) as error:
        detail = f"could not be examined: {error or type(error).__name__}"
        return [Finding("warn", what, detail, "look at it yourself: this system does not tell")]
    if found is None:
        return []
    return found if isinstance(found, list) else [found]
