"""A service is started, waited for, and always stopped; what goes wrong is said with its own last words."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from perfgate.errors import PerfgateError, ServiceError, StorageError
from perfgate.target.ports import reserve_port
from perfgate.target.readiness import address_of, port_in_use, probe
from perfgate.target.service import start
from tests.target.processes import LISTENS, PLAIN, is_gone, noted_pids, processes_below, python, service, until

if TYPE_CHECKING:
    from collections.abc import Iterator

# An HTTP server that is ready at /health after answering 503 as often as its second argument says.
HTTP = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    refusals = int(sys.argv[2])
    def do_GET(self):
        Handler.refusals -= 1
        self.send_response(200 if self.path == "/health" and Handler.refusals < 0 else 503)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.fixture
def running_url() -> Iterator[str]:
    """A service that already runs: /redirect leads elsewhere, /missing is 404, all else is 200."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status = {"/redirect": 302, "/missing": 404}.get(self.path, 200)
            self.send_response(status)
            self.send_header("Location", "http://192.0.2.1/")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def raised(slug: str, folder: Path, command: tuple[str, ...] | None, **changes: object) -> PerfgateError:
    """The error of a service that cannot be started; no process of ours is left after it."""
    before = processes_below()
    with pytest.raises(PerfgateError) as caught:
        start(service(command, **changes), folder)
    assert caught.value.slug == slug
    assert processes_below() - before == set()
    return caught.value


class TestStart:
    """What `start` does with a command."""

    def test_waits_until_the_path_answers_below_400(self, tmp_path: Path) -> None:
        """503 is not ready yet; the fourth answer is 200, and then it is."""
        with start(service(python(HTTP, "{port}", 3), ready="/health"), tmp_path) as running:
            output = running.last_output()

        assert [line.split('"')[1:] for line in output.splitlines()] == [
            ["GET /health HTTP/1.1", f" {status} -"] for status in (503, 503, 503, 200)
        ]

    def test_tells_what_it_started(self, tmp_path: Path) -> None:
        """Its URL has the port filled in, its pid is that of the command, its start took time."""
        with start(service(python(LISTENS, tmp_path / "pids", "{port}")), tmp_path) as running:
            assert running.name == "shop"
            assert port_in_use(*address_of(running.url))
            assert [running.pid] == noted_pids(tmp_path / "pids", 1)
            assert running.startup_time_s is not None
            assert running.startup_time_s > 0
            assert running.poll() is None

        assert running.pid is not None
        assert is_gone(running.pid)

    def test_port_is_filled_in_everywhere(self, tmp_path: Path) -> None:
        """`{port}` in url, command, env and ready is the same free port."""
        command = ("sh", "-c", 'echo "$0 $ADDRESS"; exec "$@"', "{port}", *python(HTTP, "{port}", 0))
        ready = "http://127.0.0.1:{port}/health"
        with start(service(command, ready=ready, env={"ADDRESS": ":{port}"}), tmp_path) as running:
            port = address_of(running.url)[1]

            assert running.last_output().splitlines()[0] == f"{port} :{port}"

    def test_port_of_the_url_is_kept(self, tmp_path: Path) -> None:
        """Without `{port}` the URL's own port is used."""
        with reserve_port() as port:
            url = f"http://127.0.0.1:{port}"
            with start(service(python(LISTENS, tmp_path / "pids", port), url=url), tmp_path) as running:
                assert running.url == url

    def test_runs_in_its_folder_with_its_environment(self, tmp_path: Path) -> None:
        """`cwd` and `env` hold for the command; the rest of the environment is inherited; PORT is not invented."""
        (tmp_path / "home").mkdir()
        command: tuple[str, ...] = ("sh", "-c", 'pwd; echo "$COLOUR ${PORT-none} ${HOME-none}"; exec "$@"', "-")
        command = (*command, *python(LISTENS, tmp_path / "pids", "{port}"))
        running = start(service(command, cwd=tmp_path / "home", env={"COLOUR": "blue"}), tmp_path)
        running.stop()

        expected = [str(tmp_path / "home"), f"blue {os.environ.get('PORT', 'none')} {os.environ.get('HOME', 'none')}"]
        assert running.last_output().splitlines() == expected

    def test_python_is_our_own(self, tmp_path: Path) -> None:
        """The word `python` in a command is the interpreter that runs perfgate."""
        program = f"import sys\nprint(sys.executable, flush=True){LISTENS}"
        with start(service(("python", "-c", program, str(tmp_path / "pids"), "{port}")), tmp_path) as running:
            assert Path(running.last_output()).parent == Path(sys.executable).parent

    def test_output_is_kept(self, tmp_path: Path) -> None:
        """Standard output and error go to service.log, after what stood there; the last lines can be asked for."""
        (tmp_path / "service.log").write_text("an earlier run\n")
        command = ("sh", "-c", 'echo one; echo two >&2; echo three; exec "$@"', "-")
        with start(service((*command, *python(LISTENS, tmp_path / "pids", "{port}"))), tmp_path) as running:
            assert running.log == tmp_path / "service.log"
            assert running.last_output() == "one\ntwo\nthree"
            assert running.last_output(2) == "two\nthree"

        assert (tmp_path / "service.log").read_text() == "an earlier run\none\ntwo\nthree\n"

    def test_death_is_noticed(self, tmp_path: Path) -> None:
        """`poll` tells the exit code of a service that ended by itself, also after it was stopped."""
        with start(service(python(LISTENS, tmp_path / "pids", "{port}")), tmp_path) as running:
            assert running.pid is not None
            psutil.Process(running.pid).kill()
            assert until(lambda: running.poll() is not None)

        assert running.poll() == -9


class TestRefusals:
    """Each error names what is wrong, shows the last output, and leaves no process behind."""

    def test_port_in_use(self, tmp_path: Path) -> None:
        """A URL where something listens already is refused before anything is started."""
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            error = raised("port-in-use", tmp_path, ("true",), url=f"http://127.0.0.1:{port}")

        assert error.message.startswith(f"port {port} is in use already")
        assert not (tmp_path / "service.log").exists()

    def test_exit_before_ready(self, tmp_path: Path) -> None:
        """The exit code and the last line are in the message, the last fifteen lines beside it."""
        error = raised("service-exited", tmp_path, ("sh", "-c", "seq 40; echo no database >&2; exit 3"))

        assert "'shop' ended with exit code 3 after " in error.message
        assert error.message.endswith("; its last output: no database")
        assert error.output == "\n".join([*map(str, range(27, 41)), "no database"])
        assert error.place == "budgets.toml:7"

    def test_a_program_beside_perfgate_that_lacks_a_module_is_told_from_that_of_the_service(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where PATH has another, such as that of an activated environment, its path is what to write."""
        own = Path(sys.executable)
        theirs = tmp_path / "bin" / own.name
        theirs.parent.mkdir()
        theirs.write_text("#!/bin/sh\nexit 1\n")
        theirs.chmod(0o755)
        lacking = (own.name, "-c", "import no_such_module")
        monkeypatch.setenv("PATH", f"{theirs.parent}{os.pathsep}{os.environ['PATH']}")
        error = raised("service-exited", tmp_path, lacking)
        assert str(own) in error.hint
        assert f"write {theirs}" in error.hint
        assert str(theirs) not in raised("service-exited", tmp_path, (own.name, "-c", "exit(1)")).hint
        monkeypatch.setenv("PATH", str(own.parent))
        assert raised("service-exited", tmp_path, lacking).hint == "mend the command; the output says why"

    def test_killed_before_ready(self, tmp_path: Path) -> None:
        """A death by signal names the signal."""
        error = raised("service-exited", tmp_path, ("sh", "-c", "kill -SEGV $$"))

        assert "ended with signal SIGSEGV" in error.message
        assert "it wrote nothing" in error.message

    def test_command_that_makes_a_daemon(self, tmp_path: Path) -> None:
        """A command that goes to the background and ends with 0 is told to stay in the foreground."""
        error = raised("service-exited", tmp_path, ("sh", "-c", "setsid sleep 3600 & exit 0"))

        assert "exit code 0" in error.message
        assert error.hint.startswith("run it in the foreground")

    def test_not_ready_in_time(self, running_url: str, tmp_path: Path) -> None:
        """The timeout, and what was asked and answered last, are in the message; the process is gone."""
        ready = f"{running_url}/missing"
        error = raised("service-not-ready", tmp_path, ("sleep", "3600"), ready=ready, ready_timeout_s=2)

        assert f"was not ready within 2 s (GET {ready} answered 404)" in error.message
        assert error.hint.startswith("it answers, but not there: mend ready")

    def test_never_listens(self, tmp_path: Path) -> None:
        """Without `ready`, a port that nothing listens at is named."""
        error = raised("service-not-ready", tmp_path, python(PLAIN, tmp_path / "pids"), ready_timeout_s=0.2)

        assert "(connecting to 127.0.0.1 port " in error.message
        assert "Connection refused)" in error.message
        assert error.hint.startswith("does it listen on the port of url?")

    def test_missing_command(self, tmp_path: Path) -> None:
        """A program that does not exist is named."""
        error = raised("service-command", tmp_path, ("no-such-program", "{port}"))

        assert "'no-such-program': No such file or directory" in error.message
        assert error.place == "budgets.toml:7"

    def test_not_executable(self, tmp_path: Path) -> None:
        """A file that is no program is named."""
        (tmp_path / "notes.txt").write_text("nothing")
        error = raised("service-command", tmp_path, (str(tmp_path / "notes.txt"),))

        assert "Permission denied" in error.message

    def test_missing_folder(self, tmp_path: Path) -> None:
        """A cwd that does not exist is named, not the command."""
        error = raised("service-command", tmp_path, ("true",), cwd=tmp_path / "gone")

        assert f"its cwd {str(tmp_path / 'gone')!r} is not a folder" in error.message

    def test_log_cannot_be_written(self, tmp_path: Path) -> None:
        """A folder that does not exist is a storage error; nothing is started."""
        with pytest.raises(StorageError, match="No such file"):
            start(service(("true",)), tmp_path / "gone")

    # Ctrl-C may come between the making of a socket and its first use, which the standard library then leaves unclosed.
    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    def test_interrupted_while_waiting(self, tmp_path: Path) -> None:
        """Ctrl-C while the service comes up leaves no process behind."""
        before = processes_below()
        # A shell starts what it puts into the background with SIGINT ignored.
        handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        interrupt = threading.Thread(target=self.interrupt_when_up, args=(tmp_path / "pids",))
        interrupt.start()
        try:
            with pytest.raises(KeyboardInterrupt):
                start(service(python(PLAIN, tmp_path / "pids")), tmp_path)
        finally:
            interrupt.join()
            signal.signal(signal.SIGINT, handler)

        assert processes_below() - before == set()

    @staticmethod
    def interrupt_when_up(pids: Path) -> None:
        """Send SIGINT to ourselves once the service runs."""
        noted_pids(pids, 1)
        psutil.Process().send_signal(2)


class TestRunningAlready:
    """A service without a command."""

    def test_is_looked_at_and_left_alone(self, running_url: str, tmp_path: Path) -> None:
        """There is no process, no start-up time and no output, and stopping does nothing."""
        with start(service(None, url=running_url, ready="/health"), tmp_path) as running:
            assert (running.pid, running.reaper, running.startup_time_s, running.log) == (None, None, None, None)
            assert (running.poll(), running.last_output()) == (None, "")

        assert port_in_use(*address_of(running_url))

    def test_unreachable(self, tmp_path: Path) -> None:
        """When nothing listens there, it says so at once."""
        with reserve_port() as port:
            error = raised("service-unreachable", tmp_path, None, url=f"http://127.0.0.1:{port}")

        assert "Connection refused" in error.message
        assert error.hint.startswith("start it first")
        assert isinstance(error, ServiceError)

    def test_not_ready(self, running_url: str, tmp_path: Path) -> None:
        """An answer of 400 or above is not ready."""
        error = raised("service-unreachable", tmp_path, None, url=running_url, ready="/missing")

        assert error.message.endswith(f"GET {running_url}/missing answered 404")
        assert error.hint.startswith("it answers, but not there: mend ready")

    def test_redirect_is_ready_and_not_followed(self, running_url: str) -> None:
        """A redirect is an answer; where it leads is never asked."""
        assert probe(running_url, "/redirect", timeout_s=5) == probe(running_url, "redirect", timeout_s=5)
        assert probe(running_url, "/redirect", timeout_s=5).ready


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:81/shop", ("127.0.0.1", 81)),
        ("http://localhost", ("localhost", 80)),
        ("https://localhost/", ("localhost", 443)),
        ("http://[::1]:8080", ("::1", 8080)),
    ],
)
def test_address(url: str, expected: tuple[str, int]) -> None:
    """A URL without a port has its scheme's."""
    assert address_of(url) == expected


def test_address_needs_a_host() -> None:
    """A text that is no URL is refused."""
    with pytest.raises(ValueError, match="has no host"):
        address_of("shop")
