"""A WSGI or ASGI application object, served for real in a child process.

The child is forked, so the application is served as it is at that moment: with the settings, overrides and closures
that the test gave it, which no import in a fresh process would bring back.
"""

from __future__ import annotations

import inspect
import os
import signal
import socket
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from perfgate.errors import ServiceError, UsageError, last_words
from perfgate.plan.plan import Service
from perfgate.target.service import RunningService

if TYPE_CHECKING:
    from collections.abc import Callable

THREADS = 8  # of the WSGI server
_STARTED_WITHIN_S = 30.0
_STOPPED_WITHIN_S = 5.0
_PAUSE_S = 0.01
_TAIL = 2000


class ForkedService(RunningService):
    """A service in a child process of this one."""

    def __init__(self, service: Service, child: int, log: Path) -> None:
        super().__init__(service)
        self._child = child
        self._path = log
        self._code: int | None = None

    @property
    def pid(self) -> int:
        """The child's."""
        return self._child

    @property
    def log(self) -> Path:
        """What it printed."""
        return self._path

    def poll(self) -> int | None:
        """Its exit code (negative: by that signal) when it has ended, else None."""
        if self._code is None:
            with suppress(ChildProcessError):
                ended, status = os.waitpid(self._child, os.WNOHANG)
                self._code = os.waitstatus_to_exitcode(status) if ended else None
        return self._code

    def last_output(self, lines: int = 15) -> str:
        """The end of what it printed."""
        return "\n".join(self._path.read_text(errors="replace")[-_TAIL:].splitlines()[-lines:])

    def stop(self) -> None:
        """End it, gently first."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self.poll() is None:
                with suppress(ProcessLookupError):
                    os.kill(self._child, number)
                self._await_end()
        self._path.unlink(missing_ok=True)

    def _await_end(self) -> None:
        deadline = time.monotonic() + _STOPPED_WITHIN_S
        while self.poll() is None and time.monotonic() < deadline:
            time.sleep(_PAUSE_S)


@dataclass(frozen=True)
class Served:
    """An application that takes requests.

    Attributes:
        name: of the service in the budgets file that it stands for.
        url: its base URL.
    """

    name: str
    url: str
    running: RunningService

    def stop(self) -> None:
        """End its process; does nothing the second time."""
        self.running.stop()


def serve(app: object, *, name: str = "app", kind: str | None = None) -> Served:
    """Serve `app` on a free port of the loopback interface; see `Perfgate.serve`."""
    run = _server(kind or ("asgi" if is_asgi(app) else "wsgi"))
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        descriptor, log = tempfile.mkstemp(prefix="perfgate-app-", suffix=".log")
        child = _forked(lambda: run(app, listener), descriptor)
        os.close(descriptor)
    running = ForkedService(Service(name, url, Path(), "", ()), child, Path(log))
    try:
        _await_answer(running, url)
    except BaseException:
        running.stop()
        raise
    return Served(name, url, running)


def is_asgi(app: object) -> bool:
    """Whether it is an ASGI application: calling it gives a coroutine; a WSGI application gives an iterable."""
    call = app if inspect.isfunction(app) or inspect.ismethod(app) else getattr(type(app), "__call__", None)  # noqa: B004
    return inspect.iscoroutinefunction(call)


def _server(kind: str) -> Callable[[Any, socket.socket], None]:
    """What serves applications of a kind until it is told to end.

    Raises:
        UsageError: it is not installed, or there is no such kind.
    """
    servers: dict[str, tuple[str, Callable[[Any, socket.socket], None]]] = {
        "wsgi": ("waitress", _serve_wsgi),
        "asgi": ("uvicorn", _serve_asgi),
    }
    if kind not in servers:
        raise UsageError(f'no kind of application "{kind}"', hint="write wsgi or asgi", place="perfgate.serve")
    library, run = servers[kind]
    try:
        __import__(library)
    except ImportError as error:
        raise UsageError(
            f"{library} is needed to serve a {kind.upper()} application",
            hint=f"pip install {library}",
            place="perfgate.serve",
        ) from error
    return run


def _serve_wsgi(app: Any, listener: socket.socket) -> None:
    import waitress

    waitress.serve(app, sockets=[listener], threads=THREADS, connection_limit=1000)


def _serve_asgi(app: Any, listener: socket.socket) -> None:
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    server.run(sockets=[listener])


def _forked(work: Callable[[], None], output: int) -> int:
    """Run `work` in a child process with its output to a file; returns its pid."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        _be_child(work, output)
    return child


def _be_child(work: Callable[[], None], output: int) -> NoReturn:
    """Never returns into the test: what pytest would do at its end must not be done twice."""
    code = 1
    try:
        os.setsid()  # a Ctrl-C is for pytest, which then ends this process
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.stdout = sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115  (for good)
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        work()
        code = 0
    except BaseException:  # noqa: BLE001  (told in the log, which the parent shows)
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)


def _await_answer(running: ForkedService, url: str) -> None:
    """Wait until it answers a request, with whatever status.

    The socket listens from the beginning, so that it accepts a connection proves nothing.
    """
    import urllib.error
    import urllib.request

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + _STARTED_WITHIN_S
    while time.monotonic() < deadline:
        if running.poll() is not None:
            raise _failed(running, f"ended with code {running.poll()} before it answered", "service-exited")
        try:
            opener.open(url, timeout=1).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(_PAUSE_S)
        else:
            return
    raise _failed(running, f"did not answer within {_STARTED_WITHIN_S:g} s", "service-not-ready")


def _failed(running: RunningService, what: str, slug: str) -> ServiceError:
    output = running.last_output()
    said = f"the application {what}; {last_words(output)}"
    return ServiceError(said, place="perfgate.serve", slug=slug, output=output)
