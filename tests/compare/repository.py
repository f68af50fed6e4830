"""A user's repository whose service becomes slower by a change, and the installed `perfgate` command run in it."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.judge.result import Result
from tests.e2e.project import LENIENT

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_S = 180  # a bound against hanging, not an expectation

SERVICE = '''\
"""A service that takes so long for each answer."""

import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WAIT_S = 0.002


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self):
        if self.path == "/item":
            time.sleep(WAIT_S)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
'''
SCENARIO = """\
from perfgate import HttpUser, constant, task


class Visitor(HttpUser):
    wait_time = constant(0.005)

    @task
    def item(self):
        self.client.get("/item")

"""
# An endpoint that the change leaves alone.
HOME = """
    @task
    def home(self):
        self.client.get("/home")
"""
BUDGETS = f"""\
{LENIENT}
[gate]
max_slowdown = "100%"
[loads.normal]
users = 2
duration = "5s"
[compare]
max_duration = "20s"
block = "200ms"
[services.shop]
command = "{sys.executable} serve.py {{port}}"
url = "http://127.0.0.1:{{port}}"
scenario = "shop.py"
[services.shop.budget]
p95 = "10s"
"""
SLOWER = ("WAIT_S = 0.002", "WAIT_S = 0.1")  # so much that no busy neighbour can hide it


@dataclass
class Outcome:
    """What a command left."""

    code: int
    out: str
    err: str
    result: Result | None


class Repository:
    """A Git repository with a service, a scenario and a budgets file, committed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.name", "Ann")
        self.git("config", "user.email", "ann@example.com")
        self.write("serve.py", SERVICE)
        self.write("shop.py", SCENARIO)
        self.write("budgets.toml", BUDGETS)
        self.write(".gitignore", ".perfgate\nrecording*\n")
        self.commit("the service")

    def git(self, *words: str) -> str:
        """Run Git."""
        done = subprocess.run(["git", *words], cwd=self.root, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def write(self, name: str, text: str) -> None:
        """Write a file."""
        (self.root / name).write_text(text)

    def change(self, name: str, old: str, new: str) -> None:
        """Change a file."""
        text = (self.root / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    def commit(self, message: str) -> str:
        """Commit everything; returns the commit."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def start(self, *args: str) -> subprocess.Popen[str]:
        """Start a command of perfgate."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "CI"))}
        return subprocess.Popen(
            [sys.executable, "-m", "perfgate", *args],
            cwd=self.root,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def on_a_terminal(self, *args: str) -> tuple[int, str]:
        """Run a command of perfgate on a terminal of 80 columns; its exit code and all that it wrote there."""
        terminal, its_end = pty.openpty()
        fcntl.ioctl(its_end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "CI"))}
        told = b""
        with subprocess.Popen(
            [sys.executable, "-m", "perfgate", *args],
            cwd=self.root,
            env={**environment, "TERM": "xterm"},
            stdout=its_end,
            stderr=its_end,
        ) as process:
            os.close(its_end)
            with suppress(OSError):  # that is how a terminal says that nobody has its other end any more
                while some := os.read(terminal, 65536):
                    told += some
            os.close(terminal)
            return process.wait(LONGEST_S), told.decode()

    def perfgate(self, *args: str, interrupt_at: str = "", out: str = "recording") -> Outcome:
        """Run a command of perfgate to its end; send it Ctrl-C once a line holds `interrupt_at`."""
        with self.start(*args) as process:
            told = ""
            if interrupt_at:
                assert process.stdout is not None  # a pipe
                while interrupt_at not in told:
                    line = process.stdout.readline()
                    assert line, f"it ended before it said {interrupt_at!r}:\n{told}"
                    told += line
                process.send_signal(signal.SIGINT)
            out_text, err = process.communicate(timeout=LONGEST_S)
        path = self.root / out / "result.json"
        result = Result.model_validate_json(path.read_text()) if path.exists() else None
        return Outcome(process.returncode, told + out_text, err, result)
