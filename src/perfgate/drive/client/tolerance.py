"""Answers that are not written as they should be, and that RFC 9112 lets, or makes, a client understand all the same.

llhttp refuses them, rightly for a server: between two servers each is a way to smuggle requests. A client has nobody
behind it, so it takes them as browsers, curl and requests do, and does not use the connection again.
"""

from __future__ import annotations

import re

END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_LINE_END = re.compile(rb"\r?\n")
_FOLD = re.compile(rb"\r?\n[ \t]+")
_BLANK_BEFORE_COLON = re.compile(rb"^([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]+:")
_START = b"HTTP/1."


def may_be_mended(raw: bytes) -> bool:
    """Whether it begins as an answer of HTTP/1 does, so that it is worth waiting for the end of its head."""
    start = raw.lstrip(b"\r\n")[: len(_START)]
    return bool(start) and _START.startswith(start)


def mended(raw: bytes) -> bytes | None:
    """The same answer, its head written as it should be; None while the head has not come whole.

    - a folded line is put together with a blank (section 5.2: a client must);
    - a line may end with a line feed alone (section 2.2);
    - blanks before the colon are left out (section 5.1);
    - of equal lengths one is kept (section 6.3); different ones stay, and are refused;
    - with `Transfer-Encoding` a `Content-Length` does not count (section 6.3).
    """
    raw = raw.lstrip(b"\r\n")
    end = END_OF_HEAD.search(raw)
    if end is None:
        return None
    status, *lines = _LINE_END.split(_FOLD.sub(b" ", raw[: end.start()]))
    fields = [_BLANK_BEFORE_COLON.sub(rb"\1:", line) for line in lines]
    names = {_name(field) for field in fields}
    kept: list[bytes] = []
    for field in fields:
        if _name(field) == b"content-length":
            if b"transfer-encoding" in names or _length(field) in map(_length, kept):
                continue
            field = b"Content-Length: " + _length(field)  # noqa: PLW2901
        kept.append(field)
    return b"\r\n".join([status, *kept]) + b"\r\n\r\n" + raw[end.end() :]


def _name(field: bytes) -> bytes:
    return field.partition(b":")[0].lower()


def _length(field: bytes) -> bytes:
    """The value of a length; of a list of equal ones (`5, 5`) one of them."""
    if _name(field) != b"content-length":
        return b""
    value = field.partition(b":")[2].strip(b" \t")
    values = {part.strip(b" \t") for part in value.split(b",")}
    return values.pop() if len(values) == 1 else value
