"""Which users an engine runs when several share a load: Locust's own choice of classes, divided by number.

Locust's dispatcher decides in which order users of which class are added: fixed counts first, then by weight. Each
engine knows this order for the whole load, and runs the users whose numbers are its own. So a `fixed_count` of 1 is one
user of all engines together, and the classes have the weights that they have in a single process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from locust.dispatch import UsersDispatcher
from locust.runners import WorkerNode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.drive.share import Share


class ClassOrder:
    """The class of each user by number, as Locust's dispatcher adds them; grows as it is asked."""

    def __init__(self, user_classes: list[Any]) -> None:
        self._node = WorkerNode(id="all")
        self._dispatcher = UsersDispatcher(worker_nodes=[self._node], user_classes=user_classes)
        self._counts: dict[str, int] = {user_class.__name__: 0 for user_class in user_classes}
        self._names: list[str] = []
        self._exhausted = False

    def first(self, total: int) -> list[str]:
        """The classes of the first `total` users; fewer when every class has a fixed count."""
        while len(self._names) < total and not self._exhausted:
            self._grow()
        return self._names[:total]

    def _grow(self) -> None:
        wanted = len(self._names) + 1
        self._dispatcher.new_dispatch(wanted, spawn_rate=wanted)
        counts = next(self._dispatcher)[self._node.id]
        added = [name for name, count in counts.items() if count > self._counts[name]]
        self._exhausted = not added
        self._names += added
        self._counts = counts


class ShareOfUsers:
    """Counts an engine's users by class; takes the place of Locust's dispatcher (`Environment.dispatcher_class`).

    Targets are of the whole load; what is dispatched is this engine's share of it, in one step.
    """

    def __init__(self, share: Share, user_classes: list[Any]) -> None:
        self._share = share
        self._order = ClassOrder(user_classes)
        self._names = [user_class.__name__ for user_class in user_classes]
        self._target = 0

    def counts(self, total: int) -> dict[str, int]:
        """This engine's users by class when the whole load has `total` users."""
        own = self._order.first(total)[self._share.index :: self._share.count]
        return {name: own.count(name) for name in self._names}

    def __call__(self, worker_nodes: list[WorkerNode], user_classes: list[Any]) -> ShareOfUsers:  # noqa: ARG002
        """As Locust makes its dispatcher: there is one node, this engine, and the classes are known."""
        self._node = worker_nodes[0]
        return self

    def new_dispatch(self, target_user_count: int, spawn_rate: float, user_classes: Any = None) -> None:  # noqa: ARG002
        """As Locust tells its dispatcher: from now on the whole load has this many users."""
        self._target = target_user_count

    def __iter__(self) -> Iterator[dict[str, dict[str, int]]]:
        """As Locust asks its dispatcher: the users of each node."""
        return iter([{self._node.id: self.counts(self._target)}])
