"""Exchanges: the requests of a HAR file with their answers, read into what can be asked for in words."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

from perfgate.errors import UsageError
from perfgate.scaffold.client import origin_of
from perfgate.scaffold.document import array, table, word

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_STATIC_KIND = re.compile(r"(image|font|video|audio)/|text/css|.*javascript|application/(wasm|font|manifest)")
_STATIC_NAME = re.compile(
    r"\.(css|m?js|map|png|jpe?g|gif|svg|ico|webp|avif|woff2?|ttf|otf|mp4|webm|wasm)$", re.IGNORECASE
)
# Header fields that a browser writes by itself.
_BROWSERS_OWN = (
    "accept accept-charset accept-encoding accept-language cache-control connection content-length content-type dnt "
    "expect host if-match if-modified-since if-none-match if-range origin pragma priority purpose range referer te "
    "upgrade-insecure-requests user-agent x-requested-with"
)
_PLAIN_HEADERS = frozenset(_BROWSERS_OWN.split())


class Headers(dict[str, str]):
    """Header fields of an answer; names are told apart without their case, and of several the last counts."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        super().__init__((name.lower(), value) for name, value in pairs)

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a header field."""
        return super().get(name.lower(), default)


@dataclass(frozen=True)
class Answered:
    """A recorded answer with what Locust's responses have, so that what reads those can be tried on it."""

    text: str
    headers: Headers

    def json(self) -> Any:
        """The body as JSON; raises ValueError."""
        return self._value

    @cached_property
    def _value(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Exchange:
    """One recorded request that was answered."""

    method: str
    url: str
    status: int
    kind: str
    start_s: float | None
    end_s: float | None
    request: dict[str, Any]
    response: dict[str, Any]

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return origin_of(self.url)

    @property
    def path(self) -> str:
        """The path without its query, as it was sent."""
        return urlsplit(self.url).path or "/"

    @property
    def static(self) -> bool:
        """Whether it is an asset that a page only pulls in."""
        return self.method == "GET" and bool(_STATIC_KIND.match(self.kind) or _STATIC_NAME.search(self.path))

    @property
    def page(self) -> bool:
        """Whether it is a page, which pulls in what follows."""
        return self.method == "GET" and "html" in self.kind

    @property
    def query(self) -> list[tuple[str, str]]:
        """From the URL, which every tool writes; `queryString` is sometimes decoded and sometimes not."""
        return parse_qsl(urlsplit(self.url).query, keep_blank_values=True)

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Header fields of the request."""
        return pairs(self.request.get("headers"))

    @property
    def own_headers(self) -> list[tuple[str, str]]:
        """Those of the application's own that a program can send."""
        return [
            (name, value)
            for name, value in self.headers
            if name.lower() not in _PLAIN_HEADERS
            and not name.lower().startswith((":", "sec-"))
            and re.fullmatch(r"[\w-]{1,60}", name)
        ]

    @property
    def body_kind(self) -> str:
        """The media type of the request's body; empty for none."""
        data = table(self.request.get("postData"))
        return word(data.get("mimeType")).partition(";")[0].strip().lower()

    @property
    def form(self) -> list[tuple[str, str]]:
        """The fields of a form that was sent."""
        data = table(self.request.get("postData"))
        if "form-urlencoded" not in word(data.get("mimeType")):
            return []
        return parse_qsl(word(data.get("text")), keep_blank_values=True) or pairs(data.get("params"))

    @cached_property
    def json(self) -> Any:
        """The JSON value that was sent, or None."""
        return parsed(table(self.request.get("postData")).get("text"))

    @cached_property
    def answer(self) -> Answered:
        """What came back."""
        content = table(self.response.get("content"))
        text = word(content.get("text"))
        if content.get("encoding") == "base64":
            try:
                text = base64.b64decode(text).decode("utf-8")
            except (binascii.Error, ValueError):
                text = ""
        return Answered(text, Headers(pairs(self.response.get("headers"))))

    @cached_property
    def answered_json(self) -> Any:
        """The JSON value that came back, or None."""
        return parsed(self.answer.text)

    @property
    def leads_to(self) -> str:
        """The URL that the answer redirects to; empty for none."""
        target = self.answer.headers.get("Location", "") or word(self.response.get("redirectURL"))
        try:
            return urljoin(self.url, target) if target and 300 <= self.status < 400 else ""
        except ValueError:
            return ""

    @cached_property
    def cookies_sent(self) -> dict[str, str]:
        """By name."""
        listed = pairs(self.request.get("cookies"))
        fields = [value for name, value in self.headers if name.lower() == "cookie"]
        parts = [part.strip().partition("=") for field in fields for part in field.split(";")]
        return {**dict(listed), **{name: value for name, _, value in parts if name}}

    @cached_property
    def cookies_set(self) -> dict[str, str]:
        """By name; those that are deleted hold nothing."""
        listed = pairs(self.response.get("cookies"))
        fields = [value for name, value in pairs(self.response.get("headers")) if name.lower() == "set-cookie"]
        # One a line, as some tools join them; what follows the first semicolon are attributes.
        parts = [line.partition(";")[0].strip().partition("=") for field in fields for line in field.splitlines()]
        return {**dict(listed), **{name: value for name, _, value in parts if name}}

    @property
    def segments(self) -> list[str]:
        """The parts of the path, decoded."""
        return [unquote(part) for part in f"/{self.path.lstrip('/')}".split("/")]


def exchange_of(item: dict[str, Any]) -> Exchange | None:
    """A recorded request; None for those that cannot be repeated (not HTTP, aborted, pre-flights)."""
    request, response = table(item.get("request")), table(item.get("response"))
    method, url, status = word(request.get("method")).upper(), word(request.get("url")), response.get("status")
    if method not in _METHODS or not isinstance(status, int) or status < 200:
        return None
    try:
        origin_of(url)
    except UsageError:
        return None
    start = _seconds(item.get("startedDateTime"))
    took_ms = item.get("time")
    took_s = took_ms / 1000 if isinstance(took_ms, int | float) and 0 <= took_ms < 1e9 else 0.0
    kind = word(table(response.get("content")).get("mimeType")).partition(";")[0].strip().lower()
    end = None if start is None else start + took_s
    return Exchange(method, url, status, kind, start, end, request, response)


def _seconds(value: Any) -> float | None:
    try:
        return datetime.fromisoformat(word(value)).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def in_order(exchanges: list[Exchange]) -> list[Exchange]:
    """By their start, which is not always the order of the file; as they stand where times are missing."""
    if any(exchange.start_s is None for exchange in exchanges):
        return exchanges
    return sorted(exchanges, key=lambda exchange: exchange.start_s or 0.0)


def pairs(value: Any) -> list[tuple[str, str]]:
    """Names and values of a list of them, as HAR files write headers, cookies and parameters."""
    found = [table(item) for item in array(value)]
    return [(word(item.get("name")), word(item.get("value"))) for item in found if word(item.get("name"))]


def parsed(text: Any) -> Any:
    """The JSON value of a body, or None when it is none."""
    try:
        return json.loads(text) if isinstance(text, str) and text.lstrip()[:1] in {"{", "["} else None
    except (ValueError, RecursionError):
        return None
