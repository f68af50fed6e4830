"""From what a scenario says to a request that can be sent: the session's defaults and the one request's wishes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from requests import PreparedRequest
from requests.sessions import merge_setting
from requests.structures import CaseInsensitiveDict
from requests.utils import get_netrc_auth

from perfgate.drive.client.address import Base, Target, parse_url, resolve
from perfgate.drive.client.body import Body, with_query
from perfgate.drive.client.cache import RecentCache
from perfgate.drive.client.call import Call, basic_auth, block_of, build_call
from perfgate.drive.client.errors import InvalidRequestError

if TYPE_CHECKING:
    from perfgate.drive.client.headers import Fields
    from perfgate.drive.client.options import Wishes

_MOST_CALLS = 8192
_LONGEST_KEY = 4096  # a longer URL is encoded anew each time, rather than kept


@dataclass(frozen=True, slots=True, eq=False)
class Defaults:
    """What a session adds to each request; one object while it stays the same, so that it can be part of a key."""

    base: Base
    fields: Fields
    auth: Any
    params: Any
    trust_env: bool = False

    @property
    def is_simple(self) -> bool:
        """Whether a URL is enough to know the request: `plain_call` will do."""
        return self.params is None and not callable(self.auth)


_calls: RecentCache[Call] = RecentCache(_MOST_CALLS)
_defaults: RecentCache[Defaults] = RecentCache(1024)


def defaults_of(base: Base, fields: Fields, auth: Any, params: Any, *, trust_env: bool = False) -> Defaults:
    """The defaults, the same object for all users whose sessions have the same ones."""
    # A callable may have no hash; its identity is as good, since the value holds it alive.
    key = (base.url, fields, id(auth) if callable(auth) else auth, repr(params), trust_env)
    known = _defaults.get(key)
    if known is None:
        known = Defaults(base, fields, auth, params, trust_env)
        _defaults.put(key, known)
    return known


def compose(defaults: Defaults, method: str, url: str, wishes: Wishes, body: Body) -> tuple[Call, Body]:
    """The request, from the cache when it was sent before; the body changes only where a callable `auth` changes it.

    Raises:
        InvalidRequestError: it cannot be sent.
    """
    if params := merge_setting(wishes.params or {}, defaults.params):
        url = with_query(url, params)
    auth = defaults.auth if wishes.auth is None else wishes.auth  # an empty pair: none, for once
    fields = tuple(wishes.headers.items()) if wishes.headers else ()
    if callable(auth):
        return _signed(auth, _new_call(defaults, method, url, (fields, None, body.content_type)), body)
    return _composed(defaults, method, url, (fields, tuple(auth) if auth else None, body.content_type)), body


def _composed(defaults: Defaults, method: str, url: str, extras: tuple[Fields, Any, str | None]) -> Call:
    key = (defaults, method, url, extras)
    call = _calls.get(key)
    if call is None:
        call = _new_call(defaults, method, url, extras)
        if len(url) <= _LONGEST_KEY:
            _calls.put(key, call)
    return call


def plain_call(defaults: Defaults, method: str, url: str) -> Call:
    """`compose` for a request without wishes and body, by far the most common; the defaults must be simple."""
    key = (defaults, method, url)
    call = _calls.young.get(key) or _calls.get(key)
    if call is None:
        call = _new_call(defaults, method, url, ((), tuple(defaults.auth) if defaults.auth else None, None))
        if len(url) <= _LONGEST_KEY:
            _calls.put(key, call)
    return call


def _new_call(defaults: Defaults, method: str, url: str, extras: tuple[Fields, Any, str | None]) -> Call:
    fields, auth, content_type = extras
    target = resolve(defaults.base, url)
    layers = (
        ((("Content-Type", content_type),) if content_type else ()),
        defaults.fields,
        fields,
        _auth(auth, target, defaults),
    )
    return build_call(method, target, block_of(target.origin, *layers))


def _auth(auth: Any, target: Target, defaults: Defaults) -> Fields:
    """Credentials in the URL count when none are given otherwise, and after them those of `.netrc`, when trusted."""
    pair = auth or target.auth or (get_netrc_auth(target.origin.base) if defaults.trust_env else None)
    if not pair:
        return ()
    if len(pair) != 2:
        raise InvalidRequestError("auth is a pair (user, password) or a callable")
    return (("Authorization", basic_auth(*pair)),)


def _signed(auth: Any, call: Call, body: Body) -> tuple[Call, Body]:
    """Let a callable change the request, as it would change one of requests'."""
    prepared = PreparedRequest()
    prepared.method, prepared.url, prepared.body = call.method, call.url, body.data
    own = tuple(field for field in call.block.fields if field != ("Host", call.origin.authority))
    prepared.headers = CaseInsensitiveDict(own)
    signed = auth(prepared)
    target = parse_url(signed.url)
    content = signed.body.encode() if isinstance(signed.body, str) else signed.body
    block = block_of(target.origin, tuple(signed.headers.items()))
    changed = build_call(signed.method, target, block)
    return changed, Body(content, None, body.chunked)
