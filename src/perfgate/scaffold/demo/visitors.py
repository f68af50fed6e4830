"""Who visits the shop, and what they do: an ordinary Locust file."""

import random

from perfgate import HttpUser, task


class Visitor(HttpUser):
    """Looks at three items for each search."""

    @task(3)
    def look_at_item(self) -> None:
        """`name` makes all items one endpoint."""
        self.client.get(f"/items/{random.randrange(20_000)}", name="/items/{id}")

    @task(1)
    def search(self) -> None:
        """Values of a query are left out of an endpoint's name."""
        self.client.get("/search", params={"q": random.choice(["lamp", "mug", "red"])}, name="/search")
