"""Secrecy: by which names and by which looks a value of a recording counts as a secret. Leans towards too much."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from perfgate.scaffold import names

if TYPE_CHECKING:
    from collections.abc import Iterator

# Words that tell by themselves, alone or as a part of a name: `authToken`, `X-Api-Key`, `user[pw]`, `cc_number`.
_NAMES = """
    apikey appkey assertion auth authentication authorisation authorization bearer captcha cc ccn ccnum ccnumber cookie
    cookies credential credentials creditcard csc csrf csrfmiddlewaretoken cvc cvv cvv2 dob iban imei jsessionid jwt
    mail email msisdn nonce otp pan passcode passphrase passwd password passwords phone phpsessid pin private pw pwd
    refresh samlresponse secret secrets sess sessid session sessionid sid sig signature ssn sso tel totp token tokens
    verifier xsrf
"""
_WORDS = frozenset(_NAMES.split())
# Written together, as in `accesstoken`, `usersecret`, `oldpwd`; `author` and `authority` are nobody's secret.
_WITHIN = re.compile(
    r"passw|passphrase|passcode|pwd|secret|token|api[-_.]?key|access[-_.]?key|auth(?!or(?!i[sz]))|session|csrf|xsrf"
    r"|signature|credential|card[-_.]?(num|no|holder)|(account|routing)[-_.]?n(um|o)|jwt|bearer|cookie|private|assertion"
    r"|e[-_.]?mail",
    re.IGNORECASE,
)
# Names that say little; what stands under them is often a secret, and often a page number.
_CURT = frozenset({"code", "hmac", "k", "key", "p", "pass", "ticket", "tok"})
_NOTHING = frozenset({"", "true", "false", "null", "none", "undefined"})
_COUNTED = re.compile(r"tokens$|^(max|min|num|n|total|prompt|completion)[-_.]?tokens?", re.IGNORECASE)

_JWT = re.compile(r"(?<![\w-])eyJ[\w-]{5,}\.[\w-]+\.?[\w-]*")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SCHEME = re.compile(r"(bearer|basic|digest|token|negotiate|hawk|apikey|aws4-hmac-sha256) +(?=\S)", re.IGNORECASE)
# What some issuers begin their keys with: AWS, GitHub, GitLab, Google, Slack, Stripe, OpenAI, npm, SendGrid, PyPI.
_ISSUED = re.compile(
    r"(?<!\w)(?:(AKIA|ASIA)[A-Z0-9]{8,}|gh[oprsu]_\w{10,}|github_pat_\w{10,}|glpat-[\w-]{10,}|AIza[\w-]{10,}|ya29\.[\w-]{10,}"
    r"|xox[abeoprs]-[\w-]{8,}|[prs]k[-_](live|test|proj|ant)?[-_]?[\w-]{10,}|npm_\w{10,}|SG\.[\w-]{10,}|pypi-[\w-]{10,})"
)
_MAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}(?:@|%40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", re.IGNORECASE)
_CARD = re.compile(r"\d(?:[ -]?\d){12,18}")
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?")
_KEY_BLOCK = re.compile(r"-----BEGIN [A-Z ]+-----")
# `$password: String!` declares a variable.
_TYPES = frozenset({"string", "string!", "id", "id!", "int", "int!", "boolean"})
# `name=value`, `name: "value"`, `"name": "value"` and `<name>value` within a longer text: GraphQL, XML, nested JSON.
_PAIR = re.compile(
    r"""(?<![\w.-])(?=(?P<name>[A-Za-z][\w.-]{0,60})(?:\\*["'])?\s*(?:[:=]\s*(?:\\*(?P<quote>["']))?|>)
        (?P<value>(?(quote)[^"'\\]+|[^\s"'\\<>&;,(){}\[\]$]+)))""",  # ahead: a pair may stand within another's value
    re.VERBOSE,
)


def is_telling(name: str, value: Any = None) -> bool:
    """Whether a value under this name is a secret.

    Args:
        name: of a header, a field, a query parameter, a cookie or an argument.
        value: what stands there, as far as known; a short number under a curt name (`?p=2`) is a page, and a number
            of tokens is a number; true, false and nothing tell nothing.
    """
    number = isinstance(value, int | float) or (isinstance(value, str) and re.fullmatch(r"\d{1,4}", value) is not None)
    if isinstance(value, bool) or (isinstance(value, str) and value.lower() in _NOTHING):
        return False
    if number and _COUNTED.search(name):
        return False
    if name.lower() in _CURT:
        return not number
    parts = names.words(name)
    pairs = (first + second for first, second in pairwise(parts))  # `pass_word`
    return not _WORDS.isdisjoint((*parts, *pairs)) or _WITHIN.search(name) is not None


def without_scheme(text: str) -> str:
    """What follows `Bearer` or another scheme of authorization."""
    return _SCHEME.sub("", text, count=1)


def looks_random(text: str, longest: int = 20) -> bool:
    """Whether a text looks like a token rather than like something that people or databases name things by.

    Args:
        text: a whole value.
        longest: what is shorter than this is no token unless its form says so.
    """
    bare = without_scheme(text).strip()
    if _JWT.fullmatch(bare) or _ISSUED.fullmatch(bare) or (bare != text.strip() and len(bare) >= 6):
        return True
    if len(bare) < longest or _UUID.fullmatch(bare) or not re.fullmatch(r"[\w+/=.~:%$!*-]+", bare):
        return False
    kinds = (re.search("[a-z]", bare), re.search("[A-Z]", bare), re.search(r"\d", bare))
    return all(kinds) or (len(bare) >= 32 and re.fullmatch("[0-9a-fA-F]+", bare) is not None)


def _is_card(digits: str) -> bool:
    """By the check digit of ISO/IEC 7812 (Luhn)."""
    figures = [int(char) for char in digits if char.isdigit()][::-1]
    doubled = [sum(divmod(2 * figure, 10)) for figure in figures[1::2]]
    return (sum(figures[::2]) + sum(doubled)) % 10 == 0 and len(set(figures)) > 1


def _is_iban(text: str) -> bool:
    """By the check digits of ISO 13616 (modulo 97)."""
    bare = text.replace(" ", "")
    return int("".join(str(int(char, 36)) for char in bare[4:] + bare[:4])) % 97 == 1


def secrets_within(text: str) -> Iterator[tuple[str, str]]:
    """The secrets inside a longer text, each with a label: addresses, cards, keys, and values under telling names."""
    for label, pattern in (("mail", _MAIL), ("token", _JWT), ("key", _ISSUED)):
        yield from ((label, found.group()) for found in pattern.finditer(text))
    yield from (("iban", found.group()) for found in _IBAN.finditer(text) if _is_iban(found.group()))
    yield from (("card", found.group()) for found in _CARD.finditer(text) if _is_card(found.group()))
    if _KEY_BLOCK.search(text):
        yield "private key", text
    for found in _PAIR.finditer(text):
        name, value = found["name"], found["value"].strip()
        if is_telling(name, value) and value.lower() not in _TYPES:
            yield name, value
