"""Undoes `Content-Encoding`: gzip and deflate always, brotli and zstd where a library for them is installed."""

from __future__ import annotations

import zlib
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from perfgate.drive.client.errors import BadResponseError

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_BODY_BYTES = 1024 * 1024 * 1024
_WAYS_IN_A_ROW = 4  # nobody encodes more often; a header that says so is an attack


class Decoder(Protocol):
    """Undoes one encoding, piece by piece."""

    def decode(self, data: bytes) -> bytes:
        """What `data` gives; may be empty."""

    def finish(self) -> None:
        """No more comes: complain when something is missing."""


class _Zlib:
    """gzip (members may follow each other) and deflate (with zlib's header or, as some servers send it, without)."""

    def __init__(self, limit: int, *, gzip: bool) -> None:
        self._limit = limit
        self._gzip = gzip
        self._inner: Any = zlib.decompressobj(zlib.MAX_WBITS | 16 if gzip else zlib.MAX_WBITS)
        self._undecided = b""  # what came before the first output: it may have to be read again, as raw deflate
        self._has_output = self._any = self._is_over = False

    def decode(self, data: bytes) -> bytes:
        self._any = self._any or bool(data)
        try:
            found = self._inflate(data)
        except zlib.error:
            if self._gzip or self._has_output:
                raise
            self._inner = zlib.decompressobj(-zlib.MAX_WBITS)
            self._has_output = True
            return self._inflate(self._undecided + data)
        self._has_output = self._has_output or bool(found)
        self._undecided = b"" if self._has_output else self._undecided + data
        return found

    def _inflate(self, data: bytes) -> bytes:
        found = bytearray()
        while data and not self._is_over:
            is_later = self._inner.eof
            if is_later:
                self._inner = zlib.decompressobj(zlib.MAX_WBITS | 16)
            try:
                found += self._inner.decompress(data, self._limit - len(found) + 1)
            except zlib.error:
                if not is_later:
                    raise
                self._is_over = True  # what follows a whole member and is none is ignored, as gzip(1) does
                break
            _check_size(len(found), self._limit)
            data = self._inner.unused_data.lstrip(b"\0") if self._gzip else b""
        return bytes(found)

    def finish(self) -> None:
        if self._any and not self._inner.eof and not self._is_over:
            raise BadResponseError("the compressed body is cut off", kind="bad content encoding")


class Frames:
    """Data in frames that may follow each other, as zstd's (RFC 8878, section 3).

    Args:
        limit: the most bytes that one piece may become.
        new: makes a decompressor for one frame, of the standard library's kind (`bz2`, `lzma`, `compression.zstd`).
    """

    def __init__(self, limit: int, new: Callable[[], Any]) -> None:
        self._limit = limit
        self._new = new
        self._inner = new()
        self._any = False

    def decode(self, data: bytes) -> bytes:
        """What `data` gives, over the ends of frames."""
        found = bytearray()
        self._any = self._any or bool(data)
        while data:
            if self._inner.eof:
                self._inner = self._new()
            found += self._inner.decompress(data, self._limit - len(found) + 1)
            _check_size(len(found), self._limit)
            data = self._inner.unused_data
        return bytes(found)

    def finish(self) -> None:
        """No more comes."""
        if self._any and not self._inner.eof:
            raise BadResponseError("the compressed body is cut off", kind="bad content encoding")


class _Library:
    """Brotli, through whatever object the library has."""

    def __init__(self, limit: int, feed: Callable[[bytes], bytes], is_finished: Callable[[], bool]) -> None:
        self._limit = limit
        self._feed = feed
        self._is_finished = is_finished
        self._any = False

    def decode(self, data: bytes) -> bytes:
        if not data:
            return b""
        self._any = True
        found = self._feed(data)
        _check_size(len(found), self._limit)
        return found

    def finish(self) -> None:
        if self._any and not self._is_finished():
            raise BadResponseError("the compressed body is cut off", kind="bad content encoding")


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise BadResponseError(f"the body is larger than {limit} bytes when decoded", kind="oversized body")


def _load(*names: str) -> Any:
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            continue
    return None


_brotli = _load("brotli")
_zstd = _load("compression.zstd", "backports.zstd")


def _new_brotli(limit: int) -> Decoder:
    inner = _brotli.Decompressor()
    return _Library(limit, lambda data: inner.process(data, output_buffer_limit=limit + 1), inner.is_finished)


def _new_zstd(limit: int) -> Decoder:
    return Frames(limit, _zstd.ZstdDecompressor)


_DECODERS: dict[str, Callable[[int], Decoder]] = {
    "gzip": lambda limit: _Zlib(limit, gzip=True),
    "x-gzip": lambda limit: _Zlib(limit, gzip=True),
    "deflate": lambda limit: _Zlib(limit, gzip=False),
}
if _brotli is not None:
    _DECODERS["br"] = _new_brotli
if _zstd is not None:
    _DECODERS["zstd"] = _new_zstd

ACCEPT_ENCODING = ", ".join(name for name in ("gzip", "deflate", "br", "zstd") if name in _DECODERS)


class ContentDecoder:
    """Undoes what a `Content-Encoding` header names; an encoding that is not known is left as it is.

    Args:
        limit: the most bytes that one piece may become; a few bytes can be made to become very many.
    """

    def __init__(self, content_encoding: str, limit: int = MAX_BODY_BYTES) -> None:
        names = [name.strip().lower() for name in content_encoding.split(",")]
        names = [name for name in names if name not in {"", "identity"}]
        if len(names) > _WAYS_IN_A_ROW:
            raise BadResponseError(f"{len(names)} content encodings on top of each other", kind="bad content encoding")
        known = names if all(name in _DECODERS for name in names) else []
        self._decoders = [_DECODERS[name](limit) for name in reversed(known)]

    def decode(self, data: bytes) -> bytes:
        """Decode a piece.

        Raises:
            BadResponseError: the data are damaged, or too large when decoded.
        """
        for decoder in self._decoders:
            try:
                data = decoder.decode(data)
            except BadResponseError:
                raise
            except Exception as error:  # each library has an exception of its own
                raise BadResponseError(f"the body cannot be decoded: {error}", kind="bad content encoding") from error
        return data

    def finish(self) -> None:
        """The body has ended.

        Raises:
            BadResponseError: in the middle of the compressed data.
        """
        for decoder in self._decoders:
            decoder.finish()

    def decode_all(self, data: bytes) -> bytes:
        """Decode a whole body; see `decode`."""
        decoded = self.decode(data)
        self.finish()
        return decoded
