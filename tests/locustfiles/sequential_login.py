"""Sequential and Markov task sets with a login, as in Locust's "TaskSet class" and "Markov" pages."""

from locust import HttpUser, MarkovTaskSet, SequentialTaskSet, constant, task, transition, transitions


class Checkout(SequentialTaskSet):
    def on_start(self):
        answer = self.client.post("/login", data={"username": "foo", "password": "bar"})
        assert answer.cookies["session"] == "foo"

    @task
    def first(self):
        self.client.get("/step/1")

    @task
    def second(self):
        # the cookie of the login must be with us
        with self.client.get("/whoami", catch_response=True) as response:
            if response.text != "foo":
                response.failure("the session cookie is gone")

    @task
    def done(self):
        self.client.get("/step/3")
        self.interrupt()


class Browsing(MarkovTaskSet):
    @transition("look")
    def home(self):
        self.client.get("/home")

    @transitions({"home": 1, "leave": 1})
    def look(self):
        self.client.get("/look")

    @transition("home")
    def leave(self):
        self.interrupt()


class Shopper(HttpUser):
    wait_time = constant(0.01)
    tasks = [Checkout, Browsing]
