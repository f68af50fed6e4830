"""Two instances of the demo catalog, driven in blocks: what the benchmarks of comparisons share."""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from perfgate.compare.block_lane import BlockLane
from perfgate.demo.stock import ensure
from perfgate.plan.budgets_file import parse_plan
from perfgate.target.service import start

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.measure.blocks import SideName
    from perfgate.plan.plan import Plan
    from perfgate.target.service import RunningService

SCENARIO = Path(__file__).resolve().parents[2] / "scenarios" / "catalog.py"
_BUDGETS = """\
version = 1
[loads.load]
{load}
duration = "60s"
[services.catalog]
command = "{python} -m perfgate.demo.catalog --port {{port}} --db {database}"
env = {{ PYTHONHASHSEED = "0" }}
url = "http://127.0.0.1:{{port}}"
ready = "/health"
scenario = "{scenario}"
[compare]
block = "{block_s}s"
max_duration = "1h"
"""


class Told(NamedTuple):
    """What is being done goes to standard error."""

    def doing(self, text: str) -> None:
        """Print it."""
        print(text, file=sys.stderr)


def plan_of(folder: Path, load: str = 'rate = "200/s"', block_s: float = 1.0) -> Plan:
    """The plan of a comparison of the catalog with itself."""
    fields = {"python": sys.executable, "database": folder / "catalog.db", "scenario": SCENARIO}
    return parse_plan(_BUDGETS.format(load=load, block_s=block_s, **fields), folder / "budgets.toml")


@contextmanager
def running(plan: Plan, folder: Path, head: Sequence[str] = ()) -> Iterator[dict[SideName, RunningService]]:
    """Both instances; `head` are further arguments of the one."""
    ensure(folder / "catalog.db")  # else one side would make it, and keep what that left in its memory
    service = plan.services["catalog"]
    changed = replace(service, command=(*(service.command or ()), *head))
    with ExitStack() as stack:
        up: dict[SideName, RunningService] = {}
        for side, own in (("base", service), ("head", changed)):
            (folder / side).mkdir()
            up["base" if side == "base" else "head"] = stack.enter_context(start(own, folder / side))
        yield up


@contextmanager
def lane(load: str, block_s: float, head: Sequence[str] = ()) -> Iterator[BlockLane]:
    """Two fresh instances and an engine, warmed up, in a folder that goes with them."""
    with tempfile.TemporaryDirectory(prefix="perfgate-benchmark-") as name:
        folder = Path(name)
        plan = plan_of(folder, load, block_s)
        out = folder / "out"
        out.mkdir()
        with running(plan, folder, head) as sides:
            found = BlockLane(plan, plan.loads["load"], plan.services["catalog"], sides, out, Told())
            try:
                found.open()
                yield found
            finally:
                found.close()
