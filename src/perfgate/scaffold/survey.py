"""A survey: what a running service tells about itself."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from perfgate.errors import UsageError
from perfgate.scaffold import names
from perfgate.scaffold.document import read
from perfgate.scaffold.fold import fold
from perfgate.scaffold.links import links_of, specifications_in
from perfgate.scaffold.openapi import is_openapi
from perfgate.scaffold.sketch import Call, Sketch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.scaffold.client import Answer, Client

READY_PATHS = ("/health", "/healthz", "/ready", "/readyz", "/ping")
_SPEC_PATHS = ("/openapi.json", "/openapi.yaml", "/swagger.json")
_DOCS_PATHS = ("/docs", "/redoc", "/swagger-ui/", "/api-docs")
_NOWHERE = "/perfgate-asks-for-a-page-that-cannot-exist"
_MOST_ENDPOINTS = 10
_MOST_LINKS = 40


@dataclass(frozen=True)
class Specification:
    """The OpenAPI document that a service offers."""

    document: dict[str, Any]
    source: str


class Survey:
    """Looks at a service with GET requests.

    Args:
        client: to the service.
        path: where to begin, with its query.

    Attributes:
        front: the answer at `path`; None when nobody answers, and then nothing else is asked.
        notes: what could not be used, a sentence each.
    """

    def __init__(self, client: Client, path: str = "/") -> None:
        self._client = client
        self._path = path or "/"
        self.front = client.get(self._path)
        self.notes: list[str] = []

    def ready(self) -> str | None:
        """The first of the usual paths that answers well, and otherwise than a path that cannot exist."""
        if self.front is None:
            return None
        nowhere = self._client.get(_NOWHERE)
        for path in READY_PATHS:
            answer = self._client.get(path)
            if answer and answer.good and not _same(answer, nowhere):
                return path
        return None

    def specification(self) -> Specification | None:
        """The service's OpenAPI document: what `path` is itself, at a usual place, or named by its documentation."""
        if self.front is None:
            return None
        return next((found for answer in self._candidates() if (found := self._read(answer))), None)

    def _candidates(self) -> Iterator[Answer]:
        yield from self._good([self._path, *_SPEC_PATHS])
        pages = [*self._good(_DOCS_PATHS), *([self.front] if self.front and "html" in self.front.kind else [])]
        for page in pages:
            yield from self._good(url for url in specifications_in(page) if self._client.owns(url))

    def _good(self, paths: Any) -> Iterator[Answer]:
        for path in paths:
            answer = self._client.get(path)
            if answer and answer.good:
                yield answer

    def _read(self, answer: Answer) -> Specification | None:
        start = answer.body.lstrip()[:5000]
        if "html" in answer.kind or not (b"openapi" in start or b"swagger" in start):
            return None
        try:
            document = read(answer.text, answer.url)
        except UsageError as error:  # another place may hold one that can be read
            self.notes.append(f"{error.place}: {error.message}; {error.hint}")
            return None
        return Specification(document, answer.url) if is_openapi(document) else None

    def sketch(self, ready: str | None = None) -> Sketch:
        """What can be asked without a document: the front page and what it links to, one level deep.

        Args:
            ready: the health check, which is all that is asked of a service without a front page.
        """
        calls = [_call(name, paths) for name, paths in self._pages().items()]
        if not calls and self.front is not None:
            self.notes.append(f"{self._path} answers {self.front.status}: write into the scenario what to ask")
        only = ready or self._path
        return Sketch(title="", url=self._client.origin, calls=tuple(calls) or (_call(fold(only), [only]),))

    def _pages(self) -> dict[str, list[str]]:
        """Paths that answer well, by endpoint; what would be one endpoint too many is not asked."""
        pages: defaultdict[str, list[str]] = defaultdict(list)
        if self.front is None or not self.front.good:
            return pages
        pages[fold(urlsplit(self._path).path)].append(self._path)
        links = [url for url in links_of(self.front) if self._client.owns(url)]
        for url in links[:_MOST_LINKS]:
            parts = urlsplit(url)
            path, name = parts.path + (f"?{parts.query}" if parts.query else ""), fold(parts.path)
            wanted = path != self._path and (name in pages or len(pages) < _MOST_ENDPOINTS)
            if wanted and (answer := self._client.get(path)) and answer.good:
                pages[name].append(path)
        return pages


def _call(name: str, paths: list[str]) -> Call:
    function = f"get {name}" if names.words(name) else "get front page"
    return Call("GET", tuple((path,) for path in dict.fromkeys(paths)), name, function)


def _same(answer: Answer, other: Answer | None) -> bool:
    """Whether a path only got what every path gets (the single page of an application)."""
    return other is not None and other.good and answer.kind == other.kind and answer.body == other.body


def without_ready(sketch: Sketch, ready: str | None) -> Sketch:
    """The sketch without the health check, whose quick answers would flatter every percentile of the whole service."""
    kept = tuple(call for call in sketch.calls if call.name != ready)
    return replace(sketch, ready=ready, calls=kept if any(call.active for call in kept) else sketch.calls)
