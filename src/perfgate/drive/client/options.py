"""What a scenario can say about one request besides its method, URL and body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from perfgate.drive.client.tls import Cert, Verify

Timeout = float | tuple[float | None, float | None] | None


class Options(TypedDict, total=False):
    """The keyword arguments of `Session.request`; see `Wishes`."""

    params: Any
    headers: Any
    cookies: Any
    files: Any
    auth: Any
    timeout: Timeout
    allow_redirects: bool
    stream: bool
    verify: Verify | None
    cert: Cert
    proxies: Any
    hooks: Any


class NamedOptions(Options, total=False):
    """The keyword arguments of `get`, `post` and so on."""

    name: str | None
    catch_response: bool
    context: dict[str, Any] | None


class BodyOptions(NamedOptions, total=False):
    """The keyword arguments of those whose body is rarely given."""

    data: Any
    json: Any


@dataclass(frozen=True, slots=True)
class Wishes:
    """The options of one request.

    Attributes:
        params: appended to the query: a mapping, pairs, or an encoded query.
        headers: laid over the session's; None as a value removes a field.
        cookies: sent with this request besides the session's: a mapping or a jar.
        files: a multipart upload, as requests takes it.
        auth: a pair (user, password), or a callable that takes and returns a prepared request.
        timeout: seconds for connecting and for the whole exchange, or a pair of the two, where None is no limit;
            None is the session's.
        allow_redirects: follow them.
        stream: return when the head has come; the body is read by `iter_content`, `iter_lines` or `content`.
        verify, cert, proxies: instead of the session's.
        hooks: `{"response": callable or callables}`, called with the response before it is recorded.
    """

    params: Any = None
    headers: Any = None
    cookies: Any = None
    files: Any = None
    auth: Any = None
    timeout: Timeout = None
    allow_redirects: bool = True
    stream: bool = False
    verify: Verify | None = None
    cert: Cert = None
    proxies: Any = None
    hooks: Any = None


NO_WISHES = Wishes()
