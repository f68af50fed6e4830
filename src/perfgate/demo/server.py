"""What the demo services have in common: their command line, their server and their way to use SQLite."""

from __future__ import annotations

import argparse
import logging
import signal
import sqlite3
import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING

from waitress.server import create_server

from perfgate.demo.misbehave import Misbehaving, add_switches, chosen, die_later

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from wsgiref.types import WSGIApplication

    from flask import Flask
    from waitress.server import BaseWSGIServer


def parser(name: str, about: str, endpoints: Sequence[str], *, threads: int) -> argparse.ArgumentParser:
    """The command line that both services have.

    Args:
        name: the service's name.
        about: one sentence for `--help`.
        endpoints: the names that `--slow` takes.
        threads: how many threads answer requests unless told otherwise.
    """
    made = argparse.ArgumentParser(prog=f"python -m perfgate.demo.{name}", description=about)
    made.add_argument("--port", type=int, required=True, help="the port of the loopback interface to listen at")
    made.add_argument("--threads", type=int, default=threads, help="threads that answer requests (%(default)s)")
    add_switches(made, endpoints)
    return made


def serve(app: Flask, options: argparse.Namespace) -> None:
    """Answer requests until SIGTERM or Ctrl-C.

    Waitress stands in for the servers that Python services run behind: threads, keep-alive, a queue of its own.
    """
    logging.basicConfig(format="%(asctime)s %(name)s: %(message)s", level=logging.INFO, stream=sys.stderr)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # under stress its queue grows by intent
    misbehaviour = chosen(options)
    server = _listen(Misbehaving(app, misbehaviour), options)
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    die_later(misbehaviour)
    logging.getLogger(app.name).info("listening on http://127.0.0.1:%d", options.port)
    with closing(server):
        server.run()


def _listen(app: WSGIApplication, options: argparse.Namespace) -> BaseWSGIServer:
    try:
        return create_server(
            app,
            host="127.0.0.1",
            port=options.port,
            threads=options.threads,
            # More than the users of any load, lest connections wait where the service cannot see them.
            connection_limit=4000,
            backlog=2048,
            asyncore_use_poll=True,  # select() ends at 1,024 descriptors
        )
    except OSError as error:
        sys.exit(f"cannot listen at port {options.port}: {error.strerror}")


class Connections:
    """SQLite connections to one file, one for each thread that asks.

    Args:
        path: the database file.
        read_only: open it so that nothing can be written.
    """

    def __init__(self, path: Path, *, read_only: bool) -> None:
        self._uri = f"{path.resolve().as_uri()}?mode={'ro' if read_only else 'rw'}"
        self._threads = threading.local()

    def mine(self) -> sqlite3.Connection:
        """This thread's connection, in autocommit mode; rows can be read by column name."""
        connection: sqlite3.Connection | None = getattr(self._threads, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._uri, uri=True, isolation_level=None)
            connection.row_factory = sqlite3.Row
            self._threads.connection = connection
        return connection
