"""The checkout: carts, orders, and a payment desk that turns customers away when it is full."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from perfgate.demo import checkout as module
from perfgate.demo.ledger import Ledger, add_cart, add_item, add_order, price_cents
from perfgate.demo.payment import PaymentDesk, sign
from tests.demo.shop import LONG_S, ask, running

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from perfgate.target.service import RunningService

pytestmark = pytest.mark.xdist_group(__name__)  # what they share is made once


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A running checkout."""
    with running("checkout", tmp_path_factory.mktemp("checkout")) as service:
        yield service


def filled_cart(checkout: RunningService) -> int:
    """The id of a new cart with two of item 7."""
    cart: int = ask(checkout, "POST", "/carts").json["id"]
    ask(checkout, "POST", f"/carts/{cart}/items", {"item_id": 7, "quantity": 2})
    return cart


class TestOrdering:
    """From cart to order, over HTTP."""

    def test_cart_adds_up(self, checkout: RunningService) -> None:
        """Each item put into a cart is answered by the cart's new total."""
        cart = ask(checkout, "POST", "/carts").json["id"]
        answers = [ask(checkout, "POST", f"/carts/{cart}/items", {"item_id": item, "quantity": 2}) for item in (7, 900)]

        totals = [2 * price_cents(7), 2 * price_cents(7) + 2 * price_cents(900)]
        assert [(answer.status, answer.json["total_cents"]) for answer in answers] == [(201, n) for n in totals]

    def test_order_is_paid_and_kept(self, checkout: RunningService) -> None:
        """An order has the cart's total and a signature, and can be read again."""
        cart = filled_cart(checkout)
        answer = ask(checkout, "POST", "/orders", {"cart_id": cart})
        order = answer.json

        assert answer.status == 201
        assert order["signature"] == sign(f"{cart} {2 * price_cents(7)}")
        assert ask(checkout, "GET", f"/orders/{order['id']}").json == {**order, "cart_id": cart}
        assert answer.headers["X-Payment-Queue"] == "0"

    def test_cart_is_ordered_once(self, checkout: RunningService) -> None:
        """A cart that was ordered is no cart any more."""
        cart = filled_cart(checkout)
        statuses = [ask(checkout, "POST", "/orders", {"cart_id": cart}).status for _ in range(2)]

        assert statuses == [201, 404]
        assert ask(checkout, "POST", f"/carts/{cart}/items", {"item_id": 7, "quantity": 1}).status == 404

    @pytest.mark.parametrize(
        ("method", "path", "body", "status"),
        [
            ("POST", "/carts/999999/items", {"item_id": 1, "quantity": 1}, 404),
            ("POST", "/orders", {"cart_id": 999999}, 404),
            ("POST", "/orders", {}, 400),
            ("POST", "/orders", [1], 400),
            ("POST", "/orders", None, 400),
            ("POST", "/orders", {"cart_id": "7"}, 400),
            ("POST", "/orders", {"cart_id": -1}, 400),
            ("POST", "/carts/1/items", {"item_id": 1}, 400),
            ("GET", "/orders/999999", None, 404),
        ],
    )
    def test_wrong_requests(self, method: str, path: str, body: object, status: int, checkout: RunningService) -> None:
        """What does not exist is 404, what makes no sense is 400."""
        assert ask(checkout, method, path, body).status == status

    def test_full_desk_turns_away(self, tmp_path: Path) -> None:
        """Of many orders at once, those beyond the bounded queue are answered 503 with Retry-After; the rest 201."""
        with running("checkout", tmp_path, "--slow", "POST /orders=20") as checkout:
            carts = [filled_cart(checkout) for _ in range(60)]
            together = threading.Barrier(len(carts))

            def order(cart: int) -> tuple[int, str | None]:
                together.wait(LONG_S)
                answer = ask(checkout, "POST", "/orders", {"cart_id": cart})
                return answer.status, answer.headers["Retry-After"]

            with ThreadPoolExecutor(len(carts)) as pool:
                answers = list(pool.map(order, carts))

        assert set(answers) == {(201, None), (503, "1")}
        assert answers.count((201, None)) >= module.PAYMENT_QUEUE

    def test_nothing_is_left_on_disk(self, tmp_path: Path) -> None:
        """The database lies in a temporary folder, which is gone when the service has been stopped."""
        with running("checkout", tmp_path) as service:
            assert service.pid is not None
            ask(service, "POST", "/carts")
            files = [Path(file.path) for file in psutil.Process(service.pid).open_files()]
            (database,) = {file for file in files if file.name == "checkout.db"}
            assert database.exists()

        assert not database.parent.exists()


class TestPaymentDesk:
    """The bounded pool."""

    def test_is_full_when_worker_and_queue_are_taken(self) -> None:
        """One payment in work and two waiting; the next is turned away, until there is room again."""
        desk = PaymentDesk(workers=1, queue_length=2)
        begun, go_on = threading.Event(), threading.Event()

        def payment() -> str:
            begun.set()
            go_on.wait(LONG_S)
            return "paid"

        payments = [desk.submit(payment)]
        assert begun.wait(LONG_S)
        payments += [desk.submit(payment) for _ in range(2)]
        with pytest.raises(queue.Full):
            desk.submit(payment)
        waiting = desk.waiting
        go_on.set()

        assert waiting == 2
        assert [each.result(LONG_S) for each in payments] == ["paid"] * 3
        assert desk.submit(payment).result(LONG_S) == "paid"

    def test_failed_payment_fails_its_request_alone(self) -> None:
        """An exception reaches whoever waits for the payment; the worker goes on."""
        desk = PaymentDesk(workers=1, queue_length=2)

        def broken() -> str:
            raise ValueError("no such card")

        with pytest.raises(ValueError, match="no such card"):
            desk.submit(broken).result(LONG_S)
        assert desk.submit(lambda: "paid").result(LONG_S) == "paid"

    def test_queue_and_worker_leave_web_threads_for_the_rest(self) -> None:
        """Payments that wait can never hold all web threads, so the queue's bound is what limits them."""
        assert module.THREADS > module.PAYMENT_WORKERS + module.PAYMENT_QUEUE


class TestLedger:
    """Transactions."""

    def test_work_that_raises_is_rolled_back(self, tmp_path: Path) -> None:
        """Nothing of it stays, and the next work goes well."""
        ledger = Ledger(tmp_path / "ledger.db")
        cart = ledger.write(add_cart)

        def broken(connection: sqlite3.Connection) -> None:
            add_item(connection, cart, 7, 1)
            raise ValueError("out of stock")

        with pytest.raises(ValueError, match="out of stock"):
            ledger.write(broken)

        assert ledger.total_cents(cart) == 0
        assert ledger.write(lambda connection: add_item(connection, cart, 7, 3)) == 3 * price_cents(7)

    def test_work_that_is_not_kept_leaves_nothing(self, tmp_path: Path) -> None:
        """The repetitions of a slow endpoint do the work without its effect."""
        ledger = Ledger(tmp_path / "ledger.db")
        cart = ledger.write(add_cart)
        ledger.write(lambda connection: add_item(connection, cart, 7, 1), keep=False)

        assert ledger.total_cents(cart) == 0

    def test_only_one_order_of_a_cart(self, tmp_path: Path) -> None:
        """The second of two orders of one cart is refused, though both found it open."""
        ledger = Ledger(tmp_path / "ledger.db")
        cart = ledger.write(add_cart)
        orders = [ledger.write(lambda connection: add_order(connection, cart, 100, "signed")) for _ in range(2)]

        assert orders == [1, None]
        assert ledger.order(1) == {"id": 1, "cart_id": cart, "total_cents": 100, "signature": "signed"}
        assert ledger.order(2) is None
