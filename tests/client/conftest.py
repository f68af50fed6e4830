"""The child process that runs scenarios, and the servers that it talks to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.client.app import AppServer
from tests.client.scenarios import Child
from tests.client.wire_server import WireServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def child() -> Iterator[Child]:
    """Runs scenarios."""
    process = Child()
    yield process
    process.close()


@pytest.fixture(scope="session")
def app_url() -> Iterator[str]:
    """Where the application listens."""
    server = AppServer()
    yield server.url
    server.close()


@pytest.fixture(scope="session")
def shared_wire() -> Iterator[WireServer]:
    """One recording server for all tests."""
    with WireServer() as server:
        yield server


@pytest.fixture
def wire(shared_wire: WireServer) -> WireServer:
    """The recording server, with nothing recorded yet."""
    shared_wire.reset()
    return shared_wire
