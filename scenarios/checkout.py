"""Customers of the checkout: each fills a cart, orders it and looks at the order, again and again."""

import random

from locust import FastHttpUser, SequentialTaskSet, between, task

from perfgate import metric

ITEMS = 12_000


class Customer(FastHttpUser):
    wait_time = between(0.1, 0.3)

    @task
    class Purchase(SequentialTaskSet):
        """A step that cannot be done ends this purchase; after a pause the next begins."""

        cart_id = 0
        order_id = 0

        @task
        def take_cart(self):
            with self.client.post("/carts", json={}, catch_response=True) as response:
                if response.status_code != 201:
                    response.failure(f"HTTP {response.status_code}")
                    self.interrupt(reschedule=False)
                self.cart_id = response.json()["id"]

        @task
        def add_items(self):
            for _ in range(2):
                item = {"item_id": random.randint(1, ITEMS), "quantity": random.randint(1, 3)}
                self.client.post(f"/carts/{self.cart_id}/items", json=item, name="/carts/{id}/items")

        @task
        def order(self):
            with self.client.post("/orders", json={"cart_id": self.cart_id}, catch_response=True) as response:
                if response.status_code != 201:
                    full = response.status_code == 503
                    response.failure("the payment desk is full" if full else f"HTTP {response.status_code}")
                    self.interrupt(reschedule=False)
                order = response.json()
            self.order_id = order["id"]
            metric("order_value", order["total_cents"] / 100, unit="EUR", endpoint="POST /orders")

        @task
        def look_at_order(self):
            self.client.get(f"/orders/{self.order_id}", name="/orders/{id}")
