"""`perfgate.HttpUser`: change one import in a locustfile and keep the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from locust import User
from locust.exception import StopTest
from locust.user.users import RestMixin

from perfgate.drive.client.content import MAX_BODY_BYTES
from perfgate.drive.client.session import Session
from perfgate.drive.client.settings import DEFAULT_TIMEOUT_S, MAX_REDIRECTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from ssl import SSLContext


class HttpUser(User, RestMixin):  # type: ignore[misc, type-arg, unused-ignore]
    """A user with an HTTP client, `self.client`; the interface is that of Locust's `HttpUser` and `FastHttpUser`.

    The attributes are those of `FastHttpUser` as far as they make sense here; `docs/compatibility.md` lists them all.

    Attributes:
        connection_timeout: seconds for opening a connection.
        network_timeout: seconds for one exchange, from sending to the last byte.
        max_redirects: more are a failure.
        max_body_bytes: a larger body is a failure, unless it is streamed.
        insecure: trust every certificate.
        default_headers: sent with every request.
        proxy_host, proxy_port: a proxy for all requests.
        ssl_context_factory: makes the TLS context, instead of `insecure` and the session's `verify` and `cert`.
    """

    abstract = True

    connection_timeout: float = DEFAULT_TIMEOUT_S
    network_timeout: float = DEFAULT_TIMEOUT_S
    max_redirects: int = MAX_REDIRECTS
    max_body_bytes: int = MAX_BODY_BYTES
    insecure: bool = False
    default_headers: Mapping[str, str] | None = None
    proxy_host: str | None = None
    proxy_port: int | None = None
    ssl_context_factory: Callable[[], SSLContext] | None = None

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        if self.host is None:
            raise StopTest("no host: set `host` in the user class, or the service's `url` in budgets.toml")
        has_context = type(self).context is not User.context
        self.client = Session(self.host, environment.events.request, self.context if has_context else None, self)
        self.client.timeout = (self.connection_timeout, self.network_timeout)
        self.client.max_redirects = self.max_redirects
        self.client.max_body_bytes = self.max_body_bytes
        self.client.verify = not self.insecure
        self.client.make_context = type(self).ssl_context_factory
        self.client.headers.update(self.default_headers or {})
        if self.proxy_host:
            proxy = f"http://{self.proxy_host}:{self.proxy_port or 80}"
            self.client.proxies = {"http": proxy, "https": proxy}
