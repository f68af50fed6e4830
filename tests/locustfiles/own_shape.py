"""A LoadTestShape of one's own, event listeners and fixed counts, as in Locust's "Custom load shapes" page."""

import logging

from locust import FastHttpUser, LoadTestShape, constant, events, task

seen = []


@events.init.add_listener
def on_init(environment, **kwargs):
    seen.append("init")


@events.test_start.add_listener
def on_test_start(environment, **kwargs):
    seen.append("test_start")


@events.test_stop.add_listener
def on_test_stop(environment, **kwargs):
    seen.append("test_stop")


@events.request.add_listener
def on_request(request_type, name, response_time, response_length, exception, context, **kwargs):
    if "request" not in seen:
        seen.append("request")


@events.quitting.add_listener
def on_quitting(environment, **kwargs):
    seen.append("quitting")
    logging.warning("events seen: %s", " ".join(seen))
    if environment.stats.total.num_requests:
        logging.warning("statistics kept: yes")


class Admin(FastHttpUser):
    fixed_count = 1
    wait_time = constant(0.05)

    @task
    def admin(self):
        self.client.get("/admin")


class Visitor(FastHttpUser):
    wait_time = constant(0.05)

    @task
    def home(self):
        self.client.get("/home")


class Stages(LoadTestShape):
    stages = [(1, 3, 10), (3, 6, 10)]

    def tick(self):
        run_time = self.get_run_time()
        for until, users, spawn_rate in self.stages:
            if run_time < until:
                return (users, spawn_rate)
        return None
