"""The session's cookies: the standard library's jar decides; what it decided is remembered while it stays the same."""

from __future__ import annotations

import time
from email.message import Message
from typing import TYPE_CHECKING, Any
from urllib.request import Request

from requests.cookies import RequestsCookieJar, cookiejar_from_dict, merge_cookies

if TYPE_CHECKING:
    from collections.abc import Iterable
    from http.cookiejar import Cookie, CookieJar

_MOST_REMEMBERED = 256


class SessionCookies(RequestsCookieJar):
    """A jar that knows when it is empty and when it has changed.

    What it sends follows `http.cookiejar`: domain, path, secure and expiry as there.
    """

    def __init__(self) -> None:
        self._forget()
        self.is_empty = True
        super().__init__()

    def _forget(self) -> None:
        self._remembered: dict[str, str | None] = {}
        self._valid_until = float("inf")
        self._by_path = True

    def set_cookie(self, cookie: Cookie, *args: Any, **kwargs: Any) -> Any:
        """Keep a cookie."""
        self._forget()
        self.is_empty = False
        return super().set_cookie(cookie, *args, **kwargs)

    def clear(self, domain: str | None = None, path: str | None = None, name: str | None = None) -> None:
        """Drop cookies, as `http.cookiejar.CookieJar.clear` does."""
        self._forget()
        super().clear(domain, path, name)
        self.is_empty = not len(self)

    def header_for(self, base: str, path: str) -> str | None:
        """The `Cookie` header for a request; None for none.

        Args:
            base: scheme and authority.
            path: the rest of the URL.
        """
        if self.is_empty:
            return None
        if time.time() >= self._valid_until or len(self._remembered) >= _MOST_REMEMBERED:
            self._forget()
        key = base + path if self._by_path else base
        if key not in self._remembered:
            key = self._decide(base, path)
        return self._remembered[key]

    def _decide(self, base: str, path: str) -> str:
        header = cookie_header(self, base + path)  # drops expired ones, so it comes first
        self._valid_until = min((c.expires for c in self if c.expires is not None), default=float("inf"))
        self._by_path = any(cookie.path != "/" for cookie in self)  # else all paths of an origin get the same
        key = base + path if self._by_path else base
        self._remembered[key] = header
        return key


def cookie_header(jar: CookieJar, url: str) -> str | None:
    """What `jar` sends to `url`."""
    request = Request(url)
    jar.add_cookie_header(request)
    return request.get_header("Cookie")


def extract(jar: CookieJar, url: str, fields: Iterable[tuple[str, str]]) -> None:
    """Let `jar` take the cookies that a response from `url` sets."""
    message = Message()
    for name, value in fields:
        if name.lower() == "set-cookie":
            message["Set-Cookie"] = value
    jar.extract_cookies(_Answer(message), Request(url))  # type: ignore[arg-type]


class _Answer:
    """As much of a response as a jar looks at."""

    def __init__(self, message: Message) -> None:
        self._message = message

    def info(self) -> Message:
        return self._message


def with_extra(jar: CookieJar, extra: Any) -> RequestsCookieJar:
    """A jar with the session's cookies and those given for one request (a mapping or a jar)."""
    merged = RequestsCookieJar()
    merge_cookies(merged, jar)
    merge_cookies(merged, cookiejar_from_dict(extra) if isinstance(extra, dict) else extra)
    return merged
