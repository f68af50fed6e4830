"""The payment step: real CPU work in a bounded pool, so that under stress the service saturates as real ones do."""

from __future__ import annotations

import hashlib
import queue
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 35_000  # 6.5 ms of one core on a machine of 2024, so one worker signs about 130 orders a second


def sign(order: str) -> str:
    """A signature that is expensive by design (PBKDF2); its C code runs outside of the interpreter's lock."""
    return hashlib.pbkdf2_hmac("sha256", b"the shop's key", order.encode(), ROUNDS).hex()


class PaymentDesk:
    """Workers with a queue of bounded length: whoever finds it full is turned away at once, not made to wait.

    Args:
        workers: how many payments are made at a time.
        queue_length: how many may wait.
    """

    def __init__(self, workers: int, queue_length: int) -> None:
        self._waiting: queue.Queue[tuple[Callable[[], str], Future[str]]] = queue.Queue(queue_length)
        for number in range(workers):
            threading.Thread(target=self._work, name=f"payment-{number}", daemon=True).start()

    @property
    def waiting(self) -> int:
        """How many payments wait at this moment."""
        return self._waiting.qsize()

    def submit(self, payment: Callable[[], str]) -> Future[str]:
        """Have a payment made.

        Raises:
            queue.Full: when the desk has as much to do as it takes on.
        """
        result: Future[str] = Future()
        self._waiting.put_nowait((payment, result))
        return result

    def _work(self) -> None:
        while True:
            payment, result = self._waiting.get()
            try:
                result.set_result(payment())
            except Exception as error:  # noqa: BLE001  (it is the waiting request's to handle)
                result.set_exception(error)
