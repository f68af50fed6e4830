"""The last that is heard of a load: Locust's `quitting`, in two halves.

Scenarios listen to it to set an exit code, which belongs into the last report; Locust's own listeners of a master and
of a worker end the connection, over which that report has to go first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from locust.env import Environment

_Runner = TypeVar("_Runner")


class Farewell:
    """Locust's own half of `quitting`.

    Args:
        environment: without a runner yet; what listens to `quitting` now, and will later, is the scenario's.
    """

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._own: list[Callable[..., Any]] = []

    def create(self, create: Callable[[], _Runner]) -> _Runner:
        """Create a runner, whose own listeners wait for `go`."""
        quitting = self._environment.events.quitting
        scenarios = list(quitting._handlers)  # noqa: SLF001
        runner = create()
        self._own = quitting._handlers[len(scenarios) :]  # noqa: SLF001
        quitting._handlers[:] = scenarios  # noqa: SLF001
        return runner

    def go(self) -> None:
        """End the connection."""
        for listener in self._own:
            listener(environment=self._environment)
