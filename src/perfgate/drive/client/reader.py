"""Reads one response after the other from a connection's bytes; llhttp does the parsing, header objects come later.

llhttp checks the syntax and finds the end of the message. The head is kept as bytes: most scenarios never look at
a header, so none is made into an object before someone asks.
"""

from __future__ import annotations

from dataclasses import dataclass

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from perfgate.drive.client.cache import RecentCache
from perfgate.drive.client.errors import BadResponseError, ClosedEarlyError
from perfgate.drive.client.tolerance import may_be_mended, mended

MAX_HEAD_BYTES = 64 * 1024
MAX_FIELDS = 256
_OVERSIZED = f"the head has more than {MAX_HEAD_BYTES} bytes or {MAX_FIELDS} fields"
_END_OF_HEAD = b"\r\n\r\n"


_LONGEST_KNOWN = 2048  # longer heads are parsed each time, rather than kept


@dataclass(frozen=True, slots=True)
class KnownHead:
    """What llhttp made of a head: the same bytes mean the same again.

    Attributes:
        length: how many bytes of body follow.
    """

    status: int
    length: int
    is_plain: bool


# A service's answers mostly repeat their heads byte for byte within a second (the `Date` changes then).
_known_heads: RecentCache[KnownHead] = RecentCache(1024)


class ResponseReader:
    """What llhttp calls back while it parses; one per connection.

    Args:
        max_body_bytes: a body that takes more memory than this is a failure.

    Attributes:
        head: the final response's status line and header lines, without the empty line; set with `has_head`.
        status: its status code.
        has_head: the head is complete.
        is_plain: no header field of it needs to be acted on: no cookie is set, the body has no content encoding.
        complete: the whole response is.
        keep_alive: the connection can carry another request.
        overfed: more came than this one answer.
        started: at least one byte of this response has come.
    """

    __slots__ = (
        "_body",
        "_body_bytes",
        "_is_head",
        "_max_body_bytes",
        "_mends",
        "_parser",
        "_raw",
        "complete",
        "has_head",
        "head",
        "is_plain",
        "keep_alive",
        "overfed",
        "started",
        "status",
    )

    def __init__(self, max_body_bytes: int) -> None:
        self._max_body_bytes = max_body_bytes
        self._parser: HttpResponseParser | None = None
        self._body: list[bytes] = []
        self.begin(False)
        self._begin_parsing()

    def begin(self, is_head: bool) -> None:
        """Prepare for the answer to a request; `is_head` when that was a HEAD, whose answer has no body."""
        self._is_head = is_head
        self.has_head = self.complete = self.started = self.overfed = False

    def feed(self, data: bytes) -> None:
        """Parse more bytes.

        Raises:
            BadResponseError: they are not HTTP, or break a limit.
        """
        if self.started:
            self._parse(data)
            return
        self.started = True
        head, _, body = data.partition(_END_OF_HEAD)
        known = _known_heads.young.get(head) or _known_heads.get(head)
        if known is not None and len(body) == known.length and not self._is_head:
            # It is whole, and its head was parsed before.
            self.head, self.status, self.is_plain = head, known.status, known.is_plain
            self._body = [body]
            self.has_head = self.complete = self.keep_alive = True
            return
        self._begin_parsing()
        self._parse(data)
        if self.complete and self.keep_alive and not self._is_head:
            self._remember(data)

    def _begin_parsing(self) -> None:
        self._mends = False
        self._raw = self.head = b""
        self._body = []
        self._body_bytes = self.status = 0
        self.keep_alive = self.is_plain = False

    def _remember(self, data: bytes) -> None:
        """Keep what was parsed, when nothing but the head decided where this answer ended, and it came in one piece."""
        head = self.head
        whole = len(head) + len(_END_OF_HEAD) + self._body_bytes == len(data) and data.startswith(head)
        if whole and len(head) <= _LONGEST_KNOWN and b"\r\ntransfer-encoding:" not in head.lower():
            _known_heads.put(head, KnownHead(self.status, self._body_bytes, self.is_plain))

    def _parse(self, data: bytes) -> None:
        if not self.has_head:
            self._raw = self._raw + data if self._raw else data
        if self._mends and not self.has_head:
            self._parse_mended(None)
        else:
            self._parse_next(data)
        if not self.has_head and len(self._raw) > MAX_HEAD_BYTES:
            raise BadResponseError(_OVERSIZED, kind="oversized headers")
        if self._body_bytes > self._max_body_bytes:
            raise BadResponseError(f"the body is larger than {self._max_body_bytes} bytes", kind="oversized body")

    def _parse_next(self, data: bytes) -> None:
        parser = self._parser
        if parser is None:
            parser = self._parser = HttpResponseParser(self)
        try:
            parser.feed_data(data)
        except HttpParserUpgrade:
            self.complete, self.keep_alive = True, False
        except HttpParserError as error:
            self._on_bad_syntax(error)

    def _parse_mended(self, refused: HttpParserError | None) -> None:
        """Parse once more, with the head as it should have been written, as soon as it is here."""
        whole = mended(self._raw)
        if whole is None:
            return
        if whole == self._raw and refused is not None:  # there is nothing to mend in it
            raise BadResponseError(f"the answer is not HTTP: {refused}") from refused
        self._raw = whole
        self._parser = None
        self._parse_next(whole)

    def _on_bad_syntax(self, error: HttpParserError) -> None:
        cause = error.__context__
        if isinstance(cause, BadResponseError):  # raised by a callback below
            raise cause
        if not (self.complete or self.has_head or self._mends) and may_be_mended(self._raw):
            self._mends = True
            self._parse_mended(error)
            return
        if not self.complete:
            raise BadResponseError(f"the answer is not HTTP: {error}") from error
        self._on_more()

    def _on_more(self) -> None:
        """Something follows the complete answer, and nobody asked for it; the answer itself is whole."""
        self.keep_alive, self.overfed = False, True

    def on_message_begin(self) -> None:
        """A status line starts; after the complete answer it is one that nobody asked for."""
        if self.complete:
            self._on_more()

    def on_headers_complete(self) -> None:
        """The head is whole: cut it out of what came."""
        if self.complete:
            return
        raw = self._raw.lstrip(b"\r\n")
        end = raw.find(_END_OF_HEAD)
        self.head = raw[:end]
        if end < 0 or end > MAX_HEAD_BYTES or (end > 4 * MAX_FIELDS and self.head.count(b"\n") > MAX_FIELDS):
            raise BadResponseError(_OVERSIZED, kind="oversized headers")
        parser = self._parser or HttpResponseParser(self)  # the first, always: it is what calls this
        self.status = parser.get_status_code()
        if 100 <= self.status < 200 and self.status != 101:
            self._raw = raw[end + len(_END_OF_HEAD) :]
            return
        self._raw = b""
        self.has_head = True
        self.keep_alive = parser.should_keep_alive() and not self._mends
        lower = self.head.lower()
        self.is_plain = b"\r\nset-cookie:" not in lower and b"\r\ncontent-encoding:" not in lower
        if self._is_head:
            self._end_head_only(has_more=len(raw) > end + len(_END_OF_HEAD))

    def _end_head_only(self, *, has_more: bool) -> None:
        # llhttp cannot be told that no body follows; it waits for one, so this parser is done.
        self.complete = True
        self.keep_alive = (
            not self._mends and b"\r\nconnection: close" not in self.head.lower() and self.head.startswith(b"HTTP/1.1")
        )
        self._parser = None
        if has_more:
            self._on_more()

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        if not self.complete:
            self._body.append(data)
            self._body_bytes += len(data)

    def on_message_complete(self) -> None:
        """The message is whole; an interim one (1xx) is passed over."""
        if self.has_head:
            self.complete = True

    def end(self) -> None:
        """The stream has ended.

        Raises:
            ClosedEarlyError: before the answer was complete.
        """
        self.keep_alive = False
        if self.complete:
            return
        head = self.head.lower()
        framed = b"\r\ncontent-length:" in head or (b"\r\ntransfer-encoding:" in head and b"chunked" in head)
        if not self.has_head or framed:
            where = "in the middle of the body" if self.has_head else "before the head was complete"
            raise ClosedEarlyError(f"the server closed the connection {where}")
        self.complete = True

    def take_body(self) -> bytes:
        """What has come of the body since the last call."""
        parts, self._body, self._body_bytes = self._body, [], 0
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        """Break the reference cycle with the parser."""
        self._parser = None
