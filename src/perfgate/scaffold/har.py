"""HAR files (HTTP Archive 1.1 and 1.2, what browsers export) as sketches: the recorded session in its order."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from perfgate.errors import UsageError
from perfgate.scaffold.correlation import Correlation, Source
from perfgate.scaffold.document import array, table, word
from perfgate.scaffold.exchange import Exchange, exchange_of, in_order
from perfgate.scaffold.extraction import asks_to_sign_in
from perfgate.scaffold.flows import Values, settled
from perfgate.scaffold.login import is_sanitized, login_of
from perfgate.scaffold.places import Place, leaves
from perfgate.scaffold.recorded_call import CallWriter
from perfgate.scaffold.sketch import Call, Extraction, Sketch

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_THINK_S = 1.0
_SHORTEST_THINK_S = 0.05  # below it the browser was busy, not the person
_BEARER = re.compile(r"((access|id|auth)?[-_]?token|jwt)", re.IGNORECASE)
_MOST_TOLD = 5
ASSETS = "static assets"


def is_har(document: dict[str, Any]) -> bool:
    """Whether a document is a HAR file."""
    return isinstance(table(document.get("log")).get("entries"), list)


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
    exchanges = in_order([found for item in array(log["entries"]) if (found := exchange_of(table(item)))])
    origin = _main_origin(exchanges)
    own = [exchange for exchange in exchanges if exchange.origin == origin]
    usable = [exchange for exchange in own if exchange.status < 400]
    if not usable:
        raise UsageError(
            "the recording holds no request that was answered well",
            place=source,
            hint="record a session with the browser's network panel and export it as HAR",
            slug="har",
        )
    session = _Session(exchanges, usable, prefix)
    title = word(table((array(log.get("pages")) or [None])[0]).get("title"))
    return settled(
        Sketch(
            # A page's title is often its URL, which may hold anything; the host is the safer name.
            title="" if "/" in title or session.leaks(title) else title,
            url=origin,
            calls=session.calls,
            in_order=True,
            headers=session.headers,
            notes=(*_left_out(exchanges, own, usable), *session.notes()),
            start=session.start,
        )
    )


def _left_out(exchanges: list[Exchange], own: list[Exchange], usable: list[Exchange]) -> Iterator[str]:
    foreign = Counter(urlsplit(found.origin).hostname for found in exchanges if found.origin != usable[0].origin)
    if foreign:
        hosts = ", ".join(f"{host}" for host, _ in foreign.most_common(5))
        yield f"{foreign.total()} requests to other origins were left out ({hosts})"
    if len(own) > len(usable):
        yield f"{len(own) - len(usable)} requests that had failed in the recording were left out"


def _main_origin(exchanges: list[Exchange]) -> str:
    """The origin of the first page, else the one with most requests."""
    first = next((exchange.origin for exchange in exchanges if exchange.page and exchange.status < 400), None)
    counted = Counter(exchange.origin for exchange in exchanges).most_common(1)
    return first or (counted[0][0] if counted else "")


class _Session:
    """The calls of one recording: those of its start, once a user, and those of the session.

    Args:
        exchanges: all of the recording.
        usable: those that are repeated.
        prefix: of the names of environment variables.
    """

    def __init__(self, exchanges: list[Exchange], usable: list[Exchange], prefix: str) -> None:
        self._steps = [exchange for exchange in usable if not exchange.static]
        self._indexes = {id(step): index for index, step in enumerate(self._steps)}
        self._values = Values(correlation := Correlation(self._steps))
        self._login = login_of(self._steps, correlation)
        self._sanitized = is_sanitized([exchange for exchange in exchanges if exchange.origin == usable[0].origin])
        self._bearer = False  # whether a token was sent that the recording does not show
        index = None if self._login is None else self._login.index
        self._writer = CallWriter(exchanges, prefix, self._steps, self._values, index)
        start = [(index, self._start_call(index)) for index in (self._login.start if self._login else ())]
        made = list(self._calls(usable))
        self.start = tuple(self._checked(self._with_extractions(call, index), index) for index, call in start)
        self.calls = tuple(self._with_extractions(call, index) for index, call in made)

    @property
    def headers(self) -> dict[str, Any]:
        """Secret headers, sent with every request from the environment."""
        return self._writer.headers

    def leaks(self, text: str) -> bool:
        """Whether a text holds a secret."""
        return self._writer.leaks(text)

    def _start_call(self, index: int) -> Call:
        call = self._writer.call(self._steps[index], "start", within_user=True)
        return replace(call, tags=())

    def _checked(self, call: Call, index: int) -> Call:
        """A login that fails unless it gave what later requests use, whatever its status."""
        if self._login is None or index < self._login.index:
            return call
        given = {extraction.arguments for extraction in call.extracts if extraction.function == "cookie_value"}
        here = self._steps[index].cookies_set
        cookies = [name for name in self._login.cookies if name in here and (name,) not in given]
        held = tuple(Extraction(f"cookie {name}", "cookie_value", (name,), kept=False) for name in cookies)
        path = self._login_path() if index == self._login.index else ""
        refused = bool(path) and asks_to_sign_in(self._steps[index].answer, path)
        return replace(call, extracts=(*call.extracts, *held), login_path="" if refused else path)

    def _login_path(self) -> str:
        """Where the form stands that was sent: the last page before it that asks for a password, or its own path."""
        login = self._login.index if self._login else 0
        pages = (step for step in reversed(self._steps[:login]) if "html" in step.kind)
        asking = (page.path for page in pages if asks_to_sign_in(page.answer, ""))
        return next(asking, self._steps[login].path)

    def _with_extractions(self, call: Call, index: int | None) -> Call:
        found = () if index is None else tuple(self._values.given.get(index, ()))
        return replace(call, extracts=found) if found else call

    def _calls(self, usable: list[Exchange]) -> Iterator[tuple[int | None, Call]]:
        """A call for each request, and one for the assets of each page right after it."""
        number = 0
        before: Exchange | None = None
        for page in _by_page(usable):
            assets = [exchange for exchange in page if exchange.static]
            for exchange in page:
                if not exchange.static and self._belongs(exchange):
                    number += 1
                    yield self._call(exchange, before, number)
                    before = exchange
                if assets and (exchange.page or exchange is page[-1]):
                    number += 1
                    yield None, self._assets(assets, number)
                    assets = []
            before = max((*page, *([before] if before else [])), key=lambda exchange: exchange.end_s or 0.0)

    def _belongs(self, exchange: Exchange) -> bool:
        """Whether a step is part of what is repeated, and not of what each user does once."""
        if self._login is None:
            return True
        index = self._indexes[id(exchange)]
        once = index in self._login.start and index not in self._login.kept
        return not once and index not in self._login.ending

    def _call(self, exchange: Exchange, before: Exchange | None, number: int) -> tuple[int | None, Call]:
        index = self._indexes[id(exchange)]
        call = self._writer.call(exchange, f"step {number:02}", think_s=_think_s(before, exchange))
        if self._login is not None and index in self._login.kept and index < self._login.index:
            return None, call  # who is signed in may get another answer than it was asked for before
        return index, self._with_bearer(self._watched(call, index), index)

    def _watched(self, call: Call, index: int) -> Call:
        """The call with a look at its answer, where all others are led to the login page with status 200."""
        login = self._login
        if login is None or index < login.index or not (login.cookies or self._steps[login.index].leads_to):
            return call
        path = self._login_path()
        return call if asks_to_sign_in(self._steps[index].answer, path) else replace(call, login_path=path)

    def _with_bearer(self, call: Call, index: int) -> Call:
        """The call with the token of the login, where the recording was written without headers that would tell."""
        if self._login is None or not self._sanitized or index <= self._login.index:
            return call
        answer = self._steps[self._login.index].answered_json
        found = ((path, value) for path, value in leaves(answer) if path and _BEARER.fullmatch(str(path[-1])))
        path, value = next(found, ((), ""))
        if not isinstance(value, str) or not value:
            return call
        self._bearer = True
        source = Source(self._login.index, "json_value", path, str(path[-1]), "", value)
        token = self._values.taken(source, Place("header", "Authorization", ""), value, within_user=False)
        return replace(call, headers={**call.headers, "Authorization": ("Bearer ", token)})

    def _assets(self, exchanges: list[Exchange], number: int) -> Call:
        paths = tuple(dict.fromkeys(map(self._writer.asset, exchanges)))
        return Call("GET", paths, ASSETS, f"step {number:02} assets", each=True)

    def notes(self) -> Iterator[str]:
        """What is guessed, and what could not be found, a sentence each."""
        if self._login is not None:
            endpoint = self.start[self._login.start.index(self._login.index)].endpoint
            yield f"{endpoint} signs each user in once (on_start), and is driven though it is a POST"
            if self._sanitized:
                guess = (
                    "a token of the login is sent as Bearer" if self._bearer else "what comes from them is not known"
                )
                yield (
                    "the recording has no cookies and no Authorization headers, as browsers export by default: "
                    f"{guess}; export it with sensitive data if that is wrong"
                )
            for index in sorted(self._login.ending):
                step = self._steps[index]
                yield f"{step.method} {self._writer.name(step)} was left out: each user stays signed in"
        if self._writer.strange:
            shown = [f"{value} in {endpoint}" for value, endpoint in self._writer.strange.items()]
            more = f" and {len(shown) - _MOST_TOLD} more" if len(shown) > _MOST_TOLD else ""
            yield f"recorded values that come from nowhere that perfgate saw: {', '.join(shown[:_MOST_TOLD])}{more}"
        if self._writer.strange_cookies and "Cookie" not in self._writer.headers:
            yield f"cookies that no recorded answer had set are not sent: {', '.join(self._writer.strange_cookies)}"


def _by_page(exchanges: list[Exchange]) -> Iterator[list[Exchange]]:
    """The exchanges in groups that each begin with a page."""
    group: list[Exchange] = []
    for exchange in exchanges:
        if exchange.page and group:
            yield group
            group = []
        group.append(exchange)
    yield group


def _think_s(before: Exchange | None, exchange: Exchange) -> float:
    """How long the person thought: from the end of what came before to this start; at most a second."""
    if before is None or before.end_s is None or exchange.start_s is None:
        return 0.0
    pause = min(exchange.start_s - before.end_s, LONGEST_THINK_S)
    return round(pause, 2) if pause >= _SHORTEST_THINK_S else 0.0
