"""Recorded requests as calls: their secrets read from the environment, what came from an answer read from it again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, unquote

from perfgate.scaffold.correlation import is_specific
from perfgate.scaffold.document import array, table, word
from perfgate.scaffold.fold import fold
from perfgate.scaffold.login import is_credential
from perfgate.scaffold.names import endpoint_name
from perfgate.scaffold.places import Place, field_place, names_id, path_place
from perfgate.scaffold.redaction import Redaction
from perfgate.scaffold.secrecy import is_telling, looks_random
from perfgate.scaffold.sketch import SAFE_METHODS, WRITES, Call, Extracted, FromEnv, Part, Text, merged

if TYPE_CHECKING:
    from perfgate.scaffold.exchange import Exchange
    from perfgate.scaffold.flows import Values

_KEPT_HEADERS = ("Accept", "X-Requested-With")
_IN_PATH = "/:@!$&'()*+,;=~%"  # what may stand in a path as it is; RFC 3986, section 3.3
_FORM = "application/x-www-form-urlencoded"


class CallWriter:
    """Turns exchanges into calls without their secrets.

    Args:
        exchanges: all of the recording: a secret may turn up before it is named.
        prefix: of the names of environment variables.
        steps: those that calls may be made of, by whose indexes `values` knows them.
        values: what they take from answers.
        login: the index of the one with the credentials, if any.

    Attributes:
        headers: secret headers, sent with every request from the environment.
        strange: values that look as if they came from an answer and do not, each with the endpoint it is sent to.
        strange_cookies: names of cookies that no answer had set.
    """

    def __init__(
        self, exchanges: list[Exchange], prefix: str, steps: list[Exchange], values: Values, login: int | None
    ) -> None:
        self._redaction = Redaction(prefix)
        self._indexes = {id(step): index for index, step in enumerate(steps)}
        self._values = values
        self._login = login
        self._set = {name: value for exchange in steps for name, value in exchange.cookies_set.items() if value}
        self.headers: dict[str, FromEnv] = {}
        self.strange: dict[str, str] = {}
        self.strange_cookies: dict[str, None] = {}
        for exchange in exchanges:
            self._learn(exchange)

    def leaks(self, text: str) -> bool:
        """Whether a text holds a secret."""
        return self._redaction.leaks(text) or looks_random(text)

    def _learn(self, exchange: Exchange) -> None:
        for value in (*exchange.cookies_sent.values(), *exchange.cookies_set.values()):
            self._redaction.learn("cookie", value, sure=False)
        for side in (exchange.request, exchange.response):
            for field in map(table, array(side.get("headers"))):
                if is_telling(word(field.get("name"))) and "cookie" not in word(field.get("name")).lower():
                    self._redaction.learn(word(field.get("name")), field.get("value"), sure=False)
        signs_in = self._index(exchange) == self._login is not None
        for name, value in [*exchange.query, *exchange.form]:
            if is_telling(name, value) or (signs_in and is_credential(name)):
                self._redaction.learn(name, value)
        self._redaction.learn_fields(exchange.json, sure=True)
        self._redaction.learn_fields(exchange.answered_json, sure=False)

    def _index(self, exchange: Exchange) -> int | None:
        return self._indexes.get(id(exchange))

    def call(self, exchange: Exchange, function: str, *, think_s: float = 0.0, within_user: bool = False) -> Call:
        """A recorded request.

        Args:
            exchange: one of the steps.
            function: how its task begins to be called.
            think_s: how long the user waits before it, in seconds.
            within_user: it is sent by the User itself, not by a task set.
        """
        return _One(self, exchange, within_user=within_user).call(function, think_s)

    def name(self, exchange: Exchange) -> str:
        """What a request's endpoint is called, without its method."""
        return _One(self, exchange, within_user=False).name()

    def asset(self, exchange: Exchange) -> Text:
        """The path of an asset."""
        return _One(self, exchange, within_user=False).path()

    def sent(self, exchange: Exchange, place: Place, value: str | int, *, within_user: bool) -> Text | None:
        """What is sent for a recorded value that comes from an answer or is a credential; None for all others."""
        index = self._index(exchange)
        if index is None:
            return None
        if index == self._login and place.kind in {"form", "json", "query"} and is_credential(place.name):
            return (self._redaction.learn(place.name, value),)
        return self._values.sent(index, place, value, within_user=within_user)

    def header(self, exchange: Exchange, name: str, value: str) -> None:
        """Note a header that is not copied: all requests send it, from the environment."""
        if name.lower() == "cookie":
            strange = [cookie for cookie in exchange.cookies_sent if cookie not in self._set]
            self.strange_cookies |= dict.fromkeys(cookie for cookie in strange if not self.leaks(cookie))
            telling = any(is_telling(cookie) or looks_random(exchange.cookies_sent[cookie]) for cookie in strange)
            # The client keeps cookies that answers set; a header for all requests would stand in their place.
            if self._set and not telling:
                return
        if is_telling(name) or self.leaks(value):
            self.headers[name.title()] = self._redaction.variable(name)

    @property
    def redaction(self) -> Redaction:
        """What knows the secrets."""
        return self._redaction


class _One:
    """One exchange on its way to a call."""

    def __init__(self, writer: CallWriter, exchange: Exchange, *, within_user: bool) -> None:
        self._writer = writer
        self._exchange = exchange
        self._within_user = within_user
        self._redaction = writer.redaction
        self._strange: list[str] = []

    def call(self, function: str, think_s: float) -> Call:
        """The whole call."""
        exchange, name = self._exchange, self.name()
        call = Call(
            method=exchange.method,
            paths=(self.path(),),
            name=name,
            function=f"{function} {exchange.method} {name}",
            headers=self._headers(),
            tags=() if exchange.method in SAFE_METHODS else (WRITES,),
            think_s=think_s,
            follow_redirects=not 300 <= exchange.status < 400,  # what it led to was recorded as well
        )
        call = self._with_body(call) if table(exchange.request.get("postData")) else call
        strange = dict.fromkeys(self._strange)
        self._writer.strange |= {value: call.endpoint for value in strange if value not in self._writer.strange}
        note = f"Recorded, and from nowhere that perfgate saw: {', '.join(strange)}."
        return replace(call, notes=(*call.notes, note)) if strange else call

    def _sent(self, place: Place, value: str | int) -> Text | None:
        return self._writer.sent(self._exchange, place, value, within_user=self._within_user)

    def _segments(self) -> list[tuple[str, Text | None]]:
        """The parts of the path, encoded, each with what is sent in its place if it is of an answer."""
        raw = quote("/" + self._exchange.path.lstrip("/"), _IN_PATH, errors="replace").split("/")
        decoded = self._exchange.segments
        places = [path_place(decoded, position) for position in range(len(decoded))]
        return [
            (part, self._sent(place, unquote(part)) if part else None) for part, place in zip(raw, places, strict=True)
        ]

    def name(self) -> str:
        """The folded path; a part that is a secret or of an answer is an id to the reader."""
        shown = []
        for part, sent in self._segments():
            parts = self._redaction.path(unquote(part)) if sent is None else ("{id}",)
            shown.append("".join(piece if isinstance(piece, str) else "{id}" for piece in parts))
        return fold("/".join(shown))

    def path(self) -> Text:
        """The path with its query."""
        parts: list[Part] = []
        for number, (part, sent) in enumerate(self._segments()):
            parts += ["/"] if number else []
            own = self._redaction.path(part) if sent is None else _encoded(sent, _quoted)
            parts += own
            if sent is None and own == (part,) and fold(f"/{part}") == "/{id}":
                self._note_strange(Place("path", "id", ""), unquote(part))
        for number, (name, value) in enumerate(self._exchange.query):
            shown = "redacted" if self._writer.leaks(name) else name
            parts.append(f"{'&' if number else '?'}{quote_plus(shown, errors='replace')}=")
            parts += _encoded(_text(self._value(field_place(self._exchange, "query", name), name, value)), _quoted_plus)
        return merged(parts)

    def _value(self, place: Place, name: str, value: str) -> str | FromEnv | Text:
        """What is sent for a named text."""
        sent = self._sent(place, value)
        if sent is not None:
            return sent
        redacted = self._redaction.field(name, value)
        if redacted == value:
            self._note_strange(place, value)
        return redacted

    def _note_strange(self, place: Place, value: str) -> None:
        """A value that looks as if it named something that was there in the recording only."""
        if (names_id(place.name) or is_specific(value)) and not self._writer.leaks(value) and len(value) <= 60:
            self._strange.append(value)

    def _headers(self) -> dict[str, str | Text]:
        """The few headers that change an answer; those of an answer are sent again, the rest is the browser's."""
        kept: dict[str, str | Text] = {}
        own = self._exchange.own_headers
        for name, value in self._exchange.headers:
            wanted = next((known for known in _KEPT_HEADERS if known.lower() == name.lower()), None)
            if wanted and value.isascii() and value.isprintable() and value != "*/*" and not self._writer.leaks(value):
                kept[wanted] = value
            elif (name, value) in own:
                sent = None if name.lower() == "cookie" else self._sent(Place("header", name, ""), value)
                if sent is not None and all(
                    part.isascii() and part.isprintable() for part in sent if isinstance(part, str)
                ):
                    kept[name.title()] = self._without_secrets(sent)
                else:
                    self._writer.header(self._exchange, name, value)
        return kept

    def _without_secrets(self, text: Text) -> Text:
        """A text around a value of an answer: what else of it is a secret is read from the environment."""
        parts: list[Part] = []
        for part in text:
            parts += _text(self._redaction.text(part)) if isinstance(part, str) else (part,)
        return merged(parts)

    def _with_body(self, call: Call) -> Call:
        exchange = self._exchange
        kind = exchange.body_kind
        if kind == _FORM and exchange.form:
            form = {
                name: _alone(self._value(field_place(exchange, "form", name), name, value))
                for name, value in exchange.form
                if not self._writer.leaks(name)
            }
            return replace(call, form=form, headers={**call.headers, "Content-Type": kind})
        if "json" in kind and exchange.json is not None:
            return replace(call, json=self._redaction.json(self._json(exchange.json)))
        return replace(call, notes=(f"Its body ({endpoint_name(kind)[:60]}) is left to you.",)) if kind else call

    def _json(self, value: Any, name: str = "value") -> Any:
        """A JSON value with what comes from answers in its place."""
        if isinstance(value, dict):
            return {key: self._json(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [self._json(item, name) for item in value]
        if isinstance(value, bool) or not isinstance(value, str | int):
            return value
        place = field_place(self._exchange, "json", name)
        sent = self._sent(place, value)
        if sent is None:
            if isinstance(value, str) and self._redaction.field(name, value) == value:
                self._note_strange(place, value)
            return value
        return _alone(self._without_secrets(sent))


def _text(value: str | FromEnv | Extracted | Text) -> Text:
    return value if isinstance(value, tuple) else (value,)


def _alone(value: str | FromEnv | Extracted | Text) -> str | FromEnv | Extracted | Text:
    """A text of one part as that part, which need not be made a text."""
    return value[0] if isinstance(value, tuple) and len(value) == 1 else value


def _encoded(text: Text, how: Any) -> Text:
    return tuple(how(part) if isinstance(part, str) else part for part in text)


def _quoted(text: str) -> str:
    return quote(text, _IN_PATH.replace("/", ""), errors="replace")


def _quoted_plus(text: str) -> str:
    return quote_plus(text, errors="replace")
