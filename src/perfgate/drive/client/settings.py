"""What holds for every request of a session; changing any of it takes effect with the next request."""

from __future__ import annotations

from collections.abc import Mapping
from http.cookiejar import CookieJar
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from requests.cookies import cookiejar_from_dict

from perfgate import __version__
from perfgate.drive.client.address import Base
from perfgate.drive.client.compose import defaults_of
from perfgate.drive.client.connection import Route, route_of
from perfgate.drive.client.content import ACCEPT_ENCODING, MAX_BODY_BYTES
from perfgate.drive.client.cookies import SessionCookies
from perfgate.drive.client.headers import SessionHeaders, merge
from perfgate.drive.client.options import NO_WISHES
from perfgate.drive.client.proxy import find_proxy

if TYPE_CHECKING:
    from collections.abc import Callable
    from ssl import SSLContext

    from perfgate.drive.client.address import Origin
    from perfgate.drive.client.compose import Defaults
    from perfgate.drive.client.options import Wishes
    from perfgate.drive.client.tls import Cert, Verify

DEFAULT_TIMEOUT_S = 60.0
MAX_REDIRECTS = 30
T = TypeVar("T")


class _Setting(Generic[T]):
    """An attribute whose change makes the session encode its defaults anew."""

    def __init__(self, default: T) -> None:
        self._default = default

    def __set_name__(self, owner: type[Settings], name: str) -> None:
        self._name = f"_{name}"

    @overload
    def __get__(self, settings: None, owner: type[Settings]) -> _Setting[T]: ...

    @overload
    def __get__(self, settings: Settings, owner: type[Settings]) -> T: ...

    def __get__(self, settings: Settings | None, owner: type[Settings]) -> _Setting[T] | T:
        return self if settings is None else settings.__dict__.get(self._name, self._default)

    def __set__(self, settings: Settings, value: T) -> None:
        settings.__dict__[self._name] = value
        settings.changed()


class _Mapping(dict[str, Any]):
    """A setting that is a mapping, and tells the session when it is changed in place."""

    def __init__(self, values: Mapping[str, Any], changed: Callable[[], None]) -> None:
        super().__init__(values)
        self._changed = changed

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        self._changed()

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        self._changed()

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Take what is given."""
        super().update(*args, **kwargs)
        self._changed()

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The value of a key, which it gets if it has none."""
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, *args: Any) -> Any:
        """Take a key away."""
        value = super().pop(*args)
        self._changed()
        return value

    def clear(self) -> None:
        """Take all away."""
        super().clear()
        self._changed()


class _MappingSetting(_Setting[Any]):
    """A mapping as requests has it: never None when it is read, and changed in place."""

    def __get__(self, settings: Settings | None, owner: type[Settings]) -> Any:
        if settings is None:
            return self
        if self._name not in settings.__dict__:
            settings.__dict__[self._name] = _Mapping({}, settings.changed)
        return settings.__dict__[self._name]

    def __set__(self, settings: Settings, value: Any) -> None:
        is_mapping = value is None or isinstance(value, Mapping)
        super().__set__(settings, _Mapping(value or {}, settings.changed) if is_mapping else value)


class Settings:
    """The settable part of a session, under the names that requests and Locust use.

    Attributes:
        base_url: what paths are appended to; `unix:///path` is a Unix socket.
        auth: a pair (user, password) or a callable.
        params: for every query; those of a request are laid over them, where both are mappings, and else replace them.
        verify: True, False, or the path of a bundle of authorities.
        cert: the client's certificate.
        proxies: by scheme, as requests takes them.
        trust_env: take proxies from the environment, and credentials from `.netrc`.
        make_context: makes the TLS context, instead of `verify` and `cert`.
        max_body_bytes: a larger body, as sent or decoded, is a failure, unless it is streamed.
        timeout: seconds for connecting and for an exchange; None is no limit.
        max_redirects: more are a failure.
    """

    base_url = _Setting("")
    auth = _Setting[Any](None)
    params = _MappingSetting(None)
    verify: _Setting[Verify] = _Setting(True)
    cert: _Setting[Cert] = _Setting(None)
    proxies = _MappingSetting(None)
    trust_env = _Setting(False)
    make_context: _Setting[Callable[[], SSLContext] | None] = _Setting(None)

    max_body_bytes = _Setting(MAX_BODY_BYTES)

    def __init__(self, base_url: str) -> None:
        self._defaults: Defaults | None = None
        self._is_simple = False
        self._routes: dict[Origin, Route] = {}
        self._headers = SessionHeaders(
            {"User-Agent": f"perfgate/{__version__}", "Accept-Encoding": ACCEPT_ENCODING, "Accept": "*/*"}
        )
        self._headers_version = self._headers.version
        self._cookies = SessionCookies()
        self.timeout: tuple[float | None, float | None] = (DEFAULT_TIMEOUT_S, DEFAULT_TIMEOUT_S)
        self.max_redirects = MAX_REDIRECTS
        self.base_url = base_url

    @property
    def headers(self) -> SessionHeaders:
        """Sent with every request."""
        return self._headers

    @headers.setter
    def headers(self, fields: Mapping[str, str]) -> None:
        self._headers = SessionHeaders(fields)
        self.changed()

    @property
    def cookies(self) -> SessionCookies:
        """The session's jar; assign a mapping or a jar to replace its cookies."""
        return self._cookies

    @cookies.setter
    def cookies(self, cookies: Mapping[str, str] | CookieJar) -> None:
        self._cookies = SessionCookies()
        if isinstance(cookies, CookieJar):
            self._cookies.update(cookies)
        else:
            cookiejar_from_dict(dict(cookies), self._cookies)

    @property
    def cookiejar(self) -> SessionCookies:
        """The jar under the name that FastHttpUser's client has for it."""
        return self._cookies

    def changed(self) -> None:
        """Forget what was derived from the settings."""
        self._defaults = None
        self._routes.clear()

    def defaults(self) -> Defaults:
        """What is added to each request.

        Raises:
            InvalidRequestError: one of the session's headers cannot be sent.
        """
        if self._defaults is None or self._headers.version != self._headers_version:
            base = Base.of(self.base_url)
            self._headers_version = self._headers.version
            auth = tuple(self.auth) if isinstance(self.auth, list) else self.auth or base.auth
            params = dict(self.params) if isinstance(self.params, Mapping) else self.params
            fields = merge(self._headers.items())
            self._defaults = defaults_of(base, fields, auth, params or None, trust_env=self.trust_env)
            self._is_simple = self._defaults.is_simple
        return self._defaults

    def route(self, origin: Origin, wishes: Wishes) -> Route:
        """How a request gets to `origin`.

        Raises:
            InvalidRequestError: the proxy's URL is of no use.
        """
        if wishes is NO_WISHES or (wishes.verify is None and wishes.cert is None and wishes.proxies is None):
            return self._routes.get(origin) or self._usual_route(origin)
        verify = self.verify if wishes.verify is None else wishes.verify
        return self._new_route(origin, verify, wishes.cert or self.cert, wishes.proxies or self.proxies)

    def _usual_route(self, origin: Origin) -> Route:
        route = self._routes[origin] = self._new_route(origin, self.verify, self.cert, self.proxies)
        return route

    def _new_route(self, origin: Origin, verify: Verify, cert: Cert, proxies: Mapping[str, Any] | None) -> Route:
        proxy = None
        if (proxies or self.trust_env) and origin.unix_path is None:
            proxy = find_proxy(origin.base, proxies or {}, trust_env=self.trust_env)
        cert = tuple(cert) if isinstance(cert, list) else cert
        return route_of(origin, verify, cert, proxy, self.make_context, self.max_body_bytes)


def timeouts_of(timeout: float | tuple[float | None, float | None]) -> tuple[float | None, float | None]:
    """Seconds for connecting and for the exchange, from one number or a pair."""
    return (timeout[0], timeout[1]) if isinstance(timeout, tuple) else (timeout, timeout)
