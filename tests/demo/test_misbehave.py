"""The switches that make a demo service misbehave."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.demo.misbehave import DEATH_CODE, Misbehaving, Misbehaviour, Slowness, add_switches, chosen
from tests.demo.shop import ask, running

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from wsgiref.types import StartResponse, WSGIEnvironment

ENDPOINTS = ["GET /items", "GET /items/{id}"]


def parsed(*arguments: str) -> Misbehaviour:
    """What a command line switches on."""
    parser = argparse.ArgumentParser()
    add_switches(parser, ENDPOINTS)
    return chosen(parser.parse_args(arguments))


class TestSwitches:
    """The command line."""

    def test_nothing_is_on_by_default(self) -> None:
        """Without a switch a service behaves."""
        assert parsed() == Misbehaviour()

    def test_all_at_once(self) -> None:
        """Each switch has its field; `--slow` may be repeated."""
        switches = ["--slow", "GET /items=2", "--slow", "GET /items/{id}=1.5", "--fail", "0.1", "--leak", "100"]
        expected = Misbehaviour({"GET /items": 2.0, "GET /items/{id}": 1.5}, 0.1, 100, 3.0, 4.5)

        assert parsed(*switches, "--hang-after", "3", "--die-after", "4.5") == expected

    @pytest.mark.parametrize(
        ("switch", "value", "message"),
        [
            ("--slow", "GET /item=2", "'GET /item' is none of the endpoints 'GET /items', 'GET /items/{id}'"),
            ("--slow", "GET /items=fast", "the factor 'fast' is not a number of at least 1"),
            ("--slow", "GET /items=0.5", "the factor '0.5' is not a number of at least 1"),
            ("--slow", "GET /items=nan", "the factor 'nan' is not a number of at least 1"),
            ("--slow", "GET /items=inf", "the factor 'inf' is not a number of at least 1"),
            ("--fail", "2", "'2' is not a share between 0 and 1"),
            ("--fail", "nan", "'nan' is not a share between 0 and 1"),
            ("--fail", "some", "'some' is not a share between 0 and 1"),
            ("--leak", "-1", "'-1' is not a whole number of at least 0"),
        ],
    )
    def test_wrong_values(self, switch: str, value: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
        """A value that makes no sense ends with a message that says which would."""
        with pytest.raises(SystemExit) as ended:
            parsed(f"{switch}={value}")

        assert ended.value.code == 2
        assert message in capsys.readouterr().err


class TestSlowness:
    """Work takes longer by being done again."""

    @pytest.mark.parametrize(("factor", "times"), [(1.0, 1), (2.0, 2), (5.0, 5), (2.5, 2)])
    def test_work_is_repeated(self, factor: float, times: int) -> None:
        """A factor of 5 does it five times, and the first result counts; what is over a whole number is spun."""
        done: list[int] = []

        def work() -> int:
            done.append(len(done))
            return done[-1]

        assert Slowness({"GET /items": factor})("GET /items", work) == 0
        assert len(done) == times

    def test_other_endpoints_are_not_slow(self) -> None:
        """Only the endpoint that was named."""
        done: list[str] = []
        Slowness({"GET /items": 9.0})("GET /search", lambda: done.append("once"))

        assert done == ["once"]

    def test_work_with_effects_is_repeated_without_them(self) -> None:
        """Where work has effects, something else is repeated in its stead."""
        done: list[str] = []
        slow = Slowness({"POST /carts": 3.0})
        slow("POST /carts", lambda: done.append("for good"), lambda: done.append("for nothing"))

        assert done == ["for good", "for nothing", "for nothing"]

    def test_factor_holds_for_cpu_time(self) -> None:
        """A factor of 1.5 takes half as much CPU again: no less, as it is spun until then."""

        def work() -> float:
            began = time.thread_time()
            while time.thread_time() - began < 0.05:
                pass
            return time.thread_time() - began

        began = time.thread_time()
        once_s = Slowness({"GET /items": 1.5})("GET /items", work)

        assert time.thread_time() - began >= 1.5 * once_s


class TestFailing:
    """A share of requests fails."""

    @given(st.floats(0, 1), st.integers(1, 500))
    def test_share_is_exact(self, share: float, requests: int) -> None:
        """Of N requests N x share fail, less one at most, and it is the same each time."""
        statuses = [self.statuses(share, requests) for _ in range(2)]

        assert statuses[0] == statuses[1]
        assert abs(statuses[0].count("500 Internal Server Error") - share * requests) < 1 + 1e-9

    def test_spread_is_even(self) -> None:
        """One in four is each fourth."""
        assert [status[:3] for status in self.statuses(0.25, 8)] == ["200", "200", "200", "500"] * 2

    @staticmethod
    def statuses(share: float, requests: int) -> list[str]:
        """The statuses of that many requests."""
        seen: list[str] = []

        def well_behaved(_environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
            start_response("200 OK", [])
            return []

        def start_response(status: str, *_: object) -> Callable[[bytes], object]:
            seen.append(status)
            return bytes

        app = Misbehaving(well_behaved, Misbehaviour(fail=share))
        for _ in range(requests):
            app({"PATH_INFO": "/items"}, start_response)
        return seen


class TestRealService:
    """The switches on a service that really runs."""

    def test_fail_spares_health(self, tmp_path: Path) -> None:
        """A service all of whose requests fail still becomes ready."""
        with running("checkout", tmp_path, "--fail", "1") as service:
            assert [ask(service, "POST", "/carts").status for _ in range(3)] == [500, 500, 500]
            assert ask(service, "GET", "/health").status == 200

    def test_leak_grows_memory(self, tmp_path: Path) -> None:
        """Ten requests that leak five megabytes each make the process fifty megabytes larger."""
        with running("checkout", tmp_path, "--leak", "5000000") as service:
            assert service.pid is not None
            process = psutil.Process(service.pid)
            before = process.memory_info().rss
            for _ in range(10):
                ask(service, "POST", "/carts")

            assert process.memory_info().rss - before > 45_000_000

    def test_die_after(self, tmp_path: Path) -> None:
        """The process ends by itself, with its own exit code."""
        with running("checkout", tmp_path, "--die-after", "0.2") as service:
            assert service.pid is not None
            psutil.wait_procs([psutil.Process(service.pid)], timeout=60)
            code = service.poll()
            while code is None:
                code = service.poll()

        assert code == DEATH_CODE

    def test_hang_after(self, tmp_path: Path) -> None:
        """The service accepts connections and does not answer; it is stopped all the same."""
        with running("checkout", tmp_path, "--hang-after", "1") as service:
            time.sleep(1)  # from now on, whatever the machine's speed
            with pytest.raises(TimeoutError):
                ask(service, "POST", "/carts", timeout_s=1)
            assert service.poll() is None

    def test_slow_writes_have_no_effect_twice(self, tmp_path: Path) -> None:
        """A slow endpoint that writes still writes once."""
        switches = ["--slow", "POST /carts=3", "--slow", "POST /carts/{id}/items=3", "--slow", "POST /orders=2"]
        with running("checkout", tmp_path, *switches) as service:
            carts = [ask(service, "POST", "/carts").json["id"] for _ in range(2)]
            item = {"item_id": 7, "quantity": 1}
            totals = [ask(service, "POST", f"/carts/{carts[0]}/items", item).json["total_cents"] for _ in range(2)]
            order = ask(service, "POST", "/orders", {"cart_id": carts[0]})

        assert carts == [1, 2]
        assert totals[1] == 2 * totals[0]
        assert (order.status, order.json["id"]) == (201, 1)

    def test_port_in_use(self, tmp_path: Path) -> None:
        """A port that is taken ends the service with one line."""
        with running("checkout", tmp_path / "first") as first:
            port = first.url.rpartition(":")[2]
            command = [sys.executable, "-m", "perfgate.demo.checkout", "--port", port]
            ended = subprocess.run(command, capture_output=True, text=True, check=False)

        assert ended.returncode == 1
        assert ended.stderr == f"cannot listen at port {port}: Address already in use\n"
