"""FastHttpUser with REST helpers, as in Locust's "Increase performance" and "Testing REST APIs" pages."""

from locust import FastHttpUser, constant_throughput, run_single_user, task


class RestUser(FastHttpUser):
    wait_time = constant_throughput(50)

    @task
    def post_and_check(self):
        with self.rest("POST", "/echo", json={"foo": 1}) as resp:
            if resp.js["foo"] != 1:
                resp.failure(f"Unexpected value of foo in response {resp.text}")

    @task
    def grouped(self):
        for number in range(3):
            self.client.get(f"/forum/thread/{number}", name="/forum/thread/[id]")

    @task
    def failed_assertion(self):
        with self.rest("GET", "/json") as resp:
            assert resp.js["bar"] == 42, "Unexpected bar"


if __name__ == "__main__":
    run_single_user(RestUser)
