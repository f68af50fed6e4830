"""A response as a scenario sees it: what Locust's clients give, made from bytes when it is asked for."""

from __future__ import annotations

import json as json_module
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

from locust.exception import CatchResponseError, LocustError, ResponseError
from requests import PreparedRequest, Request
from requests.cookies import RequestsCookieJar
from requests.exceptions import JSONDecodeError
from requests.utils import get_encoding_from_headers, parse_header_links

from perfgate.drive.client import cookies, headers
from perfgate.drive.client.clock import with_own_times
from perfgate.drive.client.content import ContentDecoder
from perfgate.drive.client.errors import BadResponseError, ClientError, HttpError
from perfgate.drive.client.redirects import body_after, location_of, method_after
from perfgate.drive.client.streaming import BodyFile, iter_decoded, iter_lines, iter_sized
from perfgate.drive.unrecorded import LOST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from requests.structures import CaseInsensitiveDict

    from perfgate.drive.client.body import Body
    from perfgate.drive.client.call import Call
    from perfgate.drive.client.clock import Timing
    from perfgate.drive.client.streaming import Stream

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OUTSIDE = "only inside a with-block: with self.client.get(..., catch_response=True) as response: ..."


class SentRequest:
    """The request that a response answers: `method`, `url`, `path_url`, `headers` and `body`."""

    __slots__ = ("_call", "body")

    def __init__(self, call: Call, body: Body) -> None:
        self._call = call
        self.body = body.data

    @property
    def method(self) -> str:
        """The method, in upper case."""
        return self._call.method

    @property
    def url(self) -> str:
        """The absolute URL."""
        return self._call.url

    @property
    def path_url(self) -> str:
        """Path and query."""
        return self._call.path

    @property
    def headers(self) -> CaseInsensitiveDict[str]:
        """The header fields that were sent, those of the cookie jar and the framing excluded."""
        return headers.collect(self._call.block.fields)


class Response:
    """The answer to a request, or what stands in for it when there was none (`status_code` 0, `error` set).

    Attributes:
        status_code: the HTTP status; 0 when there was no answer.
        error: why there was none, or None.
        timing: when it was sent and received.
        name: what it is recorded as, unless a with-block changes that.
        has_own_name: whether the scenario has chosen it.
    """

    timing: Timing
    name = ""
    has_own_name = False
    error: ClientError | None = None
    _fire: Callable[..., None] | None = None
    _meta: dict[str, Any] | None = None
    # Defaults on the class, as most responses are never looked into: setting them on each would take time.
    _headers: CaseInsensitiveDict[str] | None = None
    _history: list[Response] | None = None
    _encoding: str | None = None
    _stream: Stream | None = None
    _file: BodyFile | None = None
    _manual: bool | Exception | None = None
    _entered = False

    def __init__(self, call: Call | None, body: Body, status: int, head: bytes, content: bytes | None) -> None:
        self._call = call
        self._body = body
        self.status_code = status
        self._head = head
        self._content = content

    def recorded_by(self, fire: Callable[..., None], meta: dict[str, Any]) -> None:
        """Record this response at the end of its with-block.

        Others never hold their `meta`, which would be a cycle that only the garbage collector could free.
        """
        self._fire = fire
        self._meta = meta
        LOST.caught += 1

    def meta(self, method: str, failure: ClientError | None, url: str, context: dict[str, Any]) -> dict[str, Any]:
        """What the `request` event carries."""
        return {
            "request_type": method,
            "name": self.name,
            "response_time": self.response_time_ms,
            "response_length": self.length,
            "response": self,
            "context": context,
            "exception": failure,
            "start_time": self.timing.sent_ns / 1e9,
            "url": url,
            "perfgate": self.timing,
        }

    @property
    def request_meta(self) -> dict[str, Any]:
        """What the `request` event carries: inside a with-block a scenario may change it, and that is recorded."""
        if self._meta is not None:
            return self._meta
        method = self._call.method if self._call else ""
        return self.meta(method, self.failure_as(self.name), (self.history or [self])[0].url, {})

    @property
    def response_time_ms(self) -> float:
        """Service time in ms, over all redirects."""
        return (self.timing.received_ns - self.timing.sent_ns) / 1e6

    # What came.

    @property
    def request(self) -> SentRequest | None:
        """The request that this answers; None when it could not even be put together."""
        return SentRequest(self._call, self._body) if self._call else None

    @property
    def url(self) -> str:
        """The URL that was requested in the end; empty when there was none."""
        return self._call.url if self._call else ""

    @property
    def headers(self) -> CaseInsensitiveDict[str]:
        """Header fields by name, without regard to case; repeated ones joined with a comma."""
        if self._headers is None:
            self._headers = headers.collect(self.fields())
        return self._headers

    def fields(self) -> list[tuple[str, str]]:
        """All header fields in order, repeated ones apart."""
        return list(headers.parse(self._head)) if self._head else []

    @property
    def reason(self) -> str:
        """The reason phrase, or the standard one where the server sent none."""
        status_line = self._head.partition(b"\r\n")[0].decode("latin-1")
        reason = status_line.split(" ", 2)[2:]
        if reason and reason[0]:
            return reason[0]
        return HTTPStatus(self.status_code).phrase if self.status_code in HTTPStatus._value2member_map_ else ""

    @property
    def ok(self) -> bool:
        """Whether there was an answer, with a status that is a success."""
        return self.failure_as("") is None

    @property
    def is_redirect(self) -> bool:
        """Whether it sends the client elsewhere."""
        return self.status_code in REDIRECTS and "location" in self.headers

    @property
    def is_permanent_redirect(self) -> bool:
        """Whether it does so for good."""
        return self.status_code in {301, 308} and "location" in self.headers

    @property
    def history(self) -> list[Response]:
        """The redirects that led here, oldest first."""
        if self._history is None:
            self._history = []
        return self._history

    @history.setter
    def history(self, history: list[Response]) -> None:
        self._history = history

    @property
    def next(self) -> PreparedRequest | None:
        """What would have followed a redirect that was not followed; None where there is none."""
        location = location_of(self, self.url) if self._call and self.is_redirect else None
        if self._call is None or location is None:
            return None
        kept = body_after(self.status_code, self._body)
        request = Request(method_after(self.status_code, self._call.method), location, data=kept.data)
        return request.prepare()

    @property
    def elapsed(self) -> timedelta:
        """The service time of this hop, and not of the redirects before it."""
        return timedelta(milliseconds=self.response_time_ms - sum(hop.response_time_ms for hop in self.history))

    @property
    def cookies(self) -> RequestsCookieJar:
        """The cookies that this response sets."""
        jar = RequestsCookieJar()
        if self._head:
            cookies.extract(jar, self.cookie_url, self.fields())
        return jar

    @property
    def cookie_url(self) -> str:
        """The URL that cookies of this response belong to."""
        return self._call.origin.cookie_base + self._call.path if self._call else ""

    @property
    def links(self) -> dict[str, Any]:
        """The `Link` header, by relation."""
        found = parse_header_links(self.headers.get("link", ""))
        return {str(link.get("rel") or link.get("url")): link for link in found}

    # The body.

    def stream_from(self, stream: Stream) -> None:
        """The body has not come whole yet: its rest is read from `stream` when it is asked for."""
        stream.first, self._content = self._content or b"", None
        self._stream = stream

    def decode(self, limit: int) -> None:
        """Undo the content encoding of a body that is here; one that is damaged makes this a failure."""
        if self._content and (encoding := self.headers.get("content-encoding")):
            try:
                self._content = ContentDecoder(encoding, limit).decode_all(self._content)
            except BadResponseError as error:
                self.error = error

    @property
    def length(self) -> int:
        """Bytes of the decoded body; of a streamed one, what the headers say."""
        if self._content is not None:
            return len(self._content)
        declared = self.headers.get("content-length", "") if self._stream else ""
        return int(declared) if declared.isdecimal() else 0

    @property
    def content(self) -> bytes | None:
        """The whole body, decoded; None when there was no answer. A streamed one is read to its end."""
        if self._stream is not None and self._content is None:
            self._content = b"".join(iter_decoded(self._stream, self.headers.get("content-encoding")))
        return self._content

    @property
    def encoding(self) -> str | None:
        """The encoding of `text`, as the headers say; set it to override them."""
        if self._encoding is None:
            self._encoding = get_encoding_from_headers(self.headers)
        return self._encoding

    @encoding.setter
    def encoding(self, value: str | None) -> None:
        self._encoding = value

    @property
    def apparent_encoding(self) -> str:
        """The encoding that the body looks like."""
        from charset_normalizer import detect

        return str(detect(self.content or b"")["encoding"] or "utf-8")

    @property
    def text(self) -> str:
        """The body as text; empty when there is none."""
        content = self.content
        if not content:
            return ""
        try:
            return content.decode(self.encoding or self.apparent_encoding, "replace")
        except LookupError:  # the server names an encoding that does not exist
            return content.decode("utf-8", "replace")

    def json(self, **kwargs: Any) -> Any:
        """The body as JSON.

        Raises:
            requests.exceptions.JSONDecodeError: it is not (a subclass of `json.JSONDecodeError`).
        """
        content = self.content or b""
        try:
            return json_module.loads(content, **kwargs)
        except json_module.JSONDecodeError as error:
            raise JSONDecodeError(error.msg, error.doc, error.pos) from error
        except UnicodeDecodeError as error:
            raise JSONDecodeError(str(error), self.text, 0) from error

    def __iter__(self) -> Iterator[bytes]:
        return self.iter_content(128)

    @property
    def raw(self) -> BodyFile:
        """The body as a file, decoded; FastHttpUser's responses call it `stream`."""
        if self._file is None:
            self._file = BodyFile(self.iter_content(None))
        return self._file

    stream = raw

    def iter_content(
        self, chunk_size: int | None = 1, decode_unicode: bool = False, decode_content: bool | None = None
    ) -> Iterator[Any]:
        """The body in pieces of at most `chunk_size` bytes (None: as they come).

        They are text with `decode_unicode`, which FastHttpUser calls `decode_content`.
        """
        decode_unicode = decode_unicode or bool(decode_content)
        pieces = (
            iter_decoded(self._stream, self.headers.get("content-encoding"))
            if self._is_unread
            else iter([self._content or b""])
        )
        return iter_sized(pieces, chunk_size, (self.encoding or "utf-8") if decode_unicode else None)

    def iter_lines(
        self,
        chunk_size: int = 512,
        decode_unicode: bool = False,
        delimiter: Any = None,
    ) -> Iterator[Any]:
        """The body line by line, each as soon as it is whole."""
        del chunk_size  # lines are given as they come; there is nothing to tune
        return iter_lines(self.iter_content(None, decode_unicode), delimiter)

    @property
    def _is_unread(self) -> bool:
        return self._stream is not None and self._content is None

    def close(self) -> None:
        """Give up what has not been read of a streamed body."""
        if self._stream is not None:
            self._stream.close()

    # How it is recorded.

    def raise_for_status(self) -> None:
        """Raise what makes this a failure, if anything does.

        Raises:
            ClientError: there was no answer, or its status is 400 or more.
            Exception: what `failure` was called with.
        """
        if isinstance(self._manual, Exception):
            raise self._manual
        if not self._manual and (error := self.failure_as(self.url)):
            raise error

    def failure_as(self, name: str) -> ClientError | None:
        """Why this is a failure, with `name` in the text: the endpoint's name keeps the texts of failures few."""
        if self.error is not None:
            return self.error
        if 200 <= self.status_code < 400 or self._is_asked_upgrade():
            return None
        return HttpError(self.status_code, self.reason, name)

    def _is_asked_upgrade(self) -> bool:
        """Whether it agrees to another protocol that the request asked for (RFC 9110, section 15.2.2)."""
        return self.status_code == 101 and self.request is not None and "upgrade" in self.request.headers

    def success(self) -> None:
        """Record this as a success, whatever its status is."""
        self._check_entered()
        self._manual = True

    def failure(self, exc: Any) -> None:
        """Record this as a failure.

        Args:
            exc: an exception, or a text.
        """
        self._check_entered()
        self._manual = exc if isinstance(exc, Exception) else CatchResponseError(exc)

    def _check_entered(self) -> None:
        if not self._entered:
            raise LocustError(f"success() and failure() work {_OUTSIDE}")

    def __enter__(self) -> Self:
        if self._fire is None:
            raise LocustError(f"a with-block needs catch_response=True: {_OUTSIDE}")
        LOST.entered += not self._entered
        self._entered = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.close()
        meta = self.request_meta
        failure = self.failure_as(meta.get("name") or "")
        if self._manual is not None:
            meta["exception"] = self._manual if isinstance(self._manual, Exception) else None
        elif isinstance(error, ResponseError | ClientError):
            meta["exception"] = error
        elif failure is not None:  # whatever else the scenario raised, the service failed
            meta["exception"] = failure
        elif error is not None:  # as in Locust: an error of the scenario's own is no statement about the response
            LOST.leave(error)
            return False
        if self._fire is not None:
            self._fire(**with_own_times(meta, self.timing))
        # A body that broke while it was streamed is recorded, and ends the task as the scenario's own errors do.
        return error is None or (self._manual is None and isinstance(error, ResponseError))

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        return f"<Response [{self.status_code}]>"
