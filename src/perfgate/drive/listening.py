"""Listening to Locust's events before the scenario does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from locust.event import EventHook


def hear_first(hook: EventHook, listener: Callable[..., Any]) -> None:
    """Add a listener before all others.

    A listener may raise `RescheduleTask`, `StopUser` and the like, and Locust then tells none of those after it: a
    request that was heard by nobody would be in no figure.
    """
    hook._handlers.insert(0, listener)  # noqa: SLF001  (Locust has no other way)
