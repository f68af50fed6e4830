"""Where a sketch comes from: TARGET, read as a URL, an OpenAPI document or a HAR file."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from perfgate.errors import UsageError
from perfgate.reading import LARGEST_DOCUMENT, read_text
from perfgate.scaffold import har, openapi
from perfgate.scaffold.client import Client, origin_of
from perfgate.scaffold.document import read, table, word
from perfgate.scaffold.survey import Specification, Survey

if TYPE_CHECKING:
    from perfgate.scaffold.sketch import Sketch

DEFAULT_URL = "http://127.0.0.1:8000"
_USUAL_FILES = ("openapi.json", "openapi.yaml", "openapi.yml", "swagger.json")
_ADDRESS = re.compile(r"(localhost|[\w-]+(\.[\w-]+)+|\[[0-9a-fA-F:]+\]):\d{1,5}(/.*)?")

NameOf = Callable[[str], str]  # from a title to the service's name


@dataclass(frozen=True)
class Origin:
    """What TARGET is.

    Attributes:
        shown: how it is called in messages and in the files that are written, without a query.
        url: the service's URL when TARGET is one; empty for documents.
        path: where to begin looking at a URL.
        document: of a file, its content.
    """

    shown: str
    url: str = ""
    path: str = "/"
    document: dict[str, Any] | None = None


def origin_for(target: str | None, folder: Path) -> Origin:
    """Read TARGET; nothing is sent anywhere.

    Args:
        target: a URL, an address such as `localhost:8000`, or a file's path. None looks for an OpenAPI document in
            `folder` and otherwise takes `http://127.0.0.1:8000`.
        folder: where to look.

    Raises:
        UsageError: it is none of these, or the file cannot be used.
    """
    if target is None:
        usual = next((folder / name for name in _USUAL_FILES if (folder / name).is_file()), None)
        return _of_file(usual) if usual else _of_url(DEFAULT_URL)
    if re.match("https?://", target, re.IGNORECASE):
        return _of_url(target)
    if _ADDRESS.fullmatch(target) and not Path(target).exists():
        return _of_url(f"http://{target}")
    return _of_file(Path(target), target)


def _of_url(url: str) -> Origin:
    origin = origin_of(url)
    parts = urlsplit(url)
    path = parts.path or "/"
    return Origin(f"{origin}{path}".rstrip("/"), origin, path + (f"?{parts.query}" if parts.query else ""))


def _of_file(path: Path, called: str = "") -> Origin:
    try:
        text = read_text(path, LARGEST_DOCUMENT, encoding="utf-8-sig")
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or a null character in the path
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise UsageError(
            f"TARGET is no URL, and no file that can be read: {reason}",
            place=called or str(path),
            hint="name a URL such as http://127.0.0.1:8000, an OpenAPI document or a HAR file",
            slug="target",
        ) from error
    document = read(text, str(path))
    if not (openapi.is_openapi(document) or har.is_har(document)):
        raise UsageError(
            "the file is neither an OpenAPI document nor a HAR file",
            place=str(path),
            hint="an OpenAPI document has a key `openapi` or `swagger`, a HAR file has `log`",
            slug="target",
        )
    return Origin(path.name, document=document)


def sketch_of_document(origin: Origin, name_of: NameOf) -> Sketch:
    """The sketch of a document that was given as a file.

    Raises:
        UsageError: it cannot be used.
    """
    document = origin.document or {}
    if openapi.is_openapi(document):
        return _of_specification(Specification(document, origin.shown), name_of)
    pages = table(document["log"]).get("pages")
    first = table(pages[0]) if isinstance(pages, list) and pages else {}
    return har.sketch_of(document, origin.shown, name_of(word(first.get("title"))))


def sketch_of_service(client: Client, origin: Origin, name_of: NameOf) -> Sketch:
    """The sketch of a running service, from its own document or from its pages; with `ready` where it has such a path.

    A service that does not answer gets a sketch of its front page, and a note.
    """
    survey = Survey(client, origin.path)
    if survey.front is None:
        return replace(survey.sketch(), notes=(silence(client),))
    specification = survey.specification()
    ready = survey.ready()
    sketch = _of_specification(specification, name_of) if specification else survey.sketch(ready)
    return replace(sketch, url=client.origin, ready=ready, notes=(*sketch.notes, *survey.notes))


def silence(client: Client) -> str:
    """The note on a service that does not answer."""
    return f"nothing answers at {client.origin}: start the service and run `perfgate init --force` for more"


def _of_specification(specification: Specification, name_of: NameOf) -> Sketch:
    title = word(table(specification.document.get("info")).get("title"))
    return openapi.sketch_of(specification.document, specification.source, name_of(title))
