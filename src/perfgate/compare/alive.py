"""Whether both services still run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.errors import ServiceError, last_words

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
        output = running.last_output()
        raise ServiceError(
            f"the {side}'s service {running.name} ended by itself {when}, with code {code}; {last_words(output)}",
            place=str(running.log),
            slug="service-died",
            output=output,
        )
