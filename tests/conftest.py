"""Settings of all tests."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# What tests measure is no verdict on the job that runs them: nothing of it belongs into that job's summary.
os.environ.pop("GITHUB_ACTIONS", None)

# Locust, when it is imported, makes threads, locks and sockets of its process gevent's. Some tests look at parts that
# import it; the process of pytest must stay an ordinary one all the same, as perfgate's own is: else a pytest-xdist
# worker that waits for its next test, which a real thread brings, waits for ever. Only this process: the engines that
# tests start do not inherit it.
os.environ["LOCUST_SKIP_MONKEY_PATCH"] = "1"
import locust  # noqa: F401

del os.environ["LOCUST_SKIP_MONKEY_PATCH"]

# What makes programs write colours, or pytest take options, that whoever runs the tests wants for these tests alone.
OWN = ("FORCE_COLOR", "NO_COLOR", "PY_COLORS", "CLICOLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE", "PYTEST_ADDOPTS")

# How fast the machine is must not decide whether a test passes.
settings.register_profile("perfgate", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("perfgate")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: Any, log: Any) -> Any:
    """Groups stay together, whatever pytest-xdist makes of them."""
    from tests.scheduling import make

    return make(config, log)


@pytest.fixture(scope="session", autouse=True)
def plain_environment() -> None:
    """Programs that tests start write what they write anywhere; this pytest has read by now what it is asked for."""
    for name in OWN:
        os.environ.pop(name, None)
