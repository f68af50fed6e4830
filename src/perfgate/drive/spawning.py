"""What a scenario hears of the users being started: as from `locust --users N --spawn-rate R`, though steps are many.

Users follow the profile in steps of a tenth of a second, each of which is a whole `start` for Locust: it would fire
`spawning_complete` for each, the first with no users, and the runner's target would be the step's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from locust.event import EventHook
from locust.runners import STATE_RUNNING, LocalRunner

if TYPE_CHECKING:
    from argparse import Namespace

    from locust.env import Environment

    from perfgate.drive.order import Order

_Runner: Any = LocalRunner  # Locust leaves them untyped
_Hook: Any = EventHook


class EngineRunner(_Runner):  # type: ignore[misc]
    """Locust's runner of one process.

    Attributes:
        planned: how many users the whole load has at its peak, which is what is aimed at; None: as Locust has it.
    """

    planned: int | None = None
    _aimed_at = 0

    @property
    def target_user_count(self) -> int:
        """How many users are aimed at; from before `test_start` on, as with Locust."""
        return self._aimed_at if self.planned is None else self.planned

    @target_user_count.setter
    def target_user_count(self, count: int) -> None:
        self._aimed_at = count


def create_engine_runner(environment: Environment) -> EngineRunner:
    """As `environment.create_local_runner` does."""
    runner: EngineRunner = environment._create_runner(EngineRunner)  # noqa: SLF001  (it takes no class from outside)
    return runner


class SpawningComplete(_Hook):  # type: ignore[misc]
    """Takes the place of `events.spawning_complete`: fires when a level is reached, not after each step to it.

    Args:
        before: the hook whose place it takes; who listens there, then or later, listens here.
        runner: whose state it is.
    """

    def __init__(self, before: EventHook, runner: Any) -> None:
        super().__init__()
        self._handlers = before._handlers  # noqa: SLF001
        self._runner = runner
        self._total: int | None = None
        self._is_reached = True
        self._was_reached = False

    def expect(self, total: int, *, reached: bool) -> None:
        """The next step has this many users of the whole load, and is the last one to the level that is aimed at."""
        self._total, self._is_reached = total, reached

    def fire(self, *, reverse: bool = False, user_count: int = 0, **more: Any) -> None:
        """A step is done."""
        if self._is_reached:
            self._was_reached = True
            total = user_count if self._total is None else self._total
            super().fire(reverse=reverse, user_count=total, **more)
        elif self._was_reached:  # else it is still spawning
            self._runner.update_state(STATE_RUNNING)


def gate_spawning(environment: Environment, runner: Any) -> SpawningComplete:
    """Let `spawning_complete` fire only for levels that are reached."""
    hook = SpawningComplete(environment.events.spawning_complete, runner)
    environment.events.spawning_complete = hook
    return hook


def planned_users(order: Order) -> int | None:
    """How many users the load has at most; None where only the scenario's own shape knows."""
    if order.profile is None:
        return None
    return order.max_users if order.model == "open" else round(order.profile.peak)


def spawn_rate(order: Order) -> float | None:
    """Users per second while the load climbs for the first time; all at once is a rate of all."""
    users = planned_users(order)
    if users is None or order.profile is None:
        return None
    first = order.profile.segments[0]
    climbs = order.model == "closed" and first.end_level > first.start_level
    return (first.end_level - first.start_level) / (first.end_s - first.start_s) if climbs else float(users)


def set_load_options(options: Namespace, order: Order) -> None:
    """Let the scenario read in Locust's options what `budgets.toml` says of the load."""
    run_time_s = order.run_time_s
    options.num_users = planned_users(order)
    options.spawn_rate = spawn_rate(order)
    options.run_time = None if run_time_s is None else max(round(run_time_s), 1)  # Locust's is in whole seconds


def quit_code(environment: Environment, *, failed: bool) -> int:
    """The exit code that Locust would tell listeners of `quit`."""
    code = environment.process_exit_code
    return int(failed) if code is None else code
