"""HttpUser with nested TaskSets, as in Locust's "Writing a locustfile" and "TaskSet class" pages."""

from locust import HttpUser, TaskSet, between, tag, task


class Forum(TaskSet):
    wait_time = between(0.005, 0.01)

    @task(20)
    def index(self):
        self.client.get("/forum")

    @task(1)
    class Thread(TaskSet):
        def on_start(self):
            self.client.get("/forum/thread", name="/forum/thread (enter)")

        @task(3)
        def read(self):
            self.client.get("/forum/thread/7", name="/forum/thread/[id]")

        @task(1)
        def stop(self):
            self.interrupt()


class WebsiteUser(HttpUser):
    wait_time = between(0.005, 0.02)
    tasks = {Forum: 1}
    weight = 3

    def on_start(self):
        self.client.post("/login", json={"user": "foo"})

    def on_stop(self):
        self.client.get("/logout")


class MobileUser(HttpUser):
    wait_time = between(0.005, 0.02)
    weight = 1

    @task
    def missing_is_fine(self):
        with self.client.get("/missing", catch_response=True) as response:
            if response.status_code == 404:
                response.success()

    @task
    def wrong_content(self):
        with self.client.get("/forum", name="/forum (checked)", catch_response=True) as response:
            if response.text != "something else":
                response.failure("Got wrong response 17")

    @tag("excluded")
    @task(100)
    def never(self):
        self.client.get("/never")
