"""Visitors of the catalog: mostly look at items, browse through pages, and search now and then.

`perfgate.HttpUser` has the interface of Locust's HttpUser and takes its times from the kernel's clock; the checkout's
scenario keeps a class of Locust's own. Both are ordinary Locust files.
"""

import random

from perfgate import HttpUser, between, metric, task

ITEMS = 12_000
WORDS = ["bamboo", "compact", "copper", "kettle", "lamp", "leather", "oak", "silent", "stool", "vintage", "walnut"]


class Visitor(HttpUser):
    wait_time = between(0.05, 0.15)

    @task(6)
    def look_at_item(self):
        self.client.get(f"/items/{random.randint(1, ITEMS)}", name="/items/{id}")

    @task(3)
    def browse(self):
        self.client.get(f"/items?page={random.randint(1, 50)}", name="/items")

    @task(1)
    def search(self):
        words = " ".join(random.sample(WORDS, 2))
        with self.client.get("/search", params={"q": words}, name="/search", catch_response=True) as response:
            if response.status_code != 200:
                response.failure(f"HTTP {response.status_code}")
                return
            metric("search_results", response.json()["count"], unit="items", endpoint="GET /search")
