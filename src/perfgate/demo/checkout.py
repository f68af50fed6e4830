"""The checkout service: carts, orders, payment. `python -m perfgate.demo.checkout --port 8002`."""

from __future__ import annotations

import queue
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from flask import Flask, Response, abort, jsonify, request

from perfgate.demo.ledger import Ledger, add_cart, add_item, add_order
from perfgate.demo.misbehave import Slowness, chosen
from perfgate.demo.payment import PaymentDesk, sign
from perfgate.demo.server import parser, serve

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from flask.typing import ResponseReturnValue

T = TypeVar("T")

NEW_CART, NEW_ITEM, NEW_ORDER, ORDER = "POST /carts", "POST /carts/{id}/items", "POST /orders", "GET /orders/{id}"

# One worker, so that on a machine of two cores a saturated desk leaves one to the web threads and the generator.
PAYMENT_WORKERS = 1
PAYMENT_QUEUE = 16
# Payments in work and in the queue each hold a web thread; the others are for everything else.
THREADS = PAYMENT_WORKERS + PAYMENT_QUEUE + 7


class Checkout:
    """The views.

    Args:
        ledger: where carts and orders are kept.
        desk: where payments are made.
        slow: makes endpoints slower, as asked.
    """

    def __init__(self, ledger: Ledger, desk: PaymentDesk, slow: Slowness) -> None:
        self._ledger = ledger
        self._desk = desk
        self._slow = slow

    def _write(self, endpoint: str, work: Callable[[sqlite3.Connection], T]) -> T:
        again = partial(self._ledger.write, work, keep=False)
        return self._slow(endpoint, lambda: self._ledger.write(work), again)

    def new_cart(self) -> ResponseReturnValue:
        """`POST /carts`."""
        return jsonify(id=self._write(NEW_CART, add_cart)), 201

    def new_item(self, cart_id: int) -> ResponseReturnValue:
        """`POST /carts/{id}/items` with `{"item_id": 7, "quantity": 2}`."""
        item_id, quantity = _number("item_id"), _number("quantity")
        self._require_open(cart_id)
        total = self._write(NEW_ITEM, lambda connection: add_item(connection, cart_id, item_id, quantity))
        return jsonify(cart_id=cart_id, total_cents=total), 201

    def new_order(self) -> ResponseReturnValue:
        """`POST /orders` with `{"cart_id": 7}`; 503 when the payment desk is full."""
        cart_id = _number("cart_id")
        self._require_open(cart_id)
        total = self._ledger.total_cents(cart_id)
        waiting = self._desk.waiting
        try:
            payment = self._desk.submit(lambda: self._slow(NEW_ORDER, lambda: sign(f"{cart_id} {total}")))
        except queue.Full:
            return jsonify(error="the payment desk is full"), 503, {"Retry-After": "1"}
        signature = payment.result()
        order_id = self._ledger.write(lambda connection: add_order(connection, cart_id, total, signature))
        if order_id is None:
            abort(409)
        headers = {"X-Payment-Queue": str(waiting)}
        return jsonify(id=order_id, total_cents=total, signature=signature), 201, headers

    def order(self, order_id: int) -> ResponseReturnValue:
        """`GET /orders/{id}`."""
        order = self._slow(ORDER, lambda: self._ledger.order(order_id))
        return jsonify(order) if order else abort(404)

    def _require_open(self, cart_id: int) -> None:
        if not self._ledger.is_open(cart_id):
            abort(404)


def _number(key: str) -> int:
    """A positive whole number of the request's JSON body; answers 400 when it is not there."""
    body = request.get_json(silent=True)
    value = body.get(key) if isinstance(body, dict) else None
    return value if type(value) is int and value > 0 else abort(400)


def _health() -> Response:
    return jsonify(status="ok")


def create_app(path: Path, slow: Slowness) -> Flask:
    """The service over a new database at `path`."""
    app = Flask("checkout")
    checkout = Checkout(Ledger(path), PaymentDesk(PAYMENT_WORKERS, PAYMENT_QUEUE), slow)
    app.get("/health")(_health)
    app.post("/carts")(checkout.new_cart)
    app.post("/carts/<int:cart_id>/items")(checkout.new_item)
    app.post("/orders")(checkout.new_order)
    app.get("/orders/<int:order_id>")(checkout.order)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the service until it is told to stop; carts and orders are forgotten then."""
    endpoints = [NEW_CART, NEW_ITEM, NEW_ORDER, ORDER]
    options = parser("checkout", "The demo shop's checkout: writes to SQLite.", endpoints, threads=THREADS).parse_args(
        arguments
    )
    with tempfile.TemporaryDirectory(prefix="perfgate-checkout-") as folder:
        serve(create_app(Path(folder) / "checkout.db", Slowness(chosen(options).slow)), options)


if __name__ == "__main__":
    main()
