"""A real PostgreSQL: a fresh cluster in a temporary folder, on a Unix socket, run by an unprivileged user."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType

_START_S = 60.0


def programs() -> Path | None:
    """The folder of the newest PostgreSQL that is installed: Debian's, else where PATH finds it."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    found = debian[-1] if debian else shutil.which("initdb")
    return Path(found).parent if found else None


class Postgres:
    """A server that can be stopped and started again; its superuser is `perfgate`, without a password."""

    def __init__(self, folder: Path | None = None, *settings: str) -> None:
        found = programs()
        assert found is not None, "PostgreSQL is not installed"
        self._programs = found
        self._settings = settings
        self.folder = folder or Path(tempfile.mkdtemp(prefix="pg-"))
        self._user = _other_user()
        if self._user:
            os.chown(self.folder, pwd.getpwnam(self._user).pw_uid, pwd.getpwnam(self._user).pw_gid)
        self._run(
            "initdb", "-D", self._data, "-U", "perfgate", "--auth=trust", "--no-locale", "-E", "UTF8", "--no-sync"
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._schemas = 0
        self.start()

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def url(self, database: str) -> str:
        """Where a database is."""
        return f"postgresql://perfgate@/{database}?host={self.folder}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = ("listen_addresses=", f"unix_socket_directories={self.folder}", "fsync=off", *self._settings)
        options = [word for setting in settings for word in ("-c", setting)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, *options], stdout=log, stderr=log, **self._as_user()
            )
        deadline = time.monotonic() + _START_S
        while self._call("pg_isready", "-h", str(self.folder), "-q").returncode:
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, "PostgreSQL did not become ready"
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it; connections are broken off."""
        if self._process:
            self._process.send_signal(how)
            self._process.wait(_START_S)
            self._process = None

    def database(self) -> str:
        """The URL of a place without tables: a schema of its own, which is made much faster than a database."""
        self._schemas += 1
        name = f"history_{self._schemas}"
        self._run("psql", "-h", str(self.folder), "-U", "perfgate", "-d", "postgres", "-qc", f"CREATE SCHEMA {name}")
        return f"{self.url('postgres')}&options=-csearch_path%3D{name}"

    def _run(self, program: str, *words: str) -> None:
        done = self._call(program, *words)
        assert done.returncode == 0, done.stderr

    def _call(self, program: str, *words: str) -> subprocess.CompletedProcess[str]:
        command = [str(self._programs / program), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, **self._as_user())

    def _as_user(self) -> dict[str, Any]:
        if not self._user:
            return {"cwd": self.folder}
        return {"user": self._user, "group": pwd.getpwnam(self._user).pw_gid, "extra_groups": [], "cwd": self.folder}

    def __enter__(self) -> Postgres:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop(signal.SIGQUIT)  # without a last checkpoint: nobody reads it again
        shutil.rmtree(self.folder, ignore_errors=True)


def _other_user() -> str:
    """Whom to run it as: PostgreSQL refuses to be run by root."""
    if os.geteuid() != 0:
        return ""
    names = {user.pw_name for user in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
