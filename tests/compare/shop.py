"""A project whose service keeps a visitors' book, and its comparison: two instances, driven in pairs of blocks."""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from perfgate.compare.blocks import Pairs, Sides
from perfgate.measure.block_entries import BLOCK, BLOCKS_JOURNAL, BlockEntry, block_from_body
from perfgate.measure.journal import read_journal
from perfgate.measure.recording import END, End, end_from_body
from perfgate.plan.budgets_file import parse_plan
from perfgate.target.service import start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.measure.blocks import Pair, SideName

REPOSITORY = Path(__file__).resolve().parents[2]
SIDES: tuple[SideName, ...] = ("base", "head")

# The tests judge perfgate, not this machine: a busy neighbour must not disturb a pair.
BUDGETS = """\
version = 1
[gate.health]
generator_cpu = "100%"
loop_lag = "60s"
schedule_lag = "60s"
[loads.normal]
{load}
[services.shop]
command = "{python} -m {server}"
url = "http://127.0.0.1:{{port}}"
cwd = "{cwd}"
ready = "/ready"
scenario = "scenario.py"
{service}
[services.shop.budget]
p95 = "60s"
[compare]
{block}
max_duration = "{longest}"
"""

SCENARIO = """\
from perfgate import HttpUser, constant, task

class Visitor(HttpUser):
    wait_time = constant(0.02)

    def on_start(self):
        self.client.get("/login")

    @task(3)
    def look(self):
        self.client.get(f"/items/{self.random.randrange(10**9)}", name="/items")

    @task
    def search(self):
        self.client.get(f"/search/{self.random.randrange(10**9)}", name="/search")
"""


class Visit(NamedTuple):
    """A request as a server saw it; times are of its monotonic clock, in nanoseconds."""

    came: int
    left: int
    path: str


@dataclass
class Heard:
    """A watcher that remembers."""

    pairs: list[Pair] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def pair(self, service: str, load: str, pair: Pair) -> None:  # noqa: ARG002
        """A pair is whole."""
        self.pairs.append(pair)

    def doing(self, text: str) -> None:
        """What is being done."""
        self.messages.append(text)


class Shop:
    """A folder with a scenario, and what two instances of the service saw.

    Attributes:
        out: where the comparison is recorded.
        arguments: of the service at each side, beside its port and book.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.out = root / "out"
        self.out.mkdir()
        self.arguments: dict[SideName, tuple[str, ...]] = {"base": (), "head": ()}
        self.heard = Heard()
        self.scenario(SCENARIO)

    def scenario(self, text: str) -> None:
        """Write the scenario."""
        (self.root / "scenario.py").write_text(text, encoding="utf-8")

    @contextmanager
    def comparing(
        self,
        load: str = 'rate = "100/s"\nduration = "5s"',
        *,
        block: str = "200ms",
        longest: str = "60s",
        service: str = "",
        max_pairs: int | None = 4,
        server: str = "tests.servers.visitors_book {port} {book}",
    ) -> Iterator[Pairs]:
        """Both services running, and their pairs, to be driven."""
        text = BUDGETS.format(
            load=load,
            python=sys.executable,
            cwd=REPOSITORY,
            service=service,
            block=f'block = "{block}"' if block else "",
            longest=longest,
            server=server,
        )
        plan = parse_plan(text, self.root / "budgets.toml")
        shop = plan.services["shop"]
        with ExitStack() as stack:
            running = {}
            for side in SIDES:
                folder = self.root / side
                folder.mkdir()
                words = tuple(word.replace("{book}", str(folder / "book")) for word in shop.command or ())
                own = replace(shop, command=words + self.arguments[side])
                running[side] = stack.enter_context(start(own, folder))
            sides = Sides(running["base"], running["head"])
            load_value = plan.loads["normal"]
            yield stack.enter_context(Pairs(plan, load_value, shop, sides, self.out, self.heard, max_pairs=max_pairs))

    def book(self, side: SideName) -> list[Visit]:
        """What a side's server saw, in the order in which the requests came."""
        lines = (self.root / side / "book").read_text(encoding="utf-8").splitlines()
        visits = [line.split() for line in lines]
        return sorted(Visit(int(came), int(left), path) for came, left, path in visits)

    @property
    def blocks(self) -> list[BlockEntry]:
        """What the engine wrote, warm-ups included."""
        return [block_from_body(body) for body in read_journal(self.out / BLOCKS_JOURNAL).of_kind(BLOCK)]

    @property
    def end(self) -> End:
        """The engine's last entry."""
        return end_from_body(read_journal(self.out / BLOCKS_JOURNAL).of_kind(END)[0])
