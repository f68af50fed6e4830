"""Login: which requests of a recording sign a user in, so that each user does that once, before everything else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from perfgate.scaffold import names
from perfgate.scaffold.places import leaves
from perfgate.scaffold.sketch import SAFE_METHODS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from perfgate.scaffold.correlation import Correlation
    from perfgate.scaffold.exchange import Exchange

_SIGNS_IN = frozenset(
    {"login", "logon", "signin", "session", "sessions", "token", "auth", "authenticate", "authentication"}
)
_SIGNS_UP = frozenset({"register", "registration", "signup", "join", "reset", "forgot", "change", "refresh", "revoke"})
_SIGNS_OUT = frozenset({"logout", "logoff", "signout", "signoff"})
_PASSWORD = re.compile(r"passw|passphrase|passcode|pwd|^pw$|^pass$|client[-_]?secret", re.IGNORECASE)
_USER = frozenset(
    {
        "user",
        "username",
        "userid",
        "uname",
        "login",
        "email",
        "mail",
        "name",
        "account",
        "identifier",
        "handle",
        "phone",
    }
)
_MOST_STEPS = 10  # of a login that goes on over several redirects


@dataclass(frozen=True)
class Login:
    """How a recording signs in, as indexes of its exchanges.

    Attributes:
        index: the request with the credentials.
        start: every request that each user sends once at its start, that one included, in their order.
        kept: those of them that are also part of the session: pages that are more than the login's own.
        ending: what would end the session, and what belongs to that.
        cookies: what later requests send because of it, and the client keeps.
    """

    index: int
    start: tuple[int, ...]
    kept: frozenset[int]
    ending: frozenset[int]
    cookies: tuple[str, ...]


def login_of(exchanges: list[Exchange], correlation: Correlation) -> Login | None:
    """The login of a recording; None where none is seen, or nothing is left besides it."""
    needs = [correlation.needs(index) for index in range(len(exchanges))]
    found = [index for index, exchange in enumerate(exchanges) if _could_sign_in(exchange)]
    gives = [index for index in found if _gives(index, exchanges, needs)]
    with_password = [index for index in gives if has_password(exchanges[index])]
    index = next(iter((*with_password, *gives)), None)
    if index is None:
        return None
    after = list(_going_on(index, exchanges))
    steps = sorted({*_before(index, exchanges, needs), index, *after})
    kept = frozenset(step for step in steps if step != index and _is_own_page(exchanges[step]))
    ending = frozenset(_ending(index, exchanges)) - set(steps)
    if len(exchanges) == len({*steps, *ending} - kept):
        return None
    cookies = dict.fromkeys(name for step in (index, *after) for name in _cookies_given(step, exchanges))
    return Login(index, tuple(steps), kept, ending, tuple(cookies))


def has_password(exchange: Exchange) -> bool:
    """Whether a request sends what looks like a password."""
    return any(_PASSWORD.search(name) for name in fields_of(exchange))


def fields_of(exchange: Exchange) -> Iterator[str]:
    """The names of what a request's body holds."""
    yield from (name for name, _ in exchange.form)
    for path, _ in leaves(exchange.json):
        yield str(path[-1]) if path else ""


def is_password(name: str) -> bool:
    """Whether a field holds what proves who signs in."""
    return _PASSWORD.search(name) is not None


def passwords_of(fields: Iterable[str]) -> set[str]:
    """The fields that hold a password; the secret of a client, as OAuth 2 has it beside one, only where it is alone."""
    found = {name for name in fields if is_password(name)}
    return {name for name in found if "client" not in names.words(name)} or found


def says_login(text: str) -> bool:
    """Whether a path or a name is one of a login, by its end: `/users/sign-in`, `loginUser`."""
    words = names.words(text)
    if not _SIGNS_UP.isdisjoint(words) or not _SIGNS_OUT.isdisjoint({*words, *map("".join, pairwise(words))}):
        return False
    return not _SIGNS_IN.isdisjoint({*words[-1:], *words[:1], "".join(words[-2:]), "".join(words[:2])})


def is_credential(name: str) -> bool:
    """Whether a field of a login says who signs in, or proves it."""
    return bool(_PASSWORD.search(name)) or not _USER.isdisjoint(names.words(name)[-1:])


def signs_out(exchange: Exchange) -> bool:
    """Whether a request ends the session that a login began."""
    ends = exchange.method == "DELETE" and not _SIGNS_IN.isdisjoint(names.words(exchange.path)[-1:])
    return ends or not _SIGNS_OUT.isdisjoint(_words(exchange))


def _words(exchange: Exchange) -> set[str]:
    return _path_words(exchange.path)


def _path_words(path: str) -> set[str]:
    """The words of a path, and each two of them as one: `sign-in` is `signin` too."""
    words = names.words(path)
    return {*words, *(first + second for first, second in pairwise(words))}


def _says_login(exchange: Exchange) -> bool:
    words = names.words(exchange.path)
    return not _SIGNS_IN.isdisjoint({*words[-1:], "".join(words[-2:])})


def _could_sign_in(exchange: Exchange) -> bool:
    if exchange.method != "POST" or not _SIGNS_UP.isdisjoint(_words(exchange)) or signs_out(exchange):
        return False
    passwords = passwords_of(fields_of(exchange))
    # Who writes a password twice chooses a new one.
    return len(passwords) == 1 or (not passwords and _says_login(exchange))


def _gives(index: int, exchanges: list[Exchange], needs: list[set[int]]) -> bool:
    """Whether what follows uses what a request was answered; browsers leave that out of exports that are to be safe."""
    used = any(index in needed for needed in needs[index + 1 :]) or bool(_cookies_given(index, exchanges))
    return used or (has_password(exchanges[index]) and is_sanitized(exchanges))


def is_sanitized(exchanges: list[Exchange]) -> bool:
    """Whether a recording was written without cookies and Authorization headers, as browsers do by default."""
    return not any(
        exchange.cookies_sent
        or exchange.cookies_set
        or any(name.lower() in {"authorization", "cookie"} for name, _ in exchange.headers)
        for exchange in exchanges
    )


def _cookies_given(index: int, exchanges: list[Exchange]) -> list[str]:
    before = exchanges[index].cookies_sent
    return [
        name
        for name, value in exchanges[index].cookies_set.items()
        if value
        and value != before.get(name)
        and any(later.cookies_sent.get(name) == value for later in exchanges[index + 1 :])
    ]


def _before(index: int, exchanges: list[Exchange], needs: list[set[int]]) -> set[int]:
    """What a request needs to have been asked for first: for values, and for the cookies that it sends."""
    found: set[int] = set()
    waiting = [index]
    while waiting:
        current = waiting.pop()
        wanted = set(needs[current])
        for name, value in exchanges[current].cookies_sent.items():
            setters = [step for step in range(current) if exchanges[step].cookies_set.get(name) == value]
            wanted |= set(setters[:1])
        waiting += wanted - found
        found |= wanted
    return found


def _going_on(index: int, exchanges: list[Exchange]) -> Iterator[int]:
    """The redirects after a login that are part of it: each leads on, or sets a cookie that is used."""
    current = index
    for _ in range(_MOST_STEPS):
        target = exchanges[current].leads_to
        following = current + 1
        if not target or following >= len(exchanges) or not _is_at(exchanges[following], target):
            return
        if not (exchanges[following].leads_to or _cookies_given(following, exchanges)):
            return
        yield following
        current = following


def _ending(index: int, exchanges: list[Exchange]) -> Iterator[int]:
    """What signs out, where that leads, and what nobody sees who is signed in: the login page, and what leads to it."""
    asked = {exchanges[step].path for step in range(index) if "html" in exchanges[step].kind}
    login_pages = {path for path in asked if not _SIGNS_IN.isdisjoint(_path_words(path))} | {exchanges[index].path}
    yield from (step for step in range(index) if urlsplit(exchanges[step].leads_to).path in login_pages)
    target = ""
    for step in range(index + 1, len(exchanges)):
        exchange = exchanges[step]
        at_login = exchange.page and exchange.path in login_pages
        if signs_out(exchange) or at_login or (target and _is_at(exchange, target)):
            yield step
            target = exchange.leads_to
        else:
            target = ""


def _is_at(exchange: Exchange, url: str) -> bool:
    wanted, found = urlsplit(url), urlsplit(exchange.url)
    return exchange.method in SAFE_METHODS and (wanted.path or "/", wanted.query) == (found.path or "/", found.query)


def _is_own_page(exchange: Exchange) -> bool:
    """Whether a page that a login needs is more than the login's own."""
    if exchange.method not in SAFE_METHODS or exchange.leads_to:
        return False
    return (_SIGNS_IN | {"csrf", "xsrf", "nonce"}).isdisjoint(_words(exchange))
