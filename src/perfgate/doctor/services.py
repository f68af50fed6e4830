"""The services of a plan: whether each starts, becomes ready and can be stopped, or answers where it already runs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from perfgate.doctor.finding import Finding
from perfgate.errors import PerfgateError
from perfgate.plan.hosts import check_host
from perfgate.plan.plan import Service
from perfgate.target.service import RunningService, start

if TYPE_CHECKING:
    from perfgate.plan.plan import Plan

Start = Callable[[Service, Path], AbstractContextManager[RunningService]]


def examine_services(plan: Plan, start_service: Start = start) -> list[Finding]:
    """Start each service with a command and stop it again; look once at each that already runs.

    Args:
        plan: from `read_plan`.
        start_service: `perfgate.target.service.start`, or a stand-in.
    """
    return [_service(service, plan, start_service) for service in plan.services.values()]


def _service(service: Service, plan: Plan, start_service: Start) -> Finding:
    what = f"service {service.name}"
    try:
        _check_hosts(service, plan)
        with tempfile.TemporaryDirectory() as folder, start_service(service, Path(folder)) as running:
            took = running.startup_time_s
        detail = f"answers at {running.url}" if took is None else f"ready after {took:.2f} s, and stopped again"
        return Finding("ok", what, detail, area="services")
    except PerfgateError as error:
        return Finding.failed(what, error, "read what it wrote last", "services")
    except OSError as error:
        return Finding("fail", what, f"{service.source}: {error}", "mend its command, cwd or ready", "services")


def _check_hosts(service: Service, plan: Plan) -> None:
    """Nothing is asked of a host that is not allowed, by whatever way the plan was made."""
    check_host(service.url.replace("{port}", "1"), plan.gate.allowed_hosts, place=service.source)
    if service.ready and "://" in service.ready:
        check_host(service.ready.replace("{port}", "1"), plan.gate.allowed_hosts, place=service.source)
