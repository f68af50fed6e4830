"""A client of one's own through the request event, as in Locust's "Testing other systems" page."""

import socket
import time
from urllib.parse import urlparse

from locust import User, constant, task


class LineClient:
    """Sends one line over a raw socket and reads the first line back."""

    def __init__(self, host, request_event):
        url = urlparse(host)
        self._address = (url.hostname, url.port)
        self._request_event = request_event

    def ask(self, path):
        meta = {
            "request_type": "line",
            "name": path,
            "response_length": 0,
            "response": None,
            "context": {},
            "exception": None,
            "start_time": time.time(),
        }
        start = time.perf_counter()
        try:
            with socket.create_connection(self._address, timeout=5) as connection:
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
                meta["response"] = connection.recv(65536).split(b"\r\n")[0].decode()
            if "200" not in meta["response"]:
                raise ValueError(meta["response"])
        except (OSError, ValueError) as error:
            meta["exception"] = error
        meta["response_time"] = (time.perf_counter() - start) * 1000
        self._request_event.fire(**meta)
        return meta["response"]


class LineUser(User):
    abstract = True

    def __init__(self, environment):
        super().__init__(environment)
        self.client = LineClient(self.host, environment.events.request)


class MyUser(LineUser):
    wait_time = constant(0.02)

    @task(4)
    def hello(self):
        self.client.ask("/hello")

    @task
    def missing(self):
        self.client.ask("/missing")

    @task
    def measured(self):
        with self.environment.events.request.measure("custom", "measured") as meta:
            time.sleep(0.001)
            meta["response_length"] = 7
