"""Links: where a page of the service leads, for services that have no document."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.scaffold.client import Answer

# A GET that ends a session or deletes something is not followed, and not put under load.
_HARMFUL = re.compile(r"log-?out|sign-?out|log-?off|delete|remove|destroy|unsubscribe|shutdown|reset", re.IGNORECASE)
_SPEC = re.compile(r"[\"']([^\"'\s<>]{0,300}(?:openapi|swagger|api-docs)[^\"'\s<>]{0,100}?)[\"']", re.IGNORECASE)
_MOST_VALUES = 2000


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a" and (target := dict(attrs).get("href")):
            self.found.append(target)


def links_of(answer: Answer) -> list[str]:
    """The absolute URLs that a page links to, in order, each once, without fragments.

    Of HTML its anchors; of JSON its strings that are URLs or absolute paths. Links that sound as if following them
    would change something are left out.
    """
    if "html" in answer.kind:
        parser = _Anchors()
        parser.feed(answer.text)
        written = parser.found
    else:
        written = list(_addresses(answer))
    urls = (_absolute(answer.url, link) for link in written)
    return list(dict.fromkeys(url for url in urls if url and not _HARMFUL.search(url)))


def _absolute(base: str, link: str) -> str:
    try:
        parts = urlsplit(urljoin(base, link.strip()))
        return parts._replace(fragment="", path=parts.path or "/").geturl()
    except ValueError:
        return ""


def _addresses(answer: Answer) -> Iterator[str]:
    try:
        waiting: list[Any] = [json.loads(answer.body)]
    except (ValueError, RecursionError):
        return
    for _ in range(_MOST_VALUES):
        if not waiting:
            return
        value = waiting.pop(0)
        if isinstance(value, str) and re.match(r"https?://|/[^/]", value) and "{" not in value:
            yield value
        elif isinstance(value, dict | list):
            waiting += value.values() if isinstance(value, dict) else value


def specifications_in(answer: Answer) -> list[str]:
    """What a documentation page (Swagger UI, Redoc) names as its document, as absolute URLs, likeliest first."""
    found = dict.fromkeys(_absolute(answer.url, match) for match in _SPEC.findall(answer.text[:2_000_000]))
    pages = re.compile(r"\.(js|css|png|html?|map|ico|svg)($|\?)")
    urls = [url for url in found if url and not pages.search(url)]
    return sorted(urls, key=lambda url: not re.search(r"\.(json|ya?ml)($|\?)", url))[:5]
