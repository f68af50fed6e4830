"""The service under test: started where perfgate is to start it, waited for, and always stopped."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

from perfgate.errors import ServiceError, StorageError, last_words
from perfgate.measure.log_limit import LogLimit
from perfgate.target.ports import ReservedPort, reserve_port
from perfgate.target.process import SupervisedProcess
from perfgate.target.readiness import Answer, address_of, port_in_use, probe

if TYPE_CHECKING:
    from types import TracebackType

    from perfgate.plan.plan import Service

LOG = "service.log"
_PORT = "{port}"
_FIRST_PAUSE_S = 0.005
_LONGEST_PAUSE_S = 0.05
_SHORTEST_PROBE_S = 0.5  # the last look too has time to be answered, so that the answer can be told
_LONGEST_PROBE_S = 5.0
_TAIL_BYTES = 64 * 1024
_UNREACHABLE = "start it first, or give a command with which perfgate starts it"
_NO_ANSWER = "does it listen on the port of url? If it only takes longer, raise ready_timeout"
_WRONG_PATH = "it answers, but not there: mend ready, the path that answers below 400 once the service is ready"


@dataclass(frozen=True)
class _Log:
    """The service's output: a file, of which what stood there before our start is not ours."""

    path: Path
    start: int

    def last_lines(self, count: int) -> str:
        with self.path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(self.start, size - _TAIL_BYTES))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-count:])


class RunningService:
    """A service that is ready to take load. Use it as a context manager, or call `stop`.

    Attributes:
        name: as in `budgets.toml`.
        url: the base URL, with the port filled in.
        startup_time_s: from the start of its process until it was ready; None when perfgate did not start it.
    """

    def __init__(
        self,
        service: Service,
        process: SupervisedProcess | None = None,
        log: _Log | None = None,
        port: ReservedPort | None = None,
    ) -> None:
        self.name = service.name
        self.url = service.url
        self.startup_time_s: float | None = None
        self._process = process
        self._log = log
        self._port = port
        self._limit = LogLimit(log.path).start() if log else None

    @property
    def pid(self) -> int | None:
        """The pid of its root process; None when perfgate did not start it."""
        return self._process.spawned.pid if self._process else None

    @property
    def reaper(self) -> int | None:
        """The pid of the process that adopts what the service leaves behind; None as with `pid`."""
        return self._process.reaper if self._process else None

    @property
    def log(self) -> Path | None:
        """The file that holds its output; None when perfgate did not start it."""
        return self._log.path if self._log else None

    def poll(self) -> int | None:
        """Its exit code if it ended by itself (negative: by that signal), else None; cheap, from any thread."""
        return self._process.poll() if self._process else None

    def last_output(self, lines: int = 15) -> str:
        """The last lines that it wrote to standard output and error; empty when perfgate did not start it."""
        return self._log.last_lines(lines) if self._log else ""

    def stop(self) -> None:
        """End its whole process tree: SIGTERM, its stop timeout, SIGKILL. Does nothing the second time.

        Raises:
            ServiceError: `service-not-stopped`, when processes could not be ended.
        """
        if self._process:
            self._process.stop()
        if self._limit:
            self._limit.stop()
        if self._port:
            self._port.release()

    def __enter__(self) -> RunningService:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(service: Service, folder: Path) -> RunningService:
    """Start the service if it has a command, and wait until it is ready.

    Hosts are not checked here: the caller has held the URL and `ready` against `allowed_hosts`.

    Args:
        service: as planned; `{port}`, if it occurs, becomes a free port.
        folder: where `service.log` is written.

    Raises:
        ServiceError: `port-in-use`, `service-command`, `service-exited`, `service-not-ready`, or without a command
            `service-unreachable`. Nothing that was started is left running.
        StorageError: when the log cannot be written.
    """
    if service.command is None:
        _check_reachable(service)
        return RunningService(service)
    port = None
    if _has_port(service):
        port = reserve_port()
        service = _with_port(service, port.number)
    try:
        _refuse_used_port(service)
        running, spawned_at = _spawn(service, folder, port)
    except BaseException:
        if port:
            port.release()
        raise
    try:
        running.startup_time_s = _await_ready(service, running, spawned_at) - spawned_at
    except BaseException:  # Ctrl-C too: on no way out may the service be left
        running.stop()
        raise
    return running


def _has_port(service: Service) -> bool:
    texts = chain([service.url, service.ready or ""], service.command or (), service.env.values())
    return any(_PORT in text for text in texts)


def _with_port(service: Service, number: int) -> Service:
    port = str(number)
    return replace(
        service,
        url=service.url.replace(_PORT, port),
        ready=service.ready.replace(_PORT, port) if service.ready else service.ready,
        command=tuple(word.replace(_PORT, port) for word in service.command) if service.command else None,
        env={name: value.replace(_PORT, port) for name, value in service.env.items()},
    )


def _refuse_used_port(service: Service) -> None:
    host, port = address_of(service.url)
    if port_in_use(host, port):
        raise ServiceError(
            f"port {port} is in use already, so the service {service.name!r} could not be told from what listens there",
            place=service.url,
            hint="stop what listens there, write {port} in command and url to have a free port chosen, "
            "or leave out command to test what runs there",
            slug="port-in-use",
        )


def _check_reachable(service: Service) -> None:
    # One look: a service without a command already runs, and whoever mistyped its port should not wait to learn it.
    answer = probe(service.url, service.ready, timeout_s=min(service.ready_timeout_s, _LONGEST_PROBE_S))
    if not answer.ready:
        raise ServiceError(
            f"the service {service.name!r} is not ready: {answer.text}",
            place=service.url,
            hint=_UNREACHABLE if answer.status is None else _WRONG_PATH,
            slug="service-unreachable",
        )


def _look_until(service: Service, running: RunningService, deadline: float) -> Answer:
    """Look again and again until it is ready, `deadline` has passed, or the process has ended; the last answer."""
    pause_s = _FIRST_PAUSE_S
    while True:
        timeout_s = min(max(deadline - time.monotonic(), _SHORTEST_PROBE_S), _LONGEST_PROBE_S)
        answer = probe(service.url, service.ready, timeout_s=timeout_s)
        if answer.ready or time.monotonic() >= deadline or running.poll() is not None:
            return answer
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)


def _spawn(service: Service, folder: Path, port: ReservedPort | None) -> tuple[RunningService, float]:
    path = folder / LOG
    try:
        file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")
    except OSError as error:
        raise StorageError(f"cannot write the service's output: {error.strerror}", place=str(path)) from error
    with file:
        log = _Log(path, file.tell())
        try:
            process = SupervisedProcess(
                service.command or (),
                env=service.env,
                cwd=service.cwd,
                log=file.fileno(),
                stop_timeout_s=service.stop_timeout_s,
            )
        except OSError as error:
            raise _command_error(service, error) from error
    return RunningService(service, process, log, port), process.spawned.at


def _command_error(service: Service, error: OSError) -> ServiceError:
    word = (service.command or ("",))[0]
    if service.cwd is not None and not service.cwd.is_dir():
        what, hint = f"its cwd {str(service.cwd)!r} is not a folder", "mend cwd; it is relative to budgets.toml"
    else:
        what, hint = f"{word!r}: {error.strerror}", "name a program that is in PATH, or a path relative to cwd"
    return ServiceError(
        f"the command of the service {service.name!r} cannot be started: {what}",
        place=service.source,
        hint=hint,
        slug="service-command",
    )


def _await_ready(service: Service, running: RunningService, spawned_at: float) -> float:
    """The moment at which it was ready, on the monotonic clock."""
    answer = _look_until(service, running, spawned_at + service.ready_timeout_s)
    now = time.monotonic()
    code = running.poll()
    if code is not None:  # even when something answered: it was not this service
        raise _exited(service, running, code, now - spawned_at)
    if not answer.ready:
        raise _not_ready(service, running, answer)
    return now


def _exited(service: Service, running: RunningService, code: int, elapsed_s: float) -> ServiceError:
    output = running.last_output()
    hint = _other_program(service) if "No module named" in output else ""
    hint = hint or "mend the command; the output says why"
    if code == 0:
        hint = "run it in the foreground: a command that starts a daemon and ends cannot be measured or stopped"
    return ServiceError(
        f"the service {service.name!r} ended with {_code_words(code)} after {elapsed_s:.1f} s, before it was ready"
        f"; {last_words(output)}",
        place=service.source,
        hint=hint,
        slug="service-exited",
        output=output,
    )


def _other_program(service: Service) -> str:
    """What to write where the command's program was taken from beside perfgate, and PATH has another one; else empty.

    `uvicorn` of perfgate's own environment does not find what is installed for the service in another one.
    """
    word, own = (service.command or ("",))[0], Path(sys.executable).parent
    folders = (service.env.get("PATH") or os.environ.get("PATH") or os.defpath).split(os.pathsep)
    others = os.pathsep.join(folder for folder in folders if folder and Path(folder) != own)
    ours, theirs = which(word, path=str(own)), which(word, path=others)
    if os.sep in word or ours is None or theirs is None:
        return ""
    return (
        f"{word!r} was {ours}, since the folder of perfgate's own Python comes first in PATH: write {theirs} in the "
        "command where the service's packages are installed for that one, or install perfgate beside them"
    )


def _not_ready(service: Service, running: RunningService, answer: Answer) -> ServiceError:
    output = running.last_output()
    return ServiceError(
        f"the service {service.name!r} was not ready within {service.ready_timeout_s:g} s ({answer.text})"
        f"; {last_words(output)}",
        place=service.url,
        hint=_hint_on(answer),
        slug="service-not-ready",
        output=output,
    )


def _hint_on(answer: Answer) -> str:
    if answer.status is None:
        return _NO_ANSWER
    # 5xx is what a service answers that is still starting.
    return _WRONG_PATH if answer.status < 500 else "it answers, so it may only take longer: raise ready_timeout"


def _code_words(code: int) -> str:
    if code < 0:
        with suppress(ValueError):
            return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"
