"""Redaction: secrets of a recording never reach a file; where one stood, the environment is read.

Two nets, one behind the other: what stands under a telling name (a header, a field, a query parameter) or looks like
a token is a secret; and whatever was found to be one anywhere in the recording is one wherever else it turns up.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from perfgate.scaffold import names
from perfgate.scaffold.sketch import FromEnv, Text, merged

if TYPE_CHECKING:
    from collections.abc import Callable

_TELLING = re.compile(
    r"passw|passphrase|^pass$|pwd|secret|token|api[-_]?key|access[-_]?key|auth(?!or)|session|^sid$|csrf|xsrf|signature"
    r"|^sig$|credential|card[-_]?(num|no)|cvv|cvc|^ssn$|^otp$|^pin$|jwt|bearer|cookie|private|nonce|assertion",
    re.IGNORECASE,
)
_JWT = re.compile(r"(bearer |basic )?eyJ[\w-]{5,}\.[\w-]+\.?[\w-]*", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SCHEME = re.compile(r"(bearer|basic|digest|token) +", re.IGNORECASE)
_SHORTEST = 6  # a shorter secret is only found under its own name, not inside other texts


def is_telling(name: str) -> bool:
    """Whether values under this name are secrets."""
    return _TELLING.search(name) is not None


def looks_random(text: str, longest: int = 20) -> bool:
    """Whether a text looks like a token rather than like something that people or databases name things by."""
    if _JWT.fullmatch(text):
        return True
    if len(text) < longest or _UUID.fullmatch(text) or not re.fullmatch(r"[\w+/=.~:%-]+", text):
        return False
    kinds = (re.search("[a-z]", text), re.search("[A-Z]", text), re.search(r"\d", text))
    return all(kinds) or (len(text) >= 32 and re.fullmatch("[0-9a-fA-F]+", text) is not None)


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
            for form in (value, _SCHEME.sub("", value, count=1)):
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
            for key, item in value.items():
                self.learn_fields(item, sure=sure, name=key)
        elif is_telling(name):
            self.learn(name, value, sure=sure)

    def field(self, name: str, value: str) -> str | FromEnv:
        """A value under its name, e.g. of a query or a form."""
        if is_telling(name) or looks_random(value):
            return self.learn(name, value)
        return self._found_in(value) or value

    def json(self, value: Any, name: str = "value") -> Any:
        """A JSON value with its secrets replaced.

        Args:
            value: JSON.
            name: the name under which it stands.
        """
        if isinstance(value, dict):
            return {self._key(key): self.json(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [self.json(item, name) for item in value]
        if isinstance(value, str):
            return self.field(name, value)
        # A number under a telling name (a PIN) is one too; true, false and null tell nothing.
        return self.learn(name, value) if is_telling(name) and type(value) in {int, float} else value

    def _key(self, key: str) -> str:
        return "redacted" if looks_random(key) or self._found_in(key) else key

    def path(self, path: str) -> Text:
        """A path without its query, its secret parts replaced."""
        parts: list[str | FromEnv] = []
        for number, part in enumerate(path.split("/")):
            variable = self._found_in(part) or (
                self.learn("path token", part) if looks_random(unquote(part), 32) else None
            )
            parts += (["/"] if number else []) + [variable or part]
        return merged(parts)

    def _found_in(self, text: str) -> FromEnv | None:
        return next((variable for secret, variable in self._known.items() if secret in text), None)

    def leaks(self, text: str) -> bool:
        """Whether a text holds a known secret."""
        return self._found_in(text) is not None
