"""The server that records its own service times (`truth_server.c`), built and run for the length of a with-block."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rig import children

if TYPE_CHECKING:
    from numpy.typing import NDArray

SOURCE = Path(__file__).with_suffix(".c")
COMPILERS = ("cc", "gcc", "clang")
NS_PER_MS = 1e6


def compiler() -> str | None:
    """A C compiler of this machine; None without one."""
    return next((found for name in COMPILERS if (found := shutil.which(name))), None)


@dataclass(frozen=True)
class Truth:
    """What a server knows of its own requests.

    Attributes:
        received_ns, answered_ns: realtime clock, of each request that it answered: when the kernel received its last
            byte, and right before the answer was handed to the kernel.
        unstamped: requests whose receipt the kernel did not stamp; the server's own clock served.
        freeze_ns: when its freeze began and ended; zeros without one.
    """

    received_ns: NDArray[np.int64]
    answered_ns: NDArray[np.int64]
    unstamped: int
    freeze_ns: tuple[int, int]

    @property
    def service_ms(self) -> NDArray[np.float64]:
        """The service times."""
        return (self.answered_ns - self.received_ns) / NS_PER_MS


class TruthServer:
    """Waits a uniformly distributed time before each answer; `truth` stands when the with-block has ended.

    Args:
        wait_ms: the shortest and the longest wait.
        freeze_after_s: when it freezes, from its first request; 0 for never.
        freeze_for_s: for how long.
    """

    truth: Truth

    def __init__(
        self, wait_ms: tuple[float, float] = (0.5, 2.5), freeze_after_s: float = 0.0, freeze_for_s: float = 0.0
    ) -> None:
        us = [round(bound * 1000) for bound in wait_ms]
        self._arguments = [str(n) for n in (*us, round(freeze_after_s * 1000), round(freeze_for_s * 1000))]

    def __enter__(self) -> TruthServer:
        self._temporary = tempfile.TemporaryDirectory(prefix="perfgate-benchmark-")
        program, self._record = (Path(self._temporary.name) / name for name in ("server", "record"))
        children.run([compiler() or "cc", "-O2", "-o", str(program), str(SOURCE)])
        command = [str(program), str(self._record), *self._arguments]
        self._process = children.start(command, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        port = self._process.stdout.readline().strip()
        if not port:
            raise SystemExit("the truth server did not start")
        self.url = f"http://127.0.0.1:{port}"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        output, _error = self._process.communicate()
        if self._process.returncode:
            raise SystemExit(f"the truth server ended with {self._process.returncode}")
        self.truth = self._read(output)
        self._temporary.cleanup()

    def _read(self, output: str) -> Truth:
        count, unstamped, begin, end = (int(word) for word in output.split())
        received, answered = np.fromfile(self._record, np.int64).reshape(count, 2).T
        return Truth(received, answered, unstamped, (begin, end))
