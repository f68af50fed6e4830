"""Whether both services still run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.errors import ServiceError

if TYPE_CHECKING:
    from perfgate.measure.blocks import SideName
    from perfgate.target.service import RunningService


def check_alive(side: SideName, running: RunningService, when: str) -> None:
    """See that a side's service still runs.

    Raises:
        ServiceError: `service-died`, naming the side.
    """
    code = running.poll()
    if code is not None:
        raise ServiceError(
            f"the {side}'s service {running.name} ended by itself {when}, with code {code}",
            place=str(running.log),
            hint=running.last_output() or "it printed nothing",
            slug="service-died",
        )
