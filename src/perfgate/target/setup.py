"""A service made ready to be started from a revision's own tree: its `setup` is run there, once for each revision."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from perfgate.errors import ServiceError, StorageError, UsageError, last_words
from perfgate.reading import read_text
from perfgate.target.checkout import TREES, locked
from perfgate.target.own_modules import in_tree, python_path
from perfgate.target.process import environment_with

if TYPE_CHECKING:
    from pathlib import Path

    from perfgate.plan.plan import Service
    from perfgate.target.checkout import Checkout

TIMEOUT_S = 1800.0
# What else would differ between two instances of one program: in Python, how full hash tables are, and their order.
EVEN = {"PYTHONHASHSEED": "0"}
_TAIL_LINES = 15
_TAIL_BYTES = 64 * 1024


def set_up(checkout: Checkout, service: Service, root: Path) -> Service:
    """Run the service's `setup` in the tree unless that was done before; returns the service as it starts from there.

    In a tree of perfgate's it is run once for each commit and command; in the user's own, which may have changed since,
    each time. Its output is kept in `.perfgate/trees/COMMIT.SERVICE.setup.log`. The scenario and the budgets stay those
    of `root`, so that both sides see the same work. What would make two instances of one program differ is made the
    same (`EVEN`), unless the service's own `env` has it.

    Args:
        checkout: a revision on disk.
        service: as planned; one without a command already runs, and is returned as it is.
        root: the folder of `budgets.toml`.

    Raises:
        UsageError: `cwd-outside`: the service's folder is not part of the repository.
        ServiceError: `service-setup`, naming base or head, with the last lines of its output.
        StorageError: the log cannot be written.
    """
    if service.command is None:
        return service
    moved = _moved(service, _folder(checkout, service, root), checkout)
    if service.setup is not None:
        with locked(root.resolve() / TREES):
            _set_up(checkout, moved, root.resolve() / TREES)
    return _with_own_paths(moved, checkout)


def _moved(service: Service, folder: Path, checkout: Checkout) -> Service:
    """The service in its folder; a Python package in development is found there, unless something else is arranged."""
    env = {**EVEN, **service.env}
    arranged = service.setup is not None or "PYTHONPATH" in env
    if not arranged and (modules := python_path(checkout, folder, os.environ.get("PYTHONPATH", ""))):
        env["PYTHONPATH"] = modules
    return replace(service, cwd=folder, env=env)


def _folder(checkout: Checkout, service: Service, root: Path) -> Path:
    """The folder in which the service starts, in the revision's tree."""
    folder = (service.cwd or root).resolve()
    if not folder.is_relative_to(checkout.top):
        raise UsageError(
            f"the cwd of the service {service.name!r} lies outside of the repository, so both sides would run the same",
            place=service.source,
            hint=f"choose a cwd below {checkout.top}, or compare two deployments with --base-url and --head-url",
            slug="cwd-outside",
        )
    return checkout.tree / folder.relative_to(checkout.top)


def _with_own_paths(service: Service, checkout: Checkout) -> Service:
    """The service with absolute paths into the user's tree made to point into this one, where it has the same."""
    if not checkout.is_own:
        return service

    def moved(text: str) -> str:
        option, equals, path = text.rpartition("=")
        return f"{option}{equals}{in_tree(path, checkout)}"

    command = tuple(moved(word) for word in service.command or ())
    env = {name: os.pathsep.join(map(moved, value.split(os.pathsep))) for name, value in service.env.items()}
    return replace(service, command=command, env=env)


def _set_up(checkout: Checkout, service: Service, trees: Path) -> None:
    words = service.setup or ()
    name = f"{checkout.commit if checkout.is_own else 'own'}.{service.name}.setup"
    marker, log = trees / f"{name}.json", trees / f"{name}.log"
    done = {"commit": checkout.commit, "command": _hash([*words, str(service.cwd), *map(str, service.env.items())])}
    if checkout.is_own and _read(marker) == done:
        return
    _run(words, checkout, service, log)
    try:
        marker.write_text(json.dumps(done), encoding="utf-8")
    except OSError as error:
        raise StorageError(f"cannot note that setup is done: {error.strerror}", place=str(marker)) from error


def _hash(words: list[str]) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()


def _read(marker: Path) -> object:
    try:
        value: object = json.loads(read_text(marker))
    except (OSError, ValueError):
        return None
    return value


def _run(words: tuple[str, ...], checkout: Checkout, service: Service, log: Path) -> None:
    try:
        output = log.open("wb")
    except OSError as error:
        raise StorageError(f"cannot write the output of setup: {error.strerror}", place=str(log)) from error
    with output:
        try:
            process = subprocess.Popen(
                list(words),
                cwd=service.cwd,
                env=environment_with(service.env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise _failed(checkout, service, f"cannot be started: {words[0]!r}: {error.strerror}", log) from error
        try:
            code = process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired as error:
            _kill(process)
            raise _failed(checkout, service, f"did not end within {TIMEOUT_S / 60:.0f} minutes", log) from error
        except BaseException:  # Ctrl-C: what it has started must not go on building
            _kill(process)
            raise
    if code:
        raise _failed(checkout, service, f"failed with exit code {code}", log)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _failed(checkout: Checkout, service: Service, what: str, log: Path) -> ServiceError:
    output = log.read_bytes()[-_TAIL_BYTES:].decode(errors="replace").splitlines()[-_TAIL_LINES:]
    written = "\n".join(output)
    return ServiceError(
        f"the setup of the service {service.name!r} at the {checkout.side}, {checkout.words}, {what}; "
        f"{last_words(written)}",
        place=str(log),
        hint="mend the command, or the revision; it runs in the service's cwd in the revision's tree",
        slug="service-setup",
        output=written,
    )
