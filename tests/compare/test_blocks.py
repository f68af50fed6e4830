"""Pairs of blocks at two real services: the same work at both, one at a time, and nothing lost that was driven."""

from __future__ import annotations

import os
import signal
from collections import Counter
from itertools import pairwise
from shutil import copy
from typing import TYPE_CHECKING

import psutil
import pytest

from perfgate.compare.block_lane import SETTLE_SHARE
from perfgate.compare.blocks import disturbed_counts, read_pairs
from perfgate.drive.arrivals import arrivals_of
from perfgate.drive.block_order import WARM_UP_PAIR, seed_of
from perfgate.drive.share import Share
from perfgate.errors import EngineError, RecordingError, ServiceError
from perfgate.measure.block_entries import PAIRS_JOURNAL
from perfgate.measure.blocks import Block, Pair
from perfgate.measure.pairs import UNFINISHED
from perfgate.plan.profile import hold
from tests.compare.shop import SCENARIO, SIDES, Shop

if TYPE_CHECKING:
    from pathlib import Path

    from perfgate.measure.blocks import SideName

pytestmark = pytest.mark.xdist_group(__name__)  # what they share is made once

CLOSED = 'users = 4\nduration = "5s"'
OPEN = 'rate = "100/s"\nduration = "5s"'


@pytest.fixture(scope="module")
def open_shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Four pairs of the open model, driven once for all tests that only look."""
    shop = Shop(tmp_path_factory.mktemp("open"))
    with shop.comparing(OPEN, max_pairs=4) as pairs:
        list(pairs)
    assert pairs.ended == "max_pairs"
    return shop


@pytest.fixture(scope="module")
def closed_shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Two pairs of the closed model, likewise."""
    shop = Shop(tmp_path_factory.mktemp("closed"))
    with shop.comparing(CLOSED, max_pairs=2) as pairs:
        list(pairs)
    return shop


def _counted(pair: Pair, side: SideName) -> int:
    block = pair.base if side == "base" else pair.head
    return sum(own.response_ms.count for own in block.endpoints.values())


class TestTheSameWorkAtBothSides:
    """What differs between the sides is the service alone."""

    def test_open_model_each_pair_has_the_same_requests_at_both_sides(self, open_shop: Shop) -> None:
        """Schedule, choice of tasks and payloads come from the seed and the pair's number."""
        base, head = (Counter(visit.path for visit in open_shop.book(side)) for side in SIDES)
        assert base == head
        assert len(base) > 50
        assert set(base.values()) - {base["/login"]} == {1}  # and every pair has requests of its own

    def test_closed_model_users_draw_the_same_numbers_at_both_sides(self, closed_shop: Shop) -> None:
        """How far a user comes in a block is the service's doing; what it does on its way is not."""
        base, head = (Counter(visit.path for visit in closed_shop.book(side)) for side in SIDES)
        shared = (base & head).total()
        assert shared > 20
        # All but the last iterations of the 4 users in each of the 3 blocks, to which only the faster side came.
        more = max(base.total(), head.total()) - shared
        assert more <= abs(base.total() - head.total()) + 3 * 4 * 2

    def test_on_start_is_done_once_by_each_user_of_each_side(self, closed_shop: Shop) -> None:
        """Users stay, with their connections and cookies, while the other side is driven."""
        assert [sum(visit.path == "/login" for visit in closed_shop.book(side)) for side in SIDES] == [4, 4]

    def test_a_host_that_the_scenario_sets_is_overruled_for_each_side(self, shop: Shop) -> None:
        """Locust keeps the host in the class, of which each side has its own."""
        shop.scenario(
            "from locust import FastHttpUser, constant, task\n"
            "class Visitor(FastHttpUser):\n"
            "    host = 'http://127.0.0.1:9'\n"
            "    wait_time = constant(0.02)\n"
            "    @task\n"
            "    def home(self):\n"
            "        self.client.get('/home')\n"
        )
        with shop.comparing(CLOSED, max_pairs=1) as pairs:
            list(pairs)
        assert all(shop.book(side) for side in SIDES)

    def test_listeners_and_clients_of_ones_own_work_at_both_sides(self, shop: Shop) -> None:
        """Events fired through the user's environment, or through `locust.events`, count for the side at work."""
        shop.scenario(
            "import time\n"
            "from urllib.request import urlopen\n"
            "from locust import User, constant, events, task\n"
            "@events.request.add_listener\n"
            "def on_request(name, **_):\n"
            "    print('heard', name, flush=True)\n"
            "class Visitor(User):\n"
            "    wait_time = constant(0.02)\n"
            "    @task\n"
            "    def own(self):\n"
            "        with self.environment.events.request.measure('own', 'a'):\n"
            "            urlopen(self.host + '/a').read()\n"
            "        urlopen(self.host + '/b').read()\n"
            "        events.request.fire(request_type='own', name='b', response_time=1.0, response_length=0)\n"
        )
        with shop.comparing(CLOSED, max_pairs=1) as pairs:
            (pair,) = pairs
        for side in SIDES:
            block = pair.base if side == "base" else pair.head
            assert {"own a", "own b"} == set(block.endpoints)
        log = (shop.out / "engine.log").read_text()
        heard = [log.count(f"heard {name}") for name in "ab"]
        assert heard == [sum(visit.path == f"/{name}" for side in SIDES for visit in shop.book(side)) for name in "ab"]


class TestBlocks:
    """One side at a time, in turn, and only what belongs to the block."""

    def test_the_order_is_base_head_head_base(self, open_shop: Shop) -> None:
        """So a drift of the machine hits both sides alike; before that, each side is warmed up."""
        assert [pair.first for pair in open_shop.heard.pairs] == ["base", "head", "base", "head"]
        driven = [(block.side, block.pair) for block in open_shop.blocks]
        assert driven[:2] == [("base", WARM_UP_PAIR), ("head", WARM_UP_PAIR)]
        assert [side for side, _ in driven[2:]] == ["base", "head", "head", "base"] * 2
        assert [pair for _, pair in driven[2:]] == [0, 0, 1, 1, 2, 2, 3, 3]

    def test_a_block_begins_when_the_one_before_it_is_drained(self, shop: Shop) -> None:
        """No request of one side is answered while another of the other side is waited for, by the servers' clocks."""
        shop.scenario(
            "from perfgate import HttpUser, task\n"
            "class Visitor(HttpUser):\n"
            "    @task\n"
            "    def slow(self):\n"
            "        self.client.get('/slow?s=0.1')\n"
        )
        with shop.comparing(CLOSED, max_pairs=3) as pairs:
            list(pairs)
        visits = sorted((visit, side) for side in SIDES for visit in shop.book(side))
        assert len({side for _, side in visits}) == 2
        for (before, side), (after, other) in pairwise(visits):
            assert side == other or before.left < after.came

    def test_every_arrival_is_served_and_the_first_tenth_is_left_out(self, open_shop: Shop) -> None:
        """The schedule is known, so how many requests there are is known to the last one.

        One that the warm-up had no time left for may come in the first pair; in the end all of them are in the book.
        """
        duration_s = 0.2
        all_due: list[float] = []
        for pair in open_shop.heard.pairs:
            due = [at for _, at in arrivals_of(Share(), hold(100.0, duration_s), seed=seed_of(0, pair.number))]
            assert pair.base.measured_s == pytest.approx((1 - SETTLE_SHARE) * duration_s)
            all_due += due
        assert min(all_due) < SETTLE_SHARE * duration_s / 2
        numbers = {pair.number for pair in open_shop.heard.pairs}
        for side in SIDES:
            blocks = [block for block in open_shop.blocks if block.side == side]
            assert sum(block.requests for block in blocks) == len(list(open_shop.book(side)))
            assert sum(block.requests for block in blocks if block.pair in numbers) >= len(all_due)
            assert 0 < sum(_counted(pair, side) for pair in open_shop.heard.pairs) < len(all_due)

    def test_waits_longer_than_a_block_neither_end_with_it_nor_pile_up(self, shop: Shop) -> None:
        """For a user, the time in which the other side is driven does not exist."""
        wait_s, block_s, users, number = 1.0, 0.2, 8, 4
        shop.scenario(
            "from perfgate import HttpUser, constant, task\n"
            "class Visitor(HttpUser):\n"
            f"    wait_time = constant({wait_s})\n"
            "    @task\n"
            "    def home(self):\n"
            "        self.client.get('/home')\n"
        )
        with shop.comparing(f'users = {users}\nduration = "5s"', max_pairs=number) as pairs:
            list(pairs)
        driven_s = sum(block.measured_s / (1 - SETTLE_SHARE) for block in shop.blocks if block.side == "base")
        assert driven_s == pytest.approx((number + 2) * block_s)
        for side in SIDES:
            assert 0 < len(shop.book(side)) <= users * (driven_s / wait_s + 1)

    def test_the_services_cpu_and_memory_belong_to_each_block(self, open_shop: Shop) -> None:
        """CPU is told to less than a tick of 10 ms, as a block has but few of these."""
        blocks = [block for pair in open_shop.heard.pairs for block in (pair.base, pair.head)]
        assert all(block.cpu_s is not None and 0 < block.cpu_s < 10 for block in blocks)
        assert all(block.memory_bytes is not None and block.memory_bytes > 1e6 for block in blocks)
        assert any(round(block.cpu_s * 100) != block.cpu_s * 100 for block in blocks if block.cpu_s)

    def test_what_is_never_answered_counts_as_failed(self, shop: Shop) -> None:
        """A head that hangs must not look like one that had less to do."""
        shop.scenario(
            "from perfgate import HttpUser, constant, task\n"
            "class Visitor(HttpUser):\n"
            "    wait_time = constant(0.02)\n"
            "    @task\n"
            "    def home(self):\n"
            "        self.client.get('/hang')\n"
        )
        with shop.comparing('users = 3\nduration = "5s"\nstop_timeout = "200ms"', max_pairs=1) as pairs:
            (pair,) = pairs
        assert [block.endpoints[UNFINISHED].failed for block in (pair.base, pair.head)] == [3, 3]


class TestTheEnd:
    """However a comparison ends, what was driven is kept."""

    def test_leaving_the_loop_ends_it(self, shop: Shop) -> None:
        """The caller decides after each pair; users are stopped, and the scenario hears of the end."""
        shop.scenario(SCENARIO + "    def on_stop(self):\n        self.client.get('/logout')\n")
        with shop.comparing(CLOSED, max_pairs=50) as pairs:
            for _ in pairs:
                break
        assert pairs.ended == ""
        assert len(read_pairs(shop.out)) == 1
        assert (shop.end.reason, shop.end.cut_off, shop.end.user_errors) == ("stopped", 0, {})
        assert [sum(visit.path == "/logout" for visit in shop.book(side)) for side in SIDES] == [4, 4]

    def test_the_recording_has_every_pair_as_it_was_given(self, open_shop: Shop) -> None:
        """What a caller decided upon can be looked at again."""
        given, found = open_shop.heard.pairs, read_pairs(open_shop.out)
        assert [(p.number, p.first, p.head.cpu_s, p.disturbed) for p in found] == [
            (p.number, p.first, p.head.cpu_s, p.disturbed) for p in given
        ]
        assert [[_counted(p, side) for side in SIDES] for p in found] == [
            [_counted(p, side) for side in SIDES] for p in given
        ]

    def test_no_pair_begins_that_could_not_end_in_time(self, shop: Shop) -> None:
        """`max_duration` bounds the whole, warm-up included."""
        with shop.comparing(OPEN, longest="4s", max_pairs=1000) as pairs:
            driven = list(pairs)
        assert pairs.ended == "max_duration"
        assert len(driven) <= 10

    def test_a_killed_engine_leaves_the_pairs_that_were_whole(self, shop: Shop) -> None:
        """The pair in whose middle it was killed is lost, and said to be."""
        with shop.comparing(OPEN, max_pairs=50) as pairs:
            iterator = iter(pairs)
            next(iterator)
            next(iterator)
            children = psutil.Process().children()
            engine = next(c for c in children if "perfgate.drive.block_engine" in c.cmdline())
            os.kill(engine.pid, signal.SIGKILL)
            with pytest.raises(EngineError, match="SIGKILL"):
                list(iterator)
            assert len(pairs.done) == 2
        assert [pair.number for pair in read_pairs(shop.out)] == [0, 1]

    def test_a_service_that_dies_in_the_middle_is_named(self, shop: Shop) -> None:
        """With its side, its exit code and what it said; the pairs before it are kept."""
        shop.arguments["head"] = ("--die-after-requests", "110")
        with shop.comparing(OPEN, max_pairs=50) as pairs:
            with pytest.raises(ServiceError, match="the head's service shop ended by itself") as caught:
                list(pairs)
            assert caught.value.slug == "service-died"
            assert 1 <= len(pairs.done) < 50
        assert len(read_pairs(shop.out)) == len(pairs.done)

    def test_a_scenario_that_ends_the_load_is_said_to(self, shop: Shop) -> None:
        """Nothing that it left behind is taken for a comparison."""
        shop.scenario(
            "from perfgate import HttpUser, task\n"
            "class Visitor(HttpUser):\n"
            "    @task\n"
            "    def home(self):\n"
            "        self.environment.runner.quit()\n"
        )
        with shop.comparing(CLOSED) as pairs, pytest.raises(EngineError, match="the scenario ended the load"):
            list(pairs)

    def test_a_recording_whose_blocks_are_missing_is_refused(self, open_shop: Shop, tmp_path: Path) -> None:
        """A pair without its blocks is no pair; a folder without either holds none."""
        assert read_pairs(tmp_path) == []
        copy(open_shop.out / PAIRS_JOURNAL, tmp_path)
        with pytest.raises(RecordingError, match="block 2 of pair 0 is missing"):
            read_pairs(tmp_path)


class TestOtherLoads:
    """Stress and spike are compared by what the whole load gives."""

    def test_stress_gives_the_capacity_of_each_side(self, shop: Shop) -> None:
        """The ordinary engine drives the whole load, shortened, at one side after the other."""
        load = 'users = [2, 4]\nstep = "1s"'
        with shop.comparing(load, block="200ms", longest="4s", max_pairs=1) as pairs:
            (pair,) = pairs
        assert [block.figures["capacity"] for block in (pair.base, pair.head)] == [4.0, 4.0]
        assert all(block.figures["highest_throughput"] > 0 for block in (pair.base, pair.head))
        assert [p.head.figures for p in read_pairs(shop.out)] == [pair.head.figures]

    def test_spike_gives_the_recovery_of_each_side(self, shop: Shop) -> None:
        """Zero where it never was out of budget."""
        load = 'users = 2\nspike_users = 6\nspike_at = "1s"\nspike_duration = "1s"\nduration = "4s"'
        with shop.comparing(load, block="200ms", longest="4s", max_pairs=1) as pairs:
            (pair,) = pairs
        assert [block.figures["recovery_time"] for block in (pair.base, pair.head)] == [0.0, 0.0]


class TestHowMany:
    """Known when both sides are warm, before a pair is driven."""

    def test_as_many_pairs_as_fit_into_the_time(self, shop: Shop) -> None:
        """Two blocks each, and what is between them."""
        with shop.comparing(longest="4s", block="200ms", max_pairs=None) as pairs:
            assert (pairs.open(), pairs.block_s) == (9, 0.2)  # 0.43 s each

    def test_the_length_of_blocks_is_found_unless_it_is_written(self, shop: Shop) -> None:
        """At least ten requests come in one, and thirty pairs fit into the time."""
        load = 'rate = "16/s"\narrivals = "uniform"\nduration = "5s"'
        with shop.comparing(load, longest="60s", block="", max_pairs=None) as pairs:
            most = pairs.open()
            assert pairs.block_s in {0.8, 1.0}  # the longest that there is, where the machine is very slow
            assert most == int(60.0 / (2 * (pairs.block_s + 0.015)))


def test_disturbed_pairs_are_counted_by_reason() -> None:
    """The figures behind the colon differ from pair to pair; the reason does not."""
    reasons = ["", "steal: 12 % at base (limit 10)", "steal: 31 % at head (limit 10)", "clock step: 9 ms at base"]
    pairs = [Pair(number, Block({}, 1.0), Block({}, 1.0), "base", why) for number, why in enumerate(reasons)]
    assert disturbed_counts(pairs) == {"steal": 2, "clock step": 1}
