"""The first hour of a new user, on services that are not ours: datasette, httpbin on gunicorn, Express on Node.

    python benchmarks/first_hour.py [--service NAME ...] [--tries 20] [--beside 4] [--scale 0.25] [--no-compare]
                                     [--only-tries]

For each service, from an empty folder: a fresh environment with the service's packages (their time does not count),
then `pip install` of this checkout, `perfgate init --command ...`, `perfgate run` three times, and `perfgate compare`
of a commit in which one endpoint, the one in the middle by its median, burns a quarter of that median more CPU;
nothing sleeps. Before that the project is committed, as its user would.

A stumble is an exit code other than 0 (for the comparison other than 1: the slowdown has to be proven), or a line of
perfgate's that begins with `error` or `warning`. With `--tries N`, `init` and three runs are repeated N times in new
folders, the services in turn, beside `--beside` processes that do nothing but use CPU; `--scale` shortens the loads of
these runs.

Packages come from wherever pip and npm are set up to get them.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rig import children
from rig.goals import print_goal, print_table

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).resolve().parents[1]
FIRST_VERDICT_S, COMPARED_S = 90.0, 150.0  # the goals
STUMBLE = re.compile(r"(error|warning)\b", re.IGNORECASE)
TERMINAL_CODES = re.compile(r"\x1b\[[0-9;]*m")
SHARE = 0.25
PERFGATE = "perfgate"

# Burns CPU before one endpoint answers; how much is the only difference between the two commits.
SLOW_PYTHON = """\
import json, pathlib, re, time

HOW = json.loads((pathlib.Path(__file__).parent / "slow.json").read_text())


def burn(path):
    if HOW["s"] and re.fullmatch(HOW["path"], path):
        end = time.thread_time() + HOW["s"]
        while time.thread_time() < end:
            pass
"""
DATASETTE = """\
from datasette.app import Datasette
from slow import burn

inner = Datasette(["shop.db"]).app()


async def app(scope, receive, send):
    if scope["type"] == "http":
        burn(scope["path"])
    await inner(scope, receive, send)
"""
DATABASE = """\
import random, sqlite3

chance = random.Random(1)
connection = sqlite3.connect("shop.db")
connection.execute("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT, cents INTEGER)")
connection.executemany(
    "INSERT INTO items (name, cents) VALUES (?, ?)",
    [(chance.choice(("lamp", "mug", "stool")), chance.randrange(199, 9999)) for _ in range(2000)],
)
connection.commit()
"""
HTTPBIN = """\
from httpbin import app as inner
from slow import burn


def app(environ, start_response):
    burn(environ["PATH_INFO"])
    return inner(environ, start_response)
"""
EXPRESS = """\
const express = require("express");
const how = JSON.parse(require("fs").readFileSync("slow.json"));
const path = new RegExp(`^(?:${how.path})$`);
const items = Array.from({ length: 500 }, (_, id) => ({ id, name: `item ${id}`, cents: 199 + (id * 37) % 9800 }));
const app = express();
app.use((request, response, next) => {
  const end = performance.now() + how.s * 1000;
  if (how.s && path.test(request.path)) while (performance.now() < end);
  next();
});
const links = ["/items", "/items/7", "/top"].map((to) => `<a href="${to}">${to}</a>`).join(" ");
app.get("/", (_, response) => response.send(links));
app.get("/items", (_, response) => response.json(items));
app.get("/items/:id", (request, response) => response.json(items[request.params.id] ?? null));
app.get("/top", (_, response) => response.json([...items].sort((one, other) => other.cents - one.cents).slice(0, 10)));
app.listen(process.argv[2], "127.0.0.1");
"""


@dataclass(frozen=True)
class Service:
    """A service of somebody else's.

    Attributes:
        packages: what pip installs for it.
        node: what npm installs for it.
        files: by name.
        prepare: Python that is run once in the folder.
        command: how it is started.
    """

    packages: tuple[str, ...]
    files: dict[str, str]
    command: str
    node: tuple[str, ...] = ()
    prepare: str = ""


SERVICES = {
    "datasette": Service(
        ("datasette", "uvicorn"),
        {"slow.py": SLOW_PYTHON, "served.py": DATASETTE},
        "python -m uvicorn served:app --port {port} --no-access-log",
        prepare=DATABASE,
    ),
    "httpbin": Service(
        ("httpbin", "gunicorn"),
        {"slow.py": SLOW_PYTHON, "served.py": HTTPBIN},
        "python -m gunicorn served:app --bind 127.0.0.1:{port} --threads 4",
    ),
    "express": Service((), {"server.js": EXPRESS}, "node server.js {port}", node=("express",)),
}


@dataclass
class Step:
    """One command that the user types.

    Attributes:
        stumbles: what went wrong, in the command's own words.
    """

    name: str
    took_s: float
    code: int
    stumbles: list[str] = field(default_factory=list)


class Hour:
    """The environment of one service, and folders to begin in."""

    def __init__(self, name: str, root: Path) -> None:
        self.name = name
        self.service = SERVICES[name]
        self._root = root / name
        self._python = self._root / "venv" / "bin" / "python"
        self._env = {**os.environ, "PATH": f"{self._python.parent}:{os.environ['PATH']}", "NO_COLOR": "1"}
        children.run([sys.executable, "-m", "venv", str(self._root / "venv")])
        if self.service.packages:
            children.run([str(self._python), "-m", "pip", "install", "--quiet", *self.service.packages])

    def install(self) -> Step:
        """`pip install .` in a checkout of perfgate."""
        return self.typed("install", [str(self._python), "-m", "pip", "install", "--quiet", str(CHECKOUT)], self._root)

    def folder(self, name: str) -> Path:
        """A new folder with the service and nothing else, in a repository of its own."""
        made = self._root / name
        made.mkdir()
        slow(made, "none", 0.0)
        for file, text in self.service.files.items():
            (made / file).write_text(text)
        if self.service.prepare:
            subprocess.run([self._python, "-c", self.service.prepare], cwd=made, check=True)
        if self.service.node:
            self._modules(made)
        (made / ".gitignore").write_text("__pycache__/\n")
        subprocess.run(["git", "init", "--quiet", "--initial-branch=main"], cwd=made, check=True)
        return made

    def _modules(self, folder: Path) -> None:
        """Node's packages, got once; they are committed, as a comparison checks the commits out."""
        kept = self._root / "npm"
        if not kept.exists():
            kept.mkdir()
            command = ["npm", "install", "--no-audit", "--no-fund", "--silent", *self.service.node]
            subprocess.run(command, cwd=kept, check=True)
        shutil.copytree(kept, folder, dirs_exist_ok=True)

    def init(self, folder: Path) -> Step:
        """`perfgate init`, which starts the service by the command."""
        return self.typed("init", [PERFGATE, "init", "--command", self.service.command], folder)

    def typed(self, name: str, command: list[str], folder: Path, right: int = 0) -> Step:
        """Run a command as the user does, and note where it stumbles."""
        began = time.monotonic()
        with children.start(
            command, cwd=folder, env=self._env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            output, _ = process.communicate()
        lines = [TERMINAL_CODES.sub("", line) for line in output.splitlines()]
        step = Step(name, time.monotonic() - began, process.returncode)
        if step.code != right:
            (folder / f"{name}.txt").write_text(output)
            step.stumbles.append(f"exit {step.code}, with {' / '.join(lines[-12:])}")
        if command[0] == PERFGATE:  # pip's and npm's own complaints are about where packages come from
            step.stumbles += [line for line in lines if STUMBLE.match(line)]
        print(f"  {self.name}: {name}: exit {step.code} after {step.took_s:.0f} s, load {os.getloadavg()[0]:.1f}")
        return step


def slow(folder: Path, path: str, seconds: float) -> None:
    """What one endpoint burns before it answers."""
    (folder / "slow.json").write_text(json.dumps({"path": path, "s": seconds}))


def commit(folder: Path, subject: str) -> None:
    """Commit everything."""
    who = ["-c", "user.name=user", "-c", "user.email=user@localhost"]
    subprocess.run(["git", "add", "--all"], cwd=folder, check=True)
    subprocess.run(["git", *who, "commit", "--quiet", "-m", subject], cwd=folder, check=True)


def made_slower(folder: Path) -> str:
    """Burn a quarter of its median more in the endpoint in the middle; says which, and how much."""
    newest = max((folder / ".perfgate" / "runs").glob("*/result.json"))
    endpoints = json.loads(newest.read_text())["runs"][0]["endpoints"]
    medians = sorted((one["latency_ms"]["p50"], one["name"]) for one in endpoints if one["latency_ms"]["p50"])
    median_ms, name = medians[len(medians) // 2]
    # `GET /items/{id}`: what is in braces stands for anything.
    path = re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(name.split(" ", 1)[1]))
    slow(folder, path, median_ms * SHARE / 1000)
    return f"{name}: {median_ms:.2f} ms and {median_ms * SHARE:.2f} ms more"


def first_hour(hour: Hour, *, compare: bool) -> list[Step]:
    """The steps, in the order in which a new user takes them."""
    folder = hour.folder("project")
    steps = [hour.install(), hour.init(folder)]
    steps += [hour.typed(f"run {number}", [PERFGATE, "run"], folder) for number in (1, 2, 3)]
    if compare:
        commit(folder, "as it was")
        print(f"  {hour.name}: made slower: {made_slower(folder)}")
        commit(folder, "slower")
        steps.append(hour.typed("compare", [PERFGATE, "compare", "HEAD~1", "HEAD"], folder, right=1))
    return steps


def one_try(hour: Hour, number: int, scale: float) -> list[Step]:
    """`init` in a new folder, and the runs after it."""
    folder = hour.folder(f"try-{number}")
    steps = [hour.init(folder)]
    run = [PERFGATE, "run", "--scale", f"{scale:g}"]
    return steps + [hour.typed(f"run {again}", run, folder) for again in (1, 2, 3)]


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Processes that do nothing but use CPU."""
    started = [children.start([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in started:
            process.terminate()
            process.wait()


def show(name: str, steps: list[Step]) -> int:
    """What stumbled; how often."""
    found = [(step, words) for step in steps for words in step.stumbles]
    for step, words in found:
        print(f"  stumble: {name}: {step.name}: {words}")
    return len(found)


def main() -> None:
    """Print the table, the stumbles and the goals."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--service", action="append", choices=list(SERVICES), help="only this one (repeatable)")
    parser.add_argument("--tries", type=int, default=0, help="more tries of init and three runs, beside a load")
    parser.add_argument(
        "--beside", type=int, default=4, help="how many processes use CPU beside the tries (%(default)s)"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="of the durations of the tries' loads (%(default)s)")
    parser.add_argument("--no-compare", action="store_true")
    parser.add_argument("--only-tries", action="store_true", help="install, and go on to the tries at once")
    options = parser.parse_args()
    names = [name for name in options.service or SERVICES if not SERVICES[name].node or shutil.which("npm")]
    with tempfile.TemporaryDirectory(prefix="first-hour-") as folder:
        hours = [Hour(name, Path(folder)) for name in names]
        if options.only_tries:
            for hour in hours:
                hour.install()
        else:
            report({hour.name: first_hour(hour, compare=not options.no_compare) for hour in hours})
        if options.tries:
            tried = []
            with busy(options.beside):
                for number in range(options.tries):
                    tried.append(one_try(hours[number % len(hours)], number, options.scale))
                    show(f"try {number}", tried[-1])  # at once: the whole takes the better part of an hour
            report_tries(tried, options.beside, options.scale)


def report(found: dict[str, list[Step]]) -> None:
    """The table of steps, and the goals on their times."""
    heads = ["service", *dict.fromkeys(step.name for steps in found.values() for step in steps)]
    print_table(heads, [[name, *(f"{step.took_s:.0f} s" for step in steps)] for name, steps in found.items()])
    stumbles = sum(show(name, steps) for name, steps in found.items())
    verdicts = [sum(step.took_s for step in steps[:3]) for steps in found.values()]
    print_goal(
        f"install to first verdict within {FIRST_VERDICT_S:.0f} s",
        ", ".join(f"{seconds:.0f} s" for seconds in verdicts),
        max(verdicts) <= FIRST_VERDICT_S,
    )
    print_goal("stumbles: none", str(stumbles), stumbles == 0)
    compared = [step for steps in found.values() for step in steps if step.name == "compare"]
    if compared:
        held = all(step.took_s <= COMPARED_S and step.code == 1 for step in compared)
        figure = ", ".join(f"exit {step.code} after {step.took_s:.0f} s" for step in compared)
        print_goal(f"compare of +{SHARE:.0%} proves it within {COMPARED_S:.0f} s", figure, held)


def report_tries(tried: list[list[Step]], beside: int, scale: float) -> None:
    """How often the second and the third run were green."""
    green = sum(all(step.code == 0 for step in (steps[0], *steps[2:])) for steps in tried)
    init_s = statistics.median(steps[0].took_s for steps in tried)
    print(f"init took {init_s:.0f} s (median); loads of the runs x {scale:g}; load average {os.getloadavg()[0]:.1f}")
    print_goal(
        f"init to a green second and third run beside {beside} busy processes",
        f"{green} of {len(tried)}",
        green == len(tried),
    )


if __name__ == "__main__":
    main()
