"""Locust's own examples, unchanged, under Locust and under perfgate: `python benchmarks/locust_examples.py FOLDER`.

FOLDER is a checkout of Locust's repository, which perfgate does not contain:

    git clone --depth 1 https://github.com/locustio/locust /tmp/locust
    python benchmarks/locust_examples.py /tmp/locust

Each locustfile in its `examples/` is driven for 12 s by 6 users, first by `locust --headless --host URL`, then by
`perfgate run`, at a server on loopback that this script starts: it answers every path, `/does_not_exist` with 404. The
hosts that examples are written for are on the internet; both tools are told the server's URL instead. Where an example
brings a server of its own (XML-RPC, gRPC), that runs as well. Compared are the endpoints that were asked for, whether
none, some or all of their requests failed, and whether the scenario raised exceptions. For each example:

    same     perfgate asked for the same endpoints, with the same outcomes
    differs  in what
    -        it cannot be run here, not by Locust either: what it needs

What an example raises when it has recorded the request as failed is no exception of the scenario for perfgate. Where
neither drives a request, that is the same too, and said. Names are compared without queries, of which perfgate's
reports show none unless the scenario names the request. The options `--only TEXT` and `--jobs N` choose examples and
how many are driven at once. Without FOLDER nothing is driven.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

USERS, DURATION_S = 6, 12
LONGEST_S = 120
NO_LOCUSTFILES = re.compile(r"_pb2|server\.py|use_as_lib|_user\.py|/terraform/|web_ui_auth")
COMPANIONS = ("custom_xmlrpc_client/server.py", "socketio/echo_server.py")
# These bring servers of their own and their addresses, or ask for a broker: Locust's --host would replace the address.
OWN_ADDRESSES = {"custom_xmlrpc_client": "http://127.0.0.1:8877/", "grpc": ""}
ELSEWHERE = {
    "dns_ex.py": "8.8.8.8",
    "test_pytest.py": "www.locust.io",
    "testdata_management.py": "postman-echo.com",
    "openai_ex.py": "api.openai.com, and an account there",
}
SERVERS = {
    "postgres": "PostgreSQL",
    "mongodb": "MongoDB",
    "milvus": "Milvus",
    "qdrant": "Qdrant",
    "mqtt": "an MQTT broker",
}
BUDGETS = """\
version = 1
[gate]
allowed_hosts = ["localhost"]
[gate.health]
generator_cpu = "100%"
loop_lag = "60s"
schedule_lag = "60s"
steal = "100%"
bad_seconds = "100%"
[loads.normal]
{load}
[services.example]
url = "{url}"
scenario = "{scenario}"
[services.example.budget]
error_rate = "100%"
"""


_ROW = re.compile(r"^(\w+) +(\S+) +(\d+) +(\d+)\(", re.MULTILINE)


class Answers(BaseHTTPRequestHandler):
    """Answers everything that the examples ask for."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        """Answer."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status = 404 if self.path.startswith("/does_not_exist") else 200
        body = b'{"message": "Welcome foo!", "orderId": 42, "data": {}, "args": {}}'
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815  (the names that http.server looks for)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@dataclass
class Seen:
    """What came of an example under one of the two.

    Attributes:
        endpoints: by name without query, which share of the requests failed: `none`, `some`, `all`.
        raised: the scenario raised exceptions.
        problem: why nothing was driven, or why it is no verdict; empty when it went well.
        needs: what is missing on this machine.
    """

    endpoints: dict[str, str] = field(default_factory=dict)
    raised: bool = False
    problem: str = ""
    needs: str = ""


@contextmanager
def answering() -> Iterator[str]:
    """The server's URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def outcome(requests: int, failures: int) -> str:
    """In a word."""
    return "none" if not failures else "all" if failures == requests else "some"


def named(method: str, name: str) -> str:
    """As both are compared."""
    return f"{method} {name.partition('?')[0]}".strip()


def missing(text: str) -> str:
    """What a log says that is not here."""
    if found := re.search(r"No module named '([\w.]+)'", text):
        return f"the package {found[1]}"
    if found := re.search(r"NameResolutionError.*?host='([^']+)'|Failed to resolve '([^']+)'", text):
        return f"the host {found[1] or found[2]}"
    if found := re.search(r"(?:ModuleNotFoundError|KeyError): '?([\w ]+)", text):
        return found[1]
    return ""


def by_locust(path: Path, url: str) -> Seen:
    """Drive it with Locust."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "stats"
        words = ["-f", str(path), "--headless", "-u", str(USERS), "-r", str(USERS), "-t", f"{DURATION_S}s"]
        words += [
            *(["--host", url] if url else []),
            "--json-file",
            str(report),
            "--stop-timeout",
            "2",
            "--exit-code-on-error",
            "0",
        ]
        code, text = run([sys.executable, "-m", "locust", *words], path, stop_after_s=DURATION_S + 8)
        found = list(Path(folder).glob("stats*"))
        rows = json.loads(found[0].read_text() or "[]") if found else []
    counts = [(row["method"], row["name"], row["num_requests"], row["num_failures"]) for row in rows]
    if not rows:  # Locust writes none where a shape is interrupted; its last table has them all the same
        counts = [(method, name, int(n), int(bad)) for method, name, n, bad in _ROW.findall(text)]
    ends = {named(method, name): outcome(n, bad) for method, name, n, bad in counts if n}
    raised = "Traceback" in text and "No tasks defined on" not in text  # those are left out by perfgate, and named
    problem = "" if ends else (text.strip().splitlines() or [f"exit {code}"])[-1]
    return Seen(ends, raised, problem, "" if ends else missing(text))


def by_perfgate(path: Path, url: str) -> Seen:
    """Drive it with perfgate."""
    shaped = re.search(r"^class \w+\(LoadTestShape\)", path.read_text(), re.MULTILINE)
    load = 'shape = "scenario"' if shaped else f"users = {USERS}"
    with tempfile.TemporaryDirectory() as folder:
        budgets = BUDGETS.format(load=f'{load}\nduration = "{DURATION_S}s"', url=url, scenario=path)
        (Path(folder) / "budgets.toml").write_text(budgets)
        words = ["run", "--budgets", f"{folder}/budgets.toml", "--out", f"{folder}/out"]
        code, text = run([sys.executable, "-m", "perfgate", *words], path, stop_after_s=LONGEST_S)
        result = Path(folder) / "out" / "result.json"
        if not result.exists():
            return Seen(problem=" ".join(text.split())[-300:] or f"exit {code}", needs=missing(text))
        run_ = json.loads(result.read_text())["runs"][0]
    ends: dict[str, list[int]] = {}
    for endpoint in [e for phase in run_["phases"] for e in phase["endpoints"]]:
        method, _, name = endpoint["name"].partition(" ")
        counts = ends.setdefault(named(method, name), [0, 0])
        counts[0] += endpoint["requests"]
        counts[1] += endpoint["failures"]
    raised = any(check["metric"] == "user_errors" for check in run_["checks"])
    raised = raised or any("exception" in doubt for doubt in run_["doubts"])
    endpoints = {name: outcome(*counts) for name, counts in ends.items()}
    doubts = [doubt for doubt in run_["doubts"] if "exception" not in doubt]
    return Seen(endpoints, raised, "; ".join(doubts) if run_["verdict"] == "invalid" and doubts else "")


def run(words: list[str], path: Path, *, stop_after_s: float) -> tuple[int, str]:
    """A command in the example's folder; asked to end after a while."""
    environment = {**os.environ, "NO_COLOR": "1", "API_HOST": "http://localhost:9", "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(
        words,
        cwd=path.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
    for number, patience_s in ((signal.SIGINT, stop_after_s), (signal.SIGKILL, 20)):
        try:
            text, _ = process.communicate(timeout=patience_s)
        except subprocess.TimeoutExpired:
            process.send_signal(number)
        else:
            return process.returncode, text
    return process.returncode, process.communicate()[0]


def verdict(locust: Seen, perfgate: Seen) -> tuple[str, str]:
    """Same, differs or -; and why."""
    if not locust.endpoints:
        if locust.needs:
            return "-", f"needs {locust.needs}"
        if perfgate.endpoints:
            return "differs", f"Locust drives nothing: {locust.problem[:100]}"
        return "same", "sends no requests under either"
    why = []
    if perfgate.problem:
        why.append(perfgate.problem[:200])
    if lost := sorted(set(locust.endpoints) - set(perfgate.endpoints)):
        why.append(f"not asked for: {', '.join(lost[:4])}")
    if more := sorted(set(perfgate.endpoints) - set(locust.endpoints)):
        why.append(f"asked for besides: {', '.join(more[:4])}")
    for name, how in locust.endpoints.items():
        if name in perfgate.endpoints and perfgate.endpoints[name] != how:
            why.append(f"{name}: failed {how} under Locust, {perfgate.endpoints[name]} under perfgate")
    if perfgate.raised and not locust.raised:
        why.append("raises under perfgate only")
    return ("differs", "; ".join(why)) if why else ("same", "")


def compared(path: Path, url: str) -> tuple[str, str]:
    """Drive it with both; same, differs or -, and why."""
    if host := ELSEWHERE.get(path.name):
        return "-", f"needs {host}"
    if server := SERVERS.get(path.parent.name):
        return "-", f"needs {server}"
    own = OWN_ADDRESSES.get(path.parent.name)
    return verdict(by_locust(path, url if own is None else own), by_perfgate(path, own or url))


def examples(folder: Path) -> list[Path]:
    """The locustfiles."""
    found = [path for path in sorted((folder / "examples").rglob("*.py")) if not NO_LOCUSTFILES.search(str(path))]
    return [path for path in found if "locust" in path.read_text()]


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="a checkout of Locust's repository")
    parser.add_argument("--only", default="", help="examples whose path has this in it")
    parser.add_argument("--jobs", type=int, default=2, help="how many are driven at once")
    options = parser.parse_args()
    if options.folder is None:
        print("skipped: it needs a checkout of Locust's repository, see --help")
        return 0
    paths = [path for path in examples(options.folder.resolve()) if options.only in str(path)]
    if not paths:
        parser.error(f"{options.folder} has no examples/: see the docstring for how to get a checkout")
    counts = {"same": 0, "differs": 0, "-": 0}
    with ExitStack() as stack:
        url = stack.enter_context(answering())
        for companion in COMPANIONS:
            if (script := options.folder.resolve() / "examples" / companion).exists():
                process = subprocess.Popen([sys.executable, str(script)], stderr=subprocess.DEVNULL)
                stack.callback(process.wait)
                stack.callback(process.terminate)
        pool = stack.enter_context(ThreadPoolExecutor(options.jobs))
        for path, (word, why) in zip(paths, pool.map(lambda path: compared(path, url), paths), strict=True):
            counts[word] += 1
            print(f"{path.relative_to(options.folder.resolve() / 'examples')!s:45} {word:8} {why}", flush=True)
    known = counts["same"] + counts["differs"]
    print(f"\n{counts['same']} of {known} work as in Locust; {counts['-']} cannot be run here")
    return 0


if __name__ == "__main__":
    sys.exit(main())
