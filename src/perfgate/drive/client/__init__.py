"""The lean HTTP client: Locust's interface, the kernel's receive clock, and little generator CPU per request.

It runs in the engine's child process, where locust and gevent may be imported.
"""

# First of all, because it patches `ssl` and `socket`, which must not have been imported by others (requests) before.
import locust  # noqa: F401

from perfgate.drive.client.clock import Timing
from perfgate.drive.client.errors import ClientError
from perfgate.drive.client.response import Response
from perfgate.drive.client.session import Session
from perfgate.drive.client.user import HttpUser

__all__ = ["ClientError", "HttpUser", "Response", "Session", "Timing"]
