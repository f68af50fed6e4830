"""Gives each User class the host that `plan.own_hosts` decides on, whatever Locust does with `host`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from locust import FastHttpUser
from locust import HttpUser as LocustHttpUser

from perfgate.plan.own_hosts import ClassHost, settle, without_credentials

if TYPE_CHECKING:
    from collections.abc import Sequence

    from locust.runners import Runner

    from perfgate.drive.order import Order


def settle_hosts(order: Order, user_classes: Sequence[Any]) -> list[ClassHost]:
    """What is decided for the classes of a scenario; see `plan.own_hosts`.

    Raises:
        ScenarioError: none would be driven at the service, or one has a host that may not be reached.
    """
    own = {cls.__name__: _own_host(cls) for cls in user_classes if _own_host(cls) or _needs_host(cls)}
    return settle(own, [order.host, *order.other_sides], own_hosts=order.own_hosts, allowed=order.allowed_hosts)


def _own_host(user_class: Any) -> str | None:
    host = getattr(user_class, "host", None)
    return host if isinstance(host, str) else None


def _needs_host(user_class: Any) -> bool:
    """Whether it is driven at what `host` says; a User that brings its own client may never ask."""
    from perfgate.drive.client.user import HttpUser

    return issubclass(user_class, (LocustHttpUser, FastHttpUser, HttpUser))


def hold_hosts(runner: Runner, hosts: Sequence[ClassHost]) -> None:
    """Let classes that keep a host have it: Locust gives all of them the environment's, whenever users are started.

    That is done once more before each start of users. The environment's own host stays the service's url, which
    listeners of the scenario read.
    """
    kept = {each.user_class: each.own for each in hosts if each.kept}
    if not kept:
        return
    spawn = runner.spawn_users

    def spawn_users(counts: dict[str, int], wait: bool = False) -> Any:
        for cls in runner.user_classes:
            cls.host = kept.get(cls.__name__, cls.host)
        return spawn(counts, wait)

    untyped: Any = runner
    untyped.spawn_users = spawn_users


def told(hosts: Sequence[ClassHost], bases: Sequence[Any] = ()) -> list[dict[str, str]]:
    """As the parent is told: without passwords, since it stands in every report; `bases` are driven nowhere."""
    undriven = [{"user_class": cls.__name__, "own": "", "driven": ""} for cls in bases]
    return undriven + [
        {"user_class": h.user_class, "own": without_credentials(h.own), "driven": without_credentials(h.driven)}
        for h in hosts
    ]
