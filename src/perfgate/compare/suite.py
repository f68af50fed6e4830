"""A revision's benchmarks: the command that runs them, in the revision's own tree, and what it measured."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

from perfgate import importers
from perfgate.errors import ServiceError, StorageError, UsageError, last_words
from perfgate.measure.blocks import Requests
from perfgate.target.own_modules import python_path
from perfgate.target.process import environment_with
from perfgate.target.setup import EVEN

if TYPE_CHECKING:
    from pathlib import Path

    from perfgate.target.checkout import Checkout

TOOL = "pytest-benchmark"
TIMEOUT_S = 1800.0
_TAIL_BYTES = 64 * 1024
_TAIL_LINES = 10


class Suite:
    """Benchmarks at one side.

    Args:
        command: as given, e.g. `pytest benchmarks/`.
        checkout: the revision on disk.
        root: the folder of `budgets.toml`; the command runs in the same folder of the revision's tree.
        folder: for what it writes.

    Raises:
        UsageError: the command is empty, or its quotes do not match.
    """

    def __init__(self, command: str, checkout: Checkout, root: Path, folder: Path) -> None:
        self._checkout = checkout
        self._cwd = checkout.tree / root.resolve().relative_to(checkout.top)
        self._results = folder.resolve() / f"{checkout.side}.json"  # it runs elsewhere
        self._log = folder / f"{checkout.side}.log"
        self._words = [*_words(command), f"--rootdir={self._cwd}", f"--benchmark-json={self._results}"]
        modules = python_path(checkout, self._cwd, os.environ.get("PYTHONPATH", ""), anyway=True)
        self._env = {**EVEN, "PYTHONPATH": modules}

    def run(self) -> dict[str, Requests]:
        """Run all benchmarks once.

        Returns:
            The times of their rounds, by name.

        Raises:
            ServiceError: `suite-failed`: it ended with a code other than 0, or measured nothing.
            ImportFileError: what it wrote is no result file of pytest-benchmark.
            StorageError: its output cannot be written.
        """
        self._results.unlink(missing_ok=True)
        code = self._end_of(self._started())
        if code or not self._results.exists():
            raise self._failed(f"ended with code {code}" if code else "measured nothing")
        found = importers.read(self._results, TOOL)
        self._results.unlink()
        times = ((entry.name, entry.histogram()) for entry in found.entries)
        return {name: Requests(histogram) for name, histogram in times if histogram is not None}

    def _started(self) -> subprocess.Popen[bytes]:
        try:
            output = self._log.open("wb")
        except OSError as error:
            raise StorageError(f"cannot write its output: {error.strerror}", place=str(self._log)) from error
        with output:
            try:
                return subprocess.Popen(
                    self._words,
                    cwd=self._cwd,
                    env=environment_with(self._env),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise UsageError(
                    f"the benchmarks cannot be started at the {self._checkout.side}, {self._checkout.words}: "
                    f"{self._words[0]!r}: {error.strerror}",
                    place="--benchmarks",
                    hint=f"the command runs in {self._cwd}",
                ) from error

    def _end_of(self, process: subprocess.Popen[bytes]) -> int:
        try:
            return process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired as error:
            raise self._failed(f"did not end within {TIMEOUT_S / 60:.0f} minutes") from error
        finally:  # also on Ctrl-C: what it has started must not go on
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _failed(self, what: str) -> ServiceError:
        output = self._log.read_bytes()[-_TAIL_BYTES:].decode(errors="replace").splitlines()[-_TAIL_LINES:]
        written = "\n".join(output)
        return ServiceError(
            f"the benchmarks at the {self._checkout.side}, {self._checkout.words}, {what}; {last_words(written)}",
            place=str(self._log),
            hint="all of them must pass at both revisions; choose those that do with the command, e.g. by -k",
            slug="suite-failed",
            output=written,
        )


def _words(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"{command!r} is no command: {error}", place="--benchmarks") from error
    if not words:
        raise UsageError("the command is empty", place="--benchmarks", hint='write e.g. "pytest benchmarks/"')
    return words
