"""Redaction: secrets of a recording never reach a file; where one stood, the environment is read.

Two nets, one behind the other: what stands under a telling name (a header, a field, a query parameter) or looks like
a token is a secret; and whatever was found to be one anywhere in the recording is one wherever else it turns up.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from perfgate.scaffold import names
from perfgate.scaffold.secrecy import is_telling, looks_random, secrets_within, without_scheme
from perfgate.scaffold.sketch import Extracted, FromEnv, Part, Text, merged

if TYPE_CHECKING:
    from collections.abc import Callable

_SHORTEST = 6  # a shorter secret is only found under its own name, not inside other texts


def _substantial(text: str) -> bool:
    return len(text) >= 16 or (len(text) >= 8 and not text.isalpha())


def _quoted(text: str, how: Callable[..., str]) -> str:
    return how(text, safe="", errors="replace")


class Redaction:
    """Replaces the secrets of one recording.

    Args:
        prefix: of the names of environment variables.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._known: dict[str, FromEnv] = {}  # secret -> where it is read from

    def variable(self, label: str) -> FromEnv:
        """The variable of the secrets under one name."""
        if looks_random(label) or self.leaks(label):  # some tools write `?TOKEN=`: the name itself is the secret
            label = "secret"
        about = f"{names.prose(label, 40)} was a secret in the recording and was not copied"
        return FromEnv(names.variable(self._prefix, label), about)

    def learn(self, label: str, value: Any, *, sure: bool = True) -> FromEnv:
        """Remember a secret, so that it is found elsewhere too.

        Args:
            label: the name under which it stood.
            value: the secret; only texts can be found again.
            sure: it is one whatever it looks like; else a plain word (`token_type: bearer`, a cookie that says
                `accepted`) is not looked for in other texts.
        """
        variable = self.variable(label)
        if isinstance(value, str):
            for form in (value, without_scheme(value)):
                if len(form) >= _SHORTEST and (sure or _substantial(form)):
                    self._remember(form.strip(), variable)
        return variable

    def _remember(self, secret: str, variable: FromEnv) -> None:
        forms = {secret, unquote(secret), unquote_plus(secret)}
        for form in forms | {_quoted(form, quote) for form in forms} | {_quoted(form, quote_plus) for form in forms}:
            self._known.setdefault(form, variable)

    def learn_fields(self, value: Any, *, sure: bool, name: str = "") -> None:
        """Remember the secrets of a JSON value: what stands under telling names."""
        if isinstance(value, list):
            for item in value:
                self.learn_fields(item, sure=sure, name=name)
        elif isinstance(value, dict):
            named = _named(value)
            for key, item in value.items():
                self.learn_fields(item, sure=sure, name=named if named and key == "value" else key)
        elif is_telling(name, value):
            self.learn(name, value, sure=sure)

    def field(self, name: str, value: str) -> str | FromEnv | Text:
        """A value under its name, e.g. of a query or a form."""
        whole = (secret for _, secret in secrets_within(value))
        if is_telling(name, value) or looks_random(value) or value in whole:
            return self.learn(name, value)
        return self.text(value)

    def text(self, text: str) -> str | FromEnv | Text:
        """A text of some length with the secrets inside it replaced, and the rest as it stood."""
        for label, secret in secrets_within(text):
            self.learn(label, secret)
        parts = self._parted(text)
        return parts[0] if len(parts) == 1 and not isinstance(parts[0], Extracted) else parts

    def json(self, value: Any, name: str = "value") -> Any:
        """A JSON value with its secrets replaced.

        Args:
            value: JSON.
            name: the name under which it stands.
        """
        if isinstance(value, dict):
            named = _named(value)
            return {
                self._key(key): self.json(item, named if named and key == "value" else key)
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [self.json(item, name) for item in value]
        if isinstance(value, str):
            return self.field(name, value)
        # A number under a telling name (a PIN) is one too; true, false and null tell nothing.
        return self.learn(name, value) if type(value) in {int, float} and is_telling(name, value) else value

    def _key(self, key: str) -> str:
        return "redacted" if looks_random(key) or self.leaks(key) else key

    def path(self, path: str) -> Text:
        """A path without its query, its secret parts replaced."""
        parts: list[Part] = []
        for number, part in enumerate(path.split("/")):
            parts += ["/"] if number else []
            if looks_random(unquote(part), 32):
                parts.append(self.learn("path token", part))
            else:
                shown = self.text(part)
                parts += shown if isinstance(shown, tuple) else (shown,)
        return merged(parts)

    def _parted(self, text: str) -> Text:
        """A text cut at the known secrets, the longest first, so that none is left for being a part of another."""
        found = sorted((secret for secret in self._known if secret in text), key=len, reverse=True)
        if not found or not text:
            return (text,)
        cuts = re.split(f"({'|'.join(map(re.escape, found))})", text)
        return merged(
            self._known.get(piece, piece) if number % 2 else piece for number, piece in enumerate(cuts) if piece
        )

    def leaks(self, text: str) -> bool:
        """Whether a text holds a known secret, or one that shows itself."""
        return any(secret in text for secret in self._known) or next(secrets_within(text), None) is not None


def _named(value: dict[str, Any]) -> str:
    """The name that a table gives its `value`: `{"name": "password", "value": ...}`, as forms are often sent."""
    return next((value[key] for key in ("name", "key", "field", "id") if isinstance(value.get(key), str)), "")
