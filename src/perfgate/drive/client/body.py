"""The body of a request, from the ways in which a scenario can give it: form, text, bytes, JSON, files, a stream."""

from __future__ import annotations

import json as json_module
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from requests import PreparedRequest
from requests.exceptions import RequestException
from requests.structures import CaseInsensitiveDict

from perfgate.drive.client.errors import InvalidRequestError

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
_encode_json = json_module.JSONEncoder(allow_nan=False).encode


class Body(NamedTuple):
    """What is sent.

    Attributes:
        data: the bytes; None when there is no body.
        content_type: the header that goes with them unless the scenario sets its own.
        chunked: `data` is a whole chunked body, its framing included.
    """

    data: bytes | None
    content_type: str | None = None
    chunked: bool = False


NO_BODY = Body(None)


def encode_body(data: Any, json: Any, files: Any) -> Body:
    """Encode the body of a request; `data` counts before `json`, as in requests.

    Raises:
        InvalidRequestError: `json` cannot be written as JSON, or `files` makes no sense.
    """
    if files:
        return _multipart(data, files)
    if data:
        return _encode_data(data)
    return NO_BODY if json is None else _json_body(json)


def _json_body(json: Any) -> Body:
    try:
        return Body(_encode_json(json).encode(), JSON)
    except ValueError as error:
        raise InvalidRequestError(f"not JSON: {error}") from error


def _encode_data(data: Any) -> Body:
    if isinstance(data, str):
        return Body(data.encode())
    if isinstance(data, bytes | bytearray | memoryview):
        return Body(bytes(data))
    if isinstance(data, Mapping | list | tuple):
        return Body(encode_form(data).encode(), FORM)
    if hasattr(data, "read"):
        content = data.read()
        return Body(content.encode() if isinstance(content, str) else content)
    return Body(_chunked(data), chunked=True)


def encode_form(pairs: Any) -> str:
    """URL-encode a mapping or pairs, as requests does: a list of values repeats its key, None is left out."""
    items = pairs.items() if isinstance(pairs, Mapping) else pairs
    return urlencode([(key, value) for key, values in items for value in _each(values) if value is not None])


def _each(values: Any) -> Iterable[Any]:
    return (values,) if isinstance(values, str | bytes) or not hasattr(values, "__iter__") else values


def _multipart(data: Any, files: Any) -> Body:
    prepared = PreparedRequest()
    prepared.headers = CaseInsensitiveDict()
    try:
        prepared.prepare_body(data, files)
    except (RequestException, ValueError, TypeError) as error:
        raise InvalidRequestError(f"files cannot be encoded: {error}") from error
    content = prepared.body
    return Body(
        content if isinstance(content, bytes) else str(content or "").encode(), str(prepared.headers["Content-Type"])
    )


def _chunked(parts: Iterable[str | bytes]) -> bytes:
    """A body of unknown length, given by an iterator, in chunks (RFC 9112, section 7.1)."""
    encoded = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in encoded if part) + b"0\r\n\r\n"


def with_query(url: str, params: Any) -> str:
    """Append `params` (a mapping, pairs, or an encoded query) to a URL."""
    if isinstance(params, bytes):
        params = params.decode()
    query = params if isinstance(params, str) else encode_form(params)
    if not query:
        return url
    address, hash_sign, fragment = url.partition("#")
    return f"{address}{'&' if '?' in address else '?'}{query}{hash_sign}{fragment}"
