"""HAR files (HTTP Archive 1.1 and 1.2, what browsers export) as sketches: the recorded session in its order."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

from perfgate.errors import UsageError
from perfgate.scaffold.client import origin_of
from perfgate.scaffold.document import array, table, word
from perfgate.scaffold.fold import fold
from perfgate.scaffold.names import endpoint_name
from perfgate.scaffold.redaction import Redaction
from perfgate.scaffold.secrecy import is_telling, looks_random
from perfgate.scaffold.sketch import SAFE_METHODS, WRITES, Call, FromEnv, Sketch, Text, merged

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_THINK_S = 1.0
_SHORTEST_THINK_S = 0.05  # below it the browser was busy, not the person
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_STATIC_KIND = re.compile(r"(image|font|video|audio)/|text/css|.*javascript|application/(wasm|font|manifest)")
_STATIC_NAME = re.compile(
    r"\.(css|m?js|map|png|jpe?g|gif|svg|ico|webp|avif|woff2?|ttf|otf|mp4|webm|wasm)$", re.IGNORECASE
)
_KEPT_HEADERS = ("Accept", "X-Requested-With")
_BROWSERS_OWN = (
    "accept accept-charset accept-encoding accept-language cache-control connection content-length content-type dnt "
    "expect host if-match if-modified-since if-none-match if-range origin pragma priority purpose range referer te "
    "upgrade-insecure-requests user-agent x-requested-with"
)
_PLAIN_HEADERS = frozenset(_BROWSERS_OWN.split())
ASSETS = "static assets"


def is_har(document: dict[str, Any]) -> bool:
    """Whether a document is a HAR file."""
    return isinstance(table(document.get("log")).get("entries"), list)


@dataclass(frozen=True)
class Entry:
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


def sketch_of(document: dict[str, Any], source: str, prefix: str) -> Sketch:
    """The recorded session of one origin; nothing is sent anywhere.

    Args:
        document: the whole file.
        source: its path, for messages.
        prefix: of the names of environment variables.

    Raises:
        UsageError: it holds no request that could be repeated (slug `har`).
    """
    log = table(document["log"])
    entries = _in_order([entry for item in array(log["entries"]) if (entry := _entry(table(item)))])
    origin = _main_origin(entries)
    own = [entry for entry in entries if entry.origin == origin]
    usable = [entry for entry in own if entry.status < 400]
    if not usable:
        raise UsageError(
            "the recording holds no request that was answered well",
            place=source,
            hint="record a session with the browser's network panel and export it as HAR",
            slug="har",
        )
    writer = _Writer(entries, prefix)
    calls = tuple(writer.calls(usable))
    title = word(table((array(log.get("pages")) or [None])[0]).get("title"))
    return Sketch(
        # A page's title is often its URL, which may hold anything; the host is the safer name.
        title="" if "/" in title or writer.leaks(title) else title,
        url=origin,
        calls=calls,
        in_order=True,
        headers=writer.headers,
        notes=tuple(_left_out(entries, own, usable)),
    )


def _left_out(entries: list[Entry], own: list[Entry], usable: list[Entry]) -> Iterator[str]:
    foreign = Counter(urlsplit(entry.origin).hostname for entry in entries if entry.origin != usable[0].origin)
    if foreign:
        hosts = ", ".join(f"{host}" for host, _ in foreign.most_common(5))
        yield f"{foreign.total()} requests to other origins were left out ({hosts})"
    if len(own) > len(usable):
        yield f"{len(own) - len(usable)} requests that had failed in the recording were left out"


def _entry(item: dict[str, Any]) -> Entry | None:
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
    return Entry(method, url, status, kind, start, end, request, response)


def _seconds(value: Any) -> float | None:
    try:
        return datetime.fromisoformat(word(value)).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _in_order(entries: list[Entry]) -> list[Entry]:
    """By their start, which is not always the order of the file; as they stand where times are missing."""
    if any(entry.start_s is None for entry in entries):
        return entries
    return sorted(entries, key=lambda entry: entry.start_s or 0.0)


def _main_origin(entries: list[Entry]) -> str:
    """The origin of the first page, else the one with most requests."""
    first = next((entry.origin for entry in entries if entry.page and entry.status < 400), None)
    counted = Counter(entry.origin for entry in entries).most_common(1)
    return first or (counted[0][0] if counted else "")


class _Writer:
    """Turns entries into calls without their secrets.

    Attributes:
        headers: secret headers, sent with every request from the environment.
    """

    def __init__(self, entries: list[Entry], prefix: str) -> None:
        self._redaction = Redaction(prefix)
        self.headers: dict[str, FromEnv] = {}
        for entry in entries:  # all of them, before anything is written: a secret may turn up before it is named
            self._learn(entry)

    def leaks(self, text: str) -> bool:
        """Whether a text holds a secret."""
        return self._redaction.leaks(text) or looks_random(text)

    def _learn(self, entry: Entry) -> None:
        for side in (entry.request, entry.response):
            for cookie in array(side.get("cookies")):
                self._redaction.learn("cookie", table(cookie).get("value"), sure=False)
            for name, value in _pairs(side.get("headers")):
                self._learn_header(name, value)
        for name, value in [*_query(entry), *_form(entry.request)]:
            if is_telling(name, value):
                self._redaction.learn(name, value)
        self._redaction.learn_fields(_json(table(entry.request.get("postData")).get("text")), sure=True)
        self._redaction.learn_fields(_json(table(entry.response.get("content")).get("text")), sure=False)

    def _learn_header(self, name: str, value: str) -> None:
        if name.lower() == "cookie":
            for part in value.split(";"):
                self._redaction.learn("cookie", part.partition("=")[2], sure=False)
        elif name.lower() == "set-cookie":  # one a line; what follows the first semicolon are attributes
            for line in value.splitlines():
                self._redaction.learn("cookie", line.partition(";")[0].partition("=")[2], sure=False)
        elif is_telling(name):
            self._redaction.learn(name, value, sure=False)

    def calls(self, entries: list[Entry]) -> Iterator[Call]:
        """A call for each request, and one for the assets of each page right after it."""
        number = 0
        before: Entry | None = None
        for page in _by_page(entries):
            assets = [entry for entry in page if entry.static]
            for entry in page:
                if not entry.static:
                    number += 1
                    yield self._call(entry, before, number)
                    before = entry
                if assets and (entry.page or entry is page[-1]):
                    number += 1
                    yield self._assets(assets, number)
                    assets = []
            before = max((*page, *([before] if before else [])), key=lambda entry: entry.end_s or 0.0)

    def _assets(self, entries: list[Entry], number: int) -> Call:
        paths = tuple(dict.fromkeys(self._path(entry) for entry in entries))
        return Call("GET", paths, ASSETS, f"step {number:02} assets", each=True)

    def _call(self, entry: Entry, before: Entry | None, number: int) -> Call:
        name = self._name(entry)
        call = Call(
            method=entry.method,
            paths=(self._path(entry),),
            name=name,
            function=f"step {number:02} {entry.method} {name}",
            headers=self._headers_of(entry),
            tags=() if entry.method in SAFE_METHODS else (WRITES,),
            think_s=_think_s(before, entry),
            follow_redirects=not 300 <= entry.status < 400,  # what it led to was recorded as well
        )
        return self._with_body(call, entry) if table(entry.request.get("postData")) else call

    def _name(self, entry: Entry) -> str:
        """The folded path; a part that is a secret is an id to the reader."""
        shown = "".join("{id}" if isinstance(part, FromEnv) else part for part in self._redaction.path(entry.path))
        return fold(shown)

    def _path(self, entry: Entry) -> Text:
        path = self._redaction.path(quote("/" + entry.path.lstrip("/"), "/:@!$&'()*+,;=~%", errors="replace"))
        parts: list[str | FromEnv] = list(path)
        for number, (name, value) in enumerate(_query(entry)):
            redacted = self._redaction.field(name, value)
            shown = "redacted" if self.leaks(name) else name
            parts.append(f"{'&' if number else '?'}{quote_plus(shown, errors='replace')}=")
            values = redacted if isinstance(redacted, tuple) else (redacted,)
            parts += [part if isinstance(part, FromEnv) else quote_plus(part, errors="replace") for part in values]
        return merged(parts)

    def _headers_of(self, entry: Entry) -> dict[str, str]:
        """The few headers that change an answer; secret ones are noted for all requests, the rest is the browser's."""
        kept: dict[str, str] = {}
        for name, value in _pairs(entry.request.get("headers")):
            wanted = next((known for known in _KEPT_HEADERS if known.lower() == name.lower()), None)
            if wanted and value.isascii() and value.isprintable() and value != "*/*" and not self.leaks(value):
                kept[wanted] = value
            elif _kept_back(name) and (is_telling(name) or self.leaks(value)):
                self.headers[name.title()] = self._redaction.variable(name)
        return kept

    def _with_body(self, call: Call, entry: Entry) -> Call:
        data = table(entry.request.get("postData"))
        kind = word(data.get("mimeType")).partition(";")[0].strip().lower()
        fields = _form(entry.request)
        if kind == "application/x-www-form-urlencoded" and fields:
            form = {name: self._redaction.field(name, value) for name, value in fields if not self.leaks(name)}
            return replace(call, form=form, headers={**call.headers, "Content-Type": kind})
        value = _json(data.get("text"))
        if "json" in kind and value is not None:
            return replace(call, json=self._redaction.json(value))
        return replace(call, notes=(f"Its body ({endpoint_name(kind)[:60]}) is left to you.",)) if kind else call


def _kept_back(name: str) -> bool:
    """Whether it is a header of the application's own, and one that a program can send."""
    plain = name.lower() in _PLAIN_HEADERS or name.startswith((":", "sec-", "Sec-"))
    return not plain and re.fullmatch(r"[\w-]{1,60}", name) is not None


def _by_page(entries: list[Entry]) -> Iterator[list[Entry]]:
    """The entries in groups that each begin with a page."""
    group: list[Entry] = []
    for entry in entries:
        if entry.page and group:
            yield group
            group = []
        group.append(entry)
    yield group


def _think_s(before: Entry | None, entry: Entry) -> float:
    """How long the person thought: from the end of what came before to this start; at most a second."""
    if before is None or before.end_s is None or entry.start_s is None:
        return 0.0
    pause = min(entry.start_s - before.end_s, LONGEST_THINK_S)
    return round(pause, 2) if pause >= _SHORTEST_THINK_S else 0.0


def _pairs(value: Any) -> list[tuple[str, str]]:
    found = [table(item) for item in array(value)]
    return [(word(item.get("name")), word(item.get("value"))) for item in found if word(item.get("name"))]


def _query(entry: Entry) -> list[tuple[str, str]]:
    """From the URL, which every tool writes; `queryString` is sometimes decoded and sometimes not."""
    return parse_qsl(urlsplit(entry.url).query, keep_blank_values=True)


def _form(request: dict[str, Any]) -> list[tuple[str, str]]:
    data = table(request.get("postData"))
    if "form-urlencoded" not in word(data.get("mimeType")):
        return []
    return parse_qsl(word(data.get("text")), keep_blank_values=True) or _pairs(data.get("params"))


def _json(text: Any) -> Any:
    """The JSON value of a body, or None when it is none."""
    try:
        return json.loads(text) if isinstance(text, str) and text.lstrip()[:1] in {"{", "["} else None
    except (ValueError, RecursionError):
        return None
